"""Whether a sentence about a product says only what the product itself says. Pure functions.

`harmless` makes a stranger's text fit to be shown to a model, `grounded` makes a model's text fit to be shown to a
shopper. Neither trusts what it reads: both are rules and tables of words written by hand, and no model is asked.
"""

from __future__ import annotations

from search.grounding.checking import Dropped, Grounded, faults, grounded
from search.grounding.dictating import dictates
from search.grounding.fault import Fault
from search.grounding.ground import Ground
from search.grounding.harmless import harmless
from search.grounding.splitting import sentences
from search.grounding.warming import warm_up

__all__ = [
    "Dropped",
    "Fault",
    "Ground",
    "Grounded",
    "dictates",
    "faults",
    "grounded",
    "harmless",
    "sentences",
    "warm_up",
]
