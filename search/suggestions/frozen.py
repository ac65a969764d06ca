"""Sorted words, their entries and all texts in a few flat arrays: nothing to build when an index version is opened.

A million small Python strings would cost a hundred megabytes and seconds; here a word is a slice of one blob and is
decoded when it is shown. Words are sorted by their UTF-8 bytes, so all words that begin alike are neighbours, and so
are their entries: what begins with a prefix is one slice of one array, whatever the prefix.
"""

from __future__ import annotations

import struct
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.errors import IndexDamaged

MAGIC = b"DGSUGG"
FORMAT = 1
"""Goes up when what is stored changes; an artefact of another format counts as damaged, and a reindex makes it anew."""

_LEVEL = 6
_HEAD = struct.Struct("<6sHQ")

Bytes = NDArray[np.uint8]
Numbers = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Texts:
    """`blob[starts[i]:starts[i + 1]]` is text i in UTF-8.

    Plain bytes and a plain array: one slice of a numpy array takes ten times as long, and a look-up takes a dozen.
    """

    blob: bytes
    starts: array[int]

    @classmethod
    def of(cls, texts: Iterable[bytes]) -> Texts:
        held = list(texts)
        return cls(b"".join(held), array("I", [0, *accumulate(len(text) for text in held)]))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def raw(self, number: int) -> bytes:
        return self.blob[self.starts[number] : self.starts[number + 1]]

    def text(self, number: int) -> str:
        return self.raw(number).decode()

    @property
    def letters(self) -> Bytes:
        """The blob as numpy sees it; nothing is copied."""
        return np.frombuffer(self.blob, dtype=np.uint8)

    @property
    def places(self) -> Numbers:
        """The starts as numpy sees them; nothing is copied."""
        return np.frombuffer(self.starts, dtype=np.uint32)


class Words:
    """Sorted words, and where those begin that share their first two bytes: most look-ups end there or start there."""

    def __init__(self, texts: Texts) -> None:
        self.texts = texts
        self._shelves = dict(_shelves(texts))

    def find(self, prefix: bytes) -> tuple[int, int]:
        """The words that begin with `prefix`, as [start, end); empty where there are none."""
        start, end = self._shelves.get(prefix[:2], (0, 0))
        if len(prefix) <= 2 or start == end:
            return start, end
        raw = self.texts.raw
        numbers = range(end)
        start = bisect_left(numbers, prefix, lo=start, key=raw)
        if start == end or not raw(start).startswith(prefix):
            return 0, 0
        # No byte of UTF-8 is 0xff.
        return start, bisect_left(numbers, prefix + b"\xff", lo=start + 1, key=raw)

    def exactly(self, word: bytes) -> int | None:
        """The number of the word; None where it is not there."""
        start, end = self.find(word)
        return start if start < end and self.texts.raw(start) == word else None


def _shelves(texts: Texts) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """The range of every beginning of no, one and two bytes."""
    yield b"", (0, len(texts))
    if not len(texts):
        return
    places = texts.places.astype(np.int64)
    sizes = np.diff(places)
    letters = texts.letters
    one = letters[places[:-1]].astype(np.uint32)
    following = letters[np.minimum(places[:-1] + 1, len(letters) - 1)]
    two = one * 256 + np.where(sizes > 1, following, 0)
    for codes, width in ((one, 1), (two, 2)):
        kinds, starts = np.unique(codes, return_index=True)
        for code, start, end in zip(kinds.tolist(), starts.tolist(), [*starts[1:].tolist(), len(texts)], strict=True):
            if width == 1 or code % 256:
                yield code.to_bytes(width, "big"), (start, end)


@dataclass(frozen=True, slots=True)
class Frozen:
    """Entries in descending order of worth: `texts`, `ids` (of titles), `kinds` (places in KINDS), `counts`.

    `words` are sorted; the entries of word w are `postings[first[w]:first[w + 1]]`, and `inner` says of each whether
    the word stands within the text (1) or begins it (0).
    """

    texts: Texts
    ids: Texts
    kinds: Bytes
    counts: Numbers
    words: Texts
    first: Numbers
    postings: Numbers
    inner: Bytes

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for array in _arrays(self))

    def holding(self, start: int, end: int) -> tuple[Numbers, Bytes]:
        """Entries of the words [start, end), and whether each word stands within. An entry may come several times."""
        span = slice(self.first[start], self.first[end])
        return self.postings[span], self.inner[span]


def freeze(
    texts: Sequence[str],
    ids: Sequence[str],
    kinds: Sequence[int],
    counts: Sequence[int],
    words: dict[bytes, tuple[list[int], list[int]]],
) -> Frozen:
    """`words` maps a word to its entries and to whether it stands within each."""
    ordered = sorted(words)
    first = np.zeros(len(ordered) + 1, dtype=np.uint32)
    np.cumsum([len(words[word][0]) for word in ordered], out=first[1:])
    return Frozen(
        texts=Texts.of(text.encode(errors="replace") for text in texts),
        ids=Texts.of(one.encode(errors="replace") for one in ids),
        kinds=np.array(kinds, dtype=np.uint8),
        counts=np.array(counts, dtype=np.uint32),
        words=Texts.of(ordered),
        first=first,
        postings=np.array([entry for word in ordered for entry in words[word][0]], dtype=np.uint32),
        inner=np.array([within for word in ordered for within in words[word][1]], dtype=np.uint8),
    )


def to_bytes(frozen: Frozen) -> bytes:
    arrays = _arrays(frozen)
    lengths = struct.pack(f"<{len(arrays)}Q", *(array.nbytes for array in arrays))
    body = lengths + b"".join(array.tobytes() for array in arrays)
    return _HEAD.pack(MAGIC, FORMAT, len(body)) + zlib.compress(body, _LEVEL)


def from_bytes(data: bytes) -> Frozen:
    """Raises IndexDamaged for anything that `to_bytes` of this format did not write, whole."""
    try:
        magic, written, length = _HEAD.unpack_from(data)
        if (magic, written) != (MAGIC, FORMAT):
            raise ValueError("another format")
        body = zlib.decompress(data[_HEAD.size :], bufsize=min(length, 1 << 30))  # it bears a checksum of its own
        if len(body) != length:
            raise ValueError("cut off")
        frozen = _cut(body)
        _check(frozen)
    except (ValueError, struct.error, zlib.error) as error:
        raise IndexDamaged(
            f"The suggestions of the index are damaged or of another version ({error}). "
            f"Build them anew: python -m indexer reindex CATALOGUE --full"
        ) from None
    return frozen


_ARRAYS = 11


def _arrays(frozen: Frozen) -> list[NDArray[Any]]:
    found: list[NDArray[Any]] = []
    for field in fields(frozen):
        value = getattr(frozen, field.name)
        found += [value.letters, value.places] if isinstance(value, Texts) else [value]
    return found


def _cut(body: bytes) -> Frozen:
    head = struct.Struct(f"<{_ARRAYS}Q")
    lengths = head.unpack_from(body)
    if head.size + sum(lengths) != len(body):
        raise ValueError("lengths that do not add up")
    cut: list[bytes] = []
    at = head.size
    for length in lengths:
        # Copied: an array over the middle of a buffer would not be aligned, and would keep all of it in memory.
        cut.append(body[at : at + length])
        at += length
    texts, ids, words = (Texts(cut[place], array("I", cut[place + 1])) for place in (0, 2, 6))
    kinds, inner = (np.frombuffer(cut[place], dtype=np.uint8) for place in (4, 10))
    counts, first, postings = (np.frombuffer(cut[place], dtype=np.uint32) for place in (5, 8, 9))
    return Frozen(texts, ids, kinds, counts, words, first, postings, inner)


def _check(frozen: Frozen) -> None:
    """Whether every array fits the others, so that no request finds out later."""
    entries, words = len(frozen.texts), len(frozen.words)
    for starts, end in (
        (frozen.texts.places, len(frozen.texts.blob)),
        (frozen.ids.places, len(frozen.ids.blob)),
        (frozen.words.places, len(frozen.words.blob)),
        (frozen.first, len(frozen.postings)),
    ):
        if not len(starts) or starts[0] != 0 or starts[-1] != end or np.any(starts[1:] < starts[:-1]):
            raise ValueError("places out of order")
    alike = len(frozen.ids) == len(frozen.kinds) == len(frozen.counts) == entries
    if not alike or len(frozen.first) != words + 1 or len(frozen.inner) != len(frozen.postings):
        raise ValueError("arrays of unequal lengths")
    if len(frozen.postings) and int(frozen.postings.max()) >= entries:
        raise ValueError("an entry that is not there")
    if entries and int(frozen.kinds.max()) > 4:
        raise ValueError("an unknown kind")
