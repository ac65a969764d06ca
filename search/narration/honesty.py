"""What goes with a model's words whatever they are: conditions that are not met, what is not known, an empty shelf.

A model is asked for the good side of a product and may leave out the rest, even when told. So the rest is not left to
it: the sentence is made of the evidence's own clauses.
"""

from __future__ import annotations

from collections.abc import Sequence

from search.domain import Document, Language

MOST = 3
"""Clauses of the sentence. There are seldom two."""


def told_openly(document: Document, clauses: Sequence[str], language: Language) -> tuple[str, ...]:
    """A sentence, or none where there is nothing against the product. `clauses` are those of `open_questions`."""
    against = [*clauses[:MOST]]
    gone = "目前缺货" if language == "zh" else "it is out of stock"
    if document.get("in_stock") is False and gone not in clauses:
        against.append(gone)
    if not against:
        return ()
    if language == "zh":
        return (f"不过，{'，'.join(against)}。",)
    *rest, last = against
    return (f"But {', '.join(rest)}, and {last}." if rest else f"But {last}.",)
