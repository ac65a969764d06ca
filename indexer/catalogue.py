"""Catalogue files → Products, with a reason for everything that did not become one.

    for item in read_catalogue(["shop.csv"], load_mapping("shop.toml")):
        ...  # ProductRow or Rejected, one for each row of the files, in their order

Rows are read, mapped and cleaned one at a time. A row without a readable id or title, or with an id that was there
before, is rejected; any other field that cannot be read is left out of its product, with a warning.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from collections.abc import Mapping as Dict
from decimal import Decimal
from itertools import chain
from typing import BinaryIO, TypeAlias, TypeVar

from indexer.attributes import AttributeReader
from indexer.cleaning import TEXT_LIMIT, shorten
from indexer.files import Header, RawRow, read_rows
from indexer.guessing import SAMPLE_ROWS, guess_mapping
from indexer.mapping import FieldRule, Mapping, load_mapping, nearest
from indexer.prices import Price, read_currency, read_price
from indexer.problems import Problem, ProductRow, Rejected, Unreadable
from indexer.sources import Progress, Source, locate
from indexer.values import (
    NAME_LIMIT,
    TITLE_LIMIT,
    is_empty,
    read_category,
    read_first_text,
    read_id,
    read_language,
    read_link,
    read_stock,
    read_text,
)
from search.domain import Json, Product
from search.errors import CatalogueError, MappingError

__all__ = ["CatalogueReader", "Mapping", "Problem", "ProductRow", "Rejected", "load_mapping", "read_catalogue"]

_SAMPLE_BYTES = 64 << 20
_NO_RULE = FieldRule()

T = TypeVar("T")
Fields: TypeAlias = Dict[str, FieldRule]


def read_catalogue(
    paths: Sequence[str], mapping: Mapping | None = None, stdin: BinaryIO | None = None
) -> CatalogueReader:
    """Opens catalogue files; "-" is JSON lines on `stdin` (default: standard input).

    Raises CatalogueError for files that are missing, empty or of an unknown kind, and MappingError where the mapping
    does not fit the first rows or, without one, no id and title can be made out. While reading, CatalogueError for a
    file that is damaged or cut off, MappingError at the end for a mapped column that no row had.
    """
    return CatalogueReader(paths, mapping, stdin)


class CatalogueReader:
    """The rows of catalogue files, each as ProductRow or Rejected; can be gone through once.

    `mapping` is the one in use, guessed or not. `bytes_read` of `bytes_total` (None with standard input) is for a
    progress bar. `file_warnings` are about files or the mapping as a whole and complete after the last row.
    """

    def __init__(self, paths: Sequence[str], mapping: Mapping | None, stdin: BinaryIO | None) -> None:
        if not paths:
            raise CatalogueError("No catalogue was named. Give one or more files, or - for standard input")
        self._sources = [locate(path) for path in paths]
        self._refuse_twice()
        sizes = [source.size for source in self._sources]
        self.bytes_total: int | None = None if None in sizes else sum(size or 0 for size in sizes)
        self.file_warnings: list[Problem] = []
        self._progress = Progress()
        self._stdin = stdin
        self._tabular: set[str] = set()
        self._options = mapping.file if mapping else Mapping({}).file
        self._rows = self._all_rows()
        self._sample: deque[tuple[Source, RawRow]] = deque()
        whole = self._take_sample()
        values = [row.values for _, row in self._sample if row.values is not None]
        self.mapping = mapping or guess_mapping(values, self._sources[0].format)
        self._reader = RowReader(self.mapping)
        self._check_columns({column for row in values for column in row} | self._tabular, complete=whole)
        self._items = self._read()

    @property
    def bytes_read(self) -> int:
        return self._progress.bytes_read

    def __iter__(self) -> Iterator[ProductRow | Rejected]:
        return self

    def __next__(self) -> ProductRow | Rejected:
        return next(self._items)

    def __enter__(self) -> CatalogueReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files. Not needed after the last row."""
        self._items.close()
        self._rows.close()

    def _read(self) -> Generator[ProductRow | Rejected, None, None]:
        places: dict[str, tuple[str, int]] = {}
        for source, row in chain(self._from_sample(), self._rows):
            item = self._reader.read(source.name, row)
            if isinstance(item, ProductRow):
                if (place := places.get(item.product.id)) is not None:
                    item = _duplicate(item, place)
                else:
                    places[item.product.id] = (source.name, row.line)
            yield item
        if places:  # Where every row was rejected, the reasons are said already, and columns were not looked at.
            self._check_columns(self._reader.columns | self._tabular, complete=True, at_end=True)

    def _all_rows(self) -> Generator[tuple[Source, RawRow], None, None]:
        for source in self._sources:
            header = Header()
            told = False
            done = self._progress.bytes_read
            progress = Progress()
            for row in read_rows(source, progress, self._stdin, self._options, header):
                if not told and header.columns is not None:
                    told = True
                    self._tabular |= set(header.columns)
                    self.file_warnings += [
                        Problem(source.name, 1, None, None, reason, "warning") for reason in header.problems
                    ]
                self._progress.bytes_read = done + progress.bytes_read
                yield source, row
            self._progress.bytes_read = done + (source.size or progress.bytes_read)

    def _take_sample(self) -> bool:
        """Reads the first rows, to be gone through again; whether they are all there are."""
        while len(self._sample) < SAMPLE_ROWS and self._progress.bytes_read < _SAMPLE_BYTES:
            row = next(self._rows, None)
            if row is None:
                return True
            self._sample.append(row)
        return False

    def _from_sample(self) -> Iterator[tuple[Source, RawRow]]:
        while self._sample:
            yield self._sample.popleft()

    def _refuse_twice(self) -> None:
        places = [source.path.resolve() if source.path else None for source in self._sources]
        for place, source in zip(places, self._sources, strict=True):
            if places.count(place) > 1:
                raise CatalogueError(f"{source.name} is named twice. Name each file once")

    def _check_columns(self, seen: set[str] | frozenset[str], complete: bool, at_end: bool = False) -> None:
        """Complains about mapped columns that no row has; before the last row only about id and title."""
        for field, rule in self.mapping.fields.items():
            missing = [column for column in rule.columns if column not in seen and column.split(".")[0] not in seen]
            if not missing or not (complete or field in ("id", "title")):
                continue
            if len(missing) == len(rule.columns):
                raise MappingError(_no_column(self.mapping.name, f"fields.{field}", missing[0], seen))
            if at_end:
                self._warn_of_column(f"fields.{field}", missing[0], seen)
        for column in self.mapping.attributes.columns if complete else ():
            if column in seen:
                continue
            if self._tabular:
                raise MappingError(_no_column(self.mapping.name, "attributes.columns", column, seen))
            if at_end:
                self._warn_of_column("attributes.columns", column, seen)

    def _warn_of_column(self, key: str, column: str, seen: set[str] | frozenset[str]) -> None:
        reason = _no_column(self.mapping.name, key, column, seen)
        self.file_warnings.append(Problem(self._sources[-1].name, 1, None, None, reason, "warning"))


class RowReader:
    """Raw rows → Products, by one mapping."""

    def __init__(self, mapping: Mapping) -> None:
        self._fields = mapping.fields
        self._attributes = AttributeReader(mapping)

    @property
    def columns(self) -> frozenset[str]:
        """Every column seen so far."""
        return self._attributes.columns

    def read(self, file: str, row: RawRow) -> ProductRow | Rejected:
        if row.values is None:
            return Rejected(Problem(file, row.line, None, None, row.reason, "rejected"))
        found = _Row(row.values, self._fields)
        if row.note:
            found.warn(None, row.note)
        try:
            found.id = found.required("id", read_id)
            title = found.cut("title", found.required("title", lambda value: read_text(value) or None), TITLE_LIMIT)
        except _Unfit as error:
            return Rejected(Problem(file, row.line, found.id, error.field, str(error), "rejected"))
        product = self._product(found, found.id, title)
        warnings = tuple(
            Problem(file, row.line, found.id, field, reason, "warning") for field, reason in found.warnings
        )
        return ProductRow(product, file, row.line, warnings)

    def _product(self, found: _Row, id: str, title: str) -> Product:
        brand = found.optional("brand", read_first_text)
        price, currency = found.price()
        separators = found.rule("category").separators
        category = found.optional("category", lambda value: read_category(value, separators)) or ()
        variant_of = found.optional("variant_of", read_id)
        language = found.optional("language", read_language)
        core = {"title": title, "brand": brand, "language": language, "variant_of": variant_of}
        if category:
            core["category"] = category[-1]
        return Product(
            id=id,
            title=title,
            description=found.description(),
            brand=found.cut("brand", brand, NAME_LIMIT) if brand else None,
            category=category,
            price=price,
            currency=currency,
            image=found.optional("image", read_link),
            url=found.optional("url", read_link),
            in_stock=found.optional("in_stock", read_stock),
            variant_of=variant_of,
            language=language,
            attributes=self._attributes.read(found.values, core, found.warn),
        )


class _Unfit(Exception):
    """The row cannot become a product, because of this field."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


class _Row:
    """One row while it is being read: its values by field, and the warnings so far."""

    def __init__(self, values: dict[str, Json], fields: Fields) -> None:
        self.values = values
        self.id: str | None = None
        self.warnings: list[tuple[str | None, str]] = []
        self._fields = fields

    def warn(self, field: str | None, reason: str) -> None:
        self.warnings.append((field, reason))

    def rule(self, field: str) -> FieldRule:
        return self._fields.get(field, _NO_RULE)

    def required(self, field: str, read: Callable[[Json], T | None]) -> T:
        """The field's value, or _Unfit with the reason why there is none."""
        before = len(self.warnings)
        value = self.optional(field, read)
        if value is None:
            reasons = [reason for _, reason in self.warnings[before:]]
            raise _Unfit(field, reasons[0] if reasons else f"no {field}")
        return value

    def optional(self, field: str, read: Callable[[Json], T | None]) -> T | None:
        """The first of the field's columns that can be read; what cannot is warned about."""
        rule = self._fields.get(field)
        if rule is None:
            return None
        for value in chain(self._candidates(rule), () if rule.value is None else (rule.value,)):
            try:
                found = read(value)
            except Unreadable as error:
                self.warn(field, str(error))
                continue
            if found is not None and found != "" and found != ():
                return found
        return None

    def description(self) -> str:
        rule = self.rule("description")
        if rule.join is None:
            text = self.optional("description", read_text) or ""
        else:
            parts: list[str] = []
            for value in self._candidates(rule):
                try:
                    part = read_text(value)
                except Unreadable as error:
                    self.warn("description", str(error))
                    continue
                if part and not any(part in other for other in parts):
                    parts.append(part)
            text = rule.join.join(parts)
        return self.cut("description", text, TEXT_LIMIT)

    def cut(self, field: str, text: str, limit: int) -> str:
        if len(text) <= limit:
            return text
        self.warn(field, f"cut to {limit} of {len(text)} characters")
        return shorten(text, limit)

    def price(self) -> tuple[Decimal | None, str | None]:
        """Amount and currency; the row's currency goes before the mapping's, a sign in the price before both."""
        rule = self.rule("price")
        named = self.optional("currency", read_currency) or rule.currency

        def read(value: Json) -> Price | None:
            return read_price(value, currency=named, decimal=rule.decimal, scale=rule.scale)

        price: Price | None = None
        for column in rule.columns:
            value = self._value(column)
            try:
                price = read(value)
            except Unreadable as error:
                self.warn("price", str(error))
            if price is not None:
                break
        if price is None:
            return None, named if self.rule("currency").columns else None
        if named and price.currency != named:
            self.warn(
                "currency", f"the price is in {price.currency or 'another currency'}, not in {named} as it should be"
            )
        return price.amount, price.currency

    def _candidates(self, rule: FieldRule) -> Iterator[Json]:
        for column in rule.columns:
            value = self._value(column)
            if not is_empty(value):
                yield value

    def _value(self, column: str) -> Json:
        """A column's value; `a.b` also reaches into an object."""
        if column in self.values or "." not in column:
            return self.values.get(column)
        value: Json = self.values
        for key in column.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        return value


def _duplicate(item: ProductRow, place: tuple[str, int]) -> Rejected:
    file, line = place
    where = f"line {line}" if file == item.file else f"line {line} of {file}"
    reason = f"the id is that of the product on {where}, which stays"
    return Rejected(Problem(item.file, item.line, item.product.id, "id", reason, "rejected"))


def _no_column(mapping: str, key: str, column: str, seen: set[str] | frozenset[str]) -> str:
    some = ", ".join(sorted(seen)[:30])
    hint = nearest(column, seen) or f"; the columns are: {some}{' …' if len(seen) > 30 else ''}"
    return f"{mapping}: no row has the column '{column}' that {key} names{hint}"
