"""Bodies of what finds products: searches, products like one, facet values, completions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import Body, Count, Flag, Json, Names, OrDefault, Products, Share, Text, User

RECENT = (
    "ids of products that the shopper looked at last, newest first, at most 50, for those who keep their history "
    "themselves: `user` is then not read, and nothing is kept"
)


EXPLAIN = (
    "`_explanation` says in a sentence or two why each hit is there, from the evidence and without any model: true for "
    'the language of the query (English where there is none), or `{"language": "zh"}`'
)


class Hybrid(Body):
    semantic_ratio: Share | None = Field(None, description="1 is by meaning alone, 0 by words alone")
    embedder: str | None = Field(None, description="an index has one, named `default`")


class Personalize(Body):
    user_context: str = Field("", description="Meilisearch's words about the shopper, for a language model")


class Explaining(Body):
    language: Literal["en", "zh"] = Field(description="of the explanations")


Explain = Annotated[bool | Explaining, OrDefault]


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
    matching_strategy: Annotated[Literal["last", "all", "frequency"], OrDefault] = Field(
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
    user: User = Field(
        None, description="the shop's own id of the shopper, for experiments and personalisation; kept as HMAC only"
    )
    recent: Products = Field([], description=RECENT)
    personalize: bool | Personalize | None = Field(
        None, description="false: as for somebody unknown. `userContext` is not read: `degraded` names it"
    )
    explain: Explain = Field(False, description=EXPLAIN)
    understand: Flag = Field(True, description="false: take every word literally")
    ignore: Names = Field([], description="texts of constraints to turn off, as `not cherry`")


class MultiSearchQuery(SearchBody):
    index_uid: str
    federation_options: Json = Field(None, description="answered by 400")


class MultiSearchBody(Body):
    """`POST /multi-search`."""

    queries: Annotated[list[MultiSearchQuery], Field(fail_fast=True)] = Field(max_length=100)
    federation: Json = Field(None, description="answered by 400")


class ExplainBody(SearchBody):
    """`POST /indexes/{index}/explain`: the search whose hits are explained. Facets and formats change nothing."""

    ids: Annotated[list[str | int], Field(max_length=20, fail_fast=True)] | None = Field(
        None, description="products to explain, at most 20; absent: the whole page. Unknown ones are left out"
    )
    compare: Flag = Field(
        False, description="also what sets them apart: 2 to 5 of `ids`, or the first 5 hits of the page"
    )
    model: Flag = Field(True, description="false: from the evidence alone, no language model is asked")


class FacetSearchBody(SearchBody):
    """`POST /indexes/{index}/facet-search`: the fields of a search say among which products values are counted."""

    facet_name: str = Field(description="a filterable field")
    facet_query: str | None = Field(None, description="what is typed of a value; empty: every value")
    exhaustive_facet_count: Flag = Field(False, description="changes nothing: counts are always exact")


class SuggestBody(Body):
    """`POST /indexes/{index}/suggest`. `GET` takes the same names."""

    q: Text = Field("", description="what is typed so far; read up to 200 characters. Empty: what is frequent")
    limit: Count = Field(8, description="completions to return, at most 20")


class _Wanted(Body):
    """What of products found without words is wanted."""

    limit: Count = Field(20, description="products to return, at most DAOGOU_MAX_TOTAL_HITS")
    offset: Count = Field(0, description="products to skip")
    filter: Json = Field(None, description="as in a search")
    attributes_to_retrieve: Names = Field(["*"], description="fields of a hit; `a.b` reaches into objects")
    show_ranking_score: Flag = Field(False, description="`_rankingScore`, 0 to 1")
    show_ranking_score_details: Flag = Field(False, description="`_rankingScoreDetails`, by part")
    show_performance_details: Flag = Field(False, description="`performanceDetails`, time by stage")
    explain: Explain = Field(False, description=EXPLAIN)


class RecommendationsBody(_Wanted):
    """`POST /indexes/{index}/recommendations`: for a shopper, a session or a basket. For nobody: what is popular."""

    user: User = Field(None, description="the shop's own id of the shopper; kept as HMAC only")
    recent: Products = Field([], description=RECENT)
    basket: Products = Field([], description="ids of products that are about to be bought; nothing is kept of them")
    personalize: bool | None = Field(None, description="false: `user` and `recent` are not read")
    diversity: Share | None = Field(None, description="0 is by score alone, 1 as unlike each other as can be")


class GoesWithBody(_Wanted):
    """`POST /indexes/{index}/goes-with`: what is bought together with a product, or with all of several."""

    id: str | int | None = Field(None, description="of one product; or else")
    ids: Products = Field([], description="of several, at most 50")
    diversity: Share | None = Field(None, description="0 is by score alone, 1 as unlike each other as can be")


class SimilarBody(Body):
    """`POST /indexes/{index}/similar`. `GET` takes the same names."""

    id: str | int
    offset: Count = 0
    limit: Count = 20
    filter: Json = None
    embedder: str | None = Field(None, description="an index has one, named `default`")
    attributes_to_retrieve: Names = Field(["*"], description="fields of a hit; `a.b` reaches into objects")
    show_ranking_score: Flag = False
    show_ranking_score_details: Flag = False
    show_performance_details: Flag = False
    explain: Explain = Field(False, description=EXPLAIN)
    ranking_score_threshold: Share | None = None
    retrieve_vectors: Flag = Field(False, description="true is answered by 400")
