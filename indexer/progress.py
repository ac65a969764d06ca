"""What a person sees while a reindex runs: one bar for each stage, on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm


class Progress:
    """Bars with rate and time left on a terminal, a line now and then in a log, nothing with `quiet`."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._interval = 0.2 if sys.stderr.isatty() else 10.0

    def say(self, line: str) -> None:
        if not self._quiet:
            tqdm.write(line, file=sys.stderr)

    @contextmanager
    def items(self, label: str, total: int, unit: str = "products") -> Iterator[Callable[[int], None]]:
        """Yields a function that is told how many items were just done."""
        with self._bar(label, total, unit=f" {unit}", scale=False) as bar:
            yield bar.update

    @contextmanager
    def bytes(self, label: str, total: int | None) -> Iterator[Callable[[int], None]]:
        """Yields a function that is told how many bytes were read in all so far."""
        with self._bar(label, total, unit="B", scale=True) as bar:
            yield lambda position: bar.update(position - bar.n)

    def _bar(self, label: str, total: int | None, unit: str, scale: bool) -> tqdm[None]:
        return tqdm(
            total=total,
            desc=f"{label:9}",
            unit=unit,
            unit_scale=scale,
            unit_divisor=1024 if scale else 1000,
            mininterval=self._interval,
            file=sys.stderr,
            disable=self._quiet,
            dynamic_ncols=True,
        )
