"""What a version learns from its whole catalogue before it is written, and keeps beside it: see search/knowledge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from search.calibration import calibrate, language_of
from search.domain import Document, FieldKind, Manifest
from search.errors import IndexDamaged
from search.kinds import Kind, KindBook, KindCensus
from search.lanes import KINDS, LEXICON, TERMS, LaneMaker, TermCensus
from search.lexicon import LexiconBuilder
from search.protocols import Collection, Encoder, Vectors
from search.suggestions import ARTEFACT, SuggestionBuilder

LEARNING = "words-kinds-lexicon-suggestions/4"
"""Name of the way below and of the lanes (search/bm25, search/kinds). A change there changes this name, and the next
reindex builds a new version, of which no text is encoded again."""


@dataclass(frozen=True)
class Learnt:
    """The lane maker of the new version, and every artefact to keep with it."""

    lanes: LaneMaker
    artefacts: Mapping[str, bytes]
    languages: Mapping[str, float]


def learn(
    documents: Iterable[Document], fields: Mapping[str, FieldKind], encoder: Encoder, live: Collection | None
) -> Learnt:
    """Read every document once. Vectors of kinds that the `live` version has already are taken from there."""
    terms, kinds = TermCensus(), KindCensus()
    lexicon, suggestions = LexiconBuilder(fields), SuggestionBuilder()
    languages: Counter[str] = Counter()
    for document in documents:
        languages[language_of(str(document.get("title", "")))] += 1
        terms.add(document)
        kinds.add(document)
        lexicon.add(document)
        suggestions.add(document)
    book = _with_vectors(kinds.choose(), encoder, live)
    lanes = LaneMaker(terms.book(), book)
    artefacts = {
        TERMS: lanes.terms.to_bytes(),
        KINDS: book.to_bytes(),
        LEXICON: lexicon.build().to_bytes(),
        ARTEFACT: suggestions.build().to_bytes(),
    }
    # As they will be read: vectors of kinds are kept in half precision.
    shares = {language: round(count / languages.total(), 4) for language, count in sorted(languages.items())}
    return Learnt(replace(lanes, kinds=KindBook.from_bytes(artefacts[KINDS])), artefacts, shares)


def calibrated(collection: Collection, manifest: Manifest, encoder: Encoder, learnt: Learnt) -> Manifest:
    """The manifest with the noise that was measured on the collection, which must be complete and optimised."""

    def best(text: str) -> float:
        return max((one.score for one in collection.nearest(encoder.encode_query(text), 1)), default=0.0)

    return replace(
        manifest, calibration=calibrate(encoder, best, learnt.lanes.terms.known_share, learnt.languages).to_json()
    )


def _with_vectors(kinds: list[Kind], encoder: Encoder, live: Collection | None) -> KindBook:
    known = _known_vectors(live)
    missing = [kind.words for kind in kinds if kind.words not in known]
    fresh = dict(zip(missing, encoder.encode_documents(missing), strict=True)) if missing else {}
    vectors = [known[kind.words] if kind.words in known else fresh[kind.words] for kind in kinds]
    dimension = encoder.card.dimension
    return KindBook(tuple(kinds), np.asarray(vectors, dtype=np.float32).reshape(len(kinds), dimension))


def _known_vectors(live: Collection | None) -> dict[str, Vectors]:
    data = live.artefact(KINDS) if live is not None else None
    if data is None:
        return {}
    try:
        book = KindBook.from_bytes(data)
    except IndexDamaged:
        return {}
    return {kind.words: vector for kind, vector in zip(book.kinds, book.vectors, strict=True)}
