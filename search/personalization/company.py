"""What other people's histories say to one shopper: the part `together`.

It is read off the tables of the trained recommender (search/recommending): products taken by the same shoppers, one
after the other. Of the blend only these, with the weights that it learned: what vectors, words and brands say is in the
parts of their own, and a sequence network takes longer than a search has for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from search.personalization.model import Floats64
from search.personalization.parts import Together
from search.recommending.interactions import Trail
from search.recommending.recency import LATEST, in_a_row
from search.shopper import Profile

if TYPE_CHECKING:
    from search.recommending.blend import Recommender  # scipy takes a second to load, and most indexes have none


FAINT = 1e-4
"""Steps that count less are not looked up, which most of fifty are. The blend asks for all; a search has no time to."""


def company(recommender: Recommender, profile: Profile) -> Together | None:
    """How much likelier each product is for what they took before: a logarithm of odds, up to what all have in common.

    None where the recommender knows nothing that they took. Only the last LATEST steps count.
    """
    from search.recommending.parts import TablePart

    known = recommender.rows
    steps = [step for step in profile.steps if step.product in known and step.weight > 0][-LATEST:]
    tables = [(table, weight) for table in recommender.tables if (weight := recommender.weights.get(table.name, 0.0))]
    if not steps or not tables:
        return None
    own = list(dict.fromkeys(known[step.product] for step in steps))
    places = {row: place for place, row in enumerate(own)}
    trail = in_a_row(
        Trail.of(
            (places[known[step.product]] for step in steps),
            (step.weight for step in steps),
            (step.day for step in steps),
        )
    )

    def together(products: Sequence[str]) -> Floats64:
        rows = np.array(own + [known.get(product, -1) for product in products], dtype=np.int32)
        said = np.zeros(len(products))
        for table, weight in tables:
            said += weight * TablePart(table, rows, FAINT).values(trail)[len(own) :]
        return said

    return together
