"""Events, records and pages ↔ Qdrant payloads. Imports no Qdrant.

============ ======================================================================================================
event        kind, shopper, type, at, and where there is one: product, query, position, value, id
anonymous    the same of nobody known, without shopper
shown        kind, index, at, data (JSON text: the rest of Shown), and shopper where somebody is known
stamp        kind, shopper, stamp: changes with the shopper's events
record       kind, shopper, stamp, data (JSON text: consent, facts): changes with what the shopper declares
profile      see `shopper_profiles`
============ ======================================================================================================

`at` is in milliseconds since 1970. Numbers that must come back exactly as they were are kept as text: Qdrant may change
the last digit of others. Events write stamps and never records, so that neither can undo the other.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from search.domain import Json, Sparse
from search.errors import StoreError
from search.events import Event
from search.shopper import Facts, Shopper, Shown
from search.storage.shopper_points import check_name, event_key, instant, is_text, key, millis

Vectors = tuple[tuple[float, ...], ...]


_NONE = Sparse()


@dataclass(frozen=True, slots=True)
class Kept:
    """A point of the store. `interests` and `products` are the vectors of profiles; other points have none."""

    id: str
    payload: Mapping[str, Json]
    interests: Vectors = ()
    products: Sparse = _NONE


# --- events ----------------------------------------------------------------------------------------------------------


def from_event(event: Event) -> Kept:
    """Of a checked event."""
    told = {
        "kind": "anonymous" if event.shopper is None else "event",
        "shopper": event.shopper,
        "type": event.type,
        "at": millis(event.timestamp),
        "product": event.product,
        "query": event.query_id,
        "position": event.position,
        "value": None if event.value is None else repr(event.value),
        "id": event.id,
    }
    return Kept(event_key(event), {name: value for name, value in told.items() if value is not None})


def to_event(payload: Mapping[str, Json]) -> Event:
    value = payload.get("value")
    return Event(
        payload["type"],
        payload.get("shopper"),
        instant(payload["at"]),
        payload.get("product"),
        payload.get("query"),
        payload.get("position"),
        None if value is None else float(value),
        payload.get("id"),
    )


# --- stamps and records ----------------------------------------------------------------------------------------------


def stamp_id(shopper: str) -> str:
    return key("stamp", shopper)


def record_id(shopper: str) -> str:
    return key("record", shopper)


def from_stamp(shopper: str, stamp: str) -> Kept:
    return Kept(stamp_id(shopper), {"kind": "stamp", "shopper": shopper, "stamp": stamp})


def from_record(shopper: Shopper, stamp: str) -> Kept:
    """Raises StoreError where what was declared cannot be kept."""
    check_name(shopper.name)
    facts = shopper.facts
    try:
        told = {
            "consent": shopper.consent,
            "age_band": facts.age_band,
            "interests": list(facts.interests),
            "budget": {str(name): float(most) for name, most in facts.budget.items()},
            "sizes": {str(name): str(size) for name, size in facts.sizes.items()},
        }
        data = json.dumps(told, ensure_ascii=False, allow_nan=False)
        data.encode()
    except (TypeError, ValueError):
        raise StoreError(
            "What a shopper declares cannot be kept: a budget is no finite number, or a text is none. Nothing was "
            "written."
        ) from None
    return Kept(record_id(shopper.name), {"kind": "record", "shopper": shopper.name, "stamp": stamp, "data": data})


def to_shopper(name: str, points: Sequence[Kept]) -> Shopper | None:
    """The record and stamp of a shopper, in any order; None where there are neither."""
    found = {point.id: point.payload for point in points}
    record, stamp = found.get(record_id(name)), found.get(stamp_id(name))
    if record is None and stamp is None:
        return None
    both = f"{record['stamp'] if record else ''}.{stamp['stamp'] if stamp else ''}"
    if record is None:
        return Shopper(name, None, Facts(), both)
    told = json.loads(record["data"])
    facts = Facts(told["age_band"], tuple(told["interests"]), told["budget"], told["sizes"])
    return Shopper(name, told["consent"], facts, both)


def opted_out(point: Kept) -> bool:
    """Whether this is the record of a shopper who wants nothing kept."""
    return point.payload["kind"] == "record" and json.loads(point.payload["data"])["consent"] is False


# --- pages -----------------------------------------------------------------------------------------------------------


def from_shown(shown: Shown) -> Kept:
    """Raises StoreError where the page cannot be kept."""
    if shown.shopper is not None:
        check_name(shown.shopper)
    parts = np.asarray(shown.parts, dtype="<f4")
    if parts.shape != (len(shown.products), len(shown.features)):
        raise StoreError(
            f"A page with {len(shown.products)} products and {len(shown.features)} features cannot have parts of the "
            f"shape {parts.shape}. Nothing was written."
        )
    if np.isinf(parts).any():
        raise StoreError("The parts of a page hold infinity. Nothing was written.")
    if not all(map(is_text, (shown.query_id, shown.index, *shown.products, *shown.features))):
        raise StoreError("A page has an id, index, product or feature that is no text. Nothing was written.")
    told = {
        "query": shown.query_id,
        "version": shown.version,
        "products": shown.products,
        "features": shown.features,
        "parts": base64.b64encode(parts.tobytes()).decode(),
        "offset": shown.offset,
        "base_ranks": shown.base_ranks,
    }
    payload = {"kind": "shown", "index": shown.index, "at": millis(shown.timestamp), "data": json.dumps(told)}
    if shown.shopper is not None:
        payload["shopper"] = shown.shopper
    # The query alone names the page: whoever is found out to have seen it takes the place of nobody known.
    return Kept(key("shown", None, shown.query_id), payload)


def to_shown(payload: Mapping[str, Json]) -> Shown:
    told: dict[str, Any] = json.loads(payload["data"])
    shape = len(told["products"]), len(told["features"])
    parts = np.frombuffer(base64.b64decode(told["parts"]), dtype="<f4").reshape(shape).astype(np.float32)
    return Shown(
        query_id=told["query"],
        index=payload["index"],
        version=told["version"],
        timestamp=instant(payload["at"]),
        products=tuple(told["products"]),
        features=tuple(told["features"]),
        parts=parts,
        offset=told["offset"],
        shopper=payload.get("shopper"),
        base_ranks=tuple(told["base_ranks"]),
    )
