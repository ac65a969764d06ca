"""What answers look like: documentation, since they are rendered by hand."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from api.schemas.base import Json


class Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="allow")


class ErrorAnswer(Answer):
    message: str
    code: str
    type: str
    link: str


class Constraint(Answer):
    field: str
    op: str
    value: Json
    span: list[int]
    text: str
    strength: Literal["must", "prefer"]


class Understood(Answer):
    text: str
    language: Literal["en", "zh"]
    constraints: list[Constraint]
    sort: list[str] | None = Field(None, description="what words like «cheapest» ask for")
    corrections: list[dict[str, Json]] | None = Field(None, description="words taken for others: typed, taken, span")


class SearchAnswer(Answer):
    """With `page` or `hitsPerPage`: totalHits, totalPages, page, hitsPerPage instead of the last three."""

    hits: list[dict[str, Json]]
    query: str
    processing_time_ms: int
    facet_distribution: dict[str, dict[str, int]] | None = None
    facet_stats: dict[str, dict[str, float]] | None = None
    query_id: str = Field(alias="queryID")
    degraded: list[str]
    understood: Understood
    weak: bool | None = Field(None, description="true: little or nothing here answers the words")
    experiment: dict[str, str] | None = Field(
        None, description="name, and variant unless both are interleaved; absent outside experiments"
    )
    limit: int | None = None
    offset: int | None = None
    estimated_total_hits: int | None = None


class MultiSearchAnswer(Answer):
    results: list[SearchAnswer]


class SimilarAnswer(Answer):
    hits: list[dict[str, Json]]
    id: str
    processing_time_ms: int
    limit: int
    offset: int
    estimated_total_hits: int
    query_id: str = Field(alias="queryID")
    degraded: list[str]


class RecommendationsAnswer(Answer):
    """Each hit has `_recommendation`: {"because": [reasons]}."""

    hits: list[dict[str, Json]]
    processing_time_ms: int
    limit: int
    offset: int
    estimated_total_hits: int
    query_id: str = Field(alias="queryID")
    degraded: list[str]


class ExplanationAnswer(Answer):
    id: str
    text: str
    source: Literal["evidence", "model"] = Field(description="who worded it")


class ComparisonAnswer(Answer):
    text: str
    source: Literal["evidence", "model"]


class ExplainAnswer(Answer):
    """As `text/event-stream`: events `explanation`, `sentence`, `line`, `comparison`, `done`; see docs/api.md."""

    explanations: list[ExplanationAnswer]
    comparison: ComparisonAnswer | None = None
    degraded: list[str] = Field(description="`explanation`: the language model could not say all it was asked for")
    processing_time_ms: int


class FacetHitAnswer(Answer):
    value: str
    count: int


class FacetSearchAnswer(Answer):
    facet_hits: list[FacetHitAnswer]
    facet_query: str | None
    processing_time_ms: int


class EventsAnswer(Answer):
    accepted: int


class UserAnswer(Answer):
    user: str
    consent: bool | None
    facts: dict[str, Json]


class UserExportAnswer(UserAnswer):
    """Everything that is kept of a shopper."""

    shopper: str = Field(description="the HMAC that stands for them in the files")
    events: list[dict[str, Json]] = Field(description="what they did, newest first")
    profiles: dict[str, dict[str, Json]] = Field(description="by index: what was made of it")
    pages: list[dict[str, Json]] = Field(description="results in which they clicked on something")
    log: list[dict[str, Json]] = Field(description="their lines of the log of experiments")


class ErasedAnswer(Answer):
    erased: int = Field(description="events, profiles, pages and records that were forgotten")
    log_lines: int = Field(description="lines removed from the log of experiments")
    message: str


class SuggestionAnswer(Answer):
    """`highlighted`: [start, end) of what was typed, in code points. `id`: of a title's product."""

    text: str
    kind: Literal["query", "type", "brand", "category", "title"]
    count: int
    highlighted: list[list[int]]
    id: str | None = None


class SuggestAnswer(Answer):
    suggestions: list[SuggestionAnswer]
    q: str
    processing_time_ms: int


class IndexAnswer(Answer):
    uid: str
    created_at: str
    updated_at: str
    primary_key: str


class IndexesAnswer(Answer):
    results: list[IndexAnswer]
    offset: int
    limit: int
    total: int


class IndexStatsAnswer(Answer):
    number_of_documents: int
    is_indexing: bool
    field_distribution: dict[str, int]


class StatsAnswer(Answer):
    database_size: int
    last_update: str | None
    indexes: dict[str, IndexStatsAnswer]


class DocumentsAnswer(Answer):
    results: list[dict[str, Json]]
    offset: int
    limit: int
    total: int


class EnqueuedAnswer(Answer):
    task_uid: int
    index_uid: str
    status: str
    type: str
    enqueued_at: str


class TaskAnswer(Answer):
    uid: int
    index_uid: str
    status: Literal["enqueued", "processing", "succeeded", "failed"]
    type: str
    details: dict[str, Json]
    error: ErrorAnswer | None
    duration: str | None
    enqueued_at: str
    started_at: str | None
    finished_at: str | None
    canceled_by: int | None


class TasksAnswer(Answer):
    results: list[TaskAnswer]
    total: int
    limit: int
    from_: int | None = Field(alias="from")
    next: int | None


class StatusAnswer(Answer):
    status: str


class VersionAnswer(Answer):
    commit_sha: str
    commit_date: str
    pkg_version: str
