"""Training the ranker, top to bottom: pages and what was done on them → weights → better on later pages? → kept."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from indexer.progress import Progress
from indexer.train_ranker.comparing import Comparison, compare
from indexer.train_ranker.fitting import Fit, fit
from indexer.train_ranker.pages import Census, Pages, gather
from search.domain import Manifest
from search.errors import RankingModelMismatch, TrainingError
from search.personalization.model import ARTEFACT, DEFAULT, FEATURES, RankingModel
from search.protocols import ShopperStore, VectorStore
from search.trained import keep

LEAST_PAGES = 500
"""Pages that were acted on, without which nothing is learnt."""

LATER = 0.25
"""Share of the pages, the latest, on which what was learnt from the others is compared."""

CERTAIN = 0.05
"""The p-value below which it is taken as better."""

ENOUGH_UNITS = 30
"""Shoppers that the later pages must be of: fewer tell of themselves."""


@dataclass(frozen=True, slots=True)
class Trained:
    """`version` has the weights now, None where nothing was kept. `served` are those that it had before."""

    index: str
    version: int | None
    model: RankingModel
    served: RankingModel
    learnt: Fit
    comparison: Comparison
    census: Census
    seconds: float

    @property
    def better(self) -> bool:
        return self.comparison.p_value < CERTAIN and self.comparison.after > self.comparison.before


def train(
    store: VectorStore,
    shoppers: ShopperStore,
    index: str,
    progress: Progress,
    since: str = "",
    force: bool = False,
    dry_run: bool = False,
) -> Trained:
    """Learn from pages shown from the instant `since` on, and keep what is better than what serves, or whatever was
    learnt with `force`. Raises TrainingError where there is too little to learn from, IndexNotFound, StoreError."""
    started = time.monotonic()
    live = store.state(index).live
    progress.say("Reading the pages that were acted on …")
    pages, census = gather(shoppers.shown(index, since), shoppers.events(since))
    _refuse_little(pages, census, index)
    served = serving(store, live)
    first = len(pages) - round(LATER * len(pages))
    progress.say(f"Learning from {first} pages, comparing on {len(pages) - first} later ones …")
    tried = fit(pages.between(0, first))
    later = pages.between(first, len(pages))
    found = compare(later, tried, np.array(served.weights), tried.weights)
    if found.units < ENOUGH_UNITS:
        raise TrainingError(
            f"The later quarter of the pages is of {found.units} shoppers, and at least {ENOUGH_UNITS} are needed to "
            f"compare. Wait until more have searched and clicked, or learn from a longer time with an earlier --since."
        )
    progress.say("Learning from all of them …")
    learnt = fit(pages)
    model = RankingModel(FEATURES, tuple(map(float, learnt.weights)), trained=_told(pages, census, found))
    outcome = Trained(index, None, model, served, learnt, found, census, time.monotonic() - started)
    if dry_run or not (outcome.better or force):
        return outcome
    version = keep(store, index, ARTEFACT, model.to_bytes())
    return Trained(index, version, model, served, learnt, found, census, time.monotonic() - started)


def reset(store: VectorStore, index: str) -> int:
    """Back to the documented weights; the version that has them now. Raises IndexNotFound."""
    return keep(store, index, ARTEFACT, DEFAULT.to_bytes())


def serving(store: VectorStore, live: Manifest) -> RankingModel:
    """The weights that the version serves with."""
    data = store.artefact(live.index, live.version, ARTEFACT)
    if data is None:
        return DEFAULT
    try:
        return RankingModel.from_bytes(data)
    except RankingModelMismatch:
        return DEFAULT


def _refuse_little(pages: Pages, census: Census, index: str) -> None:
    if len(pages) >= LEAST_PAGES:
        return
    left_out = "".join(f"\n  {count} {what}" for what, count in census.skipped.most_common())
    raise TrainingError(
        f"{len(pages)} pages of index '{index}' can be learnt from, and at least {LEAST_PAGES} are needed. Pages count "
        f"that somebody clicked on, put into a cart or bought from, in events with the queryID of the search."
        + (f" Left out:{left_out}" if left_out else "")
    )


def _told(pages: Pages, census: Census, found: Comparison) -> dict[str, float | str]:
    """What the version tells of the training."""
    days = [datetime.fromtimestamp(float(each), UTC).date().isoformat() for each in pages.times[[0, -1]]]
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"), "first": days[0], "last": days[1], "pages": len(pages),
        "acts": census.acts.total(), "before": round(found.before, 4), "after": round(found.after, 4),
        "p_value": round(found.p_value, 6),
    }  # fmt: skip
