"""Text as it is compared: the folding that all of the check shares, and Chinese cut into words."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import rjieba

from search.lexicon.folding import HAN


def unified(text: str) -> str:
    """NFKC with plain quotes and without the blanks that some put between Chinese and the rest: the text in which
    places are counted from here on."""
    return text if text.isascii() else _BLANK.sub("", plain_signs(text))


def plain_signs(text: str) -> str:
    """NFKC with plain quotes, and blanks as they are: in a title they part what it lists, 墙上置物架 需打孔 60厘米."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text).replace("’", "'").replace("‘", "'")


_BLANK = re.compile(rf"(?<=[{HAN}]) +(?=[a-zA-Z0-9$¥€£])|(?<=[a-zA-Z0-9%°℃]) +(?=[{HAN}])")


def lowered(text: str) -> str:
    """In lower case, and as long as before."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(s if len(s := char.lower()) == 1 else char for char in text)


@lru_cache(maxsize=16_384)
def cut(run: str) -> tuple[str, ...]:
    return tuple(rjieba.cut(run)) if len(run) > 1 else (run,)


__all__ = ["cut", "lowered", "plain_signs", "unified"]
