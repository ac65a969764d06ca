"""What a lexicon holds, and how it is written to bytes and read back."""

from __future__ import annotations

import struct
import sys
import zlib
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from search.domain import FieldKind
from search.errors import IndexDamaged
from search.lexicon.phrases import Role

_MAGIC = b"DGLX"
_VERSION = 1
_HEAD = struct.Struct("<4sHI")
_ARRAYS = ("titles", "value_titles", "value_numbers")


@dataclass(frozen=True, slots=True)
class Value:
    """A text value as the catalogue writes it, and how many products bear it."""

    field: str
    written: str
    count: int


@dataclass(frozen=True, slots=True)
class NumberField:
    """Least and greatest value of a number field, and how many products have one."""

    min: float
    max: float
    count: int


@dataclass(frozen=True, slots=True)
class Contents:
    """The parts of a lexicon.

    `present` counts products by field. `phrases` finds values by number. `words` are folded words of titles, brands
    and categories with the number of products that have them, `described` those of descriptions only. `terms[n]` is
    the stem numbered n; `titles` strings titles together, separated and enclosed by zeros; product value_titles[i]
    bears value value_numbers[i].
    """

    products: int = 0
    fields: Mapping[str, FieldKind] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    present: Mapping[str, int] = field(default_factory=dict)
    numbers: Mapping[str, NumberField] = field(default_factory=dict)
    currencies: Mapping[str, int] = field(default_factory=dict)
    values: list[Value] = field(default_factory=list)
    phrases: Mapping[str, list[int]] = field(default_factory=dict)
    words: Mapping[str, int] = field(default_factory=dict)
    described: frozenset[str] = frozenset()
    terms: list[str] = field(default_factory=lambda: [""])
    titles: array[int] = field(default_factory=lambda: array("I", [0]))
    value_titles: array[int] = field(default_factory=lambda: array("I"))
    value_numbers: array[int] = field(default_factory=lambda: array("I"))


def pack(contents: Contents) -> bytes:
    """Equal contents give equal bytes."""
    head = {
        "products": contents.products,
        "fields": contents.fields,
        "roles": contents.roles,
        "present": contents.present,
        "numbers": {name: [n.min, n.max, n.count] for name, n in contents.numbers.items()},
        "currencies": contents.currencies,
        "value_fields": [value.field for value in contents.values],
        "written": [value.written for value in contents.values],
        "counts": [value.count for value in contents.values],
        "phrases": contents.phrases,
        "words": " ".join(contents.words),
        "word_counts": list(contents.words.values()),
        "described": " ".join(sorted(contents.described)),
        "terms": "\n".join(contents.terms),
    }
    parts = [orjson.dumps(head), *(_little(getattr(contents, name)) for name in _ARRAYS)]
    body = b"".join(struct.pack("<Q", len(part)) + part for part in parts)
    packed = zlib.compress(body, 1)
    return _HEAD.pack(_MAGIC, _VERSION, zlib.crc32(packed)) + packed


def unpack(data: bytes) -> Contents:
    """Raises IndexDamaged for what `pack` of this version did not write."""
    try:
        magic, version, check = _HEAD.unpack_from(data)
        packed = memoryview(data)[_HEAD.size :]
        if magic != _MAGIC or version != _VERSION or zlib.crc32(packed) != check:
            raise ValueError(f"magic {magic!r}, version {version}, or a wrong checksum")
        return _read(zlib.decompress(packed))
    except (struct.error, zlib.error, ValueError, KeyError, TypeError) as error:
        raise IndexDamaged(
            f"The lexicon of the index does not load ({error}). Build the index again: "
            "python -m indexer reindex CATALOGUE --full"
        ) from None


def _read(body: bytes) -> Contents:
    parts, place = [], 0
    while place < len(body):
        (length,) = struct.unpack_from("<Q", body, place)
        parts.append(body[place + 8 : place + 8 + length])
        place += 8 + length
    head = orjson.loads(parts[0])
    arrays = {name: _array(part) for name, part in zip(_ARRAYS, parts[1:], strict=True)}
    return Contents(
        products=head["products"],
        fields=head["fields"],
        roles=head["roles"],
        present=head["present"],
        numbers={name: NumberField(*held) for name, held in head["numbers"].items()},
        currencies=head["currencies"],
        values=list(map(Value, head["value_fields"], head["written"], head["counts"])),
        phrases=head["phrases"],
        words=dict(zip(head["words"].split(), head["word_counts"], strict=True)),
        described=frozenset(head["described"].split()),
        terms=head["terms"].split("\n"),
        **arrays,
    )


def _little(numbers: array[int]) -> bytes:
    return _swapped(numbers).tobytes()


def _array(part: bytes) -> array[int]:
    numbers = array("I")
    numbers.frombytes(part)
    return _swapped(numbers)


def _swapped(numbers: array[int]) -> array[int]:
    """Little-endian on disk whatever this machine is."""
    if sys.byteorder == "big":
        numbers = array("I", numbers)
        numbers.byteswap()
    return numbers


__all__ = ["Contents", "NumberField", "Value", "pack", "unpack"]
