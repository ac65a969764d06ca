"""Do answers keep the conditions that the query names? Violations, places filled, hits on topic.

A file of queries holds one JSON object a line::

    {"q": "hp printer under $300", "catalogue": "icecat", "about": ["printer", "laserjet"],
     "require": [["price", "<", 300], ["brand", "is", "HP"]], "available": 286}

The conditions are written down by hand and checked on the documents themselves, by rules of this file alone: what the
engine understood of the query plays no part, so that it cannot be its own judge.
"""

from __future__ import annotations

import json
import math
import operator
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from eval.qrels import error_at, lines_of
from search.domain import Document, Hit, Json
from search.errors import JudgementError

PLACES = 10
"""How many hits are looked at: what a shopper sees first."""

Verdict: TypeAlias = Literal["satisfied", "violated", "unknown"]

_ORDERS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
OPERATORS = (*_ORDERS, "is", "is not")

_BRAND = "brand"
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_KEYS = "q, catalogue, about, require, available"


@dataclass(frozen=True, slots=True)
class Condition:
    """`field op value`; with `<`, `<=`, `>`, `>=` the value is a number, with `is` and `is not` a word."""

    field: str
    op: str
    value: float | str

    def __str__(self) -> str:
        value = self.value if isinstance(self.value, str) else f"{self.value:g}"
        return f"{self.field} {self.op} {value}"

    def verdict(self, document: Document) -> Verdict:
        """Unknown where the product has no such value: that breaks no condition."""
        found = document.get(self.field)
        members = found if isinstance(found, list) else [found]
        if isinstance(self.value, str):
            said = [text for member in members if (text := _text(member))]
            if not said:
                return "unknown"
            same = any(_is(self.field, text, _text(self.value)) for text in said)
            return "satisfied" if same == (self.op == "is") else "violated"
        numbers = [number for member in members if (number := _number(member)) is not None]
        if not numbers:
            return "unknown"
        value = self.value
        return "satisfied" if any(_ORDERS[self.op](number, value) for number in numbers) else "violated"


@dataclass(frozen=True, slots=True)
class ConstrainedQuery:
    """One line of the file. `available` is how many products on topic meet all conditions: none can show more."""

    text: str
    catalogue: str
    about: tuple[str, ...]
    require: tuple[Condition, ...]
    available: int

    @property
    def places(self) -> int:
        """How many of the first ten places can be filled."""
        return min(PLACES, self.available)

    def is_about(self, document: Document) -> bool:
        """Whether any of the `about` words stands in the title, caseless, also within another word."""
        title = str(document.get("title", "")).casefold()
        return any(word.casefold() in title for word in self.about)


@dataclass(frozen=True, slots=True)
class JudgedHit:
    """One hit: the conditions it breaks, those of which it is not known, and whether it is on topic."""

    id: str
    title: str
    rank: int
    broken: tuple[str, ...]
    unknown: tuple[str, ...]
    on_topic: bool


@dataclass(frozen=True, slots=True)
class JudgedAnswer:
    """The first ten hits of one query."""

    query: ConstrainedQuery
    hits: tuple[JudgedHit, ...]

    @property
    def broken(self) -> int:
        return sum(bool(hit.broken) for hit in self.hits)

    @property
    def unknown(self) -> int:
        """Hits that break nothing as far as is known, and of which something is not."""
        return sum(bool(hit.unknown) and not hit.broken for hit in self.hits)

    @property
    def on_topic(self) -> int:
        return sum(hit.on_topic for hit in self.hits)

    @property
    def fitting(self) -> int:
        """On topic, and breaking no condition: `available` counts such products."""
        return sum(hit.on_topic and not hit.broken for hit in self.hits)

    @property
    def filled(self) -> bool:
        """Whether as many fitting hits are shown as there can be."""
        return self.fitting >= self.query.places


@dataclass(frozen=True, slots=True)
class ConstraintScores:
    """Over all queries. Shares are of all hits shown, or of all places that can be filled; 0 where there are none."""

    queries: int
    hits: int
    violations: float
    unknown: float
    places_filled: float
    on_topic: float
    queries_filled: int


def judge(query: ConstrainedQuery, hits: Sequence[Hit]) -> JudgedAnswer:
    """Look at the first ten hits."""
    return JudgedAnswer(query, tuple(_judged(query, hit.document, rank) for rank, hit in enumerate(hits[:PLACES], 1)))


def _judged(query: ConstrainedQuery, document: Document, rank: int) -> JudgedHit:
    verdicts = [(condition, condition.verdict(document)) for condition in query.require]
    return JudgedHit(
        id=str(document["id"]),
        title=str(document.get("title", "")),
        rank=rank,
        broken=tuple(
            f"{condition}: {document[condition.field]}" for condition, verdict in verdicts if verdict == "violated"
        ),
        unknown=tuple(condition.field for condition, verdict in verdicts if verdict == "unknown"),
        on_topic=query.is_about(document),
    )


def sum_up(answers: Sequence[JudgedAnswer]) -> ConstraintScores:
    shown = sum(len(answer.hits) for answer in answers)
    places = sum(answer.query.places for answer in answers)
    return ConstraintScores(
        queries=len(answers),
        hits=shown,
        violations=_share(sum(answer.broken for answer in answers), shown),
        unknown=_share(sum(answer.unknown for answer in answers), shown),
        places_filled=_share(sum(min(len(answer.hits), answer.query.places) for answer in answers), places),
        on_topic=_share(sum(answer.on_topic for answer in answers), shown),
        queries_filled=sum(answer.filled for answer in answers),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


# --- words and numbers -----------------------------------------------------------------------------------------------


def _is(field: str, said: str, wanted: str) -> bool:
    """Brands: equal, or one within the other (StarTech, StarTech.com). Others: the wanted word among the words said.

    Chinese words stand within others (枫叶金 is 金), and white spaces do not part them.
    """
    if field == _BRAND:
        ours, theirs = _bare(said), _bare(wanted)
        return bool(ours) and bool(theirs) and (ours in theirs or theirs in ours)
    if _HAN.search(wanted):
        return wanted in said
    return re.search(rf"(?<![^\W_]){re.escape(wanted)}(?![^\W_])", said) is not None


def _text(value: Json) -> str:
    """Caseless and in one form of Unicode; empty for what says nothing."""
    if value is None:
        return ""
    text = unicodedata.normalize("NFKC", str(value)).casefold().strip()
    return text if any(sign.isalnum() for sign in text) else ""


def _bare(text: str) -> str:
    return "".join(sign for sign in text if sign.isalnum())


def _number(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


# --- the file --------------------------------------------------------------------------------------------------------


def read_constraints(path: Path) -> tuple[ConstrainedQuery, ...]:
    """Queries in file order; keys beyond the five are let be. Raises JudgementError with file and line."""
    queries = []
    for number, line in lines_of(path):
        try:
            found = json.loads(line)
        except ValueError as error:
            raise error_at(path, number, f"this is not JSON ({error})") from error
        if not isinstance(found, dict):
            raise error_at(path, number, f"expected a JSON object with {_KEYS}")
        try:
            queries.append(_parsed(found))
        except ValueError as error:
            raise error_at(path, number, str(error)) from error
    if not queries:
        raise JudgementError(f"{path} holds no queries. Expected lines of JSON objects with {_KEYS}.")
    return tuple(queries)


def _parsed(found: Mapping[str, Json]) -> ConstrainedQuery:
    for key in ("q", "catalogue"):
        if not isinstance(found.get(key), str) or not found[key].strip():
            raise ValueError(f"'{key}' must be a text, and not an empty one")
    about, require, available = (found.get(key) for key in ("about", "require", "available"))
    if not isinstance(about, list) or not about or not all(isinstance(word, str) and word for word in about):
        raise ValueError("'about' must be a list of words, at least one")
    if not isinstance(require, list):
        raise ValueError("'require' must be a list of [field, operator, value]")
    if not isinstance(available, int) or isinstance(available, bool) or available < 0:
        raise ValueError("'available' must be a whole number from 0 up")
    return ConstrainedQuery(
        found["q"], found["catalogue"], tuple(about), tuple(_condition(item) for item in require), available
    )


def _condition(item: Json) -> Condition:
    if not isinstance(item, list) or len(item) != 3 or not isinstance(item[0], str):
        raise ValueError(f"expected [field, operator, value], not {json.dumps(item, ensure_ascii=False)}")
    field, op, value = item
    if op not in OPERATORS:
        raise ValueError(
            f"there is no operator {json.dumps(op, ensure_ascii=False)}; there are: {', '.join(OPERATORS)}"
        )
    if op in _ORDERS and _number(value) is None:
        raise ValueError(f"{field} {op} needs a number, not {json.dumps(value, ensure_ascii=False)}")
    if op not in _ORDERS and not (isinstance(value, str) and _text(value)):
        raise ValueError(f"{field} {op} needs a word, not {json.dumps(value, ensure_ascii=False)}")
    return Condition(field, op, float(value) if op in _ORDERS else value)
