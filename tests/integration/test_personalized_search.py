"""Searching as somebody: what taste may do to a result, what it may never do, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from building import build
from fake_encoder import FakeEncoder
from fakes import MemoryStore

from search.domain import Compare, SearchRequest, SearchResult, SortKey
from search.engine import Engine
from search.live import LiveIndexes
from search.personalization.displacement import MOST_FALL
from search.personalization.model import DEFAULT, FEATURES, PERSONAL_PARTS, RankingModel
from search.personalization.receipts import LEAST_EFFECT, MOST_REASONS
from search.personalization.rerank import WINDOW
from search.protocols import Collection
from search.shopper import Affinity, Interest, PriceBand, Profile, Step
from search.writing import Writer

ENCODER = FakeEncoder()
BRANDS = ("Tarn", "Oakley", "Birch")
PRODUCTS = [
    {
        "id": f"p{n}",
        "title": f"Lamp {'reading ' * (n % 3)}{'brass ' * (n % 2)}{'desk ' * (n % 4)}{n}",
        "brand": BRANDS[n % 3],
        "category": ["Lighting", "Desk lamps" if n % 2 else "Floor lamps"],
        "price": 10 + n,
        "currency": "USD",
        "colour": "Black" if n % 5 else "Green",
        "model": f"LX-{9000 + n}",
    }
    for n in range(60)
]


class Known:
    """A ProfileSource that knows one shopper by the name of «somebody», and gives `recent` to who brings products."""

    def __init__(self, profile: Profile, recent: Profile | None = None) -> None:
        self.profile, self.recent = profile, recent

    def of(self, collection: Collection, shopper: str | None) -> Profile | None:
        return self.profile if shopper == "somebody" else None

    def get_ready(self, collection: Collection) -> None:
        """Nothing is needed."""

    def of_products(self, collection: Collection, recent: Sequence[str]) -> Profile | None:
        return self.recent


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    store = MemoryStore()
    build(store, ENCODER, PRODUCTS)
    return store


Search = Callable[..., SearchResult]


@pytest.fixture
def search(store: MemoryStore) -> Callable[[Profile], Search]:
    """A profile → a search by somebody with that profile, or with `shopper=None` by nobody known."""

    def of(profile: Profile) -> Search:
        engine = engine_of(store, Known(profile))

        def search(text: str, **more: object) -> SearchResult:
            return engine.search("products", SearchRequest(text, **{"shopper": "somebody", **more}))  # type: ignore[arg-type]

        return search

    return of


def engine_of(store: MemoryStore, source: Known) -> Engine:
    return Engine(store, ENCODER, LiveIndexes(store, ENCODER.card), profiles=source)


def likes(field: str = "brand", **weights: float) -> Profile:
    """A profile of affinities to values of one field, each learned of a product that was bought."""
    held = {value: Affinity(field, value, weight, ("p7",)) for value, weight in weights.items()}
    return Profile(affinities={field: held}, strongest={"p7": "purchase"})


def ids(result: SearchResult) -> list[str]:
    return [str(hit.document["id"]) for hit in result.hits]


def same(one: SearchResult, other: SearchResult) -> bool:
    """All but what the clock says."""
    return replace(one, timings={}) == replace(other, timings={})


RICH = replace(
    likes(birch=0.9, tarn=-0.4),
    interests=(
        Interest(ENCODER.encode_query("brass reading lamp"), 0.7, ("p5",)),
        Interest(ENCODER.encode_query("green"), 0.3, (), text="green things"),
        Interest(ENCODER.encode_query("desk"), 1.0, ("p3",), session=True),
    ),
    bands={"": PriceBand("", 20, 25, 30, 4, "USD")},
)


# --- nobody known ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["brass lamp", "Birch lamp under $30", "cheapest lamp", "lx9007", ""])
def test_whoever_is_not_known_or_does_not_want_it_gets_what_everybody_gets(
    search: Callable[[Profile], Search], store: MemoryStore, text: str
) -> None:
    plain = Engine(store, ENCODER, LiveIndexes(store, ENCODER.card)).search(
        "products", SearchRequest(text, facets=("brand",))
    )
    assert plain.hits
    assert all(hit.receipt is None and "profile" not in hit.parts for hit in plain.hits)
    rich = search(RICH)
    assert same(plain, rich(text, facets=("brand",), shopper=None))
    assert same(plain, rich(text, facets=("brand",), shopper="a stranger"))
    assert same(plain, rich(text, facets=("brand",), personalize=False))
    assert same(plain, search(Profile())(text, facets=("brand",)))
    assert same(plain, search(replace(Profile(), strongest={"p1": "view"}))(text, facets=("brand",)))


# --- what taste does -------------------------------------------------------------------------------------------------


def test_a_liked_brand_rises_and_the_receipt_tells_what_ranked_it(search: Callable[[Profile], Search]) -> None:
    profile = likes(birch=0.8)
    everybody, mine = search(profile)("lamp", shopper=None), search(profile)("lamp")
    assert ids(mine) != ids(everybody)
    assert sum(BRANDS[int(one[1:]) % 3] == "Birch" for one in ids(mine)[:5]) > 2
    base = {one: rank for rank, one in enumerate(ids(search(profile)("lamp", shopper=None, limit=60)), start=1)}
    for hit in mine.hits:
        assert hit.receipt is not None
        assert (hit.receipt.rank, hit.receipt.base_rank) == (hit.rank, base[str(hit.document["id"])])
        if hit.document["brand"] != "Birch":
            assert hit.receipt.because == ()
            continue
        (reason,) = hit.receipt.because
        assert (reason.part, reason.field, reason.value, reason.products, reason.event, reason.declared) == (
            "brand", "brand", "birch", ("p7",), "purchase", False,
        )  # fmt: skip
        assert reason.effect == pytest.approx(DEFAULT.weight("brand") * hit.parts["brand"])
        assert reason.effect == pytest.approx(hit.parts["profile"])
        assert 0 < hit.parts["brand"] <= 0.8


def test_a_receipt_adds_up_and_the_order_is_that_of_the_sums(search: Callable[[Profile], Search]) -> None:
    """Where nothing is at its bound: among the first, whoever rose stands by relevance and taste together."""
    result = search(RICH)("lamp", limit=60)
    for hit in result.hits:
        assert hit.receipt is not None
        assert set(PERSONAL_PARTS) <= hit.parts.keys()
        effects = {part: DEFAULT.weight(part) * hit.parts[part] for part in PERSONAL_PARTS}
        assert sum(effects.values()) == pytest.approx(hit.parts["profile"], abs=1e-6)
        told = {reason.part: reason.effect for reason in hit.receipt.because}
        assert len(told) <= MOST_REASONS
        for part, effect in told.items():
            assert effect == pytest.approx(effects[part], abs=1e-6)
        left_out = [abs(effect) for part, effect in effects.items() if part not in told]
        assert len(told) == MOST_REASONS or max(left_out) < LEAST_EFFECT
        assert [abs(reason.effect) for reason in hit.receipt.because] == sorted(
            (abs(reason.effect) for reason in hit.receipt.because), reverse=True
        )
    risen = [hit for hit in result.hits if hit.receipt and hit.receipt.rank < hit.receipt.base_rank]
    sums = [hit.score + hit.parts["profile"] for hit in risen]
    assert risen
    assert sums == sorted(sums, reverse=True)


def test_what_was_declared_is_told_as_declared(search: Callable[[Profile], Search]) -> None:
    profile = Profile(
        interests=(Interest(ENCODER.encode_query("brass desk"), 1.0, (), text="brass desks"),),
        affinities={"colour": {"green": Affinity("colour", "green", 1.0)}},
        bands={"": PriceBand("", 0, 15, 20, 0)},
    )
    hits = search(profile)("lamp", limit=60).hits
    reasons = {reason.part: reason for hit in hits if hit.receipt for reason in hit.receipt.because}
    assert {"interest", "attributes", "price"} <= reasons.keys()
    assert all(reason.declared and not reason.products for reason in reasons.values())
    assert (reasons["interest"].field, reasons["interest"].value) == ("interests", "brass desks")
    assert (reasons["attributes"].field, reasons["attributes"].value) == ("colour", "green")


def test_pages_neither_repeat_nor_skip_and_nothing_falls_far(search: Callable[[Profile], Search]) -> None:
    mine = search(RICH)
    everybody = ids(mine("lamp", shopper=None, limit=100))
    whole = ids(mine("lamp", limit=100))
    paged = [one for offset in range(0, 63, 7) for one in ids(mine("lamp", offset=offset, limit=7))]
    assert whole == paged
    assert sorted(whole) == sorted(everybody)
    assert whole != everybody
    falls = [whole.index(one) - everybody.index(one) for one in everybody]
    assert 0 < max(falls) <= MOST_FALL
    assert min(falls) < -MOST_FALL, "rises are not bounded"


def test_scores_totals_and_facets_stay_those_of_everybody(search: Callable[[Profile], Search]) -> None:
    mine = search(RICH)
    one = mine("lamp", limit=100, facets=("brand", "price"), score_threshold=0.3)
    other = mine("lamp", limit=100, facets=("brand", "price"), score_threshold=0.3, shopper=None)
    assert (one.total, one.facets, one.facet_stats) == (other.total, other.facets, other.facet_stats)
    assert {str(hit.document["id"]): hit.score for hit in one.hits} == {
        str(hit.document["id"]): hit.score for hit in other.hits
    }
    assert [hit.receipt.rank for hit in one.hits if hit.receipt] == list(range(1, len(one.hits) + 1))


def test_products_brought_with_the_request_count_instead_of_what_is_kept(store: MemoryStore) -> None:
    engine = engine_of(store, Known(likes(birch=1.0), recent=likes(tarn=1.0)))
    kept = engine.search("products", SearchRequest("lamp", shopper="somebody"))
    brought = engine.search("products", SearchRequest("lamp", shopper="somebody", recent=("p1",)))
    assert kept.hits[0].document["brand"] == "Birch"
    assert brought.hits[0].document["brand"] == "Tarn"
    off = engine.search("products", SearchRequest("lamp", recent=("p1",), personalize=False))
    assert same(off, engine.search("products", SearchRequest("lamp")))


# --- what the query says wins over taste -----------------------------------------------------------------------------


def test_a_named_brand_beats_brand_taste(search: Callable[[Profile], Search]) -> None:
    mine = search(likes(tarn=1.0))
    for more in ({}, {"understand": False}):
        assert ids(mine("Birch lamp", **more)) == ids(mine("Birch lamp", shopper=None, **more))
        assert mine("Birch lamp", **more).hits[0].document["brand"] == "Birch"


def test_no_taste_lifts_another_brand_over_the_one_that_is_named(search: Callable[[Profile], Search]) -> None:
    """Taken literally it is no condition, and what they liked is a lamp of another brand to the letter."""
    favourite = next(product for product in PRODUCTS if product["id"] == "p9")
    vector = ENCODER.encode_query(f"{favourite['title']} {favourite['brand']}")
    profile = Profile(interests=(Interest(vector, 1.0, ("p9",)),))
    mine = ids(search(profile)("Birch lamp", understand=False, limit=60))
    everybody = ids(search(profile)("Birch lamp", understand=False, limit=60, shopper=None))
    assert mine != everybody
    birch = [one for one in everybody if BRANDS[int(one[1:]) % 3] == "Birch"]
    for one in mine:
        if one not in birch:
            before = {each for each in birch if everybody.index(each) < everybody.index(one)}
            assert all(mine.index(each) < mine.index(one) for each in before)


def test_what_meets_the_conditions_stays_before_what_may_not(store: MemoryStore) -> None:
    shop = MemoryStore()
    rows = [{**product, "price": None} if n % 4 == 0 else product for n, product in enumerate(PRODUCTS)]
    build(shop, ENCODER, [{key: value for key, value in row.items() if value is not None} for row in rows])
    engine = engine_of(shop, Known(RICH))
    result = engine.search("products", SearchRequest("lamp under $40", shopper="somebody", limit=100))
    verdicts = [hit.evidence[0].verdict for hit in result.hits]
    assert verdicts == sorted(verdicts)  # satisfied before unknown
    assert set(verdicts) == {"satisfied", "unknown"}
    assert any(hit.receipt and hit.receipt.rank != hit.receipt.base_rank for hit in result.hits)
    assert all(reason.part != "price" for hit in result.hits if hit.receipt for reason in hit.receipt.because)


@pytest.mark.parametrize("more", [{"sort": (SortKey("price"),)}, {"sort": (SortKey("price", descending=True),)}, {}])
def test_an_order_that_was_asked_for_is_left_alone(
    search: Callable[[Profile], Search], more: dict[str, object]
) -> None:
    text = "lamp" if more else "cheapest lamp"
    mine = search(RICH)(text, limit=60, **more)
    assert same(mine, search(RICH)(text, limit=60, shopper=None, **more))
    if more:
        assert same(search(RICH)("", **more), search(RICH)("", shopper=None, **more))


def test_what_is_named_by_its_code_comes_first(search: Callable[[Profile], Search]) -> None:
    assert ids(search(likes(birch=1.0))("lx 9007"))[0] == "p7"
    hidden = replace(likes(birch=1.0), hidden=frozenset({"p7"}))
    assert ids(search(hidden)("lx 9007"))[0] == "p7"


# --- hidden products -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [{}, {"sort": (SortKey("price"),)}])
@pytest.mark.parametrize("text", ["lamp", ""])
def test_hidden_products_are_left_out_of_hits_totals_and_facets(
    search: Callable[[Profile], Search], text: str, more: dict[str, object]
) -> None:
    hidden = Profile(hidden=frozenset({"p2", "p5", "gone long since"}))
    mine = search(hidden)(text, limit=100, facets=("brand",), **more)
    everybody = search(hidden)(text, limit=100, facets=("brand",), shopper=None, **more)
    assert ids(mine) == [one for one in ids(everybody) if one not in ("p2", "p5")]
    assert mine.total == everybody.total - 2
    assert mine.facets["brand"]["Birch"] == everybody.facets["brand"]["Birch"] - 2


def test_a_hidden_product_is_found_by_its_whole_title(search: Callable[[Profile], Search]) -> None:
    title = str(PRODUCTS[5]["title"])
    hidden = Profile(hidden=frozenset({"p5"}))
    assert "p5" in ids(search(hidden)(title.upper(), limit=60))
    assert "p5" not in ids(search(hidden)(title.split()[0], limit=60))


def test_values_of_a_facet_are_counted_without_hidden_products(store: MemoryStore) -> None:
    engine = engine_of(store, Known(Profile(hidden=frozenset({"p2", "p5"}))))
    mine = engine.facet_search("products", SearchRequest("lamp", shopper="somebody"), "brand", "bir")
    everybody = engine.facet_search("products", SearchRequest("lamp"), "brand", "bir")
    assert mine[0].count == everybody[0].count - 2


def test_prices_are_told_as_people_write_them(search: Callable[[Profile], Search]) -> None:
    paid = Profile(bands={"": PriceBand("", 40.499999, 100, 1_250_000, 4, "USD")})
    told = {
        reason.value
        for hit in search(paid)("lamp", limit=60).hits
        if hit.receipt
        for reason in hit.receipt.because
        if reason.part == "price"
    }
    assert told == {"40.5–1250000"}


# --- what was bought -------------------------------------------------------------------------------------------------


def test_what_was_bought_once_does_not_rise_and_what_is_bought_again_does(search: Callable[[Profile], Search]) -> None:
    bought = "p7"
    own = ENCODER.encode_query(str(PRODUCTS[7]["title"]))
    once = Profile((Interest(own, 1.0, (bought,)),), bought={bought: 9.0}, steps=(Step(bought, 1, 9.0),))
    again = replace(once, steps=(Step(bought, 1, 2.0), Step(bought, 1, 9.0)))
    base = ids(search(once)("lamp", limit=60, shopper=None)).index(bought)
    assert ids(search(once)("lamp", limit=60)).index(bought) >= base
    assert ids(search(again)("lamp", limit=60)).index(bought) < base
    hit = next(hit for hit in search(again)("lamp", limit=60).hits if hit.document["id"] == bought)
    assert hit.receipt is not None
    assert "repeat" in {reason.part for reason in hit.receipt.because}


# --- browsing --------------------------------------------------------------------------------------------------------


def test_browsing_without_a_sort_is_personal_and_pages_neither_repeat_nor_skip(
    search: Callable[[Profile], Search],
) -> None:
    mine = search(likes(birch=1.0))
    shelf = Compare("category", "=", "Desk lamps")
    everybody, whole = ids(mine("", filter=shelf, limit=60, shopper=None)), ids(mine("", filter=shelf, limit=60))
    paged = [one for offset in range(0, 35, 7) for one in ids(mine("", filter=shelf, offset=offset, limit=7))]
    assert whole == paged
    assert sorted(whole) == sorted(everybody)
    assert all(BRANDS[int(one[1:]) % 3] == "Birch" for one in whole[:5])
    first = mine("", filter=shelf).hits[0]
    assert first.score == 1.0
    assert first.receipt is not None
    assert first.receipt.base_rank == everybody.index(whole[0]) + 1


def test_browsing_goes_on_behind_the_window() -> None:
    store = MemoryStore()
    extra = WINDOW + 30 - len(PRODUCTS)
    build(store, ENCODER, [*PRODUCTS, *({"id": f"q{n}", "title": f"Chair {n}", "brand": "Tarn"} for n in range(extra))])
    engine = engine_of(store, Known(replace(likes(birch=1.0), hidden=frozenset({"p7"}))))

    def mine(**more: int) -> SearchResult:
        return engine.search("products", SearchRequest("", shopper="somebody", **more))

    whole = mine(limit=1000)
    assert ids(whole) == [one for offset in range(0, whole.total, 15) for one in ids(mine(offset=offset, limit=15))]
    assert len(set(ids(whole))) == whole.total == WINDOW + 29
    told = [hit.receipt for hit in whole.hits if hit.receipt]
    assert [one.rank for one in told] == list(range(1, whole.total + 1))
    assert all(one.base_rank == one.rank and not one.because for one in told[WINDOW:])


# --- learned weights -------------------------------------------------------------------------------------------------


def _with_ranker(data: bytes) -> MemoryStore:
    store = MemoryStore()
    build(store, ENCODER, PRODUCTS)
    store.open("products").save_artefact("ranker", data)
    return store


def test_weights_that_do_not_fit_are_not_used_and_the_answer_says_so(caplog: pytest.LogCaptureFixture) -> None:
    engine = engine_of(_with_ranker(b'{"recipe": "of old"}'), Known(likes(birch=1.0)))
    plain = engine_of(_with_ranker(DEFAULT.to_bytes()), Known(likes(birch=1.0)))
    for shopper in (None, "somebody"):
        one = engine.search("products", SearchRequest("lamp", shopper=shopper))
        other = plain.search("products", SearchRequest("lamp", shopper=shopper))
        assert one.degraded == ("ranker",)
        assert other.degraded == ()
        assert same(replace(one, degraded=()), other)
    told = [record.getMessage() for record in caplog.records if "learned weights" in record.getMessage()]
    assert len(told) == 1
    assert "python -m indexer train-ranker --index products" in told[0]


def test_learned_weights_order_everybody_and_a_stranger_gets_what_the_unknown_get() -> None:
    learned = RankingModel(FEATURES, tuple({"lexical": 1.0, "brand": 0.5}.get(name, 0.0) for name in FEATURES))
    engine = engine_of(_with_ranker(learned.to_bytes()), Known(likes(birch=1.0)))
    everybody = engine.search("products", SearchRequest("brass reading lamp", limit=60))
    said = [hit.parts["lexical"] for hit in everybody.hits]
    assert said == sorted(said, reverse=True)
    stranger = engine.search("products", SearchRequest("brass reading lamp", limit=60, shopper="a stranger"))
    assert same(everybody, stranger)
    mine = engine.search("products", SearchRequest("brass reading lamp", limit=60, shopper="somebody"))
    assert [hit.receipt.base_rank for hit in mine.hits if hit.receipt] != list(range(1, 61))
    assert sorted(ids(mine)) == sorted(ids(everybody))
    assert max(ids(mine).index(one) - ids(everybody).index(one) for one in ids(mine)) <= MOST_FALL


def test_new_weights_are_followed_while_serving() -> None:
    store = _with_ranker(DEFAULT.to_bytes())
    engine = engine_of(store, Known(likes(birch=1.0)))
    request = SearchRequest("brass reading lamp", limit=60)
    before = ids(engine.search("products", request))
    learned = RankingModel(FEATURES, tuple({"lexical": -1.0}.get(name, 0.0) for name in FEATURES))
    store.open("products").save_artefact("ranker", learned.to_bytes())
    engine.refresh()
    assert ids(engine.search("products", request)) != before


# --- products that change --------------------------------------------------------------------------------------------


def test_a_product_that_is_written_is_read_anew() -> None:
    store = MemoryStore()
    build(store, ENCODER, PRODUCTS)
    engine = engine_of(store, Known(likes(birch=1.0)))
    request = SearchRequest("lamp", shopper="somebody", limit=60)
    last = engine.search("products", request).hits[-1].document
    assert last["brand"] != "Birch"
    Writer(ENCODER).put(store.open("products"), [{**last, "brand": "Birch"}])
    hit = next(hit for hit in engine.search("products", request).hits if hit.document["id"] == last["id"])
    assert hit.receipt is not None
    assert [reason.value for reason in hit.receipt.because] == ["birch"]
