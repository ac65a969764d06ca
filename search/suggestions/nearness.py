"""Words that begin one edit away from what was typed, out of a sorted vocabulary, without looking at all of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from search.suggestions.frozen import Texts, Words

_LETTERS = tuple(bytes([letter]) for letter in b"abcdefghijklmnopqrstuvwxyz")

SURE = 2
"""Letters of which each other one is tried; beyond them words are compared."""

MAX_WORDS = 400

Flags = NDArray[np.bool_]


def near(words: Words, typed: bytes) -> list[tuple[int, int]]:
    """Ranges of words with a beginning one edit from `typed` (lower-case ASCII letters, three at least).

    The edits are those of `search.spelling.begins_nearly`. For a slip in the first two letters every other beginning is
    looked up; for a later one the words that share those two are compared all at once.
    """
    start, end = words.find(typed[:SURE])
    numbers = (start + np.flatnonzero(_close(words.texts, start, end, typed)))[:MAX_WORDS] if start < end else ()
    spans = [(int(number), int(number) + 1) for number in numbers]
    for other in _early_slips(typed):
        span = words.find(other)
        if span[0] < span[1]:
            spans.append(span)
    return spans


def _close(words: Texts, start: int, end: int, typed: bytes) -> Flags:
    """Which of the words [start, end) begin one edit from `typed`."""
    length = len(typed)
    wanted = np.frombuffer(typed, dtype=np.uint8)
    starts = words.places[start : end + 1].astype(np.int64)
    first, sizes = starts[:-1], np.diff(starts)
    reach = np.arange(length + 1)
    inside = reach < sizes[:, None]
    places = np.minimum(first[:, None] + reach, len(words.blob) - 1)
    letters = np.where(inside, words.letters[places], np.uint8(0))

    same = letters[:, :length] == wanted
    agreed = np.logical_and.accumulate(same, axis=1).sum(axis=1)  # letters up to the first that differs
    rows = np.arange(end - start)
    at = np.minimum(agreed, length - 1)
    wrong = _tails(same)[rows, at + 1]
    missing = _tails(letters[:, 1:] == wanted)[rows, at]
    too_many = _tails(letters[:, : length - 1] == wanted[1:])[rows, at]
    following = np.minimum(at + 1, length - 1)
    swapped = (
        (at + 1 < length)
        & (letters[rows, at] == wanted[following])
        & (letters[rows, at + 1] == wanted[at])
        & _tails(same)[rows, np.minimum(at + 2, length)]
    )
    # A word that ends before what was typed does is one letter short at most, and then the last one is too many.
    enough = sizes >= length - 1
    whole = sizes >= length
    close: Flags = (agreed == length) | (too_many & enough) | (whole & (wrong | swapped)) | (missing & (sizes > length))
    return close


def _tails(flags: Flags) -> Flags:
    """`[:, i]`: whether all flags from i on are set; one column more than there are flags, the last one True."""
    tails = np.ones((flags.shape[0], flags.shape[1] + 1), dtype=bool)
    tails[:, :-1] = np.logical_and.accumulate(flags[:, ::-1], axis=1)[:, ::-1]
    return tails


def _early_slips(typed: bytes) -> list[bytes]:
    """What may have been meant if the slip is in one of the first letters."""
    slips: list[bytes] = []
    for place in range(SURE):
        head, tail = typed[:place], typed[place + 1 :]
        slips.append(head + tail)
        slips.append(head + tail[:1] + typed[place : place + 1] + tail[1:])
        slips += [head + letter + tail for letter in _LETTERS]
        slips += [head + letter + typed[place:] for letter in _LETTERS]
    return [slip for slip in dict.fromkeys(slips) if slip != typed]


__all__ = ["near"]
