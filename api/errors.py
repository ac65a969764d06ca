"""Errors at the edge: here and nowhere else, what the engine raises becomes Meilisearch's JSON error and a status.

An error's body is `{"message", "code", "type", "link"}`. Codes and statuses are Meilisearch's wherever it has one, so
that its clients' error handling works unchanged; `link` then points to its description of the code, else it is "".
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Mapping

import orjson
from starlette.responses import Response

from search.domain import Json
from search.errors import (
    DaogouError,
    DocumentError,
    DocumentNotFound,
    EncoderError,
    FacetError,
    FilterError,
    IndexNotFound,
    RequestError,
    SortError,
    StoreError,
)

RETRY_SECONDS = 1
"""What `Retry-After` says with a 429 or 503: the queue of a healthy server is empty again by then."""

LINK = "https://www.meilisearch.com/docs/reference/errors/error_codes#"

_STATUS = {
    "missing_authorization_header": 401,
    "invalid_api_key": 403,
    "forbidden_client": 403,
    "forbidden_host": 403,
    "index_not_found": 404,
    "document_not_found": 404,
    "task_not_found": 404,
    "user_not_found": 404,
    "not_found": 404,
    "method_not_allowed": 405,
    "payload_timeout": 408,
    "payload_too_large": 413,
    "missing_content_type": 415,
    "invalid_content_type": 415,
    "no_space_left_on_device": 422,
    "too_many_uploads": 429,
    "internal": 500,
    "too_many_search_requests": 503,
    "unavailable": 503,
}
"""Every code that is not a 400."""

_OURS = frozenset(
    {"forbidden_client", "forbidden_host", "not_found", "method_not_allowed", "payload_timeout", "too_many_uploads",
     "unavailable", "invalid_search_user", "invalid_search_explain", "invalid_search_understand",
     "invalid_search_ignore", "invalid_suggest_q", "invalid_suggest_limit", "invalid_event_type", "invalid_event_user",
     "invalid_event_product", "invalid_event_query_id", "invalid_event_position", "invalid_event_value",
     "invalid_event_timestamp", "invalid_event_id", "invalid_search_recent", "invalid_user_id", "invalid_user_consent",
     "invalid_user_facts", "invalid_user_age_band", "invalid_user_interests", "invalid_user_budget",
     "invalid_user_sizes", "user_not_found"}
)  # fmt: skip
"""Codes that Meilisearch does not have."""

_OUR_NOUNS = ("invalid_recommendations_", "invalid_goes_with_", "missing_goes_with_", "invalid_explain_")
"""Beginnings of more of them."""

_TYPES = {401: "auth", 403: "auth", 422: "system", 429: "system", 500: "internal", 503: "system"}


class ApiError(Exception):
    """An answer that is an error. `code` is snake_case; the status follows from it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        return _STATUS.get(self.code, 400)

    def body(self) -> dict[str, str]:
        return error_body(self.code, self.message)


class OrjsonResponse(Response):
    """JSON through orjson: no number that JSON lacks, numpy scalars included."""

    media_type = "application/json"

    def render(self, content: Json) -> bytes:
        return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)


def error_body(code: str, message: str) -> dict[str, str]:
    kind = _TYPES.get(_STATUS.get(code, 400), "invalid_request")
    ours = code in _OURS or code.startswith(_OUR_NOUNS)
    return {"message": message, "code": code, "type": kind, "link": "" if ours else LINK + code}


def error_response(error: ApiError, headers: Mapping[str, str] | None = None) -> OrjsonResponse:
    extra = dict(headers or {})
    if error.status in (429, 503):
        extra["Retry-After"] = str(RETRY_SECONDS)
    if error.status == 401:
        extra["WWW-Authenticate"] = "Bearer"
    return OrjsonResponse(error.body(), status_code=error.status, headers=extra)


def from_engine(error: DaogouError, noun: str = "search") -> ApiError:
    """The engine's error as an answer. `noun` is what Meilisearch's codes name: search, similar, document."""
    if isinstance(error, IndexNotFound):
        build = f"python -m indexer reindex CATALOGUE --index {error.index}"
        return ApiError("index_not_found", f"Index `{error.index}` not found. Build it with: {build}")
    if isinstance(error, DocumentNotFound):
        return ApiError("document_not_found", str(error))
    for kind, code in (
        (FilterError, f"invalid_{noun}_filter"),
        (SortError, f"invalid_{noun}_sort"),
        (FacetError, f"invalid_{noun}_facets"),
        (DocumentError, "invalid_document_fields"),
        (RequestError, "bad_request"),
        (StoreError, "unavailable"),
        (EncoderError, "unavailable"),
    ):
        if isinstance(error, kind):
            return ApiError(code, str(error))
    return ApiError("internal", "Something went wrong here; the server's log says what.")


def disk_full(error: Exception) -> ApiError | None:
    """The answer to a write that found no room; None for any other error."""
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full or (isinstance(error, sqlite3.OperationalError) and "full" in str(error)):
        return ApiError("no_space_left_on_device", "There is no space left on the server's disk.")
    return None


def shorten(text: str, most: int = 60) -> str:
    """A caller's value for a message, never the whole of a long one."""
    return text if len(text) <= most else text[: most - 1] + "…"
