"""Bodies and parameters of documents, indexes and tasks."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.base import Body, Count, Flag, Json


class FetchBody(Body):
    """`POST /indexes/{index}/documents/fetch`. `GET …/documents` takes the same names."""

    offset: Count = 0
    limit: Count = Field(20, description="at most 1,000")
    fields: Annotated[list[str], Field(fail_fast=True)] | None = Field(
        None, description="fields of a document; all when absent"
    )
    filter: Json = None
    ids: Annotated[list[str | int], Field(fail_fast=True)] | None = Field(
        None, description="these, in this order; unknown ones are left out"
    )
    sort: Annotated[list[str], Field(fail_fast=True)] | None = Field(None, description="answered by 400")
    retrieve_vectors: Flag = Field(False, description="true is answered by 400")


class DeleteBody(Body):
    """`POST /indexes/{index}/documents/delete`."""

    filter: Json


class DocumentParameters(Body):
    """Of `POST` and `PUT /indexes/{index}/documents`."""

    primary_key: str | None = Field(None, description="only `id`")
    csv_delimiter: str | None = Field(None, description="one ASCII character, for text/csv")
    skip_creation: Flag = Field(False, description="true is answered by 400")
    custom_metadata: str | None = Field(None, description="answered by 400")


class DocumentFields(Body):
    """Of `GET /indexes/{index}/documents/{id}`."""

    fields: list[str] | None = None
    retrieve_vectors: Flag = False


class PageParameters(Body):
    """Of `GET /indexes`."""

    offset: Count = 0
    limit: Count = 20


class TaskParameters(Body):
    """Of `GET /tasks`: newest first."""

    limit: Count = Field(20, description="at most 1,000")
    from_: Annotated[int, Field(ge=0)] | None = Field(None, alias="from", description="first uid to show")
    reverse: Flag = Field(False, description="oldest first")
    uids: list[int] | None = None
    index_uids: list[str] | None = None
    statuses: list[str] | None = None
    types: list[str] | None = None
