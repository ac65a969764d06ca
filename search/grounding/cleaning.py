"""Text by strangers, made plain: no sign that nobody sees, one line, and the skeleton by which disguises are seen."""

from __future__ import annotations

import re
import unicodedata

_MARKS_IN_A_ROW = 2
"""More combining marks than this on one letter is decoration that hides what is written."""

_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0]")
"""Signs without a shape that Unicode does not call format characters: variation selectors, fillers, joiners."""

_HOMOGLYPHS = {
    ord(pair[0]): pair[1]
    for pair in [
        "аa",
        "вb",
        "еe",
        "ёe",
        "кk",
        "мm",
        "нh",
        "оo",
        "рp",
        "сc",
        "тt",
        "уy",
        "хx",
        "іi",
        "јj",
        "ѕs",
        "ԁd",
        "ԛq",
        "ԝw",
        "һh",
        "ӏl",
        "гr",
        "пn",
        "αa",
        "εe",
        "ιi",
        "κk",
        "νv",
        "οo",
        "ρp",
        "τt",
        "υu",
        "χx",
        "ωw",
        "ϲc",
        "ɑa",
        "ɡg",
        "ıi",
        "ʟl",
        "ʙb",
        "ᴀa",
        "ᴄc",
        "ᴅd",
        "ᴇe",
        "ɢg",
        "ʜh",
        "ɪi",
        "ᴊj",
        "ᴋk",
        "ᴍm",
        "ɴn",
        "ᴏo",
        "ᴘp",
        "ʀr",
        "ꜱs",
        "ᴛt",
        "ᴜu",
        "ᴠv",
        "ᴡw",
        "ʏy",
        "ᴢz",
    ]
}
"""Letters of other scripts that look like Latin ones, after folding."""

_LEET = str.maketrans("013457@$!|", "oieastasii")
_SPACED = re.compile(r"(?<![^\W_])(?:[^\W\d_][\s._*·\-]{1,2}){3,}[^\W\d_](?![^\W_])")


def plain(text: str) -> str:
    """NFC on one line, without control, format, private and shapeless characters. Nothing that is seen is lost."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    text = _SELECTORS.sub("", text)
    kept: list[str] = []
    marks = 0
    for char in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(char)
        marks = marks + 1 if kind in ("Mn", "Me") else 0
        if kind in ("Cf", "Cs", "Co", "Cn") or marks > _MARKS_IN_A_ROW:
            continue
        kept.append(" " if kind[0] == "C" or kind[0] == "Z" else char)
    return unicodedata.normalize("NFC", " ".join("".join(kept).split()))


def skeleton(text: str) -> str:
    """What a reader takes `text` for: folded, without accents, s p a c e d words closed up. Only for looking at;
    lengths change."""
    folded = text.lower()
    if not folded.isascii():
        apart = unicodedata.normalize("NFKD", text).casefold()
        bare = "".join(char for char in apart if unicodedata.category(char) != "Mn" or char > "\u036f")
        folded = unicodedata.normalize("NFC", bare)
    return _SPACED.sub(lambda match: re.sub(r"[\s._*·\-]", "", match.group()), folded)


def unmasked(bare: str) -> str:
    """A skeleton with the letters that only look Latin made Latin."""
    return bare.translate(_HOMOGLYPHS)


def unleeted(text: str) -> str:
    """1gn0r3 → ignore, in a skeleton."""
    return text.translate(_LEET)


def shortened(text: str, most: int) -> str:
    """At most `most` characters: cut between words where that loses little, with … for what is left out."""
    if len(text) <= most:
        return text
    cut = text[: max(most - 1, 0)]
    space = cut.rfind(" ")
    return (cut[:space] if space > 0.8 * most else cut).rstrip() + "…" if most > 0 else ""


__all__ = ["plain", "shortened", "skeleton", "unleeted", "unmasked"]
