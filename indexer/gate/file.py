"""GATE.toml → what a new version must pass. All that can be wrong with it is told before a long reindex begins.

::

    queries = "queries.tsv"     # beside this file
    qrels = "qrels.tsv"
    metric = "ndcg@10"
    alpha = 0.05                # refuse a fall that chance would bring this seldom
    max_drop = 0.05             # and any fall of the mean greater than this
    floor = 0.4                 # and a mean below this

    [[check]]                   # several checks; what stands above holds for each that does not say otherwise
    metric = "recall@100"
"""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from eval.compare import LEVEL, PERMUTATIONS, lower_is_better
from eval.metrics import Metric, evaluate, parse_metric
from eval.qrels import EvalQuery, Qrels, Run, read_qrels, read_queries
from eval.run import DEPTH
from search.domain import SearchRequest
from search.errors import GateFileError, JudgementError, RequestError

KEYS = (
    "queries", "qrels", "metric", "max_drop", "floor", "judged_only", "answerable", "depth", "understand",
    "semantic_ratio",
)  # fmt: skip
"""What a check may say, and the top of the file for all checks."""

_DEEPEST = 10_000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """How queries are put to a version: `request` holds all but their words. Equal ones are asked once.

    `file` is where the queries come from.
    """

    file: Path
    request: SearchRequest


@dataclass(frozen=True, slots=True)
class Check:
    """One metric over judged queries that have words. `depth` is how many hits of each are needed.

    `max_drop` and `floor` are None where the file sets none; `can_tell` is whether so many queries can ever be enough
    for a fall to be significant.
    """

    name: str
    metric: Metric
    queries: tuple[EvalQuery, ...]
    qrels: Qrels
    asked: Asked
    depth: int
    judged_only: bool = False
    max_drop: float | None = None
    floor: float | None = None
    can_tell: bool = True


@dataclass(frozen=True, slots=True)
class GateFile:
    """`notes` say what of the files is left out, and which checks can tell less than they seem to."""

    path: Path
    alpha: float
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()


def read_gate(path: Path) -> GateFile:
    """Reads the file, its queries and its judgements. Raises GateFileError that names file, key and remedy."""
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise GateFileError(f"The gate {path} cannot be read: {reason}. Check the name given to --gate") from error
    except tomllib.TOMLDecodeError as error:
        raise GateFileError(f"{path} is not valid TOML: {error}") from error
    top = _Place(path)
    top.check_keys(tree, (*KEYS, "alpha", "check"))
    shared = {key: value for key, value in tree.items() if key in KEYS}  # alpha and the checks themselves are not
    tables = _tables(tree, top)
    alpha = _alpha(tree, top, len(tables))
    notes: dict[str, None] = {}  # each is said once, however many checks it is true of
    checks = [_Reader(at, {**shared, **table}, alpha, len(tables), notes).check() for at, table in tables]
    _check_names(checks, top)
    return GateFile(path, alpha, tuple(checks), tuple(notes))


def least_queries(alpha: float, checks: int) -> int:
    """So many queries must fall together, and none rise, for the fall to be significant.

    When all of n fall, one of the 2^n patterns of signs is as bad, so p is 2^-n; of several checks Holm's correction
    multiplies the smallest p by their number.
    """
    return max(1, math.ceil(math.log2(checks / alpha)))


def _tables(tree: Mapping[str, Any], top: _Place) -> list[tuple[_Place, Mapping[str, Any]]]:
    """The checks as they are written; without any, the top of the file is one."""
    found = tree.get("check", [{}])
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
        top.refuse("check", "write [[check]] above each, with double brackets")
    tables = [(top, found[0])]
    if "check" in tree:
        tables = [(top.inside(number, one), one) for number, one in enumerate(found, 1)]
    for at, table in tables:
        if "alpha" in table:
            at.refuse("alpha", "the checks share one. Put it at the top of the file, above the first [[check]]")
        at.check_keys(table, ("name", *KEYS))
    return tables


def _alpha(tree: Mapping[str, Any], top: _Place, checks: int) -> float:
    alpha = top.number(tree, "alpha", LEVEL)
    least = checks / (PERMUTATIONS + 1)
    if not least <= alpha <= 0.5:
        why = f"a share of false alarms between {math.ceil(least * 10_000) / 10_000:g} and 0.5, not {alpha:g}"
        top.refuse("alpha", f"{why}. {LEVEL:g} is usual")
    return alpha


def _check_names(checks: Sequence[Check], top: _Place) -> None:
    for number, one in enumerate(checks):
        if any(one.name == other.name for other in checks[:number]):
            top.refuse("check", f"two checks are named '{one.name}'. Give each its own: name = \"…\"")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the files something stands, for messages."""

    file: Path
    table: str = ""

    def inside(self, number: int, table: Mapping[str, Any]) -> _Place:
        named = f" ('{table['name']}')" if isinstance(table.get("name"), str) else ""
        return replace(self, table=f"check {number}{named}")

    def refuse(self, key: str, why: str) -> NoReturn:
        raise GateFileError(": ".join(part for part in (str(self.file), self.table, key, why) if part))

    def check_keys(self, table: Mapping[str, Any], known: Sequence[str]) -> None:
        for key in table:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                hint = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(known)}"
                self.refuse(key, f"there is no such key. {hint}")

    def number(self, table: Mapping[str, Any], key: str, default: float) -> float:
        value = table.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self.refuse(key, f"a number, not {value!r}")
        return float(value)


class _Reader:
    """One check: its keys, and what its files hold."""

    def __init__(self, at: _Place, table: Mapping[str, Any], alpha: float, checks: int, notes: dict[str, None]) -> None:
        self._at, self._table = at, table
        self._alpha, self._checks, self._notes = alpha, checks, notes

    def check(self) -> Check:
        metric, floor, max_drop = self._metric(), self._between("floor"), self._between("max_drop")
        judged_only = self._boolean("judged_only", False)
        request = SearchRequest(
            understand=self._boolean("understand", True), semantic_ratio=self._between("semantic_ratio")
        )
        depth = self._depth(metric, judged_only)
        asked = self._path("queries")
        queries, qrels = self._read("queries", read_queries), self._read("qrels", read_qrels)
        queries, qrels = self._together(queries, qrels, self._boolean("answerable", False))
        can_tell = self._can_tell(metric, qrels, floor is not None or max_drop is not None)
        return Check(
            self._name(metric), metric, queries, qrels, Asked(asked, request), depth, judged_only, max_drop, floor,
            can_tell,
        )  # fmt: skip

    def _together(
        self, queries: tuple[EvalQuery, ...], qrels: Qrels, answerable: bool
    ) -> tuple[tuple[EvalQuery, ...], Qrels]:
        """What both files have: queries that are judged, and judgements of queries that have words."""
        texts, grades = self._path("queries").name, self._path("qrels").name
        words = {query.id for query in queries}
        both = tuple(query for query in queries if query.id in qrels.grades)
        if not both:
            self._at.refuse("qrels", f"{grades} judges none of the queries of {texts}: do these files belong together?")
        if unjudged := len(queries) - len(both):
            self._note(f"{unjudged} of the {len(queries)} queries of {texts} are not judged in {grades}: left out.")
        if wordless := len(qrels.grades.keys() - words):
            self._note(
                f"{wordless} of the {len(qrels.grades)} queries judged in {grades} are not in {texts}: left out."
            )
        known = replace(qrels, grades={query: judged for query, judged in qrels.grades.items() if query in words})
        if answerable:
            known = known.answerable()
            if not known.grades:
                self._at.refuse("answerable", f"no query of {texts} has a relevant product in {grades}. Judge some")
        return tuple(query for query in both if query.id in known.grades), known

    def _can_tell(self, metric: Metric, qrels: Qrels, otherwise: bool) -> bool:
        """Whether enough queries can score at all: those for which the best order there is does."""
        best = {
            query: sorted(judged, key=lambda product, judged=judged: -judged[product])  # type: ignore[misc]
            for query, judged in qrels.grades.items()
        }
        able = int((evaluate(qrels, Run("best", best), [metric]).values[str(metric)] > 0).sum())
        needed = least_queries(self._alpha, self._checks)
        if able >= needed:
            return True
        why = (
            f"{able} queries have a relevant product, and the fall of so few is never significant at alpha = "
            f"{self._alpha:g}" + (f" over {self._checks} checks" if self._checks > 1 else "") + f": it takes {needed}"
        )
        if not otherwise:
            self._at.refuse("qrels", f"{why}. Judge more queries, or set max_drop or floor")
        self._note(f"{self._name(metric)}: {why}. Only max_drop and floor decide.")
        return False

    def _name(self, metric: Metric) -> str:
        name = self._table.get("name", str(metric))
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            self._at.refuse("name", f"a short text on one line, not {name!r}")
        return name.strip()

    def _metric(self) -> Metric:
        text = self._table.get("metric", "ndcg@10")
        if not isinstance(text, str):
            self._at.refuse("metric", f'the name of a metric, as "ndcg@10", not {text!r}')
        try:
            metric = parse_metric(text)
        except RequestError as error:
            self._at.refuse("metric", str(error))
        if metric.kind == "judged" or lower_is_better(text):
            self._at.refuse("metric", f"a gate needs one of which more is better, as ndcg@10, and {metric} is none")
        return metric

    def _depth(self, metric: Metric, judged_only: bool) -> int:
        """As many hits as the metric looks at. What a search finds does not depend on how much of it is shown."""
        depth = self._table.get("depth")
        if depth is None:
            return DEPTH if judged_only or metric.cutoff is None else metric.cutoff
        if isinstance(depth, bool) or not isinstance(depth, int) or not 1 <= depth <= _DEEPEST:
            self._at.refuse("depth", f"hits for each query, a whole number from 1 to {_DEEPEST}, not {depth!r}")
        if metric.cutoff is not None and depth < metric.cutoff:
            self._at.refuse(
                "depth", f"{metric} looks at {metric.cutoff} hits, and {depth} are fewer. Raise or remove it"
            )
        return depth

    def _between(self, key: str) -> float | None:
        """None where the key is absent."""
        if key not in self._table:
            return None
        value = self._at.number(self._table, key, 0.0)
        if not 0 <= value <= 1:
            what = {
                "semantic_ratio": "1 is by meaning alone and 0 by words alone",
                "floor": "a value of the metric, from 0 to 1",
                "max_drop": "a difference of two values of the metric, from 0 to 1",
            }
            self._at.refuse(key, f"{what[key]}; {value:g} is neither nor between")
        return value

    def _boolean(self, key: str, default: bool) -> bool:
        value = self._table.get(key, default)
        if not isinstance(value, bool):
            self._at.refuse(key, f"true or false, not {value!r}")
        return value

    def _path(self, key: str) -> Path:
        name = self._table.get(key)
        if not isinstance(name, str) or not name:
            self._at.refuse(key, f'name the file, beside this one: {key} = "{key}.tsv"')
        return self._at.file.parent / Path(name).expanduser()

    def _read(self, key: str, reader: Callable[[Path], T]) -> T:
        try:
            return reader(self._path(key))
        except JudgementError as error:
            self._at.refuse(key, str(error))

    def _note(self, line: str) -> None:
        self._notes[line] = None
