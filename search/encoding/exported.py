"""An exported model behind the Encoder protocol: tokenizers, numpy and a runtime, and no torch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from search.domain import EncoderCard
from search.encoding.batching import PADDED_TO, explained, fill, first_line, plan, unit
from search.encoding.cache import MODEL, TOKENIZER, read_card
from search.encoding.runtimes import Kind, Tokens, open_runtime
from search.encoding.sources import ModelFolder
from search.errors import EncoderError
from search.protocols import Progress, Vector, Vectors

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class ExportedEncoder:
    """The encoder that `folder` holds, from the files that `search.encoding.export` made of it under `place`.

    Each call of the runtime uses one thread. Documents keep all cores busy with that many batches at a time, which
    together hold `batch_size` texts; so more cores need no more memory. Safe to use from several threads.
    """

    def __init__(self, place: Path, folder: ModelFolder, kind: Kind = "onnx", batch_size: int = 32) -> None:
        self._cores = usable_cores()
        self._batch_size = max(2, batch_size // self._cores)
        self._card = replace(read_card(place), model=folder.name, revision=folder.revision)
        self._tokenizer = _tokenizer(place / TOKENIZER)
        padding = self._tokenizer.padding or {}
        self._pad_id = int(padding.get("pad_id", 0))
        self._pad_left = padding.get("direction") == "left"
        # On the left, padding moves the text; where positions are absolute that is felt.
        self._block = 1 if self._pad_left else PADDED_TO
        # It truncates, and never pads: nothing about it changes from here on, so threads may share it.
        self._tokenizer.no_padding()
        self._run = open_runtime(kind, place / MODEL, self._cores)

    @property
    def card(self) -> EncoderCard:
        return self._card

    def encode_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Shape (len(texts), dimension)."""
        result = np.empty((len(texts), self._card.dimension), dtype=np.float32)
        with explained():
            prompted = [self._card.document_prompt + text for text in texts]
            tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(prompted)]

        def work(rows: list[int]) -> Vectors:
            batch = [tokens[row] for row in rows]
            # A batch of one takes another path through the matrix kernels and rounds otherwise: see PADDED_TO.
            padded = self._padded(batch if len(batch) > 1 else batch * 2, self._block)
            return self._run(*padded, bulk=True)[: len(rows)]

        batches = plan([len(ids) for ids in tokens], self._batch_size)
        fill(result, batches, [work] * max(1, min(self._cores, len(batches))), progress)
        return unit(result)

    def encode_query(self, text: str) -> Vector:
        with explained():
            ids = self._tokenizer.encode(self._card.query_prompt + text).ids
            vectors = self._run(*self._padded([ids], 1), bulk=False)
        vector: Vector = unit(vectors)[0]
        return vector

    def _padded(self, rows: list[list[int]], multiple: int) -> tuple[Tokens, Tokens]:
        """Token ids and attention mask, as wide as the longest row, rounded up but for what the model cannot take."""
        longest = max(1, *(len(ids) for ids in rows))
        width = min(-(-longest // multiple) * multiple, max(longest, self._card.max_tokens))
        input_ids: Tokens = np.full((len(rows), width), self._pad_id, dtype=np.int64)
        attention_mask: Tokens = np.zeros((len(rows), width), dtype=np.int64)
        for number, ids in enumerate(rows):
            place = slice(width - len(ids), width) if self._pad_left else slice(len(ids))
            input_ids[number, place] = ids
            attention_mask[number, place] = 1
        return input_ids, attention_mask


def usable_cores() -> int:
    """Of this process, which may have been given fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _tokenizer(file: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(file))
    except Exception as error:  # the library raises plain Exception
        raise EncoderError(f"{file} does not load: {first_line(error)}. Remove its folder and start again.") from error
