"""Where exported models are kept, so that torch is needed once per model: `DATA_DIR/encoders/HASH/`.

HASH covers every file of the model folder, so a changed model is exported anew. A place is complete from the moment it
exists: it is written under another name and renamed. Removing it costs one more export and nothing else.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from search.domain import EncoderCard
from search.encoding.runtimes import Kind, require
from search.encoding.sources import ModelFolder
from search.errors import EncoderError

log = logging.getLogger(__name__)

MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"
RECIPE = "encoder.json"

FORMAT = 1
"""Goes up when what is written changes: older exports are then made again."""

USE_TORCH = "Set DAOGOU_ENCODER_BACKEND=torch."


def exported(folder: ModelFolder, data_dir: Path, kind: Kind) -> Path:
    """The place with the exported files of `folder`; they are made first where there are none, or damaged ones.

    That takes torch, so it happens in a process of its own: a server keeps none of it in memory.
    Raises EncoderError where the model cannot be exported.
    """
    place = data_dir.absolute() / "encoders" / folder.files
    if is_whole(place):
        return place
    require(kind)
    if importlib.util.find_spec("onnx") is None:
        raise EncoderError(f"To export a model, once: pip install 'daogou[{kind}]'. {USE_TORCH}")
    log.info("Exporting the encoder for the backend '%s'. This happens once.", kind)
    job = json.dumps({"folder": asdict(folder) | {"path": str(folder.path)}, "place": str(place), "kind": kind})
    paths = os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path)
    child = subprocess.run(
        [sys.executable, "-P", "-m", "search.encoding.export"],
        input=job,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if child.returncode or not is_whole(place):
        said = child.stdout.strip() or child.stderr.strip() or f"exit status {child.returncode}"
        reason = said.splitlines()[-1].rstrip(".")
        raise EncoderError(f"The model under {folder.path} could not be exported: {reason}. {USE_TORCH}")
    return place


def is_whole(place: Path) -> bool:
    """Whether an export of today's format is there, undamaged."""
    try:
        recipe = json.loads((place / RECIPE).read_bytes())
        return bool(recipe["format"] == FORMAT and recipe["sha256"] == digests(place))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def read_card(place: Path) -> EncoderCard:
    """Of the encoder that was exported; name and revision are those it had at the time."""
    return EncoderCard(**json.loads((place / RECIPE).read_bytes())["card"])


def write_recipe(place: Path, card: EncoderCard) -> None:
    """The last file to be written: it covers the others."""
    recipe = {"format": FORMAT, "card": asdict(card), "sha256": digests(place)}
    (place / RECIPE).write_text(json.dumps(recipe, indent=1), encoding="utf-8")


def digests(place: Path) -> dict[str, str]:
    """sha256 by name; large models have their weights in files beside `model.onnx`."""
    found = {}
    for file in sorted(place.iterdir()):
        if file.name != RECIPE:
            with file.open("rb") as stream:
                found[file.name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found
