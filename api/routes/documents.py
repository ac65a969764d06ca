"""Reading, replacing, merging and removing products. Writes are tasks: accepted with 202, done in order."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from fastapi import APIRouter, Request

from api.bodies import content_type, document_type, kind_of, parse_documents, parse_json, read_body, read_json
from api.desk import Desk, desk, too_deep
from api.errors import ApiError, OrjsonResponse
from api.formatting import select
from api.openapi import answers, body, documents_body, ids_body, query
from api.parsing import code_of, from_body, from_query, index_uid
from api.routes.indexes import PRIMARY_KEY
from api.schemas import (
    DeleteBody,
    DocumentFields,
    DocumentParameters,
    DocumentsAnswer,
    EnqueuedAnswer,
    FetchBody,
)
from api.searching import bounded
from api.times import on_wire
from search.domain import And, Document, Json, OneOf
from search.filters import parse_filter
from search.journal import Task

router = APIRouter(tags=["documents"])

MAX_PAGE = 1000
"""Most documents of one answer."""


@router.get("/indexes/{index}/documents", responses=answers(DocumentsAnswer), openapi_extra=query(FetchBody))
async def list_documents(request: Request, index: str) -> OrjsonResponse:
    """Products in a stable order, those that pass a filter, or those with the given ids."""
    return await _page(desk(request), index_uid(index), from_query(FetchBody, request, "document"))


@router.post("/indexes/{index}/documents/fetch", responses=answers(DocumentsAnswer), openapi_extra=body(FetchBody))
async def fetch_documents(request: Request, index: str) -> OrjsonResponse:
    """The same with a JSON body."""
    name = index_uid(index)
    return await _page(desk(request), name, from_body(FetchBody, await read_json(request), "document"))


@router.get(
    "/indexes/{index}/documents/{document_id:path}",
    responses=answers(dict[str, Json]),
    openapi_extra=query(DocumentFields),
)
async def get_document(request: Request, index: str, document_id: str) -> OrjsonResponse:
    """One product, as it was mapped or sent."""
    asked = from_query(DocumentFields, request, "document")
    _refuse_vectors(asked.retrieve_vectors)
    found = await desk(request).reads.run(desk(request).engine.document, index_uid(index), document_id)
    return OrjsonResponse(_fields(found, asked.fields))


@router.post(
    "/indexes/{index}/documents",
    status_code=202,
    responses=answers(EnqueuedAnswer, 202),
    openapi_extra=documents_body(DocumentParameters),
)
async def put_documents(request: Request, index: str) -> OrjsonResponse:
    """Add products, or replace those with the same id."""
    return await _put(request, index_uid(index), merge=False)


@router.put(
    "/indexes/{index}/documents",
    status_code=202,
    responses=answers(EnqueuedAnswer, 202),
    openapi_extra=documents_body(DocumentParameters),
)
async def merge_documents(request: Request, index: str) -> OrjsonResponse:
    """Add products, or change the fields sent of those with the same id; null removes a field."""
    return await _put(request, index_uid(index), merge=True)


@router.delete("/indexes/{index}/documents", status_code=202, responses=answers(EnqueuedAnswer, 202))
async def delete_all(request: Request, index: str) -> OrjsonResponse:
    """Remove every product."""
    return _enqueued(await desk(request).write(desk(request).tasks.clear, index_uid(index)))


@router.delete("/indexes/{index}/documents/{document_id:path}", status_code=202, responses=answers(EnqueuedAnswer, 202))
async def delete_document(request: Request, index: str, document_id: str) -> OrjsonResponse:
    """Remove a product."""
    _check_id(document_id)
    return _enqueued(await desk(request).write(desk(request).tasks.delete, index_uid(index), [document_id]))


@router.post(
    "/indexes/{index}/documents/delete-batch",
    status_code=202,
    responses=answers(EnqueuedAnswer, 202),
    openapi_extra=ids_body(),
)
async def delete_batch(request: Request, index: str) -> OrjsonResponse:
    """Remove the products with these ids."""
    name = index_uid(index)
    at = desk(request)
    content_type(request, ("application/json",))
    with at.uploads.held():
        sent = await read_body(request, at.settings.max_document_bytes)
        return _enqueued(await at.write(_delete_batch, at, name, sent))


def _delete_batch(at: Desk, index: str, sent: bytes) -> Task:
    ids = parse_json(sent)
    if not isinstance(ids, list):
        raise ApiError("bad_request", f"Invalid value type: expected an array of ids, but found {kind_of(ids)}")
    for number, one in enumerate(ids):
        if isinstance(one, bool) or not isinstance(one, str | int):
            raise ApiError(
                "invalid_document_id",
                f"Invalid value type at `[{number}]`: an id is a string or an integer, not {kind_of(one)}",
            )
    return at.tasks.delete(index, [str(one) for one in ids])


@router.post(
    "/indexes/{index}/documents/delete",
    status_code=202,
    responses=answers(EnqueuedAnswer, 202),
    openapi_extra=body(DeleteBody),
)
async def delete_matching(request: Request, index: str) -> OrjsonResponse:
    """Remove the products that pass a filter."""
    name = index_uid(index)
    asked = from_body(DeleteBody, await read_json(request), "document")
    return _enqueued(await desk(request).write(_delete_matching, desk(request), name, asked.filter))


def _delete_matching(at: Desk, index: str, expression: Json) -> Task:
    return at.tasks.delete_matching(index, bounded(expression))


async def _put(request: Request, index: str, merge: bool) -> OrjsonResponse:
    at = desk(request)
    asked = from_query(DocumentParameters, request, "document")
    kind = document_type(request)
    delimiter = _delimiter(asked.csv_delimiter, kind)
    _check_parameters(asked)
    with at.uploads.held():
        sent = await read_body(request, at.settings.max_document_bytes)
        try:
            return _enqueued(await at.write(_store, at, index, kind, sent, delimiter, merge))
        except orjson.JSONEncodeError:
            raise too_deep() from None


def _store(at: Desk, index: str, kind: str, sent: bytes, delimiter: str, merge: bool) -> Task:
    return at.tasks.put(index, parse_documents(kind, sent, delimiter), merge)


def _check_parameters(asked: DocumentParameters) -> None:
    if asked.primary_key not in (None, PRIMARY_KEY):
        raise ApiError(
            "invalid_index_primary_key",
            f"The primary key is `{PRIMARY_KEY}` in every index; `primaryKey` cannot change it.",
        )
    if asked.skip_creation:
        raise ApiError(
            code_of("document", "skipCreation"), "`skipCreation` is not supported: unknown products are added."
        )
    if asked.custom_metadata is not None:
        raise ApiError(code_of("document", "customMetadata"), "`customMetadata` is not supported: tasks carry none.")


def _delimiter(sent: str | None, kind: str) -> str:
    if sent is None:
        return ","
    if len(sent) != 1 or not sent.isascii() or sent in '"\r\n':
        message = "Invalid value in parameter `csvDelimiter`: expected one ASCII character that is no quote or line end"
        raise ApiError("invalid_document_csv_delimiter", message)
    if kind != "text/csv":
        raise ApiError("invalid_content_type", f"A csv delimiter can only be used with `text/csv`, not with `{kind}`.")
    return sent


async def _page(at: Desk, index: str, asked: FetchBody) -> OrjsonResponse:
    _refuse_vectors(asked.retrieve_vectors)
    if asked.sort:
        raise ApiError("invalid_document_sort", "`sort` is not supported here: search with an empty `q` and a `sort`.")
    return OrjsonResponse(await at.reads.run(_read, at, index, asked))


def _read(at: Desk, index: str, asked: FetchBody) -> dict[str, Json]:
    limit = min(asked.limit, MAX_PAGE)
    ids = None if asked.ids is None else [str(one) for one in asked.ids]
    chosen = parse_filter(bounded(asked.filter))
    if ids is not None and chosen is not None:
        chosen = And((OneOf("id", tuple(ids)), chosen))
        ids = None
    found = at.engine.documents(index, asked.offset, limit, chosen, ids)
    return {
        "results": [_fields(document, asked.fields) for document in found.documents],
        "offset": asked.offset,
        "limit": limit,
        "total": found.total,
    }


def _fields(document: Document, names: Sequence[str] | None) -> dict[str, Json]:
    return dict(document) if names is None else select(document, names)


def _refuse_vectors(wanted: bool) -> None:
    if wanted:
        raise ApiError(
            "invalid_document_retrieve_vectors", "`retrieveVectors` is not supported: vectors stay in the index."
        )


def _check_id(document_id: str) -> None:
    """`DELETE …/documents/` with nothing after the slash is a mistake, and not a wish to remove everything."""
    if not document_id:
        raise ApiError("invalid_document_id", "The id of the document to remove is missing.")


def _enqueued(task: Task) -> OrjsonResponse:
    return OrjsonResponse(
        {
            "taskUid": task.uid,
            "indexUid": task.index,
            "status": task.status,
            "type": task.kind,
            "enqueuedAt": on_wire(task.enqueued_at),
        },
        status_code=202,
    )
