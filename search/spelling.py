"""Words that are still being typed: does this word begin so, or nearly so? Pure functions over folded words."""

from __future__ import annotations


def begins_nearly(word: str, typed: str) -> bool:
    """Whether some beginning of `word` is `typed`, or one edit away from it.

    An edit is a letter too many, missing or wrong, or two neighbours swapped (Damerau's, the restricted distance).
    """
    if word.startswith(typed):
        return True
    length = len(typed)
    same = 0
    while same < length and same < len(word) and word[same] == typed[same]:
        same += 1
    rest, tail = typed[same:], word[same:]
    return (
        tail.startswith(rest[1:])  # typed one too many
        or (bool(tail) and tail[1:].startswith(rest[1:]))  # a wrong one
        or (bool(tail) and tail[1:].startswith(rest))  # one is missing
        or (len(rest) > 1 and tail[:2] == rest[1::-1] and tail[2:].startswith(rest[2:]))  # swapped
    )


__all__ = ["begins_nearly"]
