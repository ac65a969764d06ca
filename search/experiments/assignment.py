"""Which variant a shopper sees: a pure function of names, so that every server and every restart says the same.

Each draw is the SHA-256 of what it is for, the experiment's name and the shopper. Draws of two experiments have nothing
to do with each other, nor has taking part with which variant it will be.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

from search.experiments.records import Share

_FLOAT_BITS = 53


def draw(purpose: str, experiment: str, shopper: str) -> float:
    """Uniform in [0, 1): the first 64 bits of the hash, cut to the 53 that a float holds, so that none becomes 1."""
    digest = hashlib.sha256("\0".join((purpose, experiment, shopper)).encode()).digest()
    return math.ldexp(int.from_bytes(digest[:8], "big") >> (64 - _FLOAT_BITS), -_FLOAT_BITS)


def takes_part(experiment: str, share: float, shopper: str) -> bool:
    """Whether the shopper is among the `share` that takes part. Who does at one share does so at every greater one."""
    return draw("share", experiment, shopper) < share


def variant_of(experiment: str, variants: Sequence[Share], shopper: str) -> str:
    """The variant that the shopper sees, each with a probability in proportion to its weight.

    A race: variant v arrives after −ln(1 − u_v) / weight_v, with u_v a draw of its own, and the first one wins; of
    exponential times the earliest is v's with probability weight_v / Σ weights. Unlike cuts of one draw at
    cumulative weights, a new variant or a greater weight moves shoppers to that variant only, never between the others:
    rendezvous hashing (Thaler and Ravishankar, IEEE/ACM Transactions on Networking 6(1), 1998), with weights.
    """

    def arrival(one: Share) -> float:
        return -math.log1p(-draw(f"variant {one.name}", experiment, shopper)) / one.weight

    return min(variants, key=arrival).name
