"""What a catalogue teaches about itself: its values, words and titles, for understanding queries.

A lexicon is built while a version is indexed, stored beside it as bytes, and loaded when the version is opened::

    builder = LexiconBuilder(manifest.fields)
    for document in documents:
        builder.add(document)
    data = builder.build().to_bytes()
    lexicon = Lexicon.from_bytes(data)
"""

from __future__ import annotations

from search.lexicon.building import LexiconBuilder
from search.lexicon.contents import NumberField, Value
from search.lexicon.reading import Agreement, FieldValues, Lexicon, Titles, count

__all__ = ["Agreement", "FieldValues", "Lexicon", "LexiconBuilder", "NumberField", "Titles", "Value", "count"]
