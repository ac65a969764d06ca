"""Product document ↔ Qdrant payload, the one translation that both adapters use. Imports no Qdrant.

A payload is ``{"id": product id, "doc": the document as shown, "f": what is filtered on, "t": text_hash,
"h": document_hash, "c": codes}``, without "c" where there are none. `f` holds one entry for each filterable field that
the product has a fitting value in:

======= ============================================================================================================
text    the folded forms (see `fold`), then the forms as written with `WRITTEN` before each; one keyword index then
        serves both caseless filters and facets that show what people wrote
number  float
boolean 0 or 1; Qdrant Edge silently matches nothing where a filter says true or false
date    RFC 3339 in UTC
======= ============================================================================================================

A list becomes a list. A value whose type does not fit the kind of its field is left out of `f`; in `doc` it stays.

Qdrant keeps payloads as JSON that it reads fast: a number of more than 15 digits may come back changed in the last one.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import orjson

from search.domain import Document, FieldKind, FilterValue, Json, Point
from search.errors import StoreError
from search.protocols import Vector

NAMESPACE = uuid.UUID("6f1c62d4-9a0b-5d0e-8a57-3c1f2b7e4d90")
"""Namespace of the point ids. Changing it would orphan every point of every index."""

WRITTEN = "\x01"
"""Stands before a text value as written. No folded value begins with it."""

CODES_PATH = "c"
"""Where the codes of a product are, as a Qdrant JSON path."""

_SLACK = 1e-4
"""How far from 1 a length may be and still count as rounding: such vectors are stored bit for bit."""

_POINT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


# --- names -----------------------------------------------------------------------------------------------------------


def point_id(product_id: str) -> str:
    """The UUID (version 5) under which a product is stored: the same for ever, whatever the id looks like."""
    digest = hashlib.sha1(NAMESPACE.bytes + product_id.encode("utf-8", "surrogatepass"), usedforsecurity=False)
    return str(uuid.UUID(bytes=digest.digest()[:16], version=5))


def is_point_id(text: str) -> bool:
    return _POINT_ID.fullmatch(text) is not None


def stored_name(field: str) -> str:
    """The key of a field within a payload.

    Qdrant's paths can quote any key but one that holds a quote or a backslash, so those two are written as %22 and %5C.
    """
    return field.replace("%", "%25").replace('"', "%22").replace("\\", "%5C")


def shown_name(key: str) -> str:
    """The field of a payload key: the inverse of `stored_name`."""
    return key.replace("%5C", "\\").replace("%22", '"').replace("%25", "%")


def filter_path(field: str) -> str:
    """Where the filter values of a field are, as a Qdrant JSON path."""
    return f'f."{stored_name(field)}"'


def document_path(field: str) -> str:
    """Where a field of the document is, as a Qdrant JSON path."""
    return f'doc."{stored_name(field)}"'


# --- values ----------------------------------------------------------------------------------------------------------


def fold(text: str) -> str:
    """The form in which texts are compared: compatibility characters unified, case folded, ends trimmed."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return folded.strip().lstrip(WRITTEN)


def number_text(number: float) -> str:
    """A number in its shortest form: 42 and not 42.0."""
    return repr(float(number) + 0.0).removesuffix(".0")


def parse_number(text: str) -> float | None:
    """A finite number written in ASCII digits, or None."""
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def parse_date(text: str) -> datetime | None:
    """An ISO 8601 date or instant, in UTC where it names no zone; None for anything else."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def date_text(moment: datetime) -> str:
    """RFC 3339 in UTC, with the microseconds that Qdrant compares."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def operand(value: FilterValue, kind: FieldKind) -> str | float | int | datetime | None:
    """The right side of a comparison as a value of the field's kind; None where it cannot be one and matches nothing.

    Text is folded, a number compared to text is its shortest form, a boolean is 0 or 1.
    """
    if kind == "text":
        if isinstance(value, bool):
            return "true" if value else "false"
        text = value if isinstance(value, str) else number_text(value) if math.isfinite(value) else ""
        return fold(text) or None
    if kind == "number":
        if isinstance(value, str):
            return parse_number(value)
        return float(value) if not isinstance(value, bool) and math.isfinite(value) else None
    if kind == "boolean":
        if isinstance(value, bool):
            return int(value)
        return {"true": 1, "false": 0}.get(fold(value)) if isinstance(value, str) else None
    return parse_date(value) if isinstance(value, str) else None


def _filter_values(document: Document, fields: Mapping[str, FieldKind]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name, kind in fields.items():
        value = document.get(name)
        if value is None:
            continue
        members = value if isinstance(value, list | tuple) else (value,)
        values = list(dict.fromkeys(_fitting(members, kind)))
        if values and kind == "text":
            values += dict.fromkeys(WRITTEN + text for text in members if isinstance(text, str) and fold(text))
        if values:
            found[stored_name(name)] = values if len(values) > 1 else values[0]
    return found


def _fitting(members: Iterable[Json], kind: FieldKind) -> Iterable[Json]:
    for value in members:
        if isinstance(value, bool):
            if kind == "boolean":
                yield int(value)
        elif isinstance(value, str):
            if kind == "text" and (folded := fold(value)):
                yield folded
            elif kind == "date" and (moment := parse_date(value)) is not None:
                yield date_text(moment)
        elif isinstance(value, int | float) and kind == "number":
            # Adding 0.0 turns -0.0, which orders before 0.0, into 0.0.
            yield float(value) + 0.0


# --- whole points ----------------------------------------------------------------------------------------------------


def to_payload(point: Point, fields: Mapping[str, FieldKind]) -> tuple[dict[str, Json], int]:
    """The payload of a point, and its size in bytes of JSON.

    Raises StoreError where the document is not JSON, or a code is no text.
    """
    payload: dict[str, Json] = {
        "id": point.product_id,
        "doc": {stored_name(str(name)): value for name, value in point.document.items()},
        "f": {},
        "t": point.text_hash,
        "h": point.document_hash,
    }
    if not all(isinstance(code, str) and code for code in point.codes):
        raise StoreError(f"The codes of product {point.product_id!r} are not all texts with something in them.")
    if point.codes:
        payload["c"] = list(dict.fromkeys(point.codes))
    try:
        # Reading back what was written gives plain JSON types and shares nothing with the caller; NaN becomes null.
        plain = orjson.loads(orjson.dumps(payload))
        plain["f"] = _filter_values({shown_name(name): value for name, value in plain["doc"].items()}, fields)
        return plain, len(orjson.dumps(plain))
    except (TypeError, ValueError) as error:
        raise StoreError(
            f"Product {point.product_id!r} cannot be stored, its document is not JSON: {error}. Leave that value out."
        ) from error


def shown_document(payload: Mapping[str, Json]) -> dict[str, Json]:
    """The document, or the part of it that a payload was reduced to."""
    return {shown_name(key): value for key, value in payload.get("doc", {}).items()}


def from_payload(payload: Mapping[str, Json], vector: Sequence[float]) -> Point:
    codes = tuple(payload.get("c", ()))
    return Point(payload["id"], vector, shown_document(payload), payload["t"], payload["h"], codes=codes)


def unit_vector(vector: Sequence[float] | Vector, dimension: int, whose: str) -> Vector:
    """Shape (dimension,), float32, of unit length; one that already is of unit length comes back bit for bit.

    Raises StoreError, naming `whose` vector it is, where it has another shape, is not finite or is zero.
    """
    try:
        with np.errstate(over="ignore"):
            exact = np.asarray(vector, dtype=np.float64)
            single = exact.astype(np.float32)
    except (TypeError, ValueError) as error:
        raise StoreError(f"The vector of {whose} is not a list of numbers: {error}.") from error
    if single.shape != (dimension,):
        got = f"{single.shape[0]} numbers" if single.ndim == 1 else f"the shape {single.shape}"
        raise StoreError(
            f"The vector of {whose} has {got}, and this index stores {dimension} for each product. Was it made by "
            f"another encoder? Then rebuild the index with: python -m indexer reindex CATALOGUE"
        )
    if not np.all(np.isfinite(single)):
        raise StoreError(f"The vector of {whose} holds NaN or infinity; the encoder is at fault. Nothing was written.")
    length = float(np.sqrt(exact @ exact))
    if length == 0.0:
        raise StoreError(f"The vector of {whose} is zero and points nowhere; the encoder is at fault.")
    if abs(length - 1.0) <= _SLACK:
        return single
    return (exact / length).astype(np.float32)
