"""The reranker at work in a search: the texts of the first candidates are read and given to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from search import documents
from search.domain import Candidate, Query
from search.protocols import Collection, Reranker
from search.reranking import PART, rerank
from search.retrieval import Look, Looked
from search.storage.payload import point_id


class SecondLook:
    """Looks again at the first `top` candidates of each query with words."""

    def __init__(self, reranker: Reranker, top: int) -> None:
        self._reranker = reranker
        self._top = top

    def at(self, query: Query, collection: Collection) -> Look:
        def look(found: Sequence[Candidate]) -> Looked:
            first = found[: self._top]
            points = collection.retrieve([one.point_id for one in first], vectors=False)
            texts = {point_id(point.product_id): documents.text_of(point.document) for point in points}
            looked = rerank(
                self._reranker,
                query.text,
                [texts.get(one.point_id, "") for one in first],
                [one.score for one in found],
                tiers=[one.tier for one in first],
            )
            ordered = []
            for place, score, said in zip(looked.order, looked.scores, looked.said, strict=True):
                parts = {**found[place].parts, PART: said} if said is not None else found[place].parts
                ordered.append(replace(found[place], score=score, parts=parts))
            return Looked(ordered, looked.degraded)

        return look
