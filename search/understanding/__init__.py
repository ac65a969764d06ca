"""The shopper's words → Query. Deterministic, no model, English and Chinese.

«black keyboard under $80, not cherry» is taken apart into a price, a colour and an exclusion; what is left is embedded.
What the words mean is decided by what the catalogue holds (search/lexicon): its values, its words and its titles.
"""

from __future__ import annotations

from search.understanding.normalise import MAX_CHARS
from search.understanding.reading import literally, prepare, understand

__all__ = ["MAX_CHARS", "literally", "prepare", "understand"]
