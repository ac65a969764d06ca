"""Which backend encodes: DAOGOU_ENCODER_BACKEND and DAOGOU_DEVICE → an encoder."""

from __future__ import annotations

import json
import logging
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from search.encoding.cache import USE_TORCH, exported
from search.encoding.exported import ExportedEncoder
from search.encoding.runtimes import Kind, installed
from search.encoding.sources import ModelFolder
from search.errors import EncoderError, SettingsError
from search.protocols import Encoder

log = logging.getLogger(__name__)

Backend = Literal["auto", "torch", "onnx", "openvino"]

EXPORTABLE = frozenset({"Transformer", "Pooling", "Dense", "Normalize"})
"""Modules of sentence-transformers that make a plain pipeline from token ids to a vector."""


def load(folder: ModelFolder, backend: Backend, device: str, batch_size: int, data_dir: Path) -> Encoder:
    """The encoder of `folder`. All backends give the same vectors and bear the same card.

    `auto` is ONNX Runtime where it is installed, no GPU is wanted or seen, and the model can be exported; else torch.
    Raises EncoderError, SettingsError.
    """
    kind = choose(folder, backend, device)
    if kind != "torch":
        try:
            return ExportedEncoder(exported(folder, data_dir, kind), folder, kind, batch_size)
        except EncoderError as error:
            if backend != "auto":
                raise
            log.warning("%s Going on with torch: the same vectors, more memory, a slower start.", error)
    from search.encoding.sentence import SentenceEncoder

    return SentenceEncoder(folder, device, batch_size)


def choose(folder: ModelFolder, backend: Backend, device: str) -> Kind | Literal["torch"]:
    """Decided without importing torch, which would cost the time and memory that are to be saved."""
    if backend == "torch":
        return "torch"
    on_cpu = {name.strip() for name in device.split(",")} == {"cpu"}
    other = unexportable(folder)
    if backend == "auto":
        wanted = on_cpu or (device == "auto" and not gpu_in_sight())
        return "onnx" if wanted and installed("onnx") and not other else "torch"
    if device != "auto" and not on_cpu:
        raise SettingsError(
            f"DAOGOU_ENCODER_BACKEND={backend} runs on the processor, and DAOGOU_DEVICE is '{device}'. "
            f"Set DAOGOU_DEVICE=cpu, or DAOGOU_ENCODER_BACKEND=torch."
        )
    if other:
        raise EncoderError(
            f"The model under {folder.path} has a module '{other}', which the backend '{backend}' cannot run. "
            f"{USE_TORCH}"
        )
    return backend


def unexportable(folder: ModelFolder) -> str | None:
    """The first module that is no part of a plain pipeline; None where all are."""
    file = folder.path / "modules.json"
    if not file.is_file():  # a bare transformer: the library adds mean pooling
        return None
    kinds = [str(module.get("type", "")).rpartition(".")[2] for module in json.loads(file.read_bytes())]
    return next((kind for kind in kinds if kind not in EXPORTABLE), None)


def gpu_in_sight() -> bool:
    """Whether torch, if it were asked, might find a GPU: it is built for one, and the system shows one.

    A GPU whose driver is too old counts too; torch then runs on the processor, and DAOGOU_DEVICE=cpu spares it.
    """
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    try:
        if version("torch").endswith("+cpu"):
            return False
    except PackageNotFoundError:
        return False
    if os.environ.get("CUDA_VISIBLE_DEVICES", "all").strip() in {"", "-1"}:
        return False
    if sys.platform == "win32":
        return (Path(os.environ.get("SYSTEMROOT", "C:/Windows")) / "System32" / "nvcuda.dll").is_file()
    # NVIDIA, NVIDIA under WSL, AMD.
    return any(Path("/dev").glob("nvidia[0-9]*")) or Path("/dev/dxg").exists() or Path("/dev/kfd").exists()
