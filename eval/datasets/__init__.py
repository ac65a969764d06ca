"""Public judged sets → our own files: a catalogue, queries and judgements that `indexer` and `eval run` read."""
