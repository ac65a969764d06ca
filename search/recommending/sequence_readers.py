"""The two ways to read a shopper's steps, in numpy: a GRU and a causal transformer, each ending in one query vector.

The weights bear the names that torch gives them in search/encoding/sequence_modules.py, which says what they are. Here
is inference only, and no torch: a server keeps none of it in memory, and one shopper costs well under a millisecond.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from search.recommending.interactions import Floats
from search.recommending.sequence_inputs import FEATURES, Steps

Weights = Mapping[str, Floats]
Reader = Callable[[Weights, Floats, Steps], Floats]
"""Embeddings of the steps, shape (trails, longest, width) → queries, shape (trails, width). No trail is empty."""

HEADS = 2
DISTANCES = 32
"""Steps further apart than the greatest of these, 31, count as that far."""

UNTIED = frozenset({"sasrec"})
"""Readers with embeddings of their own for the products that are read, apart from those that are scored."""

_EPSILON = 1e-5
"""torch's, inside the root of a layer's norm."""


def gru(weights: Weights, steps: Floats, read: Steps) -> Floats:
    """Cho et al. 2014, in the form of torch.nn.GRU; GRU4Rec (Hidasi et al. 2016) reads sessions with it."""
    taken = norm(weights, "before", steps) @ weights["gru.weight_ih_l0"].T + weights["gru.bias_ih_l0"]
    width = taken.shape[2] // 3
    state = np.zeros((len(steps), width), np.float32)
    for step in range(steps.shape[1]):
        old = state @ weights["gru.weight_hh_l0"].T + weights["gru.bias_hh_l0"]
        new = taken[:, step]
        reset = sigmoid(new[:, :width] + old[:, :width])
        keep = sigmoid(new[:, width : 2 * width] + old[:, width : 2 * width])
        draft = np.tanh(new[:, 2 * width :] + reset * old[:, 2 * width :])
        # Behind the end of a trail its state stands still.
        state = np.where(step < read.lengths[:, None], (1 - keep) * draft + keep * state, state)
    return norm(weights, "after", _linear(weights, "out", state))


def sasrec(weights: Weights, steps: Floats, read: Steps) -> Floats:
    """A causal transformer (SASRec, Kang & McAuley 2018) of one block, the layer's norm first.

    In place of positions counted from a shopper's first step it learns a bias for each distance between two steps
    (Shaw et al. 2018; Raffel et al. 2020): what came just before matters as much late in a trail as early in it.
    Only the last step asks, since only its answer is wanted.
    """
    rows = np.arange(len(steps))
    last = read.lengths - 1
    normed = norm(weights, "before", steps)
    keys, values = (_heads(_linear(weights, name, normed)) for name in ("key", "value"))
    asked = _heads(_linear(weights, "query", normed[rows, last])[:, None])[:, :, 0]
    distance = last[:, None] - np.arange(steps.shape[1])
    near = weights["distance"][:, np.clip(distance, 0, DISTANCES - 1)].swapaxes(0, 1)
    fit = np.einsum("bhd,bhtd->bht", asked, keys) / np.sqrt(np.float32(asked.shape[-1])) + near
    share = softmax(np.where(distance[:, None] >= 0, fit, np.float32(-1e9)))
    gathered = np.einsum("bht,bhtd->bhd", share, values).reshape(len(steps), -1)
    state = steps[rows, last] + _linear(weights, "gather", gathered)
    inner = np.maximum(_linear(weights, "inner", norm(weights, "between", state)), 0)
    return norm(weights, "after", state + _linear(weights, "outer", inner))


READERS: Mapping[str, Reader] = {"gru": gru, "sasrec": sasrec}


def shapes(name: str, width: int) -> dict[str, tuple[int, ...]]:
    """What the weights of a reader must look like."""
    square, row = (width, width), (width,)
    found: dict[str, tuple[int, ...]] = {"features": (FEATURES, width)}
    norms = ["before", "after"]
    if name == "gru":
        linears = ["out"]
        for side in ("ih", "hh"):
            found |= {f"gru.weight_{side}_l0": (3 * width, width), f"gru.bias_{side}_l0": (3 * width,)}
    else:
        norms.append("between")
        linears = ["query", "key", "value", "gather", "inner", "outer"]
        found["distance"] = (HEADS, DISTANCES)
    for norm_name in norms:
        found |= {f"{norm_name}.weight": row, f"{norm_name}.bias": row}
    for linear in linears:
        found |= {f"{linear}.weight": square, f"{linear}.bias": row}
    return found


def norm(weights: Weights, name: str, values: Floats) -> Floats:
    centred = values - values.mean(axis=-1, keepdims=True)
    spread = np.sqrt(np.mean(centred * centred, axis=-1, keepdims=True) + np.float32(_EPSILON))
    scaled: Floats = centred / spread * weights[f"{name}.weight"] + weights[f"{name}.bias"]
    return scaled


def sigmoid(values: Floats) -> Floats:
    """By way of tanh, which does not overflow."""
    squashed: Floats = np.float32(0.5) * (np.tanh(np.float32(0.5) * values) + np.float32(1))
    return squashed


def softmax(values: Floats) -> Floats:
    """Over the last axis."""
    powers = np.exp(values - values.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def _linear(weights: Weights, name: str, values: Floats) -> Floats:
    made: Floats = values @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]
    return made


def _heads(values: Floats) -> Floats:
    """Shape (trails, steps, width) → (trails, HEADS, steps, width / HEADS)."""
    trails, steps, width = values.shape
    return values.reshape(trails, steps, HEADS, width // HEADS).swapaxes(1, 2)
