"""Does a query with nothing to find find nothing, and what does that cost the queries that have something to find?

A search answers in one of three ways: with nothing, with hits that are marked weak, or confidently. Asked for what the
catalogue does not sell, a confident answer is a false accept. Asked by shoppers, a relevant product that is not among
the answers is lost; why is found out by asking again for that product alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from eval.qrels import EvalQuery, Qrels, lines_of
from eval.run import DEPTH, Search
from search.domain import OneOf, SearchRequest, SearchResult
from search.errors import JudgementError

GOOD = 2.0
"""The least grade of a product that the cut-off must not cost: less is at the edge of what was asked for."""

Manner: TypeAlias = Literal["nothing", "weak", "confident"]
Fate: TypeAlias = Literal["found", "deeper", "condition", "lost"]

FATES: Mapping[Fate, str] = {
    "found": "returned",
    "deeper": "ranked below the depth",
    "condition": "ruled out by a condition of the query",
    "lost": "lost to the cut-off",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """How a query was answered. `title` and `score` are those of the first hit, "" and 0 where there is none."""

    text: str
    manner: Manner
    title: str = ""
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Manners:
    """Shares of the queries; they add up to 1."""

    queries: int
    nothing: float
    weak: float
    confident: float


@dataclass(frozen=True, slots=True)
class Missed:
    """A good product that was not returned. `nothing` says that nothing at all was."""

    query: str
    text: str
    product: str
    grade: float
    fate: Fate
    nothing: bool


@dataclass(frozen=True, slots=True)
class Losses:
    """Products of grade 2 and more of all queries, as far as the index holds them, and what became of them.

    `fates` counts them by name of FATES; `lost_to_silence` are those of the lost whose query was answered by nothing.
    """

    products: int
    absent: int
    fates: Mapping[Fate, int]
    lost_to_silence: int

    def share(self, fate: Fate) -> float:
        return self.fates[fate] / self.products if self.products else 0.0


def read_texts(path: Path) -> tuple[str, ...]:
    """One query a line; of a line with tabs the last column. Raises JudgementError."""
    texts = []
    for _, line in lines_of(path):
        text = line.split("\t")[-1].strip()
        if text:
            texts.append(text)
    if not texts:
        raise JudgementError(f"{path} holds no queries. Expected one a line, or in the last column.")
    return tuple(dict.fromkeys(texts))


def ask(search: Search, texts: Iterable[str]) -> tuple[Reply, ...]:
    return tuple(reply(text, search(SearchRequest(text=text, limit=1))) for text in texts)


def reply(text: str, result: SearchResult) -> Reply:
    if not result.hits:
        return Reply(text, "nothing")
    best = result.hits[0]
    return Reply(text, "weak" if result.weak else "confident", str(best.document.get("title", "")), best.score)


def manners(replies: Sequence[Reply]) -> Manners:
    count = Counter(each.manner for each in replies)
    every = len(replies) or 1
    return Manners(len(replies), count["nothing"] / every, count["weak"] / every, count["confident"] / every)


def find_losses(
    search: Search, queries: Iterable[EvalQuery], qrels: Qrels
) -> tuple[tuple[Reply, ...], Losses, tuple[Missed, ...]]:
    """Ask every query to the depth of a run, and of each good product that is not returned find out why.

    A product that the engine does return when a filter names it was only ranked below the depth: a filter narrows the
    candidates and moves no cut-off. One that is returned when the conditions of the query are switched off too was
    ruled out by them. What is left was cut off. Products that the index does not hold are counted apart.
    """
    replies, missed = [], []
    fates: Counter[Fate] = Counter()
    absent = 0
    for query in queries:
        result = search(SearchRequest(text=query.text, limit=DEPTH))
        replies.append(reply(query.text, result))
        good = {product for product, grade in qrels.grades.get(query.id, {}).items() if grade >= GOOD}
        unseen = good - _products(result)
        held = _products(search(_only(SearchRequest(), unseen))) & unseen if unseen else set()
        fates["found"] += len(good) - len(unseen)
        absent += len(unseen) - len(held)
        for product, fate in sorted(_fates(search, query.text, result, held).items()):
            fates[fate] += 1
            grade = qrels.grades[query.id][product]
            missed.append(Missed(query.id, query.text, product, grade, fate, nothing=not result.hits))
    silent = sum(each.fate == "lost" and each.nothing for each in missed)
    losses = Losses(fates.total(), absent, {fate: fates[fate] for fate in FATES}, silent)
    return tuple(replies), losses, tuple(missed)


def _fates(search: Search, text: str, result: SearchResult, products: set[str]) -> dict[str, Fate]:
    """Why each of `products` is not in `result`, the answer to `text`."""
    if not products:
        return {}
    named = _only(SearchRequest(text=text), products)
    deeper = _products(search(named))
    conditions = tuple(condition.text for condition in result.query.constraints)
    free = _products(search(replace(named, ignore=conditions))) if conditions else set()
    return {
        product: "deeper" if product in deeper else "condition" if product in free else "lost" for product in products
    }


def _only(request: SearchRequest, products: set[str]) -> SearchRequest:
    return replace(request, filter=OneOf("id", tuple(sorted(products))), limit=DEPTH)


def _products(result: SearchResult) -> set[str]:
    return {str(hit.document["id"]) for hit in result.hits}
