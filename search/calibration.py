"""When a query has nothing to find: what an index knows of the encoder's noise, measured on the catalogue itself.

How much speaks for a product is its *support*: its cosine, plus half of how much of the query's words it has. What the
words say is absolute, yet some product is always nearest, and how near differs with the encoder, the catalogue and the
language. So phrases about all sorts of things (offtopic.txt) are asked of every new version; those of which the
catalogue knows few words cannot be meant by it, and the cosines that they reach are noise. An answer whose best product
does not rise above the noise is none at all; one that is as near as noise comes and has not all of the words is weak.

Measured apart for English and Chinese. In a language that the encoder does not read a cosine says nothing: there the
words alone speak for a product.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files

import numpy as np

from search.domain import Language
from search.protocols import Encoder

WORDS_SHARE = 0.5
"""What having every word of the query adds to the cosine."""

MOST_SHARE = 1.5
"""Of a product that has every word in a short title, about: see search/bm25."""

NOISE = 95.0
"""The percentile of the noise from which on a cosine says something."""

WEAK_WORDS = 1.0
"""How much of the query's words a product must have beside a cosine of pure noise, to be a good answer."""

NOTHING_WORDS = 0.2
"""How much of them a product must have to be an answer at all, where the encoder does not read the language."""

_FEW_WORDS = 4
_READABLE = 0.5
_PHRASES = 160
_FEWEST = 24
_KNOWN = 0.5
_READS = 0.15

_SAME = (
    ("手机", "mobile phone"), ("跑步鞋", "running shoes"), ("面包机", "bread maker"), ("台灯", "desk lamp"),
    ("猫粮", "cat food"), ("雨伞", "umbrella"), ("口红", "lipstick"), ("吉他", "guitar"), ("自行车", "bicycle"),
    ("沙发", "sofa"), ("牙刷", "toothbrush"), ("连衣裙", "dress"), ("绿茶", "green tea"), ("键盘", "keyboard"),
    ("婴儿车", "baby stroller"), ("电钻", "electric drill"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Calibration:
    """`noise` is the cosine that means nothing yet, by language; `reads` says of which languages the encoder makes
    sense; `products` is the share of products with a title in each language."""

    noise: Mapping[str, float] = field(default_factory=dict)
    reads: Mapping[str, bool] = field(default_factory=dict)
    products: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def from_json(cls, found: Mapping[str, Mapping[str, float]]) -> Calibration:
        reads = {language: bool(value) for language, value in found.get("reads", {}).items()}
        return cls(dict(found.get("noise", {})), reads, dict(found.get("products", {})))

    def to_json(self) -> dict[str, dict[str, float]]:
        reads = {language: float(value) for language, value in self.reads.items()}
        return {"noise": dict(self.noise), "reads": reads, "products": dict(self.products)}

    def nothing(self, language: Language) -> float:
        """The support below which there is no answer; an index that was never calibrated has one for everything."""
        if not self.makes_sense(language):
            return WORDS_SHARE * NOTHING_WORDS
        return self.noise.get(language, -math.inf)

    def weak(self, language: Language, words: int = 1) -> float:
        """The support below which an answer is weak, to a query of so many telling words.

        Who describes a thing at length uses words that no product does: then fewer of them need be there.
        """
        noise = self.noise.get(language, -math.inf) if self.makes_sense(language) else 0.0
        return noise + WORDS_SHARE * WEAK_WORDS * min(1.0, _FEW_WORDS / max(1, words)) ** 2

    def reads_language(self, language: Language) -> bool:
        return self.reads.get(language, True)

    def makes_sense(self, language: Language) -> bool:
        """Whether a cosine says something: whether the encoder reads the words, and most of the products."""
        return self.reads_language(language) and self.readable() >= _READABLE

    def readable(self) -> float:
        """The share of products that the encoder makes sense of, 0 to 1."""
        return 1.0 - sum(share for language, share in self.products.items() if not self.reads.get(language, True))


def support(cosine: float, share: float) -> float:
    """How much speaks for a product: `share` is how much of the query's words it has, about 0 to 1.4."""
    return cosine + WORDS_SHARE * min(share, MOST_SHARE)


def calibrate(
    encoder: Encoder, best: Callable[[str], float], known: Callable[[str], float], products: Mapping[str, float]
) -> Calibration:
    """Measure the noise of an index with such shares of `products` by language.

    `best` is the greatest cosine of any product for a text, `known` the share of its words that the catalogue has.
    """
    languages: tuple[Language, ...] = ("en", "zh")
    noise: dict[str, float] = {
        language: round(float(np.percentile([best(phrase) for phrase in strange(language, known)], NOISE)), 4)
        for language in languages
    }
    return Calibration(noise, {"en": True, "zh": reads_chinese(encoder)}, products)


def strange(language: Language, known: Callable[[str], float]) -> list[str]:
    """Phrases of which the catalogue knows few words; the least known of all where it knows most."""
    phrases = sorted((known(phrase), phrase) for phrase in off_topic(language))
    unknown = [phrase for share, phrase in phrases if share <= _KNOWN]
    chosen = unknown if len(unknown) >= _FEWEST else [phrase for _, phrase in phrases[:_FEWEST]]
    return chosen[:: max(1, len(chosen) // _PHRASES)]


def reads_chinese(encoder: Encoder) -> bool:
    """Whether the encoder puts Chinese words nearer to their English names than to those of other things."""
    ours = np.stack([encoder.encode_query(zh) for zh, _ in _SAME])
    theirs = np.stack([encoder.encode_query(en) for _, en in _SAME])
    cosines = ours @ theirs.T
    own = float(np.mean(np.diag(cosines)))
    others = float((np.sum(cosines) - np.trace(cosines)) / max(1, cosines.size - len(_SAME)))
    return own - others >= _READS


def off_topic(language: Language) -> list[str]:
    text = files("search").joinpath("offtopic.txt").read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [line for line in lines if language_of(line) == language]


def language_of(text: str) -> Language:
    return "zh" if any("\u3400" <= char <= "\u9fff" for char in text) else "en"


__all__ = ["Calibration", "calibrate", "language_of", "off_topic", "reads_chinese", "strange", "support"]
