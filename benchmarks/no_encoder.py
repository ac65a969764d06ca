"""An encoder for shops whose vectors are made up: it has a card, and nothing is ever encoded."""

from __future__ import annotations

from collections.abc import Sequence

from search.domain import EncoderCard
from search.errors import EncoderError
from search.protocols import Progress, Vector, Vectors

DIMENSION = 384
CARD = EncoderCard("benchmark/random", None, "0" * 64, DIMENSION, "mean", True, 256)


class NoEncoder:
    """What is measured here embeds no text, so whoever asks has measured something else."""

    card = CARD

    def encode_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        raise EncoderError("This benchmark has vectors without texts: nothing can be encoded.")

    def encode_query(self, text: str) -> Vector:
        raise EncoderError("This benchmark has vectors without texts: nothing can be encoded.")
