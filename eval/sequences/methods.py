"""Every method that is compared, by name, each learning from the trails of training alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from tqdm import tqdm

from search.domain import Document
from search.errors import RequestError
from search.recommending.blend import Recommender
from search.recommending.counts import popular
from search.recommending.interactions import Floats, Interactions, Method, Trail
from search.recommending.learning import Networks, Said, learn
from search.recommending.networks import SequenceModel
from search.recommending.parts import ContentPart, Part, WordsPart
from search.recommending.tables import Table
from search.recommending.together import ease, itemcf
from search.recommending.transitions import later
from search.recommending.usercf import UserCF
from search.recommending.words import Vocabulary

NETWORKS = ("gru", "sasrec")
METHODS = (
    "blend", "ease+transitions", "transitions", "ease", "itemcf", "usercf", "content", "words", "popularity", *NETWORKS
)  # fmt: skip

EASE_DECAY = 0.7
TRANSITIONS_DECAY = 0.3
"""With these, the baselines come out best on the last steps of both development sets."""


@dataclass(frozen=True, slots=True, eq=False)
class Same:
    """A `Method` that says the same to everybody."""

    name: str
    shares: Floats

    def scores(self, trails: Sequence[Trail]) -> Floats:
        return np.tile(self.shares, (len(trails), 1))


@dataclass(frozen=True, slots=True, eq=False)
class Alone:
    """A part of the blend by itself, as a `Method`."""

    part: Part

    @property
    def name(self) -> str:
        return self.part.name

    def scores(self, trails: Sequence[Trail]) -> Floats:
        return np.stack([self.part.values(trail) for trail in trails])


@dataclass(frozen=True, slots=True, eq=False)
class Sum:
    """A `Method`: two others added up as they are."""

    name: str
    first: Method
    second: Method

    def scores(self, trails: Sequence[Trail]) -> Floats:
        return self.first.scores(trails) + self.second.scores(trails)


@dataclass(frozen=True, eq=False)
class Workshop:
    """What methods are made from: trails of training, vectors of shape (products, dimension), documents by id.

    `train` trains the networks, which then also go into the blend; None: the blend goes without.
    """

    interactions: Interactions
    vectors: Floats
    documents: Mapping[str, Document]
    train: Networks | None = None
    seed: int = 0
    said: Said = print

    def make(self, name: str) -> Method:
        """Raises RequestError for a name that is not known, and for a network without `train`."""
        simple: Mapping[str, Callable[[], Method]] = {
            "blend": self._blend,
            "popularity": lambda: Same("popularity", popular(self.interactions)),
            "content": lambda: Alone(ContentPart(self.vectors)),
            "words": self._words,
            "ease": self._ease,
            "transitions": self._transitions,
            "ease+transitions": lambda: Sum("ease+transitions", self._ease(), self._transitions()),
            "itemcf": lambda: itemcf(self.interactions),
            "usercf": lambda: UserCF.of(self.interactions),
        }
        if name in simple:
            return simple[name]()
        for model in self.recommender.networks:
            if model.name == name:
                return model.over(self.interactions.products, self.vectors)
        raise RequestError(
            f"There is no method '{name}' here. Known are: {', '.join(METHODS)}; networks unless --no-networks."
        )

    @cached_property
    def recommender(self) -> Recommender:
        return learn(self.interactions, self.vectors, self.documents, self.train, self.seed, self.said)

    def _blend(self) -> Method:
        return self.recommender.over(self.interactions.products, self.vectors, self.documents)

    def _words(self) -> Method:
        titles = [str(self.documents[product].get("title", "")) for product in self.interactions.products]
        return Alone(WordsPart.of(Vocabulary.of(titles).rows(titles)))

    def _ease(self) -> Table:
        return ease(self.interactions, decay=EASE_DECAY)

    def _transitions(self) -> Table:
        return Table("transitions", TRANSITIONS_DECAY, later(self.interactions).matrix)


def train_networks(vectors: Floats, seed: int, device: str) -> Networks:
    """Trains both networks, with a bar for each. Imports torch."""
    from search.encoding.sequences import GRU, SASREC, train_gru, train_sasrec

    def train(interactions: Interactions) -> list[SequenceModel]:
        models = []
        for name, trainer, recipe in (("gru", train_gru, GRU), ("sasrec", train_sasrec, SASREC)):
            with tqdm(total=recipe.work(len(interactions)), desc=name, unit="epoch", disable=None) as bar:
                trained = trainer(interactions, vectors, seed=seed, device=device, progress=bar.update)
            models.append(trained.model)
        return models

    return train
