"""Product codes in a query: EANs, model and part numbers."""

from __future__ import annotations

import re

from search.lexicon.folding import listed

_CHUNK = re.compile(r"[a-z0-9][a-z0-9\-/._+#]*[a-z0-9+]|[0-9]+")
_APART = re.compile(r"(?<![a-z0-9])([a-z]{1,4}) (\d{3,6}[a-z]{0,3})(?![a-z0-9])")
_NO_SERIES = listed(
    "and or from to of for in at on by with over size max min up the a an than only age year pack set book evo"
)
_PLAIN = re.compile(r"[^a-z0-9]+")
_MEASURE = re.compile(
    r"\d+(?:\.\d+)?(?:gb|tb|mb|mah|wh|w|kw|v|hz|khz|mhz|ghz|mm|cm|m|km|in|inch|ft|kg|g|mg|oz|lb|lbs|ml|l|k|p|pc|pcs|pk|ct|x|fps|mp|dpi|rpm|yr|d|th|st|nd|rd)"
)
_BARCODE_LENGTHS = (8, 12, 13, 14)
_LEAST, _MOST = 4, 60


def codes(text: str, rest: str) -> tuple[str, ...]:
    """Codes in `text` (lower case), letters and digits only; last `rest`, what remains of the text, as one code: names
    of models are written with spaces too. `QC5070/80` and `TN 2110` are each one code."""
    found: dict[str, None] = {}
    for match in _CHUNK.finditer(text):
        for chunk in dict.fromkeys((match[0], *(match[0].split("/") if "/" in match[0] else ()))):
            if _is_code(chunk):
                found[_PLAIN.sub("", chunk)] = None
    for match in _APART.finditer(text):
        if match[1] not in _NO_SERIES:
            found[match[1] + match[2]] = None
    whole = "".join(char for char in rest if char.isalnum())
    if len(whole) >= _LEAST and len(rest) <= _MOST and any(char.isdigit() for char in whole):
        found[whole] = None
    return tuple(found)


def _is_code(chunk: str) -> bool:
    bare = _PLAIN.sub("", chunk)
    if bare.isdigit():
        return len(bare) in _BARCODE_LENGTHS or (len(bare) >= 5 and not re.search(r"[./]", chunk))
    letters = any(char.isalpha() for char in bare)
    digits = any(char.isdigit() for char in bare)
    return letters and digits and len(bare) >= _LEAST and _MEASURE.fullmatch(bare) is None


__all__ = ["codes"]
