"""The language model at work: it makes sentences of the product's phrases, and only what is grounded is shown."""

from __future__ import annotations

from search.narration.asked import Asked, about, between
from search.narration.checking import joined
from search.narration.describing import Described, Kind, describe
from search.narration.listening import Listener
from search.narration.narrator import Counts, Narrator
from search.narration.prompts import prompt_version

__all__ = [
    "Asked",
    "Counts",
    "Described",
    "Kind",
    "Listener",
    "Narrator",
    "about",
    "between",
    "describe",
    "joined",
    "prompt_version",
]
