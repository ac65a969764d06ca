"""The two shards of the embedded store of shoppers, and how they are written anew without what was forgotten.

Qdrant Edge keeps the bytes of deleted points in its log and segments, also after `optimize`. So everything that is left
is copied into new shards beside the old ones. That takes 0.1 ms for each point under Python's lock, so a process that
serves has it done by another one: ``python -m search.storage.shopper_shards SOURCE TARGET DIMENSION``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import qdrant_edge as edge

from search.domain import Sparse
from search.errors import StoreError
from search.storage.edge_collection import complete_indexes, declare_paths, engine_errors, is_engine_error
from search.storage.shopper_files import damaged, read_dimension, write_dimension
from search.storage.shopper_payloads import Kept
from search.storage.shopper_store import INDEXED, INTERESTS, PARTS, PRODUCTS, Part

Shards = Mapping[Part, edge.EdgeShard]

_COPIED = 500
"""Points copied at once."""

_LOOK = 0.1
_ROOT = Path(__file__).parents[2]


class Stopped(StoreError):
    """It was to end before it was done."""


def create_shards(path: Path, dimension: int) -> dict[Part, edge.EdgeShard]:
    """Empty shards in an empty folder, open."""
    with engine_errors("make the store of shoppers"):
        for part in PARTS:
            (path / part).mkdir()
            edge.EdgeShard.create(str(path / part), _config(part, dimension)).close()
            declare_paths(path / part, INDEXED[part])  # The load makes them.
        shards = load_shards(path)
        for part in PARTS:
            complete_indexes(shards[part], INDEXED[part])
    write_dimension(path, dimension)
    return shards


def close_shards(shards: Shards) -> None:
    """With all that they hold in their files, whatever becomes of their logs."""
    for shard in shards.values():
        shard.flush()
        shard.close()


def load_shards(path: Path) -> dict[Part, edge.EdgeShard]:
    """Raises IndexDamaged."""
    shards: dict[Part, edge.EdgeShard] = {}
    for part in PARTS:
        try:
            shards[part] = edge.EdgeShard.load(str(path / part))
        except BaseException as error:
            if not is_engine_error(error):
                raise
            raise damaged(path, f"{part}: {error}") from error
    return shards


def copy_shards(source: Path, target: Path, dimension: int) -> None:
    """Fill the empty folder `target` with all that the closed shards in `source` hold, optimised for nothing.

    Profiles are left out where their vectors are of another dimension: they are made anew from the events.
    """
    keep_profiles = read_dimension(source) == dimension
    new, old = create_shards(target, dimension), load_shards(source)
    with engine_errors("write the shoppers anew"):
        for part in PARTS:
            if part == "events" or keep_profiles:
                for points in _batches(old[part], part):
                    new[part].update(edge.UpdateOperation.upsert_points([to_edge(each) for each in points]))
            old[part].close()
        close_shards(new)


def copy_apart(source: Path, target: Path, dimension: int, stop: Callable[[], bool]) -> None:
    """`copy_shards` in a process of its own, which ends when this one does. Raises StoreError, and Stopped where `stop`
    says so."""
    path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "search.storage.shopper_shards", str(source), str(target), str(dimension)]
    try:
        child = subprocess.Popen(  # noqa: S603 - this interpreter and our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
        )
    except OSError as error:
        raise StoreError(f"The process that writes the shoppers anew does not start: {error.strerror}.") from error
    with child:
        try:
            while child.poll() is None and not stop():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(_LOOK)
        finally:
            child.kill()
    if stop():
        raise Stopped("The shoppers are written anew another time.")
    if child.returncode != 0:
        raise StoreError(
            f"The shoppers could not be written anew (exit status {child.returncode}). Nothing was changed, and it is "
            "tried again; see whether disk and memory suffice for a second copy."
        )


def to_edge(point: Kept) -> edge.Point:
    vectors: dict[str, list[float] | edge.SparseVector | list[list[float]]] = {}
    if point.interests:
        vectors[INTERESTS] = [list(vector) for vector in point.interests]
    if point.products.indices:
        vectors[PRODUCTS] = edge.SparseVector(list(point.products.indices), list(point.products.values))
    return edge.Point(point.id, vectors, dict(point.payload))


def from_edge(record: Any) -> Kept:
    """A record or a hit; without the sparse vector, which nobody reads but who copies."""
    vectors = record.vector if isinstance(record.vector, dict) else {}
    return Kept(str(record.id), record.payload or {}, tuple(map(tuple, vectors.get(INTERESTS, ()))))


def _batches(shard: edge.EdgeShard, part: Part) -> Iterator[list[Kept]]:
    start = None
    vectors = [INTERESTS, PRODUCTS] if part == "profiles" else False
    while True:
        request = edge.ScrollRequest(offset=start, limit=_COPIED, with_payload=True, with_vector=vectors)
        records, start = shard.scroll(request)
        yield [_whole(record) for record in records]
        if start is None:
            return


def _whole(record: Any) -> Kept:
    vectors = record.vector if isinstance(record.vector, dict) else {}
    found = vectors.get(PRODUCTS)
    products = Sparse(tuple(found.indices), tuple(found.values)) if found is not None else Sparse()
    return dataclasses.replace(from_edge(record), products=products)


def _config(part: Part, dimension: int) -> edge.EdgeConfig:
    vectors = {
        INTERESTS: edge.EdgeVectorParams(
            size=dimension,
            distance=edge.Distance.Dot,
            multivector_config=edge.MultiVectorConfig(edge.MultiVectorComparator.MaxSim),
        )
    }
    return edge.EdgeConfig(
        vectors=vectors if part == "profiles" else None,
        # A shard must have a vector of some sort. No point of the events has one; sparse ones take the least room.
        sparse_vectors={PRODUCTS: edge.EdgeSparseVectorParams()},
        wal_enabled=True,
    )


def _main() -> None:
    """Ends with the process that started it: the other end of standard input closes then."""

    def watch() -> None:
        sys.stdin.read()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    source, target, dimension = sys.argv[1:]
    copy_shards(Path(source), Path(target), int(dimension))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    _main()
