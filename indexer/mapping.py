"""The mapping: which column is what. Read from TOML, or guessed (`guessing.py`), and written back as TOML."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args

from indexer.encodings import known
from indexer.files import FileOptions
from indexer.prices import read_currency
from indexer.problems import Unreadable
from search.domain import CORE_FIELDS, Json
from search.errors import MappingError

Kind = Literal["text", "number", "boolean", "date"]

KINDS: tuple[Kind, ...] = get_args(Kind)

FIELD_KEYS = {
    "from": "column, or list of alternatives of which the first non-empty one wins",
    "join": "read all columns of `from`, not just the first, with this between them (texts only)",
    "value": "the same value for every product without one",
    "scale": "price × scale, for example 0.01 for cents",
    "currency": "ISO 4217 code of the price",
    "decimal": 'decimal mark of the price, "." or ","',
    "separator": "what separates the levels of the category, or a list of such",
}
ATTRIBUTE_KEYS = {
    "columns": "columns that become attributes; objects in them are flattened one level",
    "prefixes": "columns that begin so become attributes of this kind, without the prefix",
    "types": "kind of single attributes: text, number, boolean or date",
    "rename": "attribute or column = name it gets",
    "all": "true: every column not used otherwise becomes an attribute",
    "exclude": "columns or attributes to leave out",
}
FILE_KEYS = {"encoding": "encoding of the files", "delimiter": "what separates cells in CSV"}
_TABLES = {"fields": CORE_FIELDS, "attributes": tuple(ATTRIBUTE_KEYS), "file": tuple(FILE_KEYS)}
_JOINABLE = ("title", "description", "brand")
_ONLY_FOR = {"scale": "price", "currency": "price", "decimal": "price", "separator": "category"}


@dataclass(frozen=True, slots=True)
class FieldRule:
    """Where a canonical field comes from; the keys are those of FIELD_KEYS."""

    columns: tuple[str, ...] = ()
    join: str | None = None
    value: Json = None
    scale: Decimal = Decimal(1)
    currency: str | None = None
    decimal: str | None = None
    separators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttributeRules:
    """Which columns become attributes, under which names and kinds; the keys are those of ATTRIBUTE_KEYS."""

    columns: tuple[str, ...] = ()
    prefixes: Dict[str, Kind] = field(default_factory=dict)
    types: Dict[str, Kind] = field(default_factory=dict)
    rename: Dict[str, str] = field(default_factory=dict)
    all: bool = False
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mapping:
    """Canonical field → rule, and the rest. `name` is what error messages call it; `guessed` without a mapping file."""

    fields: Dict[str, FieldRule]
    attributes: AttributeRules = field(default_factory=AttributeRules)
    file: FileOptions = field(default_factory=FileOptions)
    name: str = field(default="the mapping", compare=False)
    guessed: bool = field(default=False, compare=False)

    def to_toml(self) -> str:
        """The text of a mapping file that reads back as this mapping."""
        out = ["[fields]"]
        out += [f"{name} = {_rule_toml(rule)}" for name, rule in self.fields.items()]
        rules = self.attributes
        out += ["", "[attributes]"]
        out += [f"columns = {_toml(list(rules.columns))}"] * bool(rules.columns)
        out += [f"prefixes = {_toml(rules.prefixes)}"] * bool(rules.prefixes)
        out += [f"types = {_toml(rules.types)}"] * bool(rules.types)
        out += [f"rename = {_toml(rules.rename)}"] * bool(rules.rename)
        out += ["all = true"] * rules.all
        out += [f"exclude = {_toml(list(rules.exclude))}"] * bool(rules.exclude)
        options = {"encoding": self.file.encoding, "delimiter": self.file.delimiter}
        if any(options.values()):
            out += ["", "[file]", *(f"{key} = {_toml(value)}" for key, value in options.items() if value)]
        return "\n".join(out) + "\n"


def load_mapping(path: str | Path) -> Mapping:
    """The mapping in a TOML file. Raises MappingError with file, line and the nearest right name."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise MappingError(f"The mapping {path} cannot be read: {reason}. Check the name given to --mapping") from error
    return parse_mapping(text, str(path))


def parse_mapping(text: str, name: str) -> Mapping:
    """The mapping that a TOML text describes. Raises MappingError."""
    try:
        tree = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        hint = ". Column names with anything but A-Z, a-z, 0-9, _ and - need quotes" if "key" in str(error) else ""
        raise MappingError(f"{name} is not valid TOML: {error}{hint}") from error
    return _Parser(text, name).mapping(tree)


def nearest(word: str, words: Iterable[str]) -> str:
    """ ", did you mean 'x'?" for a message, or nothing."""
    words = list(words)
    lower = {candidate.lower(): candidate for candidate in words}
    close = difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.6)
    return f"; did you mean '{lower[close[0]]}'?" if close else ""


class _Parser:
    """Checks the tree of a mapping file key by key; every complaint says where."""

    def __init__(self, text: str, name: str) -> None:
        self._text, self._name = text, name

    def mapping(self, tree: dict[str, Any]) -> Mapping:
        self._known("", tree, tuple(_TABLES))
        for table in tree:
            if not isinstance(tree[table], dict):
                self._fail(table, f"[{table}] must be a table")
            self._known(table, tree[table], _TABLES[table])
        fields = {name: self._rule(name, value) for name, value in tree.get("fields", {}).items()}
        for needed in ("id", "title"):
            if needed not in fields:
                self._fail("fields", f"[fields] has no '{needed}': every product needs one")
        return Mapping(
            fields, self._attributes(tree.get("attributes", {})), self._file(tree.get("file", {})), self._name
        )

    def _rule(self, name: str, value: Any) -> FieldRule:
        if not isinstance(value, dict):
            return FieldRule(self._names(name, value))
        self._known(f"fields.{name}", value, tuple(FIELD_KEYS))
        for key, only in _ONLY_FOR.items():
            if key in value and name != only:
                self._fail(key, f"fields.{name}: '{key}' belongs to {only}")
        if "from" not in value and ("value" not in value or name in ("id", "title")):
            self._fail(name, f"fields.{name} needs 'from', the column to read")
        if "join" in value and (name not in _JOINABLE or not isinstance(value["join"], str)):
            self._fail("join", f"'join' is a text, and for {', '.join(_JOINABLE)} only")
        if not isinstance(value.get("value", ""), str | bool | int):
            self._fail("value", f"fields.{name}: 'value' is a text, a number or true or false")
        return FieldRule(
            columns=self._names(name, value["from"]) if "from" in value else (),
            join=value.get("join"),
            value=value.get("value"),
            scale=self._scale(value.get("scale", 1)),
            currency=self._currency(value.get("currency")),
            decimal=self._decimal(value.get("decimal")),
            separators=self._names("separator", value["separator"]) if "separator" in value else (),
        )

    def _attributes(self, table: dict[str, Any]) -> AttributeRules:
        everything = table.get("all", False)
        if not isinstance(everything, bool):
            self._fail("all", "attributes.all is true or false")
        return AttributeRules(
            columns=self._names("columns", table.get("columns", []), empty=True),
            prefixes=self._kinds("prefixes", table.get("prefixes", {})),
            types=self._kinds("types", table.get("types", {})),
            rename=self._texts("rename", table.get("rename", {})),
            all=everything,
            exclude=self._names("exclude", table.get("exclude", []), empty=True),
        )

    def _file(self, table: dict[str, Any]) -> FileOptions:
        encoding, delimiter = table.get("encoding"), table.get("delimiter")
        if encoding is not None and (not isinstance(encoding, str) or not known(encoding)):
            self._fail("encoding", f"there is no encoding {encoding!r}; examples: utf-8, gb18030, cp1252, big5")
        if delimiter is not None and (not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n'):
            self._fail("delimiter", "the delimiter is a single character")
        return FileOptions(encoding, delimiter)

    def _names(self, key: str, value: Any, empty: bool = False) -> tuple[str, ...]:
        names = [value] if isinstance(value, str) else value
        good = isinstance(names, list) and all(isinstance(name, str) and name for name in names)
        if not good or not (names or empty):
            self._fail(key, f"'{key}' must be a name or a list of names")
        return tuple(names)

    def _texts(self, key: str, value: Any) -> dict[str, str]:
        if not isinstance(value, dict) or not all(isinstance(text, str) and text for text in value.values()):
            self._fail(key, f"'{key}' must be a table of names: {{ old = \"new\" }}")
        return dict(value)

    def _kinds(self, key: str, value: Any) -> dict[str, Kind]:
        for name, kind in self._texts(key, value).items():
            if kind not in KINDS:
                self._fail(
                    name, f"{key}.{name}: '{kind}' is no kind; there are {', '.join(KINDS)}{nearest(kind, KINDS)}"
                )
        return dict(value)

    def _scale(self, value: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | Decimal) or not Decimal(value) > 0:
            self._fail("scale", "'scale' must be a number above 0")
        return Decimal(value)

    def _currency(self, value: Any) -> str | None:
        try:
            return read_currency(value)
        except Unreadable as error:
            self._fail("currency", f"{error}; write its ISO code, for example USD, EUR or CNY")

    def _decimal(self, value: Any) -> str | None:
        if value not in (None, ".", ","):
            self._fail("decimal", '\'decimal\' must be "." or ","')
        return value  # type: ignore[no-any-return]

    def _known(self, table: str, found: dict[str, Any], names: Sequence[str]) -> None:
        for key in found:
            if key not in names:
                where = f"[{table}] has no" if table else "a mapping has no"
                self._fail(key, f"{where} '{key}'{nearest(key, names)} It may hold: {', '.join(names)}")

    def _fail(self, key: str, message: str) -> NoReturn:
        pattern = re.compile(rf"""^[^#\n]*(?<![\w.-])["']?{re.escape(key)}["']?\s*[=\].]""", re.MULTILINE)
        match = pattern.search(self._text)
        line = f", line {self._text.count(chr(10), 0, match.start()) + 1}" if match else ""
        raise MappingError(f"{self._name}{line}: {message}")


def _rule_toml(rule: FieldRule) -> str:
    if rule == FieldRule(rule.columns):
        return _toml(rule.columns[0] if len(rule.columns) == 1 else list(rule.columns))
    columns: Json = rule.columns[0] if len(rule.columns) == 1 else list(rule.columns)
    keys = {
        "from": columns or None,
        "join": rule.join,
        "value": rule.value,
        "scale": None if rule.scale == 1 else rule.scale,
        "currency": rule.currency,
        "decimal": rule.decimal,
        "separator": list(rule.separators) or None,
    }
    return _toml({key: value for key, value in keys.items() if value is not None})


def _toml(value: Json) -> str:
    if isinstance(value, Dict):
        inner = ", ".join(f"{_toml_key(key)} = {_toml(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, Decimal):
        return format(value, "f")
    # What JSON writes for texts, numbers and booleans is TOML, but for one control character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _toml_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml(key)
