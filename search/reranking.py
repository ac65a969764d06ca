"""The second look: the first candidates in the order of a model that reads query and product together.

The order is a blend of what the model says and what retrieval said, so that a model that knows nothing of a product
code cannot bury it. Whatever goes wrong with the model, or takes too long, leaves the order as it was.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from search.errors import EncoderError
from search.protocols import Reranker

log = logging.getLogger(__name__)

PART = "reranker"
"""The name of the score part, and what `degraded` says when there is none."""

WEIGHT = 0.7
"""Share of the model's score in the blend; the rest is retrieval's."""


@dataclass(frozen=True, slots=True)
class Reranked:
    """Place i now holds the candidate that was at `order[i]`, with `scores[i]`; `said[i]` is the model's own score.

    `said` is None for candidates that the model was not shown. Scores never rise from one place to the next if they did
    not before. `degraded` is ("reranker",) when the order is as it was because the model failed.
    """

    order: tuple[int, ...]
    scores: tuple[float, ...]
    said: tuple[float | None, ...]
    degraded: tuple[str, ...] = ()


def rerank(
    reranker: Reranker,
    query: str,
    texts: Sequence[str],
    scores: Sequence[float],
    weight: float = WEIGHT,
    tiers: Sequence[int] = (),
) -> Reranked:
    """Reorder the first `len(texts)` candidates; the others stay where they are.

    `scores` are retrieval's, 0..1, best first, of all candidates (at least as many as there are texts); `texts` are
    those of the first. With `tiers` (one for each text), candidates change places only within a run of equal tiers:
    what is known to meet a condition stays before what is not. Ties keep their order. Raises nothing: see `Reranked`.
    """
    shown = len(texts)
    if shown > len(scores):
        raise ValueError(f"{shown} texts for {len(scores)} scores")
    said = _ask(reranker, query, texts) if shown else []
    if said is None:
        nobody = (None,) * len(scores)
        return Reranked(tuple(range(len(scores))), tuple(scores), nobody, (PART,))
    blended = [weight * model + (1 - weight) * found for model, found in zip(said, scores, strict=False)]
    runs = _runs(tiers or [0] * shown)
    order = sorted(range(shown), key=lambda place: (runs[place], -blended[place], place))
    rest = scores[shown:]
    # A score is shown beside its hit, so a page that is in order must look like it.
    floor = rest[0] if rest else 0.0
    levelled: list[float] = []
    for place in reversed(order):
        floor = max(floor, blended[place])
        levelled.append(floor)
    return Reranked(
        (*order, *range(shown, len(scores))),
        (*reversed(levelled), *rest),
        (*(said[place] for place in order), *(None for _ in rest)),
    )


class InTime:
    """A Reranker that gives up after `seconds`, so that a search never waits longer for it.

    What runs cannot be stopped; it ends unheard, and those that wait behind it give up in their turn.
    """

    def __init__(self, reranker: Reranker, seconds: float) -> None:
        self._reranker = reranker
        self._seconds = seconds
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="daogou-reranker")

    @property
    def name(self) -> str:
        return self._reranker.name

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """Raises EncoderError when the time is over, besides what the reranker raises."""
        task = self._thread.submit(self._reranker.rerank, query, texts)
        try:
            return task.result(self._seconds)
        except TimeoutError:
            task.cancel()
            raise EncoderError(
                f"The reranker took longer than {self._seconds:g} s for {len(texts)} products. Lower "
                f"DAOGOU_RERANKER_TOP, raise DAOGOU_RERANKER_SECONDS, or choose a smaller model."
            ) from None

    def close(self) -> None:
        """Forget what waits; what runs ends by itself."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _ask(reranker: Reranker, query: str, texts: Sequence[str]) -> list[float] | None:
    """The model's scores, or None where it has none to give: whatever it raises, a search goes on without it."""
    try:
        said = reranker.rerank(query, texts)
    except Exception as error:
        # The message of an error that is not ours may quote the query.
        log.error("the reranker failed: %s", error if isinstance(error, EncoderError) else type(error).__name__)
        return None
    if len(said) != len(texts) or not all(math.isfinite(score) and 0 <= score <= 1 for score in said):
        log.error("the reranker %s did not give each product a score of 0..1", reranker.name)
        return None
    return said


def _runs(tiers: Sequence[int]) -> list[int]:
    """Number the runs of equal neighbours: a tier that comes back later is another run."""
    runs: list[int] = []
    for place, tier in enumerate(tiers):
        runs.append(0 if not place else runs[-1] + (tier != tiers[place - 1]))
    return runs
