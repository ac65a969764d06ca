"""How writes went."""

from __future__ import annotations

from datetime import datetime
from typing import get_args

from fastapi import APIRouter, Request

from api.desk import desk
from api.errors import ApiError, OrjsonResponse, error_body, shorten
from api.openapi import answers, query
from api.parsing import code_of, from_query, index_uid
from api.schemas import TaskAnswer, TaskParameters, TasksAnswer
from api.times import on_wire
from search.domain import Json
from search.journal import Kind, Status, Task, TaskQuery

router = APIRouter(tags=["tasks"])

MAX_PAGE = 1000
_MAX_UID = 2**63 - 1


@router.get("/tasks", responses=answers(TasksAnswer), openapi_extra=query(TaskParameters))
async def list_tasks(request: Request) -> OrjsonResponse:
    """Tasks, newest first, those that meet every condition given."""
    asked = from_query(TaskParameters, request, "task")
    limit = min(asked.limit, MAX_PAGE)
    wanted = TaskQuery(
        limit=limit + 1,
        start=None if asked.from_ is None else min(asked.from_, _MAX_UID),
        oldest_first=asked.reverse,
        uids=_bounded("uids", asked.uids, _MAX_UID),
        indexes=None if asked.index_uids is None else tuple(index_uid(name) for name in asked.index_uids[:MAX_PAGE]),
        statuses=_among("statuses", asked.statuses, (*get_args(Status), "canceled")),
        kinds=_among("types", asked.types, get_args(Kind)),
    )
    page = await desk(request).reads.run(desk(request).tasks.journal.find, wanted)
    shown, rest = page.tasks[:limit], page.tasks[limit:]
    return OrjsonResponse(
        {
            "results": [_task(task) for task in shown],
            "total": page.total,
            "limit": limit,
            "from": shown[0].uid if shown else None,
            "next": rest[0].uid if rest else None,
        }
    )


@router.get("/tasks/{uid}", responses=answers(TaskAnswer))
async def get_task(request: Request, uid: str) -> OrjsonResponse:
    """One task."""
    if not (uid.isascii() and uid.isdigit()):
        raise ApiError("invalid_task_uids", f"Invalid value in parameter `uid`: `{shorten(uid)}` is no task uid.")
    number = int(uid[:19]) if len(uid) < 20 else _MAX_UID
    task = await desk(request).reads.run(desk(request).tasks.journal.get, min(number, _MAX_UID))
    if task is None:
        raise ApiError("task_not_found", f"Task `{shorten(uid)}` not found.")
    return OrjsonResponse(_task(task))


def _among(name: str, sent: list[str] | None, known: tuple[str, ...]) -> tuple[str, ...] | None:
    """Meilisearch lets `*` mean all."""
    if sent is None or sent == ["*"]:
        return None
    for one in sent:
        if one not in known:
            raise ApiError(
                code_of("task", name),
                f"Invalid value in parameter `{name}`: `{shorten(one)}` is none of "
                + ", ".join(f"`{value}`" for value in known),
            )
    return tuple(dict.fromkeys(sent))


def _bounded(name: str, sent: list[int] | None, most: int) -> tuple[int, ...] | None:
    if sent is None:
        return None
    if len(sent) > MAX_PAGE:
        raise ApiError(code_of("task", name), f"Invalid value in parameter `{name}`: at most {MAX_PAGE} are allowed")
    return tuple(min(uid, most) for uid in sent)


def _task(task: Task) -> dict[str, Json]:
    error = error_body(task.error["code"], task.error["message"]) if task.error else None
    return {
        "uid": task.uid,
        "indexUid": task.index,
        "status": task.status,
        "type": task.kind,
        "details": task.details,
        "error": error,
        "duration": _duration(task),
        "enqueuedAt": on_wire(task.enqueued_at),
        "startedAt": on_wire(task.started_at) if task.started_at else None,
        "finishedAt": on_wire(task.finished_at) if task.finished_at else None,
        "canceledBy": None,
    }


def _duration(task: Task) -> str | None:
    """ISO 8601, as PT0.25S."""
    if task.started_at is None or task.finished_at is None:
        return None
    seconds = (datetime.fromisoformat(task.finished_at) - datetime.fromisoformat(task.started_at)).total_seconds()
    return f"PT{max(0.0, seconds):.6f}S"
