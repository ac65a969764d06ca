"""A SentenceTransformer behind the Encoder protocol, on one or several devices."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from search.domain import EncoderCard
from search.encoding.batching import PADDED_TO, Worker, explained, fill, first_line, plan, unit
from search.encoding.devices import devices, dtype, quiet
from search.encoding.sources import ModelFolder
from search.errors import EncoderError
from search.protocols import Progress, Vector, Vectors

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer


class SentenceEncoder:
    """Documents in batches of equal length, queries one by one; vectors leave as float32 of unit length.

    On a GPU the model runs in half precision; the vectors it gives differ from float32 ones by less than what int8
    quantisation in the index already costs. With several devices, each holds a copy and takes batches from one queue.
    """

    def __init__(self, folder: ModelFolder, device: str = "auto", batch_size: int = 32) -> None:
        self._replicas = [_load(folder, name) for name in devices(device)]
        self._batch_size = batch_size
        self._card = _card(folder, self._replicas[0])
        # A fast tokenizer refuses to change its padding while another thread uses it («Already borrowed»): measuring
        # lengths, which pads nothing, has a tokenizer of its own, and the first call fixes the padding of the others.
        self._measure = copy.deepcopy(self._replicas[0].tokenizer)
        for replica in self._replicas:
            _encode(replica, ["warm"], "")

    @property
    def card(self) -> EncoderCard:
        return self._card

    @property
    def model(self) -> SentenceTransformer:
        """What encodes queries, and documents too where there is one device."""
        return self._replicas[0]

    def encode_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Shape (len(texts), dimension)."""
        result = np.empty((len(texts), self._card.dimension), dtype=np.float32)

        def worker(model: SentenceTransformer) -> Worker:
            return lambda rows: _encode(model, [texts[row] for row in rows], self._card.document_prompt)

        with explained():
            lengths = self._lengths(texts)
        fill(result, plan(lengths, self._batch_size), [worker(model) for model in self._replicas], progress)
        return unit(result)

    def encode_query(self, text: str) -> Vector:
        with explained():
            vectors = _encode(self._replicas[0], [text], self._card.query_prompt)
        vector: Vector = unit(vectors)[0]
        return vector

    def _lengths(self, texts: Sequence[str]) -> list[int]:
        """In tokens. Without the prompt, which all have in common."""
        if not texts:
            return []
        tokens = self._measure(list(texts), truncation=True, max_length=self._card.max_tokens)["input_ids"]
        return [len(ids) for ids in tokens]


def _load(folder: ModelFolder, device: str) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    with quiet():
        try:
            model = SentenceTransformer(
                str(folder.path),
                device=device,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True, "dtype": dtype(device)},
            )
        except Exception as error:
            raise EncoderError(f"The model under {folder.path} does not load: {first_line(error)}") from error
    if model.tokenizer is None or not model.get_embedding_dimension():
        raise EncoderError(f"The model under {folder.path} encodes no text. Choose a text embedding model.")
    return model.eval()


def _card(folder: ModelFolder, model: SentenceTransformer) -> EncoderCard:
    prompts = model.prompts or {}
    kinds = [type(module).__name__ for module in model]
    pooling = next((str(module.pooling_mode) for module in model if hasattr(module, "pooling_mode")), "none")
    default = prompts.get(model.default_prompt_name or "") or ""
    return EncoderCard(
        model=folder.name,
        revision=folder.revision,
        weights=folder.weights,
        files=folder.files,
        dimension=int(model.get_embedding_dimension() or 0),
        pooling=pooling,
        normalized="Normalize" in kinds,
        max_tokens=int(model.get_max_seq_length() or 512),
        query_prompt=prompts.get("query") or default or "",
        document_prompt=prompts.get("document") or prompts.get("passage") or default,
    )


def _encode(model: SentenceTransformer, texts: list[str], prompt: str) -> Vectors:
    vectors: torch.Tensor = model.encode(
        texts,
        prompt=prompt or None,
        batch_size=len(texts),
        show_progress_bar=False,
        convert_to_tensor=True,
        processing_kwargs=_padding(model),
    )
    array: Vectors = vectors.float().cpu().numpy()
    return array


def _padding(model: SentenceTransformer) -> dict[str, dict[str, int]] | None:
    """Full blocks, for queries too: a tokenizer that had to switch back and forth could not serve several threads."""
    # Not where that is beyond the last position of the model, nor on the left, where padding moves the text.
    fits = (model.get_max_seq_length() or 512) % PADDED_TO == 0 and model.tokenizer.padding_side == "right"
    return {"text": {"pad_to_multiple_of": PADDED_TO}} if fits else None
