"""One edit, by its definition: what the faster code is compared with."""

from __future__ import annotations

import string


def variants(word: str) -> set[str]:
    """Every text one edit from `word`: a letter less, other or more, or two neighbours swapped; and itself."""
    letters = string.ascii_lowercase + string.digits
    splits = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    return (
        {word}
        | {head + tail[1:] for head, tail in splits if tail}
        | {head + tail[1] + tail[0] + tail[2:] for head, tail in splits if len(tail) > 1}
        | {head + letter + tail[1:] for head, tail in splits if tail for letter in letters}
        | {head + letter + tail for head, tail in splits for letter in letters}
    )


def begins_nearly(word: str, typed: str) -> bool:
    return any(word.startswith(variant) for variant in variants(typed))
