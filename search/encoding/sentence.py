"""A SentenceTransformer behind the Encoder protocol, on one or several devices."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import numpy as np

from search.domain import EncoderCard
from search.encoding.sources import ModelFolder
from search.errors import EncoderError, SettingsError
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
        self._replicas = [_load(folder, name) for name in _devices(device)]
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

    def encode_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Shape (len(texts), dimension). Batches hold texts of like length in tokens: padding is wasted work."""
        result = np.empty((len(texts), self._card.dimension), dtype=np.float32)
        batches = self._plan(texts)
        failures: list[BaseException] = []

        def work(model: SentenceTransformer) -> None:
            while not failures:
                try:
                    rows = batches.get_nowait()
                except Empty:
                    return
                try:
                    result[rows] = _encode(model, [texts[row] for row in rows], self._card.document_prompt)
                except BaseException as error:
                    failures.append(error)
                    return
                if progress:
                    progress(len(rows))

        if len(self._replicas) == 1:
            work(self._replicas[0])
        else:
            with ThreadPoolExecutor(len(self._replicas)) as pool:
                list(pool.map(work, self._replicas))
        if failures:
            raise _explain(failures[0])
        return _unit(result)

    def encode_query(self, text: str) -> Vector:
        try:
            vectors = _encode(self._replicas[0], [text], self._card.query_prompt)
        except Exception as error:
            raise _explain(error) from error
        unit: Vector = _unit(vectors)[0]
        return unit

    def _plan(self, texts: Sequence[str]) -> SimpleQueue[list[int]]:
        """Row numbers by falling length in tokens, so that a batch too large for memory fails first, not last."""
        lengths = (
            [
                len(ids)
                for ids in self._measure(list(texts), truncation=True, max_length=self._card.max_tokens)["input_ids"]
            ]
            if texts
            else []
        )
        order = sorted(range(len(texts)), key=lambda row: (-lengths[row], row))
        batches: SimpleQueue[list[int]] = SimpleQueue()
        for start in range(0, len(order), self._batch_size):
            batches.put(order[start : start + self._batch_size])
        return batches


def _devices(setting: str) -> list[str]:
    import torch

    if setting != "auto":
        names = [name.strip() for name in setting.split(",") if name.strip()]
        for name in names:
            try:
                torch.empty(1, device=name)
            except (RuntimeError, AssertionError) as error:
                reason = str(error).splitlines()[0]
                raise SettingsError(f"DAOGOU_DEVICE names '{name}', which cannot be used here: {reason}") from error
        return names
    if torch.cuda.is_available():
        return [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    return ["mps" if torch.backends.mps.is_available() else "cpu"]


def _load(folder: ModelFolder, device: str) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    with _quiet():
        try:
            model = SentenceTransformer(
                str(folder.path),
                device=device,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True, "dtype": _dtype(device)},
            )
        except Exception as error:
            raise EncoderError(f"The model under {folder.path} does not load: {_first_line(error)}") from error
    if model.tokenizer is None or not model.get_embedding_dimension():
        raise EncoderError(f"The model under {folder.path} encodes no text. Choose a text embedding model.")
    return model.eval()


def _dtype(device: str) -> torch.dtype:
    """Half precision on a GPU, several times faster there; bfloat16 where the chip has it, since it cannot overflow."""
    import torch

    if not device.startswith("cuda"):
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


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
        texts, prompt=prompt or None, batch_size=len(texts), show_progress_bar=False, convert_to_tensor=True
    )
    array: Vectors = vectors.float().cpu().numpy()
    return array


def _unit(vectors: Vectors) -> Vectors:
    """Rows scaled to length 1. Raises EncoderError for a row that is zero or not finite."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.all(np.isfinite(lengths)) or np.any(lengths == 0):
        raise EncoderError(
            "The encoder returned a vector that is zero or not finite. Try DAOGOU_DEVICE=cpu, or another model."
        )
    unit: Vectors = (vectors / lengths).astype(np.float32)
    return unit


def _explain(error: BaseException) -> BaseException:
    if "out of memory" in str(error).lower():
        return EncoderError(
            "The device ran out of memory. Lower DAOGOU_BATCH_SIZE, then start again: what was encoded is kept."
        )
    if isinstance(error, EncoderError) or not isinstance(error, Exception):
        return error
    return EncoderError(f"Encoding failed: {_first_line(error)}")


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Loading prints a progress bar for a hundred milliseconds of work; restore the caller's choice afterwards."""
    from transformers.utils import logging

    enabled = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if enabled:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
