"""Why a hit is where it is, in a sentence or two, from what the engine knows and without any model."""

from search.explanation.compare import compare, comparison_facts, short_name
from search.explanation.gathering import ledgers
from search.explanation.ledger import NOTHING_ASKED, SIMILAR, Condition, Explained, Ledger, Liking, Word
from search.explanation.telling import explain, explained, open_questions, saying_why, telling_facts

__all__ = [
    "NOTHING_ASKED", "SIMILAR", "Condition", "Explained", "Ledger", "Liking", "Word", "compare", "comparison_facts",
    "explain", "explained", "ledgers", "open_questions", "saying_why", "short_name", "telling_facts",
]  # fmt: skip
