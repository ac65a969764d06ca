"""An encoder that needs no model: a text is the bag of its words and characters, hashed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np

from search.domain import EncoderCard
from search.protocols import Progress, Vector, Vectors

_TOKEN = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")


class FakeEncoder:
    """Texts that share words are near each other, in every process alike. Satisfies search.protocols.Encoder."""

    def __init__(self, dimension: int = 64, name: str = "fake/bag-of-words") -> None:
        weights = hashlib.sha256(f"{name}/{dimension}".encode()).hexdigest()
        self.card = EncoderCard(name, None, weights, dimension, "mean", True, 512, files=weights)
        self.encoded = 0

    def encode_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.encoded += len(texts)
        if progress:
            progress(len(texts))
        return np.array([self.encode_query(text) for text in texts], dtype=np.float32).reshape(-1, self.card.dimension)

    def encode_query(self, text: str) -> Vector:
        vector = np.full(self.card.dimension, 0.01, dtype=np.float32)
        for token in _TOKEN.findall(text.casefold()):
            digest = hashlib.blake2b(token.encode(), digest_size=8).digest()
            vector[int.from_bytes(digest[:4], "big") % self.card.dimension] += 1 if digest[4] % 2 else -1
        unit: Vector = vector / np.linalg.norm(vector)
        return unit
