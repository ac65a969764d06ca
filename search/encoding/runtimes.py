"""What runs an exported model: token ids and attention mask in, one vector for each text out. No torch anywhere.

Both run each call on one thread. A query is too small to share out, and documents are many: the encoder calls from as
many threads as there are cores. Neither spins while it waits, since the cores are wanted by others.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from search.errors import EncoderError
from search.protocols import Vectors

Tokens = NDArray[np.int64]
"""Shape (texts, tokens)."""

Kind = Literal["onnx", "openvino"]


class Runtime(Protocol):
    """Safe to call from several threads at once."""

    def __call__(self, input_ids: Tokens, attention_mask: Tokens, bulk: bool) -> Vectors:
        """Shape (texts, dimension). `bulk`: a large call, after which the memory it took is given back."""
        ...


def installed(kind: Kind) -> bool:
    return importlib.util.find_spec(_PACKAGES[kind]) is not None


def require(kind: Kind) -> None:
    """Raises EncoderError where the runtime is not installed."""
    if not installed(kind):
        raise EncoderError(
            f"The encoder backend '{kind}' is not installed. Install it with: pip install 'daogou[{kind}]', "
            f"or set DAOGOU_ENCODER_BACKEND=torch."
        )


def open_runtime(kind: Kind, model: Path, cores: int) -> Runtime:
    """Load an exported model. Raises EncoderError where the runtime is missing or the file is no model to it."""
    require(kind)
    try:
        run = _OPEN[kind](model, cores)
        # Two threads that make OpenVINO's very first calls at the same time wait for each other for ever (seen in
        # 2026.4: its one-time initialisation gives the GIL away). So this thread makes the first one, alone.
        run(np.zeros((2, 8), dtype=np.int64), np.ones((2, 8), dtype=np.int64), bulk=False)
    except Exception as error:
        raise EncoderError(
            f"{model} does not load: {error}. Remove its folder and start again, or set DAOGOU_ENCODER_BACKEND=torch."
        ) from error
    return run


def _onnx(model: Path, cores: int) -> Runtime:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    session = ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    # Without this the arena keeps the largest batch ever seen, hundreds of megabytes; no slower, as measured.
    shrinking = ort.RunOptions()
    shrinking.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")

    def run(input_ids: Tokens, attention_mask: Tokens, bulk: bool) -> Vectors:
        feed = {"input_ids": input_ids, "attention_mask": attention_mask}
        vectors: Vectors = session.run(None, feed, shrinking if bulk else None)[0]
        return vectors

    return run


def _openvino(model: Path, cores: int) -> Runtime:
    import openvino as ov

    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": cores, "NUM_STREAMS": cores}
    compiled = ov.Core().compile_model(str(model), "CPU", settings)
    idle: SimpleQueue[Any] = SimpleQueue()

    def run(input_ids: Tokens, attention_mask: Tokens, bulk: bool) -> Vectors:
        try:
            request = idle.get_nowait()
        except Empty:  # as many as ever ran at once
            request = compiled.create_infer_request()
        try:
            answer = request.infer({"input_ids": input_ids, "attention_mask": attention_mask})
            vectors: Vectors = np.array(answer[0])  # a copy: the request's own memory is used again
        finally:
            idle.put(request)
        return vectors

    return run


_PACKAGES: dict[Kind, str] = {"onnx": "onnxruntime", "openvino": "openvino"}
_OPEN: dict[Kind, Callable[[Path, int], Runtime]] = {"onnx": _onnx, "openvino": _openvino}
