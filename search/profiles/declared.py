"""What shoppers say of themselves → affinities and price bands. Pure. What is declared names no products."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from search.lexicon.folding import fold as folded_words
from search.lexicon.folding import key, terms
from search.profiles import ages as people
from search.profiles import weights
from search.profiles.census import Census
from search.profiles.prices import ALL
from search.shopper import Affinity, Facts, PriceBand
from search.storage.payload import fold

_MOST_CATEGORIES = 30
"""That one word of a shopper stands for."""


def declared_affinities(facts: Facts, census: Census) -> list[Affinity]:
    """Of sizes and of the age band, as far as the catalogue has values that fit."""
    return [*_sizes(facts, census), *_age(facts, census)]


def _sizes(facts: Facts, census: Census) -> list[Affinity]:
    """A size for shoes is one of the field shoe_size, where there is such a field; else of every field of sizes."""
    found = {}
    for meant, size in sorted(facts.sizes.items()):
        fitting = census.sizes.get(key(size), ())
        words = terms(folded_words(meant))
        own = [(name, value) for name, value in fitting if set(words) & set(terms(name.replace("_", " ")))]
        for name, value in own or fitting:
            found[name, value] = Affinity(name, census.values[name][value].written, weights.DECLARED_SIZE)
    return list(found.values())


def _age(facts: Facts, census: Census) -> list[Affinity]:
    theirs = people.ages(facts.age_band) if facts.age_band else ()
    return [
        Affinity(name, valued.written, weights.DECLARED_AGE)
        for name in people.FIELDS
        for valued in census.values.get(name, {}).values()
        if any(one.meets(other) for one in theirs for other in people.ages(valued.written))
    ]


def with_budget(bands: Mapping[str, PriceBand], facts: Facts, census: Census) -> dict[str, PriceBand]:
    """The bands with declared budgets in place of what was learnt: a budget is the end of a band."""
    merged = dict(bands)
    for meant, budget in sorted(facts.budget.items(), key=lambda item: (item[0] != ALL, item[0])):
        if not budget > 0:
            continue
        for folded, written in _categories(meant, census).items():
            merged[folded] = _capped(bands.get(folded), written, budget)
    return merged


def _capped(band: PriceBand | None, category: str, budget: float) -> PriceBand:
    guess = PriceBand(category, weights.BUDGET_LOW * budget, weights.BUDGET_TYPICAL * budget, budget, 0)
    if band is None:
        return guess
    if band.typical > budget:
        return replace(guess, currency=band.currency)
    return replace(band, high=budget, products=0)


def _categories(meant: str, census: Census) -> dict[str, str]:
    """The catalogue's categories that a shopper means, folded → as written: the one that is called so, or else those
    that have the words in their names. Shoes are «Shoes», or else «Men's Shoes» and «Shoes & Bags»."""
    folded = fold(meant)
    known = census.values.get("category", {})
    if not folded or folded in known:
        return {folded: known[folded].written if folded in known else ""}
    words = set(terms(folded_words(meant)))
    called = [name for name, valued in known.items() if words and words <= set(terms(folded_words(valued.written)))]
    best = sorted(called, key=lambda name: (-known[name].share, name))[:_MOST_CATEGORIES]
    return {name: known[name].written for name in best} or {folded: meant}
