"""A trained Recommender ↔ bytes: an npz of plain arrays, without pickle. The same recommender gives the same bytes.

"about" is a line of JSON as bytes and names everything else; tables are kept as CSR, their values in half precision;
networks are the bytes of search/recommending/network_files.py.
"""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Mapping
from tokenize import TokenError
from typing import Any, cast

import numpy as np
import orjson
from numpy.typing import NDArray
from scipy import sparse

from search.errors import IndexDamaged
from search.recommending import network_files
from search.recommending.blend import Recommender
from search.recommending.interactions import Floats
from search.recommending.tables import Table
from search.recommending.words import Vocabulary

ARTEFACT = "recommender"
"""Its name beside the version of an index that it was trained for."""

FORMAT = 1
"""Goes up when what is stored, or what the weights mean, changes: an older one must be trained again."""

KIND = "daogou-recommender"
_GOES = "goes"


def to_bytes(recommender: Recommender) -> bytes:
    about = {
        "kind": KIND,
        "format": FORMAT,
        "products": list(recommender.products),
        "dimension": recommender.dimension,
        "tables": [{"name": table.name, "decay": table.decay} for table in recommender.tables],
        "goes": {"name": recommender.goes.name, "decay": recommender.goes.decay},
        "weights": dict(recommender.weights),
        "networks": len(recommender.networks),
    }
    arrays: dict[str, NDArray[Any]] = {
        "about": np.frombuffer(orjson.dumps(about, option=orjson.OPT_SORT_KEYS), np.uint8),
        "shares": recommender.shares,
        "repeats": recommender.repeats,
        "hashes": recommender.vocabulary.hashes,
        "word weights": recommender.vocabulary.weights,
    }
    for name, table in {
        _GOES: recommender.goes,
        **{str(n): table for n, table in enumerate(recommender.tables)},
    }.items():
        arrays[f"{name}/begins"] = table.matrix.indptr.astype(np.int64)
        arrays[f"{name}/columns"] = table.matrix.indices.astype(np.int32)
        arrays[f"{name}/values"] = table.matrix.data.astype(np.float16)
    for number, network in enumerate(recommender.networks):
        arrays[f"network/{number}"] = np.frombuffer(network_files.to_bytes(network), np.uint8)
    file = io.BytesIO()
    np.savez_compressed(file, **cast(dict[str, Any], arrays))
    return file.getvalue()


def from_bytes(data: bytes) -> Recommender:
    """Raises IndexDamaged where the bytes are not a whole recommender of today's format."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            if not isinstance(file, Mapping):
                raise _unreadable("it is no npz")
            return _read(file)
    except IndexDamaged:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, SyntaxError) as error:
        raise _unreadable(_first_line(error)) from error
    except (EOFError, OSError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error, TokenError) as error:
        raise _unreadable(_first_line(error)) from error


def _read(file: Mapping[str, NDArray[Any]]) -> Recommender:
    about = orjson.loads(file["about"].tobytes())
    if about["kind"] != KIND:
        raise _unreadable(f"it is of the kind {about['kind']!r}")
    if about["format"] != FORMAT:
        raise _unreadable(f"it has format {about['format']!r}, and this version of Daogou reads format {FORMAT}")
    products = about["products"]
    if not isinstance(products, list) or not all(isinstance(product, str) for product in products):
        raise _unreadable("its list of products is none")
    weights = {str(name): float(weight) for name, weight in about["weights"].items()}
    if not all(map(math.isfinite, weights.values())):
        raise _unreadable("a weight is not finite")
    n = len(products)
    hashes, word_weights = file["hashes"].astype(np.uint32), _floats(file, "word weights")
    if hashes.shape != word_weights.shape or hashes.ndim != 1:
        raise _unreadable("its words and their weights do not fit")
    dimension = int(about["dimension"])
    networks = tuple(
        network_files.from_bytes(file[f"network/{number}"].tobytes()) for number in range(int(about["networks"]))
    )
    if any(network.dimension != dimension for network in networks):
        raise _unreadable("its networks read other vectors")
    return Recommender(
        products=tuple(products),
        dimension=dimension,
        tables=tuple(_table(file, str(number), said, n) for number, said in enumerate(about["tables"])),
        goes=_table(file, _GOES, about["goes"], n),
        shares=_floats(file, "shares", n),
        repeats=_floats(file, "repeats", n),
        vocabulary=Vocabulary(hashes, word_weights),
        weights=weights,
        networks=networks,
    )


def _table(file: Mapping[str, NDArray[Any]], key: str, said: Mapping[str, Any], products: int) -> Table:
    begins, columns = file[f"{key}/begins"].astype(np.int64), file[f"{key}/columns"].astype(np.int32)
    values, name = _floats(file, f"{key}/values", len(columns)), str(said["name"])
    whole = begins.shape == (products + 1,) and begins[0] == 0 and begins[-1] == len(columns)
    if (
        not whole
        or (np.diff(begins) < 0).any()
        or (len(columns) and not 0 <= columns.min() <= columns.max() < products)
    ):
        raise _unreadable(f"the table '{name}' is not whole")
    return Table(name, float(said["decay"]), sparse.csr_matrix((values, columns, begins), shape=(products, products)))


def _floats(file: Mapping[str, NDArray[Any]], name: str, length: int | None = None) -> Floats:
    found = file[name].astype(np.float32)
    if found.ndim != 1 or (length is not None and len(found) != length) or not np.isfinite(found).all():
        raise _unreadable(f"'{name}' is not as it should be")
    return found


def _unreadable(reason: str) -> IndexDamaged:
    return IndexDamaged(
        f"A trained recommender cannot be read: {reason}. Train it again with: python -m indexer train-sequences"
    )


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
