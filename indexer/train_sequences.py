"""`python -m indexer train-sequences`: learn from all shoppers' events what comes next, and serve it.

The products are those of the live index, read from a private copy, and so are the events: a server may run meanwhile.
What was learnt is kept with the live version; the server picks it up within a second or two.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from indexer.progress import Progress
from indexer.trails import Gathered, gather
from search.bootstrap import open_shoppers
from search.domain import Document, Manifest
from search.errors import EncoderMismatch, TrainingError
from search.protocols import ShopperStore, Vectors, VectorStore
from search.recommending.blend_files import ARTEFACT, to_bytes
from search.recommending.interactions import Interactions
from search.recommending.learning import Networks, learn
from search.recommending.networks import SequenceModel, SequenceNetwork
from search.settings import Settings
from search.shopper import may_be_known
from search.trained import keep

FIELDS = ("title", "brand")
"""Of a document, what the blend reads (search/recommending/blend.py)."""

FEWEST_SHOPPERS = 20
"""With something to learn from: two products or more."""


@dataclass(frozen=True, slots=True)
class Trained:
    """The last line of the command. `shoppers` are those with two products or more, `events` all that were read."""

    index: str
    version: int
    products: int
    shoppers: int
    events: int
    elsewhere: int
    bytes: int
    seconds: float


def train_sequences(
    store: VectorStore,
    index: str,
    settings: Settings,
    progress: Progress,
    *,
    seed: int = 0,
    device: str | None = None,
    kept: Callable[[Manifest], ShopperStore] | None = None,
) -> Trained:
    """`device` as DAOGOU_DEVICE, which it stands in for; `kept` opens the shoppers, of the settings where it is None.

    Raises IndexNotFound, TrainingError where there is too little to learn from, SettingsError for a device that cannot
    be used, StoreError. Whichever it is, what is served stays as it was.
    """
    started = time.monotonic()
    manifest = store.state(index).live
    shoppers = kept(manifest) if kept else open_shoppers(settings, manifest.encoder.dimension, writable=False)
    try:
        catalogue = _catalogue(store, manifest, progress)
        gathered = gather(
            shoppers.events(),
            catalogue.products,
            lambda shopper: may_be_known(shoppers.shopper(shopper), settings.consent),
        )
    finally:
        shoppers.close()
    able = _enough(gathered, index)
    progress.say(f"{gathered.events} events; {able} shoppers did something with two products of '{index}' or more.")
    recommender = learn(
        gathered.interactions,
        catalogue.vectors,
        catalogue.documents,
        _networks(catalogue, seed, device or settings.device, progress),
        seed,
        lambda doing: progress.say(f"Learning: {doing} …"),
    )
    data = to_bytes(recommender)
    _check_encoder(store, manifest)
    version = keep(store, index, ARTEFACT, data)
    progress.say(f"Version {version} of index '{index}' recommends with it.")
    return Trained(
        index,
        version,
        len(catalogue.products),
        able,
        gathered.events,
        gathered.elsewhere,
        len(data),
        round(time.monotonic() - started, 3),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Catalogue:
    """`documents` have the fields that the blend reads, and no others."""

    products: tuple[str, ...]
    vectors: Vectors
    documents: Mapping[str, Document]


def _catalogue(store: VectorStore, manifest: Manifest, progress: Progress) -> _Catalogue:
    collection = store.open(manifest.index, manifest.version, snapshot=True)
    try:
        vectors = np.zeros((collection.count(), manifest.encoder.dimension), np.float32)
        documents: dict[str, Document] = {}
        with progress.items("Reading", len(vectors)) as advance:
            for row, point in enumerate(collection.scroll()):
                vectors[row] = point.vector
                documents[point.product_id] = {name: point.document.get(name) for name in FIELDS}
                advance(1)
    finally:
        collection.close()
    return _Catalogue(tuple(documents), vectors, documents)


def _enough(gathered: Gathered, index: str) -> int:
    """How many shoppers there is something to learn from. Raises TrainingError where they are too few."""
    if not gathered.events:
        raise TrainingError(
            f"There are no events of shoppers yet, so there is nothing to learn. Load them with: python -m indexer "
            f"events EVENTS --index {index}, or send them to POST /events."
        )
    able = sum(len(set(trail.products.tolist())) >= 2 for trail in gathered.interactions.trails)
    if able < FEWEST_SHOPPERS:
        other = (
            f" {gathered.elsewhere} of {gathered.events} events are about products that '{index}' does not have."
            if gathered.elsewhere
            else ""
        )
        raise TrainingError(
            f"Only {able} shoppers did something with two products of '{index}' or more, and at least "
            f"{FEWEST_SHOPPERS} are needed.{other} What is served stays as it is; try again when there are more events."
        )
    return able


def _networks(catalogue: _Catalogue, seed: int, device: str, progress: Progress) -> Networks:
    """Each training shows a bar of its own. torch is loaded here; a device that is wrong is told before the work."""
    from search.encoding.devices import devices
    from search.encoding.sequences import GRU, SASREC, Recipe, train_gru, train_sasrec

    place = devices(device)[0]
    ways: Sequence[tuple[str, Recipe, Callable[..., SequenceNetwork]]] = (
        ("GRU", GRU, train_gru),
        ("SASRec", SASREC, train_sasrec),
    )

    def train(interactions: Interactions) -> list[SequenceModel]:
        models = []
        for label, recipe, learnt in ways:
            with progress.items(label, recipe.work(len(interactions)), "epochs") as advance:
                network = learnt(
                    interactions, catalogue.vectors, seed=seed, device=place, progress=advance, recipe=recipe
                )
            models.append(network.model)
        return models

    return train


def _check_encoder(store: VectorStore, trained_on: Manifest) -> None:
    """A reindex may have gone live meanwhile. Raises EncoderMismatch where that was with another encoder."""
    live = store.state(trained_on.index).live
    if not live.encoder.same_space(trained_on.encoder):
        raise EncoderMismatch(
            f"While this was learnt, version {live.version} of index '{live.index}' went live, built with "
            f"{live.encoder.model}: what was learnt fits {trained_on.encoder.model} alone. Start again."
        )
