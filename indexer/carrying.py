"""What was learnt from shoppers outlives a reindex: it goes over to the new version where it still fits.

Everything else that a version keeps is made anew from the catalogue; what training took from events cannot be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from search.domain import Manifest
from search.errors import IndexDamaged, IndexNotFound, RankingModelMismatch
from search.personalization.model import ARTEFACT as RANKER
from search.personalization.model import RankingModel
from search.protocols import VectorStore

RECOMMENDER = "recommender"
"""As search/recommending/blend_files calls it."""

WhyNot = Callable[[bytes, Manifest, Manifest], str | None]
"""(artefact, old version, new version) → why it does not fit the new one; None where it does."""


def ranker_fits(data: bytes, old: Manifest, new: Manifest) -> str | None:
    """Weights hold for the scale of the parts that they were learnt on."""
    try:
        RankingModel.from_bytes(data)
    except RankingModelMismatch as error:
        return str(error)
    if not old.encoder.same_space(new.encoder):
        return "the encoder is another one, and so is the scale of meaning"
    if old.learning != new.learning:
        return "words and kinds are weighed in another way"
    return None


def recommender_fits(data: bytes, old: Manifest, new: Manifest) -> str | None:
    """Products are known by their ids, new ones by their vectors, which must mean what they meant."""
    from search.recommending import blend_files  # scipy takes a second to load, and most indexes have none

    try:
        blend_files.from_bytes(data)
    except IndexDamaged as error:
        return str(error)
    if not old.encoder.same_space(new.encoder):
        return "the encoder is another one, and its vectors mean something else"
    return None


CARRIED: Mapping[str, tuple[WhyNot, str]] = MappingProxyType(
    {RANKER: (ranker_fits, "train-ranker"), RECOMMENDER: (recommender_fits, "train-sequences")}
)
"""By name of the artefact: whether it fits, and the command that makes another."""


def carry_over(
    store: VectorStore,
    old: Manifest,
    new: Manifest,
    say: Callable[[str], None],
    done: Mapping[str, bytes] = MappingProxyType({}),
) -> dict[str, bytes]:
    """Keep with `new` what fits of `old`; what was looked at, by name. `done` is what an earlier call returned.

    Call it before the switch, so that the new version serves with all it has, and after, for what came between.
    """
    seen = {}
    for name, (why_not, command) in CARRIED.items():
        try:
            data = store.artefact(old.index, old.version, name)
        except IndexNotFound:  # the old version is gone by now
            continue
        if data is None:
            continue
        seen[name] = data
        if done.get(name) == data:
            continue
        reason = why_not(data, old, new)
        if reason is None:
            store.keep_artefact(new.index, new.version, name, data)
        else:
            say(
                f"The {name} of version {old.version} stays behind: {reason}. Version {new.version} serves without "
                f"one. Make another with: python -m indexer {command} --index {new.index}"
            )
    return seen
