"""What a command is, and the little that all of them share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from tqdm import tqdm

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Command:
    """`declare` adds the options to a parser of the command's own; `do` returns the exit status."""

    help: str
    declare: Callable[[argparse.ArgumentParser], None]
    do: Callable[[argparse.ArgumentParser, argparse.Namespace], int]


def warn(message: str) -> None:
    print(f"warning: {message}", file=sys.stderr)


def watched(items: Iterable[_T], doing: str) -> Iterable[_T]:
    """With a bar on standard error, if that is a terminal."""
    bar: Iterable[_T] = tqdm(items, desc=doing, unit="query", disable=None)
    return bar


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def ratio(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise ValueError(text)
    return value


# argparse names the type in its message.
positive.__name__ = "number from 1 up"
ratio.__name__ = "number from 0 to 1"
