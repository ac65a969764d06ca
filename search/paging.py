"""One candidate set → the page asked for, and what is counted over the whole set: order, totals, facets."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from search.domain import Candidate, Document, FieldKind, FieldStats, Json, SearchRequest, SortKey
from search.errors import FacetError, SortError
from search.protocols import Collection
from search.storage.payload import fold, number_text

STRONG = 0.7
"""Share of the best score from which on a product fits well enough to be the cheapest of those that were meant."""


@dataclass(frozen=True, slots=True)
class CandidateSet:
    """`page` are the candidates of the page asked for; the rest describes the whole set the page was cut from."""

    page: tuple[Candidate, ...]
    total: int
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    facet_stats: Mapping[str, FieldStats] = field(default_factory=dict)
    weak: bool = False
    degraded: tuple[str, ...] = ()


def checked(collection: Collection, request: SearchRequest) -> list[str]:
    facets = _facet_fields(collection, request.facets)
    for key in request.sort:
        _check_sortable(collection, key)
    return facets


def cut_out(
    collection: Collection,
    found: Sequence[Candidate],
    request: SearchRequest,
    facets: Sequence[str],
    worded: Sequence[SortKey] = (),
) -> CandidateSet:
    """The page that is asked for, and what is counted over the whole set; `worded` is a sort that the words ask for."""
    if request.score_threshold is not None:
        found = [candidate for candidate in found if candidate.score >= request.score_threshold]
    sort = request.sort or tuple(key for key in worded if key.field in collection.manifest.fields)
    wanted = tuple(dict.fromkeys([*facets, *(key.field for key in sort)]))
    if wanted:
        values = collection.values([candidate.point_id for candidate in found], wanted)
        found = [replace(candidate, values=values.get(candidate.point_id, {})) for candidate in found]
    strong = _strong(found) if sort and not request.sort else len(found)
    ordered = in_order(found[:strong], sort) + list(found[strong:])
    counted = {
        name: count_values([candidate.values for candidate in found], name, request.facet_limit) for name in facets
    }
    ranges = {
        name: stats
        for name in facets
        if collection.manifest.fields[name] == "number"
        and (stats := _range([candidate.values for candidate in found], name)) is not None
    }
    page = ordered[request.offset : request.offset + request.limit]
    return CandidateSet(tuple(page), len(found), counted, ranges)


def _strong(found: Sequence[Candidate]) -> int:
    """How many of the first candidates are of the best tier and score nearly as high as the best."""
    if not found:
        return 0
    floor, tier = STRONG * found[0].score, found[0].tier
    return next((n for n, one in enumerate(found) if one.tier != tier or one.score < floor), len(found))


Arrange = Callable[[Sequence[Candidate]], Sequence[Candidate]]
"""Puts candidates in another order."""


def by_browsing(
    collection: Collection, request: SearchRequest, most: int, arrange: Arrange | None = None, window: int = 0
) -> CandidateSet:
    """Every product that passes the filter, by the sort or else by point id. Totals and facets come from the store.

    Sorting by several keys orders the first `most` products of the first key. Where no sort is asked for, `arrange` may
    put the first `window` products in another order.
    """
    facets = _facet_fields(collection, request.facets)
    for key in request.sort:
        _check_sortable(collection, key, browsing=True)
    total = collection.count(request.filter)
    wanted = request.limit and request.offset < total
    reach = min(request.offset + request.limit, total) if wanted else 0
    first = request.sort[0] if request.sort else None
    if reach and len(request.sort) > 1:
        reach = min(max(reach, most), total)
    arranged = arrange is not None and first is None and request.offset < window
    if reach and arranged:
        reach = min(max(reach, window), total)
    found = collection.browse(reach, request.filter, first, tuple(key.field for key in request.sort)) if reach else []
    ordered: Sequence[Candidate] = in_order(found, request.sort) if len(request.sort) > 1 else found
    if arrange is not None and arranged:
        ordered = [*arrange(ordered[:window]), *ordered[window:]]
    stats = {}
    for name in facets:
        if collection.manifest.fields[name] == "number":
            bounds = collection.value_range(name, request.filter)
            if bounds is not None:
                stats[name] = FieldStats(*bounds)
    counts = {name: collection.facet(name, request.filter, request.facet_limit) for name in facets}
    page = tuple(
        replace(candidate, score=1.0) for candidate in ordered[request.offset : request.offset + request.limit]
    )
    return CandidateSet(page, total, counts, stats)


def in_order(candidates: Sequence[Candidate], sort: Sequence[SortKey]) -> list[Candidate]:
    """By the sort keys, ties in the order given; candidates without a value come last in either direction."""
    ordered = list(candidates)
    for key in reversed(sort):
        present = [candidate for candidate in ordered if _sort_value(candidate.values, key) is not None]
        absent = [candidate for candidate in ordered if _sort_value(candidate.values, key) is None]
        present.sort(key=lambda candidate: _sort_value(candidate.values, key), reverse=key.descending)  # type: ignore[arg-type,return-value]
        ordered = present + absent
    return ordered


def _sort_value(values: Document, key: SortKey) -> tuple[int, float | str] | None:
    """Comparable across types: numbers before text. Of a list, the value that would come first."""
    value = values.get(key.field)
    if isinstance(value, list):
        members = [item for item in (_comparable(each) for each in value) if item is not None]
        return (max(members) if key.descending else min(members)) if members else None
    return _comparable(value)


def _comparable(value: Json) -> tuple[int, float | str] | None:
    if isinstance(value, bool | int | float):
        return (0, float(value))
    return (1, value.casefold()) if isinstance(value, str) else None


def _check_sortable(collection: Collection, key: SortKey, browsing: bool = False) -> None:
    kinds: Mapping[str, FieldKind] = collection.manifest.fields
    kind = kinds.get(key.field)
    if kind is not None and not (browsing and kind == "text"):
        return
    usable = sorted(name for name, kind in kinds.items() if kind != "text" or not browsing)
    why = "" if kind is None else " without words to search for, since it is text"
    raise SortError(
        f"Attribute `{key.field}` is not sortable{why}. Available sortable attributes are: {', '.join(usable)}."
    )


def _facet_fields(collection: Collection, asked: Sequence[str]) -> list[str]:
    known = collection.manifest.fields
    if "*" in asked:
        return [name for name in known if name != "id"]
    for name in asked:
        if name not in known:
            raise FacetError(f"Attribute `{name}` has no facets. Available facets are: {', '.join(sorted(known))}.")
    return list(dict.fromkeys(asked))


def count_values(documents: Sequence[Document], name: str, limit: int = 100) -> dict[str, int]:
    """Most frequent first, ties by value; a product counts once for each value of a list.

    As in the store, spellings that differ in case alone are one value, shown as most products spell it.
    """
    counts: Counter[str] = Counter()
    spellings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for document in documents:
        value = document.get(name)
        labels = {_label(member) for member in (value if isinstance(value, list) else [value]) if member is not None}
        for label in labels:
            spellings[fold(label)][label] += 1
        counts.update({fold(label) for label in labels})
    shown = {key: min(spellings[key].items(), key=lambda item: (-item[1], item[0]))[0] for key in counts}
    ranked = sorted((-count, shown[key]) for key, count in counts.items())
    return {label: -count for count, label in ranked[:limit]}


def _label(value: Json) -> str:
    """A facet value as text: 'true', '12', '12.5', or the words themselves."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_text(value) if isinstance(value, int | float) else str(value)


def _range(documents: Sequence[Document], name: str) -> FieldStats | None:
    values = [
        float(value)
        for document in documents
        if isinstance(value := document.get(name), int | float) and not isinstance(value, bool)
    ]
    return FieldStats(min(values), max(values)) if values else None
