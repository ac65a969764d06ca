"""Products → what their buyer likes and dislikes of each field: brand, every level of category, colour, size… Pure.

For each value, the likes of its products less the dislikes are the evidence E. With P the likes of all products that
have the field, b the value's share of the catalogue and m what the catalogue counts (`weights.PRIOR`):

    affinity = (E + m·b) / (P + m) − b                 for E > 0: how much more of it than anybody would have
    affinity = −((−E + m·b) / (N + m) − b)             for E < 0, with the dislikes N and `weights.PRIOR_OF_DISLIKE`

So neither a single view nor a colour that half of the catalogue has becomes a taste, and a lack of something is none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from search.profiles import weights
from search.profiles.census import Census
from search.profiles.traits import Traits
from search.shopper import Affinity


def affinities_of(
    liked: Mapping[str, float], traits: Mapping[str, Traits], census: Census
) -> dict[str, dict[str, Affinity]]:
    """By field and folded value, the strongest of each field first. `liked` has the weight of each product, below 0 for
    a dislike; each has its traits."""
    found = {}
    for name in census.roles:
        if its := _of_field(name, liked, traits, census):
            found[name] = its
    return found


def _of_field(
    name: str, liked: Mapping[str, float], traits: Mapping[str, Traits], census: Census
) -> dict[str, Affinity]:
    bearers: defaultdict[str, list[str]] = defaultdict(list)
    evidence: defaultdict[str, float] = defaultdict(float)
    likes = dislikes = 0.0
    for product, weight in liked.items():
        values = traits[product].values.get(name)
        if values is None:
            continue
        if weight > 0:
            likes += weight
        else:
            dislikes -= weight
        for folded in values:
            bearers[folded].append(product)
            evidence[folded] += weight
    strengths = {
        folded: strength
        for folded, total in evidence.items()
        if abs(total) >= weights.LEAST_EVIDENCE
        and (strength := _strength(total, likes, dislikes, census.share(name, folded)))
    }
    best = sorted(strengths, key=lambda folded: (-abs(strengths[folded]), folded))[: weights.MOST_VALUES]
    return {
        folded: _affinity(name, folded, strengths[folded], bearers[folded], liked, traits, census) for folded in best
    }


def _strength(evidence: float, likes: float, dislikes: float, share: float) -> float:
    """−1 to 1; 0 where there is too little to say."""
    if evidence > 0:
        strength = (evidence + weights.PRIOR * share) / (likes + weights.PRIOR) - share
    else:
        strength = -((-evidence + weights.PRIOR_OF_DISLIKE * share) / (dislikes + weights.PRIOR_OF_DISLIKE) - share)
    meant = strength > 0 if evidence > 0 else strength < 0
    return strength if meant and abs(strength) >= weights.LEAST_AFFINITY else 0.0


def _affinity(
    name: str,
    folded: str,
    strength: float,
    bearers: list[str],
    liked: Mapping[str, float],
    traits: Mapping[str, Traits],
    census: Census,
) -> Affinity:
    side = 1 if strength > 0 else -1
    telling = sorted(
        (product for product in bearers if side * liked[product] > 0),
        key=lambda product: (-abs(liked[product]), product),
    )
    known = census.values.get(name, {}).get(folded)
    written = known.written if known is not None else traits[telling[0]].values[name][folded]
    return Affinity(name, written, strength, tuple(telling[: weights.MOST_TELLING]))
