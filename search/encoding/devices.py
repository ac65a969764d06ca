"""Which device torch runs on, in what precision, and loading without a progress bar: shared by encoder and reranker."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from search.errors import SettingsError

if TYPE_CHECKING:
    import torch


def devices(setting: str) -> list[str]:
    """DAOGOU_DEVICE as names that torch knows. Raises SettingsError for one that cannot be used here."""
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


def dtype(device: str) -> torch.dtype:
    """Half precision on a GPU, several times faster there; bfloat16 where the chip has it, since it cannot overflow."""
    import torch

    if not device.startswith("cuda"):
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Loading prints a progress bar for a hundred milliseconds of work; restore the caller's choice afterwards."""
    from transformers.utils import logging

    enabled = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if enabled:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
