"""Trains the sequence models that search/recommending/networks.py serves: a GRU and a causal transformer.

Both learn to tell each step of every trail from the steps before it, over all products at once (full softmax, whose
worth to SASRec Klenitskiy and Vasilev 2023 show), or over a sample of them where the catalogue is large. How long to
train is found on the last steps of some trails, which the first member does not see; the other members learn from
everything for as long, from other beginnings.
"""

from __future__ import annotations

import contextlib
import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from search.encoding.devices import devices
from search.encoding.sequence_batches import Split, batches, runs, split, taken
from search.encoding.sequence_modules import Losses, Network, Start, principal
from search.errors import TrainingError
from search.protocols import Progress, Vectors
from search.recommending.interactions import Floats, Interactions, Trail
from search.recommending.networks import SequenceModel, SequenceNetwork
from search.recommending.sequence_inputs import Steps, latest, steps_of

FEWEST_TRAILS = 20
"""With two steps or more. A model of fewer would know those shoppers, not what follows what."""

_FEWEST_ASKED = 20
"""With fewer trails to ask, how long to train is not measured but the usual."""

_ASKED_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is trained.

    `members` are trained one after another. Each sees all trails up to `most_epochs` times, `batch` trails at a step,
    with AdamW at `rate`; `decay` is its weight decay, `own_decay` that of products' own embeddings. `kept` is the part
    of the running mean over weights that stays at each step: the mean is what is kept. Training ends when the ndcg@10
    on the share `held` of last steps has not risen for `patience` epochs. Catalogues beyond `most_products` are scored
    in samples of `sample`, with one member.
    """

    width: int = 128
    members: int = 2
    most_epochs: int = 40
    usual_epochs: int = 12
    patience: int = 4
    held: float = 0.15
    most_held: int = 2000
    batch: int = 128
    rate: float = 2e-3
    decay: float = 0.01
    own_decay: float = 0.1
    kept: float = 0.98
    losses: Losses = field(default_factory=lambda: Losses(own=0.2, inside=0.3))
    dropped: float = 0.1
    most_products: int = 20_000
    sample: int = 4096

    def members_for(self, products: int) -> int:
        return 1 if products > self.most_products else self.members

    def work(self, products: int) -> int:
        """What the progress of one training adds up to."""
        return self.members_for(products) * self.most_epochs


GRU = Recipe(own_decay=10.0)
SASREC = Recipe(width=64, own_decay=3.0)


def train_gru(
    interactions: Interactions,
    vectors: Vectors,
    *,
    seed: int = 0,
    device: str = "cpu",
    progress: Progress | None = None,
    recipe: Recipe = GRU,
) -> SequenceNetwork:
    """A GRU over the trails; `vectors` are the text vectors of `interactions.products`.

    `device` is as in DAOGOU_DEVICE; of several the first is used. On a processor the same seed gives the same model.
    `progress` is told of `recipe.work(products)` epochs in all, those that early stopping saved among them. Raises
    TrainingError where there are too few trails, SettingsError for a device that cannot be used.
    """
    return _train("gru", interactions, vectors, seed, device, progress, recipe)


def train_sasrec(
    interactions: Interactions,
    vectors: Vectors,
    *,
    seed: int = 0,
    device: str = "cpu",
    progress: Progress | None = None,
    recipe: Recipe = SASREC,
) -> SequenceNetwork:
    """A causal transformer over the trails; all else as `train_gru`."""
    return _train("sasrec", interactions, vectors, seed, device, progress, recipe)


def _train(
    name: str,
    interactions: Interactions,
    vectors: Vectors,
    seed: int,
    device: str,
    progress: Progress | None,
    recipe: Recipe,
) -> SequenceNetwork:
    trails = runs(interactions)
    if len(trails) < FEWEST_TRAILS:
        raise TrainingError(
            f"Only {len(trails)} shoppers did something with two products or more; a sequence model needs at least "
            f"{FEWEST_TRAILS}. Load more events, or wait for them."
        )
    tell = progress or (lambda _: None)
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    rng = np.random.default_rng(seed)
    held = split(trails, recipe.held, recipe.most_held, rng)
    if len(held.asked) < _FEWEST_ASKED:
        held = Split(trails, (), ())
    start = principal(vectors, recipe.width)
    popular = taken(trails, len(interactions))
    members: list[dict[str, Floats]] = []
    epochs = recipe.usual_epochs
    with _seeded(devices(device)[0]) as place:
        for _ in range(recipe.members_for(len(interactions))):
            member = _Member(name, vectors, popular, start, recipe, place, int(rng.integers(2**31)))
            if held.asked and not members:
                epochs = member.best(held, tell)
            else:
                member.fit(trails, epochs, tell)
            tell(recipe.most_epochs - member.epochs)
            members.append(member.weights())
    known = tuple(interactions.products[row] for row in np.flatnonzero(popular > 0))
    return SequenceModel(name, known, tuple(members)).over(interactions.products, vectors)


class _Member:
    """One network in training, and the running mean of its weights."""

    def __init__(
        self,
        name: str,
        vectors: Vectors,
        popular: Floats,
        start: Start,
        recipe: Recipe,
        device: torch.device,
        seed: int,
    ) -> None:
        torch.manual_seed(seed)
        self.epochs = 0
        self._recipe = recipe
        self._device = device
        self._rng = np.random.default_rng(seed)
        self._network = Network(name, vectors, popular, start, recipe.losses).to(device)
        self._mean = copy.deepcopy(self._network).eval()
        self._popular = torch.from_numpy(popular / popular.sum()).to(device)
        self._all = torch.arange(len(popular), device=device)
        own = [weight for key, weight in self._network.named_parameters() if key.endswith("ids")]
        rest = [weight for key, weight in self._network.named_parameters() if not key.endswith("ids")]
        self._optimiser = torch.optim.AdamW(
            [{"params": own, "weight_decay": recipe.own_decay}, {"params": rest, "weight_decay": recipe.decay}],
            lr=recipe.rate,
        )

    def fit(self, trails: Sequence[Trail], epochs: int, tell: Progress) -> None:
        for _ in range(epochs):
            self._epoch(trails)
            tell(1)

    def best(self, held: Split, tell: Progress) -> int:
        """Train until the held answers get no better, and go back to when they were best. The number of epochs then."""
        found: list[float] = []
        kept: list[dict[str, Tensor]] = []
        while self.epochs < self._recipe.most_epochs:
            self._epoch(held.learnt)
            tell(1)
            found.append(self._quality(held))
            kept = [*kept, copy.deepcopy(self._mean.state_dict())][-self._recipe.patience - 1 :]
            if len(found) - 1 - int(np.argmax(_smooth(found))) >= self._recipe.patience:
                break
        # The mean with what came after may have pushed the best further back than anything that is still kept.
        best = int(np.argmax(_smooth(found)[-len(kept) :]))
        self._mean.load_state_dict(kept[best])
        return len(found) - len(kept) + best + 1

    def weights(self) -> dict[str, Floats]:
        return self._mean.weights()

    def _epoch(self, trails: Sequence[Trail]) -> None:
        self.epochs += 1
        self._network.train()
        for steps in batches(trails, self._recipe.batch, self._recipe.dropped, self._rng):
            loss = self._loss(steps)
            self._optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            self._optimiser.step()
            with torch.no_grad():
                for mean, weight in zip(self._mean.parameters(), self._network.parameters(), strict=True):
                    mean.lerp_(weight, 1 - self._recipe.kept)

    def _loss(self, steps: Steps) -> Tensor:
        """Cross-entropy of each next step, weighed by how much that step tells."""
        products, features, weights = self._on_device(steps)
        there = products[:, 1:] >= 0
        answers, weights = products[:, 1:][there], weights[:, 1:][there]
        queries = self._network.queries(products[:, :-1], features[:, :-1])[there]
        if len(self._popular) <= self._recipe.most_products:
            losses = functional.cross_entropy(self._network.logits(queries, self._all), answers, reduction="none")
        else:
            places, rows = torch.unique(torch.cat([answers, self._drawn()]), return_inverse=True)
            # A product is compared as often as it is drawn or is an answer: without this the popular would pay for it.
            logits = self._network.logits(queries, places) - self._chance(places, len(answers)).log()
            losses = functional.cross_entropy(logits, rows[: len(answers)], reduction="none")
        return (losses * weights).sum() / weights.sum()

    def _drawn(self) -> Tensor:
        drawn = self._rng.integers(0, len(self._popular), self._recipe.sample)
        return torch.from_numpy(drawn).to(self._device)

    def _chance(self, places: Tensor, answers: int) -> Tensor:
        """Of each product to be in a sample (Bengio & Senécal 2008; Yi et al. 2019 for answers in the same batch)."""
        missed = self._recipe.sample * math.log1p(-1 / len(self._popular))
        return 1 - torch.exp(missed + answers * torch.log1p(-self._popular[places]))

    def _quality(self, held: Split) -> float:
        """ndcg@10 of the running mean on what was kept aside."""
        found = 0.0
        for start in range(0, len(held.asked), _ASKED_AT_ONCE):
            part = slice(start, start + _ASKED_AT_ONCE)
            steps = steps_of([latest(trail) for trail in held.asked[part]])
            products, features, _ = self._on_device(steps)
            answers = torch.tensor(held.answers[part], device=self._device)[:, None]
            rows = torch.arange(len(answers), device=self._device)
            with torch.no_grad():
                last = self._mean.queries(products, features)[
                    rows, torch.from_numpy(steps.lengths - 1).to(self._device)
                ]
                scores = self._mean.logits(last, self._all)
            before = (scores > scores.gather(1, answers)).sum(1).double()
            found += float(torch.where(before < 10, 1 / torch.log2(before + 2), 0).sum())
        return found / len(held.asked)

    def _on_device(self, steps: Steps) -> tuple[Tensor, Tensor, Tensor]:
        products, features, weights = (
            torch.from_numpy(array).to(self._device) for array in (steps.products, steps.features, steps.weights)
        )
        return products, features, weights


def _smooth(found: Sequence[float]) -> NDArray[np.float64]:
    """The mean of each with its neighbours: one lucky epoch is not the best."""
    return np.array([np.mean(found[max(n - 1, 0) : n + 2]) for n in range(len(found))])


@contextlib.contextmanager
def _seeded(device: str) -> Iterator[torch.device]:
    """The caller's random numbers, and threads, are as before when the block ends.

    On a processor one thread does it all: the matrices are small, and threads that wait for each other on a busy
    machine take several times as long. So the model does not depend on how many there are, either.
    """
    place, threads = torch.device(device), torch.get_num_threads()
    with torch.random.fork_rng([place.index or 0] if place.type == "cuda" else []):
        if place.type == "cpu":
            torch.set_num_threads(1)
        try:
            yield place
        finally:
            torch.set_num_threads(threads)
