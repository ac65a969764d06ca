"""The shopper's words → Query. Deterministic, no model.

Today it tidies the words and tells the language; conditions and attributes are read here too once that is built, and
everything after this room already takes a Query.
"""

from __future__ import annotations

import re
import unicodedata

from search.domain import Query

MAX_CHARS = 1000
"""A longer text is cut here before it is embedded: encoders read a few hundred tokens anyway."""

_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_INVISIBLE = re.compile(r"[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]+")


def understand(raw: str) -> Query:
    """Normalise to NFKC (full-width forms become plain), drop invisible characters, collapse white space."""
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub(" ", raw[: 4 * MAX_CHARS]))
    text = " ".join(text.split())[:MAX_CHARS]
    return Query(raw=raw, text=text, language="zh" if _HAN.search(text) else "en")
