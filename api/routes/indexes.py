"""What indexes there are, and what they hold."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request

from api.desk import Desk, desk
from api.errors import OrjsonResponse
from api.openapi import answers, query
from api.parsing import from_query, index_uid
from api.schemas import IndexAnswer, IndexesAnswer, IndexStatsAnswer, PageParameters, StatsAnswer
from api.times import on_wire
from search.domain import Json, Manifest
from search.errors import IndexNotFound
from search.journal import TaskQuery

router = APIRouter(tags=["indexes"])

PRIMARY_KEY = "id"


@router.get("/indexes", responses=answers(IndexesAnswer), openapi_extra=query(PageParameters))
async def list_indexes(request: Request) -> OrjsonResponse:
    """Every index with a live version, by name."""
    asked = from_query(PageParameters, request, "index")
    found = await desk(request).reads.run(desk(request).engine.indexes)
    page = found[asked.offset : asked.offset + asked.limit]
    return OrjsonResponse(
        {
            "results": [_index(manifest) for manifest in page],
            "offset": asked.offset,
            "limit": asked.limit,
            "total": len(found),
        }
    )


@router.get("/indexes/{index}", responses=answers(IndexAnswer))
async def get_index(request: Request, index: str) -> OrjsonResponse:
    """One index."""
    return OrjsonResponse(_index(await desk(request).reads.run(_manifest, desk(request), index_uid(index))))


@router.get("/indexes/{index}/stats", responses=answers(IndexStatsAnswer))
async def index_stats(request: Request, index: str) -> OrjsonResponse:
    """Products in all and by field; fields that cannot be filtered on are not counted."""
    return OrjsonResponse(await desk(request).reads.run(_stats, desk(request), index_uid(index)))


@router.get("/stats", responses=answers(StatsAnswer))
async def stats(request: Request) -> OrjsonResponse:
    """The same for every index, the bytes that all of them take on this machine, and the time of the last change."""
    return OrjsonResponse(await desk(request).reads.run(_all_stats, desk(request)))


def _index(manifest: Manifest) -> dict[str, Json]:
    built = on_wire(manifest.created_at)
    return {
        "uid": manifest.index,
        "createdAt": built,
        "updatedAt": built,
        "primaryKey": PRIMARY_KEY,
    }


def _manifest(at: Desk, index: str) -> Manifest:
    for manifest in at.engine.indexes():
        if manifest.index == index:
            return manifest
    raise IndexNotFound(index)


def _stats(at: Desk, index: str) -> dict[str, Json]:
    products = at.engine.stats(index).products
    # Tasks are done in order, so an index is busy exactly when its newest task is not done.
    newest = at.tasks.journal.find(TaskQuery(limit=1, indexes=(index,))).tasks
    return {
        "numberOfDocuments": products,
        "isIndexing": any(task.status in ("enqueued", "processing") for task in newest),
        "fieldDistribution": at.engine.field_counts(index),
    }


def _all_stats(at: Desk) -> dict[str, Json]:
    manifests = at.engine.indexes()
    done = at.tasks.journal.find(TaskQuery(limit=1, statuses=("succeeded",))).tasks
    times = [on_wire(manifest.created_at) for manifest in manifests]
    times += [on_wire(task.finished_at) for task in done if task.finished_at]
    return {
        "databaseSize": _bytes_under(at.settings.data_dir),
        "lastUpdate": max(times, default=None),
        "indexes": {manifest.index: _stats(at, manifest.index) for manifest in manifests},
    }


def _bytes_under(folder: Path) -> int:
    """Files may vanish while they are counted: a version is being removed."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total
