"""A trained sequence model ↔ bytes: an npz of plain arrays, without pickle.

"about" is a line of JSON as bytes, "products" the ids as a JSON list; each weight is "MEMBER/NAME". The table of
products' own embeddings is by far the largest and is kept in half precision; training rounds it so before it ends, so
nothing changes on the way.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from tokenize import TokenError
from typing import cast

import numpy as np
import orjson
from numpy.typing import NDArray

from search.errors import IndexDamaged
from search.recommending.networks import SequenceModel, member_shapes
from search.recommending.sequence_readers import HEADS, READERS

FORMAT = 1
"""Goes up when what is stored, or how it is read, changes: an older model must be trained again."""

KIND = "daogou-sequence-model"
HALVED = frozenset({"ids", "read.ids"})
_MOST_MEMBERS = 64


def to_bytes(model: SequenceModel) -> bytes:
    about = {
        "kind": KIND,
        "format": FORMAT,
        "name": model.name,
        "members": len(model.members),
        "dimension": model.dimension,
        "width": model.width,
    }
    arrays = {"about": _packed(about), "products": _packed(list(model.products))}
    for number, member in enumerate(model.members):
        for name in sorted(member):  # the same model, the same bytes
            arrays[f"{number}/{name}"] = member[name].astype(np.float16 if name in HALVED else np.float32)
    file = io.BytesIO()
    # mypy takes the names for options of savez.
    np.savez_compressed(file, **cast(dict[str, NDArray[np.float32]], arrays))  # type: ignore[arg-type]
    return file.getvalue()


def from_bytes(data: bytes) -> SequenceModel:
    """Raises IndexDamaged where the bytes are not a whole model of today's format."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            if not isinstance(file, Mapping):
                raise _unreadable("it is no npz")
            return _read(file)
    except (ValueError, KeyError, TypeError, EOFError, OSError, RuntimeError, MemoryError, zipfile.BadZipFile) as error:
        raise _unreadable(_first_line(error)) from error
    except (zlib.error, SyntaxError, TokenError, AttributeError, IndexError, OverflowError) as error:
        raise _unreadable(_first_line(error)) from error


@dataclass(frozen=True, slots=True)
class _About:
    name: str
    members: int
    dimension: int
    width: int


def _read(file: Mapping[str, NDArray[np.float32]]) -> SequenceModel:
    about = _about(file)
    products = orjson.loads(file["products"].tobytes())
    if not isinstance(products, list) or not all(isinstance(product, str) for product in products):
        raise _unreadable("its list of products is none")
    wanted = member_shapes(about.name, len(products), about.dimension, about.width)
    members = []
    for number in range(about.members):
        member = {name: file[f"{number}/{name}"].astype(np.float32) for name in wanted}
        for name, shape in wanted.items():
            if member[name].shape != shape:
                raise _unreadable(f"'{name}' has the shape {member[name].shape} in place of {shape}")
            if not np.isfinite(member[name]).all():
                raise _unreadable(f"'{name}' is not finite")
        members.append(member)
    return SequenceModel(about.name, tuple(products), tuple(members))


def _about(file: Mapping[str, NDArray[np.float32]]) -> _About:
    values = orjson.loads(file["about"].tobytes())
    if values["kind"] != KIND:
        raise _unreadable(f"it is of the kind {values['kind']!r}")
    if values["format"] != FORMAT:
        raise _unreadable(f"it has format {values['format']!r}, and this version of Daogou reads format {FORMAT}")
    about = _About(str(values["name"]), int(values["members"]), int(values["dimension"]), int(values["width"]))
    if about.name not in READERS or not 0 < about.members <= _MOST_MEMBERS or about.width < 1 or about.width % HEADS:
        raise _unreadable(f"it names {about}")
    return about


def _packed(value: object) -> NDArray[np.uint8]:
    return np.frombuffer(orjson.dumps(value), np.uint8)


def _unreadable(reason: str) -> IndexDamaged:
    return IndexDamaged(
        f"A trained sequence model cannot be read: {reason}. Train it again with: python -m indexer train-sequences"
    )


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
