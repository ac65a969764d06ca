"""Sequence models in torch, to be trained. search/recommending/networks.py runs what was learnt without torch.

Names of weights are the same on both sides; what they are is told there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from search.protocols import Vectors
from search.recommending.interactions import Floats, Numbers
from search.recommending.sequence_inputs import FEATURES
from search.recommending.sequence_readers import DISTANCES, HEADS, UNTIED

POPULARITY = 0.5
SHARPNESS = 8.0
"""What the cosine of query and product, both about as long as the root of the width, is multiplied with at first."""


@dataclass(frozen=True, slots=True)
class Losses:
    """Shares of what is left out at random in training, so that nothing is learnt by heart.

    `own`: the embedding of a product, which then is its text alone, as that of a product that is new; `inside`: numbers
    between layers.
    """

    own: float
    inside: float


class Products(nn.Module):
    """Text vectors → embeddings of products, shape (products, width).

    `known` are the places of those that get an embedding of their own on top; shoppers never did anything with the
    others, which are as good as new.
    """

    vectors: Tensor
    row_of: Tensor

    def __init__(self, vectors: Tensor, known: Numbers, start: Start, losses: Losses) -> None:
        super().__init__()
        self._losses = losses
        self.register_buffer("vectors", vectors, persistent=False)
        row_of = torch.full((len(vectors),), -1, dtype=torch.int64)
        row_of[torch.from_numpy(known).long()] = torch.arange(len(known))
        self.register_buffer("row_of", row_of, persistent=False)
        self.projection = nn.Parameter(torch.from_numpy(start.projection))
        self.shift = nn.Parameter(torch.from_numpy(start.shift))
        self.ids = nn.Parameter(torch.zeros(len(known), start.projection.shape[1]))

    def forward(self, places: Tensor) -> Tensor:
        """Those of the products at these places, shape (len(places), width)."""
        rows = self.row_of[places]
        has = rows >= 0
        if self.training:
            has = has & (torch.rand(len(rows), device=rows.device) >= self._losses.own)
        own = self.ids[rows.clamp(min=0)] * has[:, None]
        return self.vectors[places] @ self.projection + self.shift + own


class Bias(nn.Module):
    """How likely each product is for anybody; it begins at the logarithm of how often it was taken."""

    def __init__(self, taken: Floats) -> None:
        super().__init__()
        self.taken = nn.Parameter(POPULARITY * torch.log1p(torch.from_numpy(taken)))
        self.new = nn.Parameter(torch.zeros(()))

    def forward(self, rows: Tensor) -> Tensor:
        found: Tensor = torch.where(rows >= 0, self.taken[rows.clamp(min=0)], self.new)
        return found


@dataclass(frozen=True, slots=True)
class Start:
    """Where the training of a projection begins: shapes (dimension, width) and (width,)."""

    projection: Floats
    shift: Floats


def principal(vectors: Vectors, width: int) -> Start:
    """The projection onto the first `width` principal axes, and the shift that centres it: a good beginning, in which
    alike texts are near each other. Where there are fewer axes the others are small noise of a fixed seed."""
    centre = vectors.mean(axis=0, dtype=np.float64)
    spread = (vectors - centre).T @ (vectors - centre)
    axes = np.linalg.eigh(spread)[1][:, ::-1][:, :width]
    # Which way an axis points is the library's whim; the training should not hang on it.
    axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])] < 0, -1, 1)
    missing = width - axes.shape[1]
    if missing > 0:
        noise = np.random.default_rng(0).normal(0, 0.1 / math.sqrt(len(axes)), (len(axes), missing))
        axes = np.concatenate([axes, noise], axis=1)
    return Start(axes.astype(np.float32), (-centre @ axes).astype(np.float32))


class GruReader(nn.Module):
    """Embeddings of steps, shape (trails, longest, width) → a query after each step, the same shape."""

    def __init__(self, width: int, losses: Losses) -> None:
        super().__init__()
        self.features = nn.Parameter(torch.zeros(FEATURES, width))
        self.before = nn.LayerNorm(width)
        self.gru = nn.GRU(width, width, batch_first=True)
        self.drop = nn.Dropout(losses.inside)
        self.out = nn.Linear(width, width)
        self.after = nn.LayerNorm(width)

    def forward(self, steps: Tensor, features: Tensor) -> Tensor:
        states, _ = self.gru(self.before(steps + features @ self.features))
        queries: Tensor = self.after(self.out(self.drop(states)))
        return queries


class SasrecReader(nn.Module):
    """As GruReader. Steps are padded on the right, so that what is causal never sees the padding."""

    def __init__(self, width: int, losses: Losses) -> None:
        super().__init__()
        self.features = nn.Parameter(torch.zeros(FEATURES, width))
        self.distance = nn.Parameter(torch.zeros(HEADS, DISTANCES))
        self.before, self.between, self.after = (nn.LayerNorm(width) for _ in range(3))
        self.query, self.key, self.value, self.gather = (nn.Linear(width, width) for _ in range(4))
        self.inner, self.outer = (nn.Linear(width, width) for _ in range(2))
        self.drop = nn.Dropout(losses.inside)

    def forward(self, steps: Tensor, features: Tensor) -> Tensor:
        trails, longest, width = steps.shape
        steps = steps + features @ self.features
        normed = self.before(steps)
        asked, keys, values = (
            layer(normed).view(trails, longest, HEADS, width // HEADS).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        place = torch.arange(longest, device=steps.device)
        distance = place[:, None] - place[None]
        fit = (
            asked @ keys.transpose(-1, -2) / math.sqrt(width // HEADS)
            + self.distance[:, distance.clamp(0, DISTANCES - 1)]
        )
        share = self.drop(fit.masked_fill(distance < 0, -1e9).softmax(-1))
        gathered = (share @ values).transpose(1, 2).reshape(trails, longest, width)
        state = steps + self.drop(self.gather(gathered))
        state = state + self.drop(self.outer(functional.relu(self.inner(self.between(state)))))
        queries: Tensor = self.after(state)
        return queries


MODULES: dict[str, type[GruReader] | type[SasrecReader]] = {"gru": GruReader, "sasrec": SasrecReader}


class Network(nn.Module):
    """Products, reader and scores. The transformer has embeddings of its own for the products that are read: tied to
    those that are scored it would mostly look for more of the same, since its last step passes through to the query."""

    def __init__(self, name: str, vectors: Vectors, taken: Floats, start: Start, losses: Losses) -> None:
        super().__init__()
        known = np.flatnonzero(taken > 0).astype(np.int32)
        shared, width = torch.from_numpy(vectors), start.projection.shape[1]
        self.products = Products(shared, known, start, losses)
        self.read = Products(shared, known, start, losses) if name in UNTIED else self.products
        self.bias = Bias(taken[known])
        self.log_scale = nn.Parameter(torch.tensor(math.log(SHARPNESS / math.sqrt(width))))
        self.reader = MODULES[name](width, losses)

    def queries(self, products: Tensor, features: Tensor) -> Tensor:
        """Shape (trails, longest) → (trails, longest, width); −1 behind the end of a trail."""
        places, back = torch.unique(products.clamp(min=0), return_inverse=True)
        queries: Tensor = self.reader(self.read(places)[back], features)
        return queries

    def logits(self, queries: Tensor, places: Tensor) -> Tensor:
        """Queries of shape (n, width), places of shape (products,) → (n, products)."""
        found: Tensor = self.log_scale.exp() * (queries @ self.products(places).T)
        found = found + self.bias(self.products.row_of[places])
        return found

    def weights(self) -> dict[str, Floats]:
        """Under the names of search/recommending/networks.py; embeddings rounded as they will be kept."""
        found = {"scale": self.log_scale.exp(), "taken": self.bias.taken, "new": self.bias.new}
        for prefix, table in (("", self.products), ("read.", self.read)):
            if prefix and self.read is self.products:
                continue
            found |= {f"{prefix}{key}": getattr(table, key) for key in ("projection", "shift")}
            found[f"{prefix}ids"] = table.ids.half().float()
        found |= self.reader.state_dict()
        return {key: weight.detach().cpu().float().numpy().copy() for key, weight in found.items()}
