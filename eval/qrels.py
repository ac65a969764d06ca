"""Reads queries, judgements and runs; writes runs. The formats are TREC's, which every evaluation tool understands.

==========  =====================================================  ==========================
file        a line                                                 read by
==========  =====================================================  ==========================
queries     ``query_id TAB text``, further columns kept            `read_queries`
qrels       ``query_id 0 product_id grade``                        `read_qrels`
run         ``query_id Q0 product_id rank score tag``              `read_run`
==========  =====================================================  ==========================

All files are UTF-8, with or without a byte order mark. Columns of qrels and runs are separated by tabs where a line
has exactly as many as it needs (ids may then contain spaces), otherwise by any whitespace. Blank lines are skipped.
Whatever else is odd raises JudgementError with file and line: a judgement that was misread is worse than none.
Large files in which nothing is odd are read at once by `eval.columns`, to the same result.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, TextIO

from eval.columns import qrels_at_once, run_at_once
from search.errors import JudgementError

MAX_GRADE = 1000.0
"""Greatest grade, up or down: 2^grade must stay a finite number even when a hundred of them are added up."""

MACHINE = "llm"
"""In column 2 of qrels, which TREC leaves at 0: no person gave this grade."""

AT_ONCE_FROM = 1_000_000
"""Bytes of a qrels or run file. A smaller one is read line by line before pyarrow is even imported."""

_QREL_COLUMNS = "query_id 0 product_id grade"
_RUN_COLUMNS = "query_id Q0 product_id rank score tag"


@dataclass(frozen=True, slots=True)
class EvalQuery:
    """One line of a query file. `columns` are the ones after the text, as they stand."""

    id: str
    text: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Qrels:
    """Judgements: query id → product id → grade. Queries in the order in which the file first names them.

    `machine` are the pairs (query, product) that no person graded: lines with `llm` in column 2. `source` is the file,
    `sha256` that of the very bytes that were read: what was piped in can be read but once.
    """

    grades: Mapping[str, Mapping[str, float]]
    machine: frozenset[tuple[str, str]] = frozenset()
    source: Path | None = field(default=None, compare=False)
    sha256: str = field(default="", compare=False)

    def answerable(self) -> Qrels:
        """Without the queries for which no product is relevant (grade 1 or more).

        Every run scores 0 on them, but for the metrics that weigh grades (ndcg, err) where one lies between 0 and 1.
        """
        answerable = {query: judged for query, judged in self.grades.items() if max(judged.values(), default=0) >= 1}
        return replace(self, grades=answerable)


@dataclass(frozen=True, slots=True)
class Run:
    """What a search system answered: query id → product ids, best first, each at most once."""

    name: str
    hits: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """The products found for one query with their scores, best first: what `write_run` writes."""

    query: str
    products: Sequence[str]
    scores: Sequence[float]


def read_queries(path: Path) -> tuple[EvalQuery, ...]:
    """Queries in file order. Raises JudgementError, also for an id that comes twice and for an empty text."""
    queries: dict[str, EvalQuery] = {}
    for number, line in lines_of(path):
        query, *columns = (column.strip() for column in line.split("\t"))
        if not columns or not query or not columns[0]:
            raise error_at(path, number, "expected query_id, a tab and the text of the query")
        if query in queries:
            raise error_at(path, number, f"query '{query}' is here for the second time; give each query its own id")
        queries[query] = EvalQuery(query, columns[0], tuple(columns[1:]))
    if not queries:
        raise JudgementError(f"{path} holds no queries. Expected lines of query_id, a tab and the text of the query.")
    return tuple(queries.values())


def read_qrels(path: Path) -> Qrels:
    """Grades may be fractions (means of several raters). A pair judged twice must have the same grade both times.

    Raises JudgementError.
    """
    content = _content(path)
    digest = hashlib.sha256(content).hexdigest()
    if len(content) >= AT_ONCE_FROM and (read := qrels_at_once(content, MACHINE, MAX_GRADE)):
        return Qrels(read.grades, read.marked, path, digest)
    return replace(qrels_by_line(content, path), sha256=digest)


def qrels_by_line(content: bytes, path: Path) -> Qrels:
    """What `read_qrels` says of a file with that content."""
    grades: dict[str, dict[str, float]] = {}
    machine: set[tuple[str, str]] = set()
    for number, (query, mark, product, text) in _records(content, path, _QREL_COLUMNS):
        if mark == MACHINE:
            machine.add((query, product))
        grade = _number(text)
        if grade is None or not abs(grade) <= MAX_GRADE:
            hint = " If this is a header, remove the line." if number == 1 else ""
            raise error_at(path, number, f"grade '{text}' is not a number within ±{MAX_GRADE:g}.{hint}")
        before = grades.setdefault(query, {}).setdefault(product, grade)
        if before != grade:
            raise error_at(
                path,
                number,
                f"product '{product}' has grade {grade:g} for query '{query}' but {before:g} before; keep one",
            )
    if not grades:
        raise JudgementError(f"{path} holds no judgements. Expected lines of: {_QREL_COLUMNS}")
    return Qrels(grades, frozenset(machine), path)


def read_run(path: Path) -> Run:
    """Hits are ordered by score, highest first; equal scores by the rank column; equal ranks as in the file.

    (trec_eval ignores the ranks and breaks ties by product id, last first. `write_run` leaves no ties.)
    Raises JudgementError, also for a product that a query has twice.
    """
    content = _content(path)
    if len(content) >= AT_ONCE_FROM and (hits := run_at_once(content)):
        return Run(str(path), hits)
    return run_by_line(content, path)


def run_by_line(content: bytes, path: Path) -> Run:
    """What `read_run` says of a file with that content."""
    places: dict[str, dict[str, tuple[float, int]]] = {}
    ids: dict[str, str] = {}  # one string object for each product however many queries found it
    for number, (query, _, product, rank_text, score_text, _) in _records(content, path, _RUN_COLUMNS):
        score, rank = _number(score_text), _number(rank_text)
        if score is None:
            raise error_at(path, number, f"score '{score_text}' is not a finite number")
        if rank is None or rank != int(rank):
            raise error_at(path, number, f"rank '{rank_text}' is not a whole number")
        hits = places.setdefault(query, {})
        if product in hits:
            raise error_at(
                path, number, f"product '{product}' is here for the second time for query '{query}'; keep the better"
            )
        hits[ids.setdefault(product, product)] = (-score, int(rank))
    if not places:
        raise JudgementError(f"{path} holds no hits. Expected lines of: {_RUN_COLUMNS}")
    return Run(str(path), {query: tuple(sorted(hits, key=hits.__getitem__)) for query, hits in places.items()})


def write_run(path: Path, answers: Iterable[Answer], tag: str) -> None:
    """Write a run in the order of `answers`; `path` is replaced in one step when all are written, or left alone.

    Other tools sort by score and know nothing of ranks, so every score is written at least a millionth lower than the
    one before it: the order survives ties and single precision, and the scores mean nothing else in a run.
    Columns are separated by tabs, so ids may contain spaces. Raises JudgementError for ids with tabs or line breaks,
    scores that are not finite, a product or a query that comes twice, no answer with a product, and an unwritable file.
    """
    tag = "_".join(tag.split()) or "run"
    seen: set[str] = set()
    found = False
    with replacing(path) as file:
        for answer in answers:
            if answer.query in seen:
                raise JudgementError(f"{path}: query '{answer.query}' comes twice; give each query its own id.")
            seen.add(answer.query)
            for line in _run_lines(path, answer, tag):
                file.write(line)
                found = True
        if not found:
            raise JudgementError(f"No query found a product, so {path} was not written. Is the index empty?")


def _run_lines(path: Path, answer: Answer, tag: str) -> Iterator[str]:
    if len(set(answer.products)) != len(answer.products):
        raise JudgementError(f"{path}: a product comes twice for query '{answer.query}'; a run ranks each one once.")
    ceiling = math.inf
    for rank, (product, score) in enumerate(zip(answer.products, answer.scores, strict=True), 1):
        if not math.isfinite(score):
            raise JudgementError(f"{path}: the score of product '{product}' is {score}; a run needs finite numbers.")
        written = min(score, ceiling)
        ceiling = written - 1e-6 * max(1.0, abs(written))
        yield f"{_id(path, answer.query)}\tQ0\t{_id(path, product)}\t{rank}\t{written:.9g}\t{tag}\n"


@contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """A text file that takes the place of `path` when the block ends, and vanishes when it raises.

    Raises JudgementError at once where that cannot work.
    """
    if path.exists() and not path.is_file():
        raise JudgementError(f"{path} is not a file; name one that can be replaced.")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        file = part.open("w", encoding="utf-8", newline="\n")
    except OSError as error:
        raise JudgementError(f"{path} cannot be written: {error.strerror or error}") from error
    try:
        with file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def lines_of(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines without the blank ones."""
    with _readable(path), path.open("rb") as file:
        yield from _lines(file, path)


def _content(path: Path) -> bytes:
    """Read once and whole: what is piped in cannot be read again line by line."""
    with _readable(path):
        return path.read_bytes()


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise JudgementError(f"{path} cannot be read: {error.strerror or error}") from error


def _lines(file: BinaryIO, path: Path) -> Iterator[tuple[int, str]]:
    for number, raw in enumerate(file, 1):
        if number == 1:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        try:
            line = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise error_at(path, number, "this is not UTF-8; save the file in that encoding") from error
        if line.strip():
            yield number, line


def _records(content: bytes, path: Path, columns: str) -> Iterator[tuple[int, list[str]]]:
    """Numbered lines, each as exactly the columns that the string names, none of them empty."""
    wanted = columns.count(" ") + 1
    for number, line in _lines(io.BytesIO(content), path):
        if line.count("\t") == wanted - 1:
            record = [column for part in line.split("\t") if (column := part.strip())]
        else:
            record = line.split()
        if len(record) != wanted:
            raise error_at(
                path,
                number,
                f"{len(record)} columns, not the {wanted} of: {columns} (ids with spaces need tabs between columns)",
            )
        yield number, record


def _number(text: str) -> float | None:
    """None for what is not a finite number; `1_000` is Python's idea of one and nobody else's."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None


def _id(path: Path, text: str) -> str:
    if not text or text != text.strip() or any(sign in text for sign in "\t\n\r"):
        raise JudgementError(
            f"{path}: the id {text!r} cannot stand in a run file: no tabs, line breaks or outer spaces."
        )
    return text


def error_at(path: Path, number: int, problem: str) -> JudgementError:
    return JudgementError(f"{path}, line {number}: {problem}")
