"""The file that DAOGOU_EXPERIMENTS names → the experiments that are served. Every complaint says where, and what to do.

::

    [[experiment]]
    name = "ratio"
    index = "products"
    method = "split"            # or "interleave"
    share = 0.5                 # of the shoppers; 1 when absent

    [[experiment.variant]]
    name = "now"                # the first is the baseline: what is served outside the experiment

    [[experiment.variant]]
    name = "words"
    semantic_ratio = 0.2
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn, get_args

from search.domain import And, Filter, SearchRequest
from search.errors import ExperimentError, FilterError, RequestError
from search.experiments.records import Method, Share, Started
from search.filters import parse_filter
from search.storage.manifests import check_index_name

OPTIONS = {
    "semantic_ratio": "share of meaning against words, 0 to 1",
    "understand": "false: take every word literally",
    "filter": "what products must pass besides the request's own filter",
    "index": "another index with the same products, built with the same encoder",
}
"""What a variant may do differently from the baseline, by its key in the file."""

METHODS: tuple[Method, ...] = get_args(Method)
_EXPERIMENT_KEYS = ("name", "index", "method", "share", "variant")
_VARIANT_KEYS = ("name", "weight", *OPTIONS)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to answer. What is None is as the request and the engine have it. Weights of a split add up to 1."""

    name: str
    weight: float
    semantic_ratio: float | None = None
    understand: bool | None = None
    filter: Filter | None = None
    index: str | None = None

    @property
    def options(self) -> frozenset[str]:
        """What it sets."""
        return frozenset(name for name in OPTIONS if getattr(self, name) is not None)

    def applied(self, request: SearchRequest) -> SearchRequest:
        """The request as this variant answers it; `index` is for the caller to follow."""
        if self.semantic_ratio is not None:
            request = replace(request, semantic_ratio=self.semantic_ratio)
        if self.understand is not None:
            request = replace(request, understand=self.understand)
        if self.filter is not None:
            both = self.filter if request.filter is None else And((request.filter, self.filter))
            request = replace(request, filter=both)
        return request


@dataclass(frozen=True, slots=True)
class Experiment:
    """The first variant is the baseline and sets nothing: it is what everybody outside the experiment gets."""

    name: str
    index: str
    method: Method
    share: float
    variants: tuple[Variant, ...]

    @property
    def baseline(self) -> Variant:
        return self.variants[0]

    @property
    def shares(self) -> tuple[Share, ...]:
        return tuple(Share(one.name, one.weight) for one in self.variants)

    def variant(self, name: str) -> Variant:
        return next(one for one in self.variants if one.name == name)

    def settled_by(self, request: SearchRequest) -> bool:
        """Whether the request itself says what the variants differ in: then it gets what it asks for."""
        settled = set()
        if request.semantic_ratio is not None:
            settled.add("semantic_ratio")
        if not request.understand:
            settled.add("understand")
        return any(one.options & settled for one in self.variants)

    def started(self, when: str) -> Started:
        return Started(self.name, self.index, self.method, self.shares, when)


def load_experiments(file: Path | None) -> tuple[Experiment, ...]:
    """The experiments of a TOML file; none without a file. Raises ExperimentError."""
    if file is None:
        return ()
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ExperimentError(
            f"The experiments in {file} cannot be read: {reason}. Check DAOGOU_EXPERIMENTS"
        ) from error
    return parse_experiments(text, str(file))


def parse_experiments(text: str, name: str) -> tuple[Experiment, ...]:
    """The experiments that a TOML text defines; `name` is what messages call it. Raises ExperimentError."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ExperimentError(f"{name} is not valid TOML: {error}") from error
    top = _Place(name, "")
    top.check_keys(tree, ("experiment",))
    found: list[Experiment] = []
    for number, table in enumerate(_tables(tree, "experiment", top), start=1):
        at = top.inside(f"experiment {number}", table)
        one = _experiment(table, at)
        for other in found:
            if other.name == one.name:
                at.refuse("name", f"two experiments are named '{one.name}'. Rename one: shoppers are drawn by it")
            if other.index == one.index:
                at.refuse(
                    "index", f"index '{one.index}' is in experiment '{other.name}' already. End that one first: what "
                    "shoppers do could be due to either",
                )  # fmt: skip
        found.append(one)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the file something stands, for messages."""

    file: str
    table: str

    def inside(self, what: str, table: Mapping[str, Any]) -> _Place:
        named = f"{what} ('{table['name']}')" if isinstance(table.get("name"), str) else what
        return replace(self, table=f"{self.table}, {named}" if self.table else named)

    def refuse(self, key: str, why: str) -> NoReturn:
        where = ": ".join(part for part in (self.file, self.table, key) if part)
        raise ExperimentError(f"{where}: {why}")

    def check_keys(self, table: Mapping[str, Any], known: Sequence[str]) -> None:
        for key in table:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                hint = f"Did you mean '{near[0]}'?" if near else f"Known are: {', '.join(known)}"
                self.refuse(key, f"there is no such key. {hint}")


def _experiment(table: Mapping[str, Any], at: _Place) -> Experiment:
    at.check_keys(table, _EXPERIMENT_KEYS)
    name = _name(table, at)
    index = _index(table, at, needed=True)
    method = _method(table, at)
    share = _number(table, "share", at, 1.0)
    if not 0 < share <= 1:
        at.refuse("share", f"a share of the shoppers, above 0 and up to 1, not {share:g}")
    variants = [
        _variant(part, at.inside(f"variant {number}", part), method)
        for number, part in enumerate(_tables(table, "variant", at), start=1)
    ]
    _check_together(variants, method, at)
    total = sum(one.weight for one in variants)
    scaled = tuple(replace(one, weight=one.weight / total) for one in variants)
    return Experiment(name, str(index), method, share, scaled)


def _check_together(variants: Sequence[Variant], method: Method, at: _Place) -> None:
    if len(variants) < 2:
        at.refuse(
            "variant", f"an experiment compares at least two; this one has {len(variants)}. Add [[experiment.variant]]"
        )
    if method == "interleave" and len(variants) > 2:
        at.refuse("variant", f"two rankings are interleaved, not {len(variants)}. Use method = 'split', or drop some")
    names = [one.name for one in variants]
    for name in names:
        if names.count(name) > 1:
            at.refuse("variant", f"two variants are named '{name}'. Rename one")
    for option in sorted(variants[0].options):
        at.refuse(
            option, f"the first variant, '{names[0]}', is what is served outside the experiment and sets nothing. Put "
            "this into a variant after it",
        )  # fmt: skip


def _variant(table: Mapping[str, Any], at: _Place, method: Method) -> Variant:
    at.check_keys(table, _VARIANT_KEYS)
    if method == "interleave" and "weight" in table:
        at.refuse("weight", "everybody sees both variants when they are interleaved. Remove it")
    weight = _number(table, "weight", at, 1.0)
    if not (0 < weight <= 1e6):
        at.refuse("weight", f"a number above 0, as 1 and 1 for halves, not {weight:g}")
    ratio = _number(table, "semantic_ratio", at, None)
    if ratio is not None and not 0 <= ratio <= 1:
        at.refuse("semantic_ratio", f"1 is by meaning alone and 0 by words alone; {ratio:g} is neither nor between")
    understand = table.get("understand")
    if understand is not None and not isinstance(understand, bool):
        at.refuse("understand", f"true or false, not {understand!r}")
    return Variant(
        _name(table, at), weight, ratio, understand, _filter(table, at), _index(table, at, needed=False)
    )  # fmt: skip


def _tables(table: Mapping[str, Any], key: str, at: _Place) -> Collection[Mapping[str, Any]]:
    found = table.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        full = "experiment.variant" if key == "variant" else key
        at.refuse(key, f"write [[{full}]] above each, with double brackets")
    return found


def _name(table: Mapping[str, Any], at: _Place) -> str:
    name = table.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        at.refuse("name", f"up to 64 letters, digits, '.', '_' and '-', not {name!r}")
    return name


def _method(table: Mapping[str, Any], at: _Place) -> Method:
    for method in METHODS:
        if table.get("method") == method:
            return method
    at.refuse(
        "method", f"'split' (a shopper sees one variant) or 'interleave' (both at once), not {table.get('method')!r}"
    )  # fmt: skip


def _index(table: Mapping[str, Any], at: _Place, needed: bool) -> str | None:
    index = table.get("index")
    if index is None and not needed:
        return None
    if not isinstance(index, str):
        at.refuse("index", f"the name of an index, as 'products', not {index!r}")
    try:
        check_index_name(index)
    except RequestError as error:
        at.refuse("index", str(error))
    return index


def _filter(table: Mapping[str, Any], at: _Place) -> Filter | None:
    expression = table.get("filter")
    if expression is None:
        return None
    if not isinstance(expression, str) or not expression.strip():
        at.refuse("filter", f"an expression as in a search, like 'in_stock = true', not {expression!r}")
    try:
        return parse_filter(expression)
    except FilterError as error:
        at.refuse("filter", str(error))


def _number(table: Mapping[str, Any], key: str, at: _Place, default: Any) -> Any:
    value = table.get(key, default)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        at.refuse(key, f"a number, not {value!r}")
    return float(value)
