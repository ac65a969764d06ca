"""Completions while typing: what the catalogue sells, and what others asked for.

A reindex gives every document to a `SuggestionBuilder` and stores `build().to_bytes()` beside the version under the
name ARTEFACT; `completions` reads them back when the version is opened.
"""

from search.suggestions.building import SuggestionBuilder, build
from search.suggestions.completions import ARTEFACT, completions
from search.suggestions.entries import Entry, Kind, Suggestion
from search.suggestions.finding import MAX_CHARS, Suggestions

__all__ = [
    "ARTEFACT",
    "MAX_CHARS",
    "Entry",
    "Kind",
    "Suggestion",
    "SuggestionBuilder",
    "Suggestions",
    "build",
    "completions",
]
