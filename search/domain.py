"""What the engine talks about: products, queries, filters, hits. Standard library only, all of it frozen.

Every type here is a value: two with the same fields are equal, none knows where it is stored or how it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from search.events import Receipt

Json: TypeAlias = Any
"""A JSON value: str, int, float, bool, None, list or dict of the same."""

Document: TypeAlias = Mapping[str, Json]
"""A product as people see it in a response: canonical fields and attributes side by side in one flat object."""

Language = Literal["en", "zh"]


# --- the catalogue ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Product:
    """One product of the catalogue, cleaned: Unicode NFC, no HTML, prices exact.

    `category` runs from the department down to the narrowest level. `price` is in units of `currency` (dollars, not
    cents). `attributes` holds everything else worth knowing, under lower_snake_case names; a value is a string, a
    finite number, a boolean or a list of those (deeper JSON is kept and shown, but cannot be filtered on).
    """

    id: str
    title: str
    description: str = ""
    brand: str | None = None
    category: tuple[str, ...] = ()
    price: Decimal | None = None
    currency: str | None = None
    image: str | None = None
    url: str | None = None
    in_stock: bool | None = None
    variant_of: str | None = None
    language: str | None = None
    attributes: Mapping[str, Json] = field(default_factory=dict)


CORE_FIELDS = (
    "id", "title", "description", "brand", "category", "price", "currency", "image", "url", "in_stock", "variant_of",
    "language",
)  # fmt: skip
"""The canonical field names, in the order in which a document shows them. No attribute may bear one of these names."""


FieldKind = Literal["text", "number", "boolean", "date"]
"""How a filterable field compares: text is caseless equality, dates are ISO 8601 strings that order as instants."""

CORE_KINDS: Mapping[str, FieldKind] = {
    "id": "text",
    "brand": "text",
    "category": "text",
    "price": "number",
    "currency": "text",
    "in_stock": "boolean",
    "variant_of": "text",
    "language": "text",
}
"""The canonical fields that can be filtered on in every index."""


# --- filters ---------------------------------------------------------------------------------------------------------

Operator = Literal["=", "!=", ">", ">=", "<", "<="]
FilterValue: TypeAlias = str | float | bool


@dataclass(frozen=True, slots=True)
class Compare:
    """`field op value`. A missing field matches only `!=`. On a list, `=` means «contains»; text compares caseless."""

    field: str
    op: Operator
    value: FilterValue


@dataclass(frozen=True, slots=True)
class OneOf:
    """`field IN [values]`."""

    field: str
    values: tuple[FilterValue, ...]


@dataclass(frozen=True, slots=True)
class Exists:
    """`field EXISTS`: the product has a value there."""

    field: str


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Filter


Filter: TypeAlias = Compare | OneOf | Exists | And | Or | Not


@dataclass(frozen=True, slots=True)
class SortKey:
    """Products without the field come last in either direction."""

    field: str
    descending: bool = False


# --- what an index remembers of itself -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EncoderCard:
    """What makes two encoders interchangeable: equal cards give comparable vectors, different ones never do.

    `weights` is the sha256 of the weights, the prompts are put before each text, `max_tokens` is where a text is cut.
    Device, batch size and backend are left out on purpose: they change speed, not meaning.
    """

    model: str
    revision: str | None
    weights: str
    dimension: int
    pooling: str
    normalized: bool
    max_tokens: int
    query_prompt: str = ""
    document_prompt: str = ""
    files: str = ""

    def same_space(self, other: EncoderCard) -> bool:
        """Whether vectors of both can be compared. Name and revision only say where equal weights came from."""
        return replace(self, model="", revision=None, files="") == replace(other, model="", revision=None, files="")


@dataclass(frozen=True, slots=True)
class Manifest:
    """The birth certificate of one index version, kept with its points.

    `recipe` names how a product becomes the text that is embedded. `fields` are the filterable ones, `unfiltered`
    the attribute names that were seen and deliberately not indexed (too rare or too wordy). `journal` is the uid of
    the last document task that the version was built on; later ones are replayed on it. `lanes` are the sparse vectors
    that the version has room for; one that was built before there were any has none, and knows no codes either.
    `calibration` says when a query has nothing to find here (search/calibration); `learning` names the way in which
    lanes and artefacts were made.
    """

    index: str
    version: int
    encoder: EncoderCard
    recipe: str
    fields: Mapping[str, FieldKind]
    unfiltered: tuple[str, ...] = ()
    products: int = 0
    journal: int = 0
    created_at: str = ""
    sources: tuple[str, ...] = ()
    lanes: tuple[str, ...] = ()
    calibration: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    learning: str = ""


@dataclass(frozen=True, slots=True)
class IndexState:
    """Which versions of an index exist. `live` answers searches, `previous` is what a rollback returns to."""

    index: str
    live: Manifest
    previous: Manifest | None = None


# --- points ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sparse:
    """A sparse vector: `indices` are hashes of terms in 0..2^32-1, ascending and distinct; `values` are weights > 0."""

    indices: tuple[int, ...] = ()
    values: tuple[float, ...] = ()


LANES = ("words", "kind")
"""The sparse vectors of a point: the words of all its texts, and what sort of thing it is."""


@dataclass(frozen=True, slots=True)
class Point:
    """A product ready to be stored: its vector, its document, and the hashes that tell what changed.

    `vector` has shape (dimension,), float32, finite, of unit length. `text_hash` covers the embedded text alone,
    `document_hash` the whole document: equal text with another document needs a new payload and no encoding.
    `lanes` are the sparse vectors, by a name out of LANES; `codes` the product codes, normalised.
    """

    product_id: str
    vector: Sequence[float]
    document: Document
    text_hash: str
    document_hash: str
    lanes: Mapping[str, Sparse] = field(default_factory=dict)
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A point that retrieval found. `point_id` is the store's own id; `values` holds the fields that were asked for.

    `parts` names what the score is made of; candidates of a lower `tier` come before those of a higher one.
    """

    point_id: str
    score: float
    values: Document = field(default_factory=dict)
    parts: Mapping[str, float] = field(default_factory=dict)
    tier: int = 1


# --- a search --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Constraint:
    """Something the query demands or rules out. `span` is [start, end) in the raw query, in code points.

    `value` is what people read; with `in` it is a tuple of alternatives. `members` are the catalogue's own values, as
    written, that meet the condition (of `!=`: that break it): colour black is met by "Black" and "Black,Silver".
    Without members the value itself is compared.
    """

    field: str
    op: Operator | Literal["in"]
    value: FilterValue | tuple[FilterValue, ...]
    span: tuple[int, int]
    text: str
    strength: Literal["must", "prefer"] = "must"
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Correction:
    """A word that the catalogue does not know, and the one that it was taken for. `span` as in Constraint."""

    typed: str
    taken: str
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Query:
    """The understood form of what was typed: `raw` as it came, `text` what is left to embed.

    `codes` are product codes that it may name, normalised; `sort` is what words like «cheapest» ask for; `translation`
    says `text` in the other language as far as the names that are known go, "" where they do not, and `translated` is
    the share of its telling words that this is.
    """

    raw: str
    text: str
    language: Language
    constraints: tuple[Constraint, ...] = ()
    codes: tuple[str, ...] = ()
    sort: tuple[SortKey, ...] = ()
    corrections: tuple[Correction, ...] = ()
    translation: str = ""
    translated: float = 0.0


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """One search. `text` empty means browsing: everything that passes the filter, in order of `sort` or of point id.

    `facet_limit` is how many values of each facet are counted, the most frequent. `understand` false takes every word
    literally; `ignore` are texts of constraints to switch off. `semantic_ratio` is the share of meaning against words,
    1 for meaning alone; None leaves it to the engine. `language` is that of the words; None tells it from them.

    `shopper` is the HMAC of whoever asks (search/shoppers), None for nobody known. `recent` are products that they have
    been at, newest first: what is brought with the request counts instead of what is kept. `personalize` false: the
    answer is that of everybody.

    `explain` is the language in which each hit says why it is there, "auto" that of the query; None: hits say nothing.
    """

    text: str = ""
    filter: Filter | None = None
    sort: tuple[SortKey, ...] = ()
    facets: tuple[str, ...] = ()
    offset: int = 0
    limit: int = 20
    score_threshold: float | None = None
    facet_limit: int = 100
    understand: bool = True
    ignore: tuple[str, ...] = ()
    semantic_ratio: float | None = None
    language: Language | None = None
    shopper: str | None = None
    recent: tuple[str, ...] = ()
    personalize: bool = True
    explain: Language | Literal["auto"] | None = None


@dataclass(frozen=True, slots=True)
class RecommendRequest:
    """What to show somebody who has not asked for anything. All of it may be empty: then it is for anybody.

    `shopper` is an HMAC; `recent` are the latest products of somebody whose own browser keeps the list, newest first;
    `basket` are products that something is to go with. `diversity` 0 is by likelihood alone, 1 as unlike as can be.
    """

    shopper: str | None = None
    recent: tuple[str, ...] = ()
    basket: tuple[str, ...] = ()
    filter: Filter | None = None
    offset: int = 0
    limit: int = 20
    diversity: float = 0.2
    personalize: bool = True
    explain: Language | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Whether a hit meets constraint number `constraint`, and the field and value that show it."""

    constraint: int
    verdict: Literal["satisfied", "violated", "unknown"]
    field: str
    value: Json = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A product in a result. `score` lies in 0..1; `parts` names what it is made of; `rank` counts from 1; `receipt`
    tells what taste did, None for anonymous shoppers. `explanation` says in a sentence or two why it is there, from the
    evidence alone; "" where that was not asked for."""

    document: Document
    rank: int
    score: float
    parts: Mapping[str, float] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    receipt: Receipt | None = None
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class FieldStats:
    min: float
    max: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits of one page, and totals and facets of the whole candidate set that the page was cut from.

    `timings` are milliseconds by stage. `degraded` names what could not be done and was left out. `weak` says that what
    was found hardly rises above what any words would find here, or that nothing does. `version` is that of the index.
    """

    query: Query
    hits: tuple[Hit, ...]
    total: int
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    facet_stats: Mapping[str, FieldStats] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    degraded: tuple[str, ...] = ()
    weak: bool = False
    version: int = 0
