"""How long a language model is waited for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """`seconds` for one try, from the connection to the last byte, `tries` in all, between them `pause` seconds,
    doubled each time.

    Where the server says how long to wait (Retry-After) that is done instead, but never longer than `longest_pause`: a
    server that asks for more is busy.
    """

    seconds: float = 60.0
    tries: int = 4
    pause: float = 1.0
    longest_pause: float = 60.0


PATIENT = Patience()
"""For work that nobody waits for: judging, describing a catalogue."""

HERE = Patience(seconds=600.0, tries=1)
"""The same for a model in this process: slower, and it never loses its connection."""


def once(seconds: float) -> Patience:
    """One try of so many seconds: for whoever asks again themselves, as `careful.Careful` does."""
    return Patience(seconds=seconds, tries=1)
