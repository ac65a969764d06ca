"""A sentence-transformers model → an ONNX file, a tokenizer and a card: `python -m search.encoding.export`.

A whole pipeline is exported, from token ids to the finished vector, so pooling, projection and normalisation are the
library's own and nothing is written twice. Before the files may be used, their vectors are compared with the library's.
`search.encoding.cache` runs this in a process of its own, with the job as JSON on standard input.
"""

from __future__ import annotations

import json
import shutil
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from search.encoding.batching import first_line
from search.encoding.cache import MODEL, TOKENIZER, is_whole, write_recipe
from search.encoding.exported import ExportedEncoder
from search.encoding.runtimes import Kind
from search.encoding.sources import ModelFolder
from search.errors import EncoderError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from search.encoding.sentence import SentenceEncoder

OPSET = 17
"""The first with LayerNormalization as one operator; every runtime of the last years reads it."""

AGREEMENT = 0.99999
"""The least cosine between a vector of the library and one of the export. 1 − 1e-6 is usual."""

SAMPLES = (
    "red shoe",
    "Waterproof hiking boots for women, size 39, with a wide toe box",
    "适合夏天穿的红色连衣裙 100% 棉",
    "ＡＣＭＥ®  «Ünïcödé»\tх — 14″ naïve café 🙂 x86-64/USB-C",
    "steel kettle with a gooseneck spout, 0.9 l, keeps its temperature for an hour. " * 60,
)


def export(folder: ModelFolder, place: Path, kind: Kind) -> None:
    """Write the export of `folder` to `place`, which is there completely or not at all. Does nothing if it is there.

    Several processes may try at once. Raises EncoderError where the model cannot be exported.
    """
    from filelock import FileLock

    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(place.with_name(place.name + ".lock")):
            if is_whole(place):
                return
            unfinished = place.with_name(place.name + ".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            _write(folder, unfinished, kind)
            shutil.rmtree(place, ignore_errors=True)  # a damaged one
            unfinished.replace(place)
    except OSError as error:
        raise EncoderError(f"{place} cannot be written: {error}. Correct DAOGOU_DATA_DIR.") from error


def _write(folder: ModelFolder, place: Path, kind: Kind) -> None:
    from search.encoding.sentence import SentenceEncoder

    original = SentenceEncoder(folder, device="cpu")
    _write_tokenizer(original.model, place / TOKENIZER)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the tracer warns of every branch on a shape; `_compare` is the judge
            _write_graph(original.model, place / MODEL)
    except OSError:
        raise
    except Exception as error:
        raise EncoderError(f"torch cannot export it: {first_line(error)}") from error
    write_recipe(place, original.card)
    _compare(original, ExportedEncoder(place, folder, kind))


def _write_tokenizer(model: SentenceTransformer, file: Path) -> None:
    """With the truncation and padding that the library sets when it encodes."""
    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise EncoderError("its tokenizer is written in Python, and only fast ones work without it")
    file.write_text(backend.to_str(), encoding="utf-8")


def _write_graph(model: SentenceTransformer, file: Path) -> None:
    import torch

    class Pipeline(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            vectors: torch.Tensor = self.model({"input_ids": input_ids, "attention_mask": attention_mask})[
                "sentence_embedding"
            ]
            return vectors

    features = model.preprocess(list(SAMPLES[:2]))
    backbone: Any = model[0]
    backbone.auto_model.set_attn_implementation("eager")
    with torch.no_grad():
        torch.onnx.export(
            Pipeline().eval(),
            (features["input_ids"], features["attention_mask"]),
            str(file),
            input_names=["input_ids", "attention_mask"],
            output_names=["sentence_embedding"],
            dynamic_axes={
                "input_ids": {0: "texts", 1: "tokens"},
                "attention_mask": {0: "texts", 1: "tokens"},
                "sentence_embedding": {0: "texts"},
            },
            opset_version=OPSET,
            # The newer exporter wants one more package, and is slower.
            dynamo=False,
        )


def _compare(original: SentenceEncoder, copy: ExportedEncoder) -> None:
    """Texts of every length together, each query alone. Raises EncoderError where a vector differs."""
    documents = np.sum(original.encode_documents(SAMPLES) * copy.encode_documents(SAMPLES), axis=1)
    queries = [original.encode_query(text) @ copy.encode_query(text) for text in SAMPLES]
    least = float(min(*documents, *queries))
    if not least >= AGREEMENT:
        raise EncoderError(f"its vectors come out otherwise (cosine {least:.5f})")


def main() -> int:
    job = json.load(sys.stdin)
    folder = ModelFolder(**job["folder"] | {"path": Path(job["folder"]["path"])})
    try:
        export(folder, Path(job["place"]), job["kind"])
    except EncoderError as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
