"""What an index version knows beside its points: the words and values of its catalogue, its kinds, its noise.

Learnt at reindex, kept as artefacts of the version and in its manifest, loaded when the version is opened. A version
that was built before any of this existed knows nothing: it is searched by meaning alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from search.bm25 import sparse
from search.calibration import Calibration
from search.constraints import TEXT
from search.domain import Language, Query, Sparse
from search.fusion import SEMANTIC_RATIO, TRANSLATED_RATIO, UNREAD_RATIO
from search.kinds import KindBook
from search.lanes import KINDS, LEXICON, TERMS, LaneMaker, TermBook, WordQuery
from search.lexicon import Lexicon
from search.lexicon.folding import fold, key
from search.protocols import Collection, Vector
from search.terms import query_terms
from search.understanding import prepare
from search.understanding.names import names

_LONGEST_NAME = 3


@dataclass(frozen=True)
class Knowledge:
    lexicon: Lexicon
    lanes: LaneMaker
    calibration: Calibration

    @classmethod
    def of(cls, collection: Collection) -> Knowledge:
        """Raises IndexDamaged where an artefact cannot be read."""
        lexicon, lanes = collection.artefact(LEXICON), lanes_of(collection)
        known = Lexicon.from_bytes(lexicon) if lexicon else Lexicon.empty()
        prepare(known)
        return cls(known, lanes, Calibration.from_json(collection.manifest.calibration))

    def reads(self, language: Language) -> bool:
        """Whether the encoder makes sense of the language."""
        return self.calibration.reads_language(language)

    def ratio(self, query: Query) -> float:
        """How much meaning counts against words: little where the encoder reads neither the query nor the products."""
        if not self.calibration.makes_sense(self.spoken_language(query)):
            return UNREAD_RATIO
        return SEMANTIC_RATIO if self.reads(query.language) else TRANSLATED_RATIO

    def spoken_language(self, query: Query) -> Language:
        """The language of the words that are embedded."""
        if self.spoken(query) == query.text:
            return query.language
        return "en" if query.language == "zh" else "zh"

    def spoken(self, query: Query) -> str:
        """The words to embed: the translation where the encoder does not read the language of the query."""
        return query.translation if query.translation and not self.reads(query.language) else query.text

    def words(self, query: Query) -> WordQuery:
        return self.lanes.terms.of_query(query.text, query.translation, self.otherwise(query.text), query.translated)

    def kinds(self, query: Query, vector: Vector | None) -> Sparse:
        """The kinds of product that a query is after."""
        if others := self.otherwise(query.text):
            return self.lanes.kinds.named(others)
        if vector is not None and (self.reads(query.language) or query.translation):
            return self.lanes.kinds.of_query(vector)
        return self.lanes.kinds.named_in(query.text)

    def otherwise(self, text: str) -> tuple[str, ...]:
        """What the catalogue calls the goods that a text ends with, where it has another word for them.

        «Laptop» where titles say notebook, and laptop only of sleeves and bags: the words then find the wrong things.
        The tables know the other words, the kinds which of them this catalogue sells.
        """
        book, head = self.lanes.kinds, fold(text)
        if book.has_head(head):
            return ()
        words = key(head).split()
        for first in range(max(0, len(words) - _LONGEST_NAME), len(words)):
            name = " ".join(words[first:])
            for form in (name, name.removesuffix("s"), name.removesuffix("es")):
                aliases = names().same.get(form, {}).get("goods", ())
                if others := tuple(alias for alias in aliases if book.has_head(alias)):
                    return others
        return ()

    def excluded(self, query: Query) -> Sparse:
        """The words that the query rules out, where no attribute is meant."""
        ruled_out = [one for one in query.constraints if one.field == TEXT and one.op == "!="]
        return sparse({term: 1.0 for one in ruled_out for term in query_terms(str(one.value))})


def lanes_of(collection: Collection) -> LaneMaker:
    """Raises IndexDamaged."""
    terms, kinds = collection.artefact(TERMS), collection.artefact(KINDS)
    return LaneMaker(
        TermBook.from_bytes(terms) if terms else TermBook.empty(),
        KindBook.from_bytes(kinds) if kinds else KindBook.empty(collection.manifest.encoder.dimension),
    )
