"""A cross-encoder of sentence-transformers behind the Reranker protocol."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from search.encoding.batching import explained, first_line
from search.encoding.devices import devices, dtype, quiet
from search.encoding.sources import ModelFolder
from search.errors import EncoderError

if TYPE_CHECKING:
    import torch
    from sentence_transformers import CrossEncoder

MAX_TOKENS = 512
"""Query and text together are cut here, or where the model's own limit is lower: what identifies a product comes first,
and a model that reads thousands of tokens would take seconds over them."""

MAX_CHARS = 16 * MAX_TOKENS
"""A text is cut here before it is tokenised: product texts have fewer characters to a token."""


class CrossEncoderReranker:
    """Query and text in, a score of 0..1 out: the sigmoid of the model's one logit. Safe to use from several threads.

    Runs on the first device of the setting; on a GPU in half precision. Calls wait for each other: a batch keeps the
    device busy anyway, and a tokenizer cannot be shared.
    """

    def __init__(self, folder: ModelFolder, device: str = "auto", batch_size: int = 32) -> None:
        self._model = _load(folder, devices(device)[0])
        self._batch_size = batch_size
        self._turn = threading.Lock()
        self.name = f"{folder.name}@{folder.revision}" if folder.revision else folder.name
        self.rerank("warm", ["up"])

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """One score for each text, in their order. Raises EncoderError."""
        if not texts:
            return []
        import torch

        pairs = [(query[:MAX_CHARS], text[:MAX_CHARS]) for text in texts]
        with self._turn, explained():
            logits: torch.Tensor = self._model.predict(
                pairs,
                batch_size=self._batch_size,
                activation_fn=torch.nn.Identity(),
                show_progress_bar=False,
                convert_to_tensor=True,
            )
            scores = torch.sigmoid(logits.float()).cpu()
            if not bool(torch.isfinite(scores).all()):
                raise EncoderError(
                    f"The reranker {self.name} returned a score that is not finite. Try DAOGOU_DEVICE=cpu, "
                    f"or another model."
                )
            return [float(score) for score in scores]


def _load(folder: ModelFolder, device: str) -> CrossEncoder:
    import torch
    from sentence_transformers import CrossEncoder

    with quiet():
        try:
            model = CrossEncoder(
                str(folder.path),
                device=device,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True, "dtype": dtype(device)},
                # Given here, so that none is looked up by the name that stands in the folder.
                activation_fn=torch.nn.Identity(),
            )
        except Exception as error:
            raise EncoderError(f"The reranker under {folder.path} does not load: {first_line(error)}") from error
    if model.num_labels != 1:
        raise EncoderError(
            f"The model under {folder.path} gives {model.num_labels} numbers for a query and a text, and a reranker "
            f"gives one. Set DAOGOU_RERANKER to a cross-encoder with one label, or unset it."
        )
    limit = model.max_seq_length
    model.max_seq_length = min(limit, MAX_TOKENS) if limit else MAX_TOKENS
    model.eval()
    loaded: CrossEncoder = model
    return loaded
