"""Why a product stands where it does: the very numbers that ranked it, told one by one. Nothing is worked out anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from search.events import Reason
from search.personalization.model import PERSONAL_PARTS, RankingModel
from search.personalization.parts import Judged, Taste
from search.personalization.shelf import Traits
from search.shopper import Affinity, Interest, PriceBand

LEAST_EFFECT = 0.005
"""Half of what would be seen in a score of two digits: smaller effects are not told."""

MOST_REASONS = 5


def reasons(
    taste: Taste, judged: Judged, number: int, traits: Traits, effects: Sequence[float], model: RankingModel
) -> tuple[Reason, ...]:
    """Of product `number`, the strongest first; `effects` by the order of PERSONAL_PARTS."""
    each = dict(zip(PERSONAL_PARTS, effects, strict=True))
    found = [
        reason for reason in _each(taste, judged, number, traits, each, model) if abs(reason.effect) >= LEAST_EFFECT
    ]
    return tuple(sorted(found, key=lambda one: -abs(one.effect))[:MOST_REASONS])


def _each(
    taste: Taste, judged: Judged, number: int, traits: Traits, effects: Mapping[str, float], model: RankingModel
) -> Iterator[Reason]:
    for part, interests, which in (
        ("interest", taste.interests, judged.interest[number]),
        ("session", taste.sessions, judged.session[number]),
    ):
        if effects[part] and which >= 0:
            yield _of_interest(taste, part, effects[part], interests[which])
    for part, affinity in (("brand", judged.brand[number]), ("category", judged.category[number])):
        if affinity is not None:
            yield _of_affinity(taste, part, effects[part], affinity)
    each = model.weight("attributes") * (1.0 if judged.reach is None else float(judged.reach[number]))
    for affinity in judged.attributes[number]:
        yield _of_affinity(taste, "attributes", each * affinity.weight, affinity)
    band = taste.band(traits)
    if effects["price"] and band is not None:
        yield Reason("price", effects["price"], "price", _prices(band), declared=not band.products)
    if effects["together"]:
        yield Reason("together", effects["together"])
    if effects["repeat"]:
        strongest = taste.profile.strongest.get(traits.product_id)
        yield Reason("repeat", effects["repeat"], products=(traits.product_id,), event=strongest)


def _prices(band: PriceBand) -> str:
    """As people write prices: 12.5–1250000."""
    low, high = (f"{price:.2f}".rstrip("0").rstrip(".") for price in (band.low, band.high))
    return f"{low}–{high}"


def _of_interest(taste: Taste, part: str, effect: float, interest: Interest) -> Reason:
    if not interest.products:
        return Reason(part, effect, "interests", interest.text or None, declared=True)
    return Reason(part, effect, products=interest.products, event=taste.profile.strongest.get(interest.products[0]))


def _of_affinity(taste: Taste, part: str, effect: float, affinity: Affinity) -> Reason:
    """With the value as the catalogue writes it."""
    event = taste.profile.strongest.get(affinity.products[0]) if affinity.products else None
    return Reason(
        part, effect, affinity.field, affinity.value, affinity.products, event, declared=not affinity.products
    )
