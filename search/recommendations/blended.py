"""What candidates are worth by the blend that was trained: the very class that `python -m eval sequences` measures,
laid over the candidates in place of the catalogue.

Added to it, and in no evaluation, is what a shopper declared: DECLARED times the cosine to a declared interest, above
the mean of the candidates. Training knows nothing of such words.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from search.domain import Document
from search.errors import EncoderMismatch, IndexDamaged
from search.events import Reason
from search.personalization.shelf import Seen, Traits
from search.protocols import Collection
from search.recommendations.asking import Asker
from search.recommendations.judging import Verdict
from search.recommending.interactions import Floats, Trail
from search.recommending.recency import in_a_row

if TYPE_CHECKING:
    from search.recommending.blend import Recommender  # scipy takes a second to load, and most indexes have none

log = logging.getLogger(__name__)

ARTEFACT = "recommender"
"""The name under which a version keeps it, and what `degraded` says where it cannot be used."""

FIELDS = ("title", "brand")
"""What the blend reads of products."""

DECLARED = 2.0
"""Weight of what was declared; the blend's own scores are logarithms."""

MOST_CANDIDATES = 200
"""Candidates that the trained methods name."""


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What a version has learnt; `degraded` names it where it is there and cannot be used."""

    recommender: Recommender | None = None
    degraded: tuple[str, ...] = ()


def read(collection: Collection, data: bytes | None) -> Kept:
    """The artefact of a version. One that cannot be used is told in the log, and recommendations do without."""
    if data is None:
        return Kept()
    from search.recommending.blend_files import from_bytes

    manifest = collection.manifest
    try:
        recommender = from_bytes(data)
        if recommender.dimension != manifest.encoder.dimension:
            raise EncoderMismatch(
                "It was trained with the vectors of another encoder. Train it again with: "
                "python -m indexer train-sequences"
            )
    except (IndexDamaged, EncoderMismatch) as error:
        log.error("index %s: its recommender is not used. %s --index %s", manifest.index, error, manifest.index)
        return Kept(degraded=(ARTEFACT,))
    return Kept(recommender)


def judge(recommender: Recommender, asker: Asker, seen: Seen) -> Verdict | None:
    """None where the index has none of the shopper's products: then there is no trail to judge by."""
    own = [name for name in dict.fromkeys(step.product for step in asker.trail) if name in asker.own]
    if not own:
        return None
    traits = [one for one in seen.traits if one is not None]
    names = [one.product_id for one in traits]
    places = {name: place for place, name in enumerate(names)}
    rest = [name for name in own if name not in places]
    places |= {name: len(names) + number for number, name in enumerate(rest)}
    documents = {one.product_id: _document(one) for one in (*traits, *(asker.own[name].traits for name in rest))}
    vectors = np.concatenate([seen.vectors, *(asker.own[name].vector[None, :] for name in rest)])
    blend = recommender.over([*places], vectors, documents)
    steps = [step for step in asker.trail if step.product in places]
    # Runs before weights: of somebody who only looks every step counts 1, and looking twice is still one step.
    walked = in_a_row(
        Trail.of(
            (places[step.product] for step in steps), (step.weight for step in steps), (step.day for step in steps)
        )
    )
    listed = [*places]
    trail = replace(walked, weights=_worth([listed[place] for place in walked.products], walked.weights, asker))
    judged = blend.judge(trail)
    count = len(names)
    parts = {name: values[:count] for name, values in judged.parts.items() if np.any(values[:count])}
    total = judged.total[:count]
    declared = [one for one in asker.profile.interests if not one.products] if asker.profile else []
    if declared and count:
        cosines = seen.vectors @ np.stack([one.vector for one in declared]).T
        above = cosines - cosines.mean(axis=0)
        parts["declared"] = (np.float32(DECLARED) * np.maximum(above.max(axis=1), 0)).astype(np.float32)
        total = total + parts["declared"]

    def why(number: int) -> tuple[Reason, ...]:
        told: list[Reason] = []
        because = blend.explain(trail, number, judged)
        if because is not None:
            product = None if because.product is None else listed[because.product]
            products = () if product is None else (product,)
            event = None if product is None else asker.event(product)
            told.append(Reason(because.part, because.share, products=products, event=event))
        if "declared" in parts and parts["declared"][number] > 0:
            which = int(np.argmax(above[number]))
            effect = float(parts["declared"][number]) / DECLARED
            told.append(Reason("declared", effect, "interests", declared[which].text or None, declared=True))
        return tuple(sorted(told, key=lambda one: -one.effect))

    scores = np.exp(total - total.max()) if count else total
    return Verdict(total, parts, scores.astype(np.float32), why)


def _worth(products: Sequence[str], weights: Floats, asker: Asker) -> Floats:
    """Weights of the steps as the blend is to read them, which learnt from histories in which every step counts 1.

    What says most counts 1, since somebody who only looks is known by that; and so does whatever belongs to the visit
    that goes on, since it says what they are after now.
    """
    most = weights.max(initial=0.0)
    interests = asker.profile.interests if asker.profile else ()
    now = {product for one in interests if one.session for product in one.products}
    scaled = weights / most if most > 0 else weights
    return np.where((weights > 0) & np.array([product in now for product in products], bool), np.float32(1), scaled)


def _document(traits: Traits) -> Document:
    return {name: values[0] for name in FIELDS if (values := traits.values.get(name))}


def companions(recommender: Recommender, products: Sequence[str], limit: int) -> dict[str, tuple[float, str]]:
    """What goes with each of these products, and how strongly: the best of them by product id."""
    best: dict[str, tuple[float, str]] = {}
    for product in products:
        for one in recommender.goes_with([product], limit):
            if one.score > best.get(one.product, (0.0, ""))[0]:
                best[one.product] = (one.score, product)
    return best
