"""Learning the ranker from clicks of simulated shoppers whose preference is known, with and without correction.

    python benchmarks/learning_to_rank.py [--pages 1000 4000 20000] [--seeds 5]

Pages of 20 products are shown in the order of the documented weights, half of them to shoppers with a profile, whose
taste moves products as when serving. A shopper looks at place k with the examination of the scenario, and then clicks
on what is relevant to them. What was learnt is judged by ndcg@10 on pages that nobody clicked on: 40 candidates each,
labelled relevant or not whatever their place.

Scenarios: `power`, examination 1 / k and relevance linear in the parts; `fold`, where four places are on the first
screen and nearly as good as each other; `curved`, where relevance is not linear, so that no weights are quite right;
`as documented`, where the documented weights are the true ones and there is nothing to gain.

Ways: `documented` learns nothing; `uncorrected` takes clicks as they come; `fixed 1/k` does not learn how much places
are looked at; `weighted` learns that, then weighs each click by its inverse; `learnt` is what train-ranker does.

Prints a table for each scenario, and as its last line one JSON object.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

sys.path.insert(0, str(Path(__file__).parents[1]))

from indexer.train_ranker.comparing import worth_of
from indexer.train_ranker.fitting import fit
from indexer.train_ranker.pages import Pages, gather
from search.events import Event
from search.feedback import RECORDED
from search.personalization.displacement import placed
from search.personalization.model import DEFAULT, FEATURES
from search.shopper import Shown

Floats = NDArray[np.float64]
Scenario = Literal["power", "fold", "curved", "as documented"]

SCENARIOS: tuple[Scenario, ...] = ("power", "fold", "curved", "as documented")
WAYS = ("documented", "uncorrected", "fixed 1/k", "weighted", "learnt")
CANDIDATES, PAGE = 40, 20

WANTED = dict(zip(FEATURES, (0.6, 0.0, 0.5, 0.0, 0.5, 0.5, 0.0, 0.3, 0.1, 0.0, 0.2, 0.3, 0.1), strict=True))
"""What the simulated shoppers want: words and popularity more than the documented weights say, the session less."""

STEEP = 8.0
"""How sharply relevance falls with what is wanted."""

FEW = 0.97
"""Quantile of what is wanted from which on a product is more likely relevant than not."""


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """Answers as they are served: `parts` (pages, products, FEATURES) in the order shown, `base` (pages, products) the
    places that they have for everybody, `relevance` (pages, products) the probability of being wanted."""

    parts: Floats
    base: NDArray[np.int64]
    relevance: Floats
    known: NDArray[np.bool_]


def answers(count: int, rng: np.random.Generator, scenario: Scenario) -> Views:
    shape = (count, CANDIDATES)
    semantic = np.clip(0.5 + rng.normal(0, 0.05, (count, 1)) + rng.normal(0, 0.12, shape), 0, 1)
    lexical = np.clip(0.6 * rng.beta(2, 2, shape) + 0.4 * semantic, 0, 1)
    kind = (rng.random(shape) < 0.6).astype(float)
    score = np.clip((0.75 * semantic**1.5 + 0.25 * lexical + 0.2 * kind) / 1.29, 0, 1)
    interest = rng.normal(0, 0.15, shape)
    personal = {
        "interest": interest,
        "session": (0.5 * interest + rng.normal(0, 0.1, shape)) * (rng.random((count, 1)) < 0.5),
        "brand": rng.uniform(-0.3, 1, shape) * (rng.random(shape) < 0.15),
        "category": rng.uniform(0, 1, shape) * (rng.random(shape) < 0.3),
        "attributes": rng.uniform(-0.3, 0.7, shape) * (rng.random(shape) < 0.3),
        "price": -rng.beta(1, 3, shape),
        "together": rng.random(shape) * (rng.random(shape) < 0.1),
        "repeat": (rng.random(shape) < 0.05).astype(float),
    }
    known = rng.random(count) < 0.5
    columns = {
        "score": score, "semantic": semantic, "lexical": lexical, "kind": kind, "popularity": rng.beta(1, 4, shape)
    } | {name: part * known[:, None] for name, part in personal.items()}  # fmt: skip
    parts = np.stack([columns[name] for name in FEATURES], axis=-1)
    by_relevance = np.argsort(-parts[..., 0], axis=1, kind="stable")
    parts = np.take_along_axis(parts, by_relevance[..., None], axis=1)
    totals = parts @ np.array(DEFAULT.weights)
    base = np.array([placed(row.tolist(), [0] * CANDIDATES) for row in totals], dtype=np.int64)
    parts = np.take_along_axis(parts, base[..., None], axis=1)
    return Views(parts, base, _relevance(parts, rng, scenario), known)


def _relevance(parts: Floats, rng: np.random.Generator, scenario: Scenario) -> Floats:
    weights = DEFAULT.weights if scenario == "as documented" else tuple(WANTED.values())
    wanted = parts @ np.array(weights)
    if scenario == "curved":
        semantic, interest = parts[..., FEATURES.index("semantic")], parts[..., FEATURES.index("interest")]
        wanted += 2.4 * parts[..., 0] * interest - 1.8 * (semantic - 0.5) ** 2
    wanted += rng.normal(0, 0.1, wanted.shape)  # what no part knows of
    relevance: Floats = 1 / (1 + np.exp(-STEEP * (wanted - np.quantile(wanted, FEW))))
    return relevance


def examination(scenario: Scenario) -> Floats:
    """Shape (PAGE,)."""
    places = np.arange(1, PAGE + 1, dtype=float)
    if scenario == "fold":
        looked: Floats = np.where(places <= 4, 1 - 0.05 * (places - 1), 0.4 * (5 / places) ** 0.7)
        return looked
    return 1 / places


def observed(count: int, rng: np.random.Generator, scenario: Scenario) -> Pages:
    """Pages as a shop would have kept them, of so many that were shown: those that were clicked on."""
    views = answers(count, rng, scenario)
    looked = rng.random((count, PAGE)) < examination(scenario)
    clicks = looked & (rng.random((count, PAGE)) < views.relevance[:, :PAGE])
    clicked = [page for page, row in zip(pages_of(views), clicks, strict=True) if row.any()]
    return gather(clicked, clicks_on(clicked, clicks[clicks.any(axis=1)]))[0]


def clicks_on(shown: Sequence[Shown], clicks: NDArray[np.bool_]) -> Iterator[Event]:
    for page, row in zip(shown, clicks, strict=True):
        for place in np.flatnonzero(row).tolist():
            yield Event("click", page.shopper, page.timestamp, page.products[place], page.query_id, place + 1)


def pages_of(views: Views) -> Iterator[Shown]:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    parts = np.zeros((*views.parts.shape[:2], len(RECORDED)), dtype=np.float32)
    parts[..., : len(FEATURES)] = views.parts
    for number, (row, base) in enumerate(zip(parts[:, :PAGE], views.base[:, :PAGE], strict=True)):
        yield Shown(
            query_id=f"q{number}",
            index="products",
            version=1,
            timestamp=(start + timedelta(seconds=30 * number)).isoformat(timespec="milliseconds"),
            products=tuple(f"{number}-{each}" for each in base),
            features=RECORDED,
            parts=row,
            shopper=f"s{number % 997}" if views.known[number] else None,
            base_ranks=tuple(int(each) + 1 for each in base),
        )


def weights_by(way: str, pages: Pages) -> Floats:
    if way == "documented":
        return np.array(DEFAULT.weights)
    if way == "uncorrected":
        return fit(pages, eta=0.0).weights
    if way == "fixed 1/k":
        return fit(pages, eta=1.0).weights
    learnt = fit(pages)
    return learnt.weights if way == "learnt" else fit(replace(pages, gain=worth_of(pages, learnt)), eta=0.0).weights


def ndcg(views: Views, weights: Floats, rng: np.random.Generator, depth: int = 10) -> float:
    """Of the order by these weights, with labels drawn at every place alike; pages without a relevant product 0."""
    labels = (rng.random(views.relevance.shape) < views.relevance).astype(float)
    order = np.argsort(-(views.parts @ weights), axis=1, kind="stable")[:, :depth]
    discount = 1 / np.log2(np.arange(2, depth + 2))
    gained = np.take_along_axis(labels, order, axis=1) @ discount
    best = -np.sort(-labels, axis=1)[:, :depth] @ discount
    return float(np.mean(np.divide(gained, best, out=np.zeros_like(gained), where=best > 0)))


def agreement(weights: Floats, scenario: Scenario) -> float:
    """Kendall's tau between the order of the learnt weights and of the true ones. What retrieval's score is made of
    counts once, with the score: its parts say the same thing in other words."""
    true = DEFAULT.weights if scenario == "as documented" else tuple(WANTED.values())
    places = [n for n, name in enumerate(FEATURES) if name not in ("score", "semantic", "kind")]
    return float(kendalltau(weights[places], np.array(true)[places]).statistic)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, nargs="+", default=[1000, 4000, 20000], help="pages shown")
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    found = {}
    for scenario in SCENARIOS:
        judged = answers(5000, np.random.default_rng(1), scenario)
        ideal = DEFAULT.weights if scenario == "as documented" else tuple(WANTED.values())
        best = ndcg(judged, np.array(ideal), np.random.default_rng(2))
        print(f"\n{scenario}: ndcg@10 (Kendall's tau of the weights); by the true linear weights {best:.3f}")
        print(f"{'pages shown':>12}{'clicked':>9}{'eta':>6}" + "".join(f"{way:>16}" for way in WAYS))
        for count in options.pages:
            rows: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
            clicked, etas = [], []
            for seed in range(options.seeds):
                pages = observed(count, np.random.default_rng(100 + seed), scenario)
                clicked.append(len(pages))
                etas.append(fit(pages).eta)
                for way in WAYS:
                    weights = weights_by(way, pages)
                    rows[way].append((ndcg(judged, weights, np.random.default_rng(2)), agreement(weights, scenario)))
            means = {way: np.mean(values, axis=0) for way, values in rows.items()}
            cells = "".join(f"{f'{mean[0]:.3f} ({mean[1]:+.2f})':>16}" for mean in means.values())
            print(f"{count:>12}{np.mean(clicked):>9.0f}{np.mean(etas):>6.2f}{cells}", flush=True)
            found[f"{scenario} {count}"] = {way: round(float(mean[0]), 4) for way, mean in means.items()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
