"""Everything about a product that is no canonical field: names, kinds, limits."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import orjson

from indexer.cleaning import RAW_LIMIT, clean, clean_name, shorten
from indexer.mapping import AttributeRules, Kind, Mapping
from indexer.problems import Unreadable, excerpt
from indexer.values import as_list, is_empty, is_nothing, read_text
from search.domain import CORE_FIELDS, Json

ATTRIBUTES_LIMIT = 200
"""Attributes of one product."""
VALUE_LIMIT = 500
"""Characters of one value, or of one item of a list."""
ITEMS_LIMIT = 100
"""Items of one list."""
NAME_LIMIT = 80

Warn = Callable[[str, str], None]
"""Called with field and reason."""

_CAMEL = re.compile(r"(?<=[a-z]{2})(?=[A-Z])")
_NO_WORD = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3})?")
_GROUPED = re.compile(r"[-+]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_DATE = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?:[T ](.*))?")
_TRUE = frozenset(("true", "yes", "y", "t", "1", "on", "是", "有", "支持"))
_FALSE = frozenset(("false", "no", "n", "f", "0", "off", "否", "无", "不支持"))
_LARGEST_INTEGER = 2**63
_PAIR_NAMES = ("name", "key", "label", "attribute", "attr", "title", "属性名", "名称")
_PAIR_VALUES = ("value", "values", "val", "text", "属性值", "值")


def slug(name: str) -> str:
    """A name in lower_snake_case: `Item Weight` → `item_weight`, `材质` stays."""
    return _NO_WORD.sub("_", _CAMEL.sub("_", clean_name(name)).lower()).strip("_")[:NAME_LIMIT].rstrip("_")


@dataclass(frozen=True, slots=True)
class _Plan:
    """What becomes of a column: nothing where `name` is empty."""

    name: str = ""
    spare: str = ""  # the name it takes where another column has `name` already
    kind: Kind | None = None
    renamed: bool = False
    flatten: bool = False
    inside: str = ""  # what the names of flattened keys begin with


_SKIP = _Plan()


class AttributeReader:
    """Rows → attributes. Decides once for each column name."""

    def __init__(self, mapping: Mapping) -> None:
        self._rules: AttributeRules = mapping.attributes
        self._used = {column for rule in mapping.fields.values() for column in rule.columns}
        self._prefixes = sorted(self._rules.prefixes, key=len, reverse=True)
        self._plans: dict[str, _Plan] = {}
        self._nested: dict[tuple[str, str], _Plan] = {}

    @property
    def columns(self) -> frozenset[str]:
        """Every column seen so far."""
        return frozenset(self._plans)

    def read(self, row: dict[str, Json], core: dict[str, Json], warn: Warn) -> dict[str, Json]:
        """The attributes of a row. What only repeats a canonical field in `core` is left out."""
        found = _Found(core, warn)
        plans = self._plans
        for column, value in row.items():
            plan = plans.get(column)
            if plan is None:
                plan = plans[column] = self._decide(column)
            if not plan.name or value is None or value == "":
                continue
            if plan.flatten and (inner := _as_object(value)) is not None:
                for key, item in inner.items():
                    found.add(self._inside(column, plan, key), item)
            else:
                found.add(plan, value)
        found.check_number()
        return found.values

    def _decide(self, column: str) -> _Plan:
        rules = self._rules
        rest, kind = column, None
        if column in rules.columns:
            inside = ""
        elif prefix := next((prefix for prefix in self._prefixes if column.startswith(prefix)), None):
            rest, kind, inside = column[len(prefix) :], rules.prefixes[prefix], ""
        elif rules.all and column not in self._used:
            inside = column + "_"
        else:
            return _SKIP
        return self._plan((column, rest), kind, flatten=kind is None, inside=inside)

    def _inside(self, column: str, plan: _Plan, key: str) -> _Plan:
        nested = self._nested.get((column, key))
        if nested is None:
            path = f"{column}.{key}"
            nested = _SKIP if path in self._used else self._plan((path, key), None, inside=plan.inside)
            self._nested[column, key] = nested
        return nested

    def _plan(self, names: tuple[str, str], kind: Kind | None, flatten: bool = False, inside: str = "") -> _Plan:
        """`names`: the full name of a column or key, and what is left of it without prefix or parent."""
        rules = self._rules
        full, rest = names
        natural = slug(rest if flatten else inside + rest)
        known = (full, rest, slug(rest))
        target = next((rules.rename[name] for name in known if name in rules.rename), None)
        name = slug(target) if target else natural
        if not name or any(one in rules.exclude for one in (*known, natural, name)):
            return _SKIP
        kind = next((rules.types[one] for one in (*known, natural, name) if one in rules.types), kind)
        if name in CORE_FIELDS:
            name += "_attr"
        spare = slug(full) if slug(full) not in (name, *CORE_FIELDS) else f"{name}_2"
        return _Plan(name, spare, kind, target is not None, flatten, inside)


class _Found:
    """The attributes of one product as they come in."""

    def __init__(self, core: dict[str, Json], warn: Warn) -> None:
        self.values: dict[str, Json] = {}
        self._renamed: set[str] = set()
        self._core, self._warn = core, warn

    def add(self, plan: _Plan, raw: Json) -> None:
        if not plan.name:
            return
        try:
            value, cut = read_value(raw, plan.kind)
        except Unreadable as error:
            self._warn(plan.name, str(error))
            return
        if value is None:
            return
        if cut:
            self._warn(plan.name, f"cut to {cut}")
        if plan.name.endswith("_attr") and _same(value, self._core.get(plan.name[:-5])):
            return
        self._put(plan, value)

    def check_number(self) -> None:
        if len(self.values) > ATTRIBUTES_LIMIT:
            left_out = list(self.values)[ATTRIBUTES_LIMIT:]
            for name in left_out:
                del self.values[name]
            self._warn(
                left_out[0], f"this and {len(left_out) - 1} more attributes are above the {ATTRIBUTES_LIMIT} kept"
            )

    def _put(self, plan: _Plan, value: Json) -> None:
        name = plan.name
        if name in self.values:
            if self.values[name] == value:
                return
            if plan.renamed and name not in self._renamed:  # what was named on purpose gets the name
                self.values[self._free(f"{name}_2")] = self.values[name]
            else:
                name = self._free(plan.spare)
        if plan.renamed:
            self._renamed.add(name)
        self.values[name] = value

    def _free(self, name: str) -> str:
        number = 2
        base = name.removesuffix("_2")
        while name in self.values:
            number += 1
            name = f"{base}_{number}"
        return name


def read_value(value: Json, kind: Kind | None) -> tuple[Json, str]:
    """The value as an attribute holds it, None for nothing; and to what it was cut, if it was. Raises Unreadable.

    Without a kind the JSON type stays: text that looks like a number is text.
    """
    if isinstance(value, str) and kind in (None, "text"):
        return _text_or_list(value)
    if is_empty(value):
        return None, ""
    if kind == "number":
        return read_number(value), ""
    if kind == "boolean":
        return _boolean(value), ""
    if kind == "date":
        return _date(value), ""
    if isinstance(value, list):
        return _items(value, as_text=kind == "text")
    if isinstance(value, dict):
        return _object_text(value), ""
    if kind == "text":
        return (_shortest(value) if not isinstance(value, bool) else str(value).lower()), ""
    return _native(value), ""


def read_number(value: Json) -> int | float:
    """A finite number, whole ones as integers; from text only if that is all there is in it (`1,299`, not `12 cm`)."""
    if isinstance(value, str):
        text = value.strip()
        if _GROUPED.fullmatch(text):
            text = text.replace(",", "")
        if not _NUMBER.fullmatch(text):
            raise Unreadable(f"{excerpt(value)} is no number")
        value = int(text) if text.lstrip("+-").isdigit() and len(text) < 19 else float(text)
    if isinstance(value, bool | list | dict):
        raise Unreadable(f"{excerpt(value)} is no number")
    number = _native(value)
    if not isinstance(number, int | float):
        raise Unreadable(f"{excerpt(value)} is no number")
    return int(number) if isinstance(number, float) and number.is_integer() and abs(number) < 2**53 else number


def _native(value: Json) -> Json:
    """Numbers and booleans as they are; integers of more than 64 bits as text, Decimals as the number they are."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Decimal):
        value = int(value) if value.is_finite() and value == value.to_integral_value() else float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise Unreadable(f"{value} is no number")
    if isinstance(value, int) and not -_LARGEST_INTEGER <= value < _LARGEST_INTEGER:
        return str(value)
    return value


def _boolean(value: Json) -> bool:
    if isinstance(value, bool):
        return value
    word = (value.strip().lower() if isinstance(value, str) else str(value)).removesuffix(".0")
    if word not in _TRUE and word not in _FALSE:
        raise Unreadable(f"{excerpt(value)} is neither true nor false")
    return word in _TRUE


def is_date(text: str) -> bool:
    """Whether it is a day as `2016-11-04`, `2016/11/4`, `2016年11月4日`, with or without a time."""
    match = _DATE.fullmatch(text.strip())
    return match is not None and 1 <= int(match[2]) <= 12 and 1 <= int(match[3]) <= 31


def _date(value: Json) -> str:
    """ISO 8601: `2016/11/4` → `2016-11-04`; a time that stands behind is kept as it is."""
    match = _DATE.fullmatch(value.strip()) if isinstance(value, str) and is_date(value) else None
    if match is None:
        raise Unreadable(f"{excerpt(value)} is no date (year, month, day)")
    day = f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}"
    return f"{day}T{match[4]}" if match[4] else day


def _text_or_list(value: str) -> tuple[Json, str]:
    if value[:1] == "[" and (items := as_list(value)) is not None:
        return _items(items, as_text=True)
    text = clean(value[:RAW_LIMIT])
    if not text or is_nothing(text):
        return None, ""
    if len(text) > VALUE_LIMIT:
        return shorten(text, VALUE_LIMIT), f"{VALUE_LIMIT} of {len(text)} characters"
    return text, ""


def _items(values: list[Json], as_text: bool) -> tuple[Json, str]:
    """A list of texts, or of numbers or booleans where it holds nothing else. Objects in it count by their name."""
    cut = f"{ITEMS_LIMIT} of {len(values)} items" if len(values) > ITEMS_LIMIT else ""
    plain = [value for value in values[:ITEMS_LIMIT] if not is_empty(value)]
    if plain and not as_text and all(isinstance(value, int | float | Decimal) for value in plain):
        return [_native(value) for value in plain], cut
    items: list[Json] = []
    for value in plain:
        try:
            text = read_text(value) if not isinstance(value, bool) else str(value).lower()
        except Unreadable:
            continue
        if len(text) > VALUE_LIMIT:
            cut = f"{VALUE_LIMIT} of {len(text)} characters"
        if text and text not in items:
            items.append(shorten(text, VALUE_LIMIT))
    return items or None, cut


def _object_text(value: dict[str, Json]) -> str | None:
    """`{"Kitchen": 12, "Mugs": 3}` → «Kitchen: 12; Mugs: 3», if that stays short; deeper objects are dropped."""
    if len(value) > ITEMS_LIMIT or any(isinstance(item, dict | list) for item in value.values()):
        return None
    parts = (f"{clean(key)}: {clean(str(item)[:RAW_LIMIT])}" for key, item in value.items() if not is_empty(item))
    text = "; ".join(parts)
    return text if text and len(text) <= VALUE_LIMIT else None


def _as_object(value: Json) -> dict[str, Json] | None:
    """The object that a value is, or that its text spells in JSON, or that a list of name-value pairs amounts to."""
    if isinstance(value, str):
        if value.lstrip()[:1] not in ("{", "[") or len(value) > RAW_LIMIT:
            return None
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return None
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        pairs = [_pair(item) for item in value]
        return dict(pair for pair in pairs if pair) if all(pairs) else None
    return None


def _pair(item: dict[str, Json]) -> tuple[str, Json] | None:
    name = next((item[key] for key in _PAIR_NAMES if isinstance(item.get(key), str)), None)
    key = next((key for key in _PAIR_VALUES if key in item), None)
    return (name, item[key]) if name and key else None


def _shortest(value: Json) -> str:
    number = _native(value)
    return str(int(number)) if isinstance(number, float) and number.is_integer() else str(number)


def _same(value: Json, other: Json) -> bool:
    return isinstance(value, str) and isinstance(other, str) and value.casefold() == other.casefold()
