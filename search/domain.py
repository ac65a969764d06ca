"""What the engine talks about: products, queries, filters, hits. Standard library only, all of it frozen.

Every type here is a value: two with the same fields are equal, none knows where it is stored or how it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal, TypeAlias

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
    the last document task that the version was built on; later ones are replayed on it.
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


@dataclass(frozen=True, slots=True)
class IndexState:
    """Which versions of an index exist. `live` answers searches, `previous` is what a rollback returns to."""

    index: str
    live: Manifest
    previous: Manifest | None = None


# --- points ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Point:
    """A product ready to be stored: its vector, its document, and the hashes that tell what changed.

    `vector` has shape (dimension,), float32, finite, of unit length. `text_hash` covers the embedded text alone,
    `document_hash` the whole document: equal text with another document needs a new payload and no encoding.
    """

    product_id: str
    vector: Sequence[float]
    document: Document
    text_hash: str
    document_hash: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A point that retrieval found. `point_id` is the store's own id; `values` holds the fields that were asked for."""

    point_id: str
    score: float
    values: Document = field(default_factory=dict)


# --- a search --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Constraint:
    """Something the query demands or rules out. `span` is [start, end) in the raw query, in code points."""

    field: str
    op: Operator
    value: FilterValue
    span: tuple[int, int]
    text: str
    strength: Literal["must", "prefer"] = "must"


@dataclass(frozen=True, slots=True)
class Query:
    """The understood form of what was typed: `raw` as it came, `text` what is left to embed."""

    raw: str
    text: str
    language: Language
    constraints: tuple[Constraint, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """One search. `text` empty means browsing: everything that passes the filter, in order of `sort` or of point id."""

    text: str = ""
    filter: Filter | None = None
    sort: tuple[SortKey, ...] = ()
    facets: tuple[str, ...] = ()
    offset: int = 0
    limit: int = 20
    score_threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Whether a hit meets constraint number `constraint`, and the field and value that show it."""

    constraint: int
    verdict: Literal["satisfied", "violated", "unknown"]
    field: str
    value: Json = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A product in a result. `score` lies in 0..1; `parts` names what it is made of; `rank` counts from 1."""

    document: Document
    rank: int
    score: float
    parts: Mapping[str, float] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldStats:
    min: float
    max: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits of one page, and totals and facets of the whole candidate set that the page was cut from.

    `timings` are milliseconds by stage. `degraded` names what could not be done and was left out.
    """

    query: Query
    hits: tuple[Hit, ...]
    total: int
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    facet_stats: Mapping[str, FieldStats] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    degraded: tuple[str, ...] = ()
