"""The lines of the experiment log: what was shown, and what shoppers did. One JSON object a line, in UTF-8.

::

    {"kind": "experiment", "name": "ratio", "index": "products", "method": "split", "started": "2026-11-28T09:00:00Z",
     "variants": [{"name": "now", "weight": 0.5}, {"name": "words", "weight": 0.5}]}
    {"kind": "impression", "queryID": "…", "experiment": "ratio", "index": "products", "shopper": "9f2c…", "offset": 0,
     "products": ["42", "7"], "variant": "words", "teams": [], "timestamp": "2026-11-28T09:31:05.120Z"}
    {"kind": "event", "type": "click", "shopper": "9f2c…", "product": "42", "queryID": "…", "position": 1,
     "value": null, "timestamp": "2026-11-28T09:31:09.800Z"}

An event has the sender's own `id` as well, where it came with one. The log holds neither the words of a query nor the
id of a shopper, only its HMAC. `position` counts from 1 over all pages of the result. The first variant is the
baseline: what is served outside the experiment. Under the method `split` a shopper always sees one variant (`variant`);
under `interleave` everybody sees a list drafted from both, and `teams` names for each product the variant that put it
there, "" where both would have put it there or where the other one's list had come to its end: such a product speaks
for neither (search/experiments/drafting).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from search.domain import Json
from search.events import MAX_VALUE as MAX_VALUE
from search.events import Event

Method = Literal["split", "interleave"]


@dataclass(frozen=True, slots=True)
class Share:
    """A variant by name and its share of the shoppers; shares add up to 1."""

    name: str
    weight: float


@dataclass(frozen=True, slots=True)
class Started:
    """An experiment as it was when a server began to serve it. The first variant is the baseline."""

    name: str
    index: str
    method: Method
    variants: tuple[Share, ...]
    started: str


@dataclass(frozen=True, slots=True)
class Impression:
    """One page of results that was shown. `products` in the order shown, the first at place `offset` + 1."""

    query_id: str
    experiment: str
    index: str
    shopper: str
    products: tuple[str, ...]
    timestamp: str
    offset: int = 0
    variant: str = ""
    teams: tuple[str, ...] = ()


Record: TypeAlias = Started | Impression | Event


def to_line(record: Record) -> str:
    """Without the line break."""
    return json.dumps(_to_json(record), ensure_ascii=False, separators=(",", ":"))


def from_line(line: str) -> Record:
    """Raises ValueError that says what is wrong; whoever reads a file adds where."""
    held = json.loads(line)
    if not isinstance(held, dict) or held.get("kind") not in _READERS:
        raise ValueError(f"expected an object whose kind is one of {', '.join(_READERS)}")
    try:
        return _READERS[held["kind"]](held)
    except (KeyError, TypeError) as error:
        raise ValueError(f"this {held['kind']} lacks a field or has one of a wrong type ({error})") from error


def _to_json(record: Record) -> dict[str, Json]:
    if isinstance(record, Started):
        variants = [{"name": one.name, "weight": one.weight} for one in record.variants]
        return {
            "kind": "experiment", "name": record.name, "index": record.index, "method": record.method,
            "started": record.started, "variants": variants,
        }  # fmt: skip
    if isinstance(record, Impression):
        return {
            "kind": "impression", "queryID": record.query_id, "experiment": record.experiment, "index": record.index,
            "shopper": record.shopper, "offset": record.offset, "products": list(record.products),
            "variant": record.variant, "teams": list(record.teams), "timestamp": record.timestamp,
        }  # fmt: skip
    return {
        "kind": "event", "type": record.type, "shopper": record.shopper, "product": record.product,
        "queryID": record.query_id, "position": record.position, "value": record.value, "timestamp": record.timestamp,
    } | ({"id": record.id} if record.id is not None else {})  # fmt: skip


def _started(held: dict[str, Json]) -> Started:
    shares = tuple(Share(str(one["name"]), float(one["weight"])) for one in held["variants"])
    if held["method"] not in ("split", "interleave"):
        raise TypeError(f"method {held['method']!r}")
    return Started(str(held["name"]), str(held["index"]), held["method"], shares, str(held["started"]))


def _impression(held: dict[str, Json]) -> Impression:
    return Impression(
        query_id=str(held["queryID"]),
        experiment=str(held["experiment"]),
        index=str(held["index"]),
        shopper=str(held["shopper"]),
        products=tuple(str(product) for product in held["products"]),
        timestamp=str(held["timestamp"]),
        offset=int(held.get("offset", 0)),
        variant=str(held.get("variant") or ""),
        teams=tuple(str(team) for team in held.get("teams") or ()),
    )


def _event(held: dict[str, Json]) -> Event:
    def optional(name: str, kind: Callable[[Json], Json]) -> Json:
        return None if held.get(name) is None else kind(held[name])

    return Event(
        type=held["type"],
        shopper=optional("shopper", str),
        timestamp=str(held["timestamp"]),
        product=optional("product", str),
        query_id=optional("queryID", str),
        position=optional("position", int),
        value=optional("value", float),
        id=optional("id", str),
    )


_READERS: dict[str, Callable[[dict[str, Json]], Record]] = {
    "experiment": _started,
    "impression": _impression,
    "event": _event,
}
