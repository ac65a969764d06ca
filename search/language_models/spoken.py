"""What a language model says to its reader, of all the text that it makes: not its thoughts, not half a sign.

Reasoning models of some servers think aloud before they answer, between <think> and </think>.
"""

from __future__ import annotations

import re

_OPENED = re.compile(r"\A\s*<think(?:ing)?>")
_CLOSED = re.compile(r"</think(?:ing)?>")
_TAGS = ("<think>", "<thinking>")
_LONGEST_END = len("</thinking>")


def well_formed(text: str) -> str:
    """Without lone surrogates, which JSON can carry and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")


def spoken(text: str) -> str:
    """The whole answer without the thought that it begins with, without blanks around it."""
    said = Spoken()
    return said.hear(text) + said.end()


class Spoken:
    """The same piece by piece. What it gives adds up to `spoken` of all that it heard, however that was cut.

    Nothing is held back but what may still turn out to be the beginning of a thought, and blanks that may be the last.
    """

    def __init__(self) -> None:
        self._held = ""
        self._thinking = False
        self._begun = False
        self._said = False

    def hear(self, piece: str) -> str:
        """What can be said by now; often nothing."""
        self._held += well_formed(piece)
        if not self._begun:
            self._begin()
        if self._thinking:
            end = _CLOSED.search(self._held)
            self._held = self._held[end.end() :] if end else self._held[-_LONGEST_END:]
            self._thinking = end is None
        if self._thinking or not self._begun:
            return ""
        return self._without_blanks()

    def end(self) -> str:
        """What was held back and is no thought, now that nothing more comes."""
        if self._thinking:
            return ""
        self._begun = True
        return self._without_blanks()

    def _begin(self) -> None:
        """Whether it begins with a thought, once that can be told."""
        opened = _OPENED.match(self._held)
        if opened:
            self._held = self._held[opened.end() :]
            self._thinking = self._begun = True
        else:
            start = self._held.lstrip()
            self._begun = not any(tag.startswith(start) for tag in _TAGS)

    def _without_blanks(self) -> str:
        if not self._said:
            self._held = self._held.lstrip()
        text = self._held.rstrip()
        self._held = self._held[len(text) :]
        self._said = self._said or bool(text)
        return text
