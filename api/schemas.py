"""The JSON shapes of the wire: what requests may hold, field by field, and what answers look like.

Requests are strict: a wrong type and an unknown field are errors that name the field. Null means the default. What
Meilisearch documents and Daogou cannot do is declared here too, so that it is answered by a 400 that names it instead
of being unknown; `api/searching.py` says no to it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError, PydanticUseDefault

from search.events import EventType

Json: TypeAlias = Any


def _null_is_default(value: Json) -> Json:
    if value is None:
        raise PydanticUseDefault
    return value


_OrDefault = BeforeValidator(_null_is_default)

Count = Annotated[int, Field(ge=0), _OrDefault]
Flag = Annotated[bool, _OrDefault]
Text = Annotated[str, _OrDefault]
Names = Annotated[list[str], Field(fail_fast=True), _OrDefault]
Share = Annotated[float, Field(ge=0, le=1)]


class Body(BaseModel):
    """A request body: camelCase names, nothing else, no coercion."""

    model_config = ConfigDict(
        alias_generator=to_camel, strict=True, frozen=True, json_schema_extra={"additionalProperties": False}
    )

    @model_validator(mode="before")
    @classmethod
    def _only_known(cls, value: Json) -> Json:
        """Stop at the first unknown field: `extra="forbid"` would list each of a hostile hundred thousand."""
        if isinstance(value, dict):
            known = cls.names()
            for name in value:
                if name not in known:
                    raise PydanticCustomError("unknown_field", "unknown", {"field": name, "known": known})
        return value

    @classmethod
    def names(cls) -> list[str]:
        return [field.alias or name for name, field in cls.model_fields.items()]


class Hybrid(Body):
    semantic_ratio: Share | None = Field(None, description="1 is by meaning alone, 0 by words alone")
    embedder: str | None = Field(None, description="an index has one, named `default`")


class Personalize(Body):
    user_context: str = ""


class SearchBody(Body):
    """`POST /indexes/{index}/search`. `GET` takes the same names; lists there are separated by commas."""

    q: Text = Field("", description="what the shopper typed; read up to 4,000 characters. Empty: browse")
    offset: Count = Field(0, description="hits to skip")
    limit: Count = Field(20, description="hits to return, at most DAOGOU_MAX_TOTAL_HITS")
    page: Annotated[int, Field(ge=0)] | None = Field(None, description="page from 1; offset and limit are then unused")
    hits_per_page: Annotated[int, Field(ge=0)] | None = Field(None, description="hits of a page, default 20")
    filter: Json = Field(None, description="an expression, or a list: AND of expressions and of lists of alternatives")
    facets: Names = Field([], description="fields to count values of, or `*`")
    sort: Names = Field([], description="`field:asc` or `field:desc`, the first rules")
    attributes_to_retrieve: Names = Field(["*"], description="fields of a hit; `a.b` reaches into objects")
    attributes_to_highlight: Names = Field([], description="fields in which query words are marked, or `*`")
    highlight_pre_tag: Text = Field("<em>", description="put before a marked word; nothing is escaped")
    highlight_post_tag: Text = Field("</em>", description="put after it")
    attributes_to_crop: Names = Field([], description="fields to shorten, or `*`; `field:12` for another length")
    crop_length: Count = Field(10, description="words that a shortened field keeps; 0 keeps all")
    crop_marker: Text = Field("…", description="put where text was cut off")
    show_matches_position: Flag = Field(False, description="`_matchesPosition`, in bytes of UTF-8")
    show_ranking_score: Flag = Field(False, description="`_rankingScore`, 0 to 1")
    show_ranking_score_details: Flag = Field(False, description="`_rankingScoreDetails`, by part")
    show_performance_details: Flag = Field(False, description="`performanceDetails`, time by stage")
    ranking_score_threshold: Share | None = Field(None, description="drop hits that score lower")
    matching_strategy: Annotated[Literal["last", "all", "frequency"], _OrDefault] = Field(
        "last", description="`last` and `frequency` change nothing: no word must match. `all` is answered by 400"
    )
    locales: Names = Field([], description="language of the query, `en`, `zh` or another ISO 639 code")
    hybrid: Hybrid | None = None
    attributes_to_search_on: Annotated[list[str], Field(fail_fast=True)] | None = Field(
        None, description='only `["*"]`; else answered by 400'
    )
    distinct: str | None = Field(None, description="answered by 400")
    vector: Annotated[list[float], Field(fail_fast=True)] | None = Field(None, description="answered by 400")
    media: Json = Field(None, description="answered by 400")
    retrieve_vectors: Flag = Field(False, description="true is answered by 400")
    use_network: bool | None = Field(None, description="true is answered by 400")
    user: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="the shop's own id of the shopper, for experiments and personalisation; kept as HMAC only"
    )
    personalize: bool | Personalize | None = Field(None, description="until it is built: `degraded` names it")
    explain: Flag = Field(False, description="until it is built: `degraded` names it")
    understand: Flag = Field(True, description="false: take every word literally")
    ignore: Names = Field([], description="texts of constraints to turn off, as `not cherry`")


class MultiSearchQuery(SearchBody):
    index_uid: str
    federation_options: Json = Field(None, description="answered by 400")


class MultiSearchBody(Body):
    """`POST /multi-search`."""

    queries: Annotated[list[MultiSearchQuery], Field(fail_fast=True)] = Field(max_length=100)
    federation: Json = Field(None, description="answered by 400")


class FacetSearchBody(SearchBody):
    """`POST /indexes/{index}/facet-search`: the fields of a search say among which products values are counted."""

    facet_name: str = Field(description="a filterable field")
    facet_query: str | None = Field(None, description="what is typed of a value; empty: every value")
    exhaustive_facet_count: Flag = Field(False, description="changes nothing: counts are always exact")


class SuggestBody(Body):
    """`POST /indexes/{index}/suggest`. `GET` takes the same names."""

    q: Text = Field("", description="what is typed so far; read up to 200 characters. Empty: what is frequent")
    limit: Count = Field(8, description="completions to return, at most 20")


class SimilarBody(Body):
    """`POST /indexes/{index}/similar`. `GET` takes the same names."""

    id: str | int
    offset: Count = 0
    limit: Count = 20
    filter: Json = None
    embedder: str | None = Field(None, description="an index has one, named `default`")
    attributes_to_retrieve: Names = ["*"]
    show_ranking_score: Flag = False
    show_ranking_score_details: Flag = False
    show_performance_details: Flag = False
    ranking_score_threshold: Share | None = None
    retrieve_vectors: Flag = Field(False, description="true is answered by 400")


class EventBody(Body):
    """One event of `POST /events`, which takes a list of them or one."""

    type: EventType
    user: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="the shop's own id of the shopper, as in searches; kept as HMAC only. Absent: nobody known"
    )
    product: str | int | None = Field(None, description="id of the product; every type but `search` needs one")
    query_id: Annotated[str, Field(max_length=100)] | None = Field(
        None, alias="queryID", description="`queryID` of the search that led to it"
    )
    position: int | None = Field(None, description="place in that result, from 1 over all pages")
    value: float | None = Field(None, description="money for a cart or purchase; stars for a rating, which needs it")
    timestamp: str | int | None = Field(
        None, description="ISO 8601 (without a zone: UTC) or milliseconds since 1970; now when absent"
    )


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


# --- answers: documentation, since they are rendered by hand ---------------------------------------------------------


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


class FacetHitAnswer(Answer):
    value: str
    count: int


class FacetSearchAnswer(Answer):
    facet_hits: list[FacetHitAnswer]
    facet_query: str | None
    processing_time_ms: int


class EventsAnswer(Answer):
    accepted: int


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
