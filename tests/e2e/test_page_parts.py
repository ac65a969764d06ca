"""The parts that results are made of, each by itself in a real browser: words of conditions, drawings, the price's
scale, and cards of products whose fields are not what one would wish."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from page_visits import Visits
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

_GROUPED = """async ([language, constraints]) => {
  const { speak } = await import("/page/words.js");
  const { grouped } = await import("/page/plain.js");
  speak(language);
  return grouped(constraints).map((group) => group.said);
}"""

_CARD = """async ([hit, images]) => {
  const { card } = await import("/page/cards.js");
  const { page } = await import("/page/client.js");
  const { speak } = await import("/page/words.js");
  speak("en");
  page.images = images;
  const list = document.getElementById("hits");
  list.replaceChildren(card(hit, { understood: {} }, (one) => { document.title = `opened ${one.id}`; }));
}"""


@pytest.fixture(scope="module")
def page(browser: Browser, page_address: str) -> Iterator[Page]:
    """One for all that only call functions."""
    found = browser.new_page(locale="en-GB")
    found.goto(f"{page_address}/?index=small")
    expect(found.locator(".card").first).to_be_visible()
    yield found
    found.close()


def condition(field: str, op: str, value: Any, text: str = "x", strength: str = "must") -> dict[str, Any]:
    return {"field": field, "op": op, "value": value, "text": text, "span": [0, 1], "strength": strength}


CONDITIONS: list[tuple[list[dict[str, Any]], str, str]] = [
    ([condition("price", "<", 150), condition("currency", "=", "USD")], "under $150", "低于 US$150"),
    ([condition("price", "<=", 19.5), condition("currency", "=", "USD")], "up to $19.50", "不超过 US$19.50"),
    ([condition("price", ">", 80)], "over 80", "高于 80"),
    (
        [condition("price", ">=", 20), condition("price", "<=", 50), condition("currency", "=", "USD")],
        "$20 to $50",
        "US$20 至 US$50",
    ),
    ([condition("brand", "!=", "Thicket")], "not Thicket", "不要Thicket"),
    ([condition("material", "!=", "leather")], "without leather", "不含leather"),
    ([condition("text", "!=", "gaming")], "without gaming", "不含gaming"),
    ([condition("colour", "=", "black")], "black", "black"),
    ([condition("colour", "in", ["black", "grey"])], "black or grey", "black 或 grey"),
    ([condition("rating", ">=", 4.5)], "rated 4.5 or more", "评分至少 4.5"),
    ([condition("in_stock", "=", True)], "in stock", "有货"),
    ([condition("wireless", "=", False)], "not wireless", "不要无线"),
    ([condition("storage_gb", ">=", 256)], "Storage: 256 GB or more", "存储：至少 256 GB"),
    ([condition("colour", "=", "pale", strength="prefer")], "preferably pale", "最好pale"),
]


def test_conditions_are_said_in_plain_words_of_both_languages(page: Page) -> None:
    for language, place in (("en", 1), ("zh", 2)):
        for row in CONDITIONS:
            said = page.evaluate(_GROUPED, [language, row[0]])
            assert [one.replace("US$", "$") for one in said] == [str(row[place]).replace("US$", "$")], (language, row)


def test_what_stands_in_the_same_words_is_one_condition(page: Page) -> None:
    both = [
        condition("price", "<", 80, "under $80"),
        condition("colour", "=", "red", "red"),
        condition("currency", "=", "USD", "under $80"),
    ]
    assert page.evaluate(_GROUPED, ["en", both]) == ["under $80", "red"]
    verdicts = page.evaluate(
        """async (constraints) => {
          const { grouped, verdictOf } = await import("/page/plain.js");
          const evidence = [
            { constraint: 0, verdict: "satisfied", field: "price", value: 59 },
            { constraint: 1, verdict: "unknown", field: "colour", value: null },
            { constraint: 2, verdict: "satisfied", field: "currency", value: "USD" },
          ];
          return grouped(constraints).map((group) => verdictOf(group, evidence));
        }""",
        both,
    )
    assert verdicts == [
        {"verdict": "satisfied", "field": "price", "value": 59},
        {"verdict": "unknown", "field": "colour", "value": None},
    ]


def test_each_sort_of_thing_has_its_drawing(page: Page) -> None:
    things = {
        "headphones": [["Electronics", "Audio", "Headphones"], "Commuter 3"],
        "shoe": [["Shoes & Bags", "Shoes", "Running Shoes"], "Teal"],
        "kettle": [["Kitchen & Dining", "Coffee & Tea", "Kettles"], "Goose"],
        "dress": [[], "红色连衣裙 夏"],
        "phone": [["手机"], ""],
        "paw": [["Pets", "Dog Food"], "Salmon"],
        "parcel": [["Miscellany"], "Qwertz 12"],
    }
    for name, (path, title) in things.items():
        found = page.evaluate(
            "async ([path, title]) => (await import('/page/motifs.js')).motif(path, title).name", [path, title]
        )
        assert found == name


def test_a_drawing_is_the_same_each_time_and_another_for_another_product(page: Page) -> None:
    drawn = page.evaluate(
        """async (hits) => {
          const { drawing } = await import("/page/drawing.js");
          return hits.map((hit) => drawing(hit).outerHTML);
        }""",
        [{"id": one, "title": "Mug", "colour": "brick red", "category": ["Kitchen"]} for one in ("1", "1", "2")],
    )
    assert drawn[0] == drawn[1] != drawn[2]
    hues = page.evaluate(
        """async (names) => {
          const { colourOf } = await import("/page/drawing.js");
          return names.map((name) => colourOf(name)?.hue ?? null);
        }""",
        ["brick red", "墨黑", "navy blue", "tartan"],
    )
    assert hues == [4, 220, 226, None]


def test_the_track_of_the_price_reaches_from_end_to_end(page: Page) -> None:
    for least, most in ((3, 9299), (0, 40), (0, 5000), (10, 12), (1, 1_000_000)):
        ends, middle, back = page.evaluate(
            """async ([least, most]) => {
              const { scaleOf } = await import("/page/price.js");
              const scale = scaleOf(least, most);
              const places = Array.from({ length: 101 }, (_, place) => scale.amount(place));
              return [[places[0], places[100]], places, [scale.place(least), scale.place(most), scale.place(most * 9)]];
            }""",
            [least, most],
        )
        assert ends == [least, most]
        assert middle == sorted(middle), (least, most)
        assert [round(one) for one in back] == [0, 100, 100]
        assert all(len(f"{one:.10g}".replace(".", "").strip("0")) <= 2 for one in middle[1:-1]), middle


def test_a_card_shows_whatever_a_supplier_wrote_as_text(page: Page) -> None:
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    hostile = {
        "id": '"><script>alert(1)</script>', "title": "<img src=x onerror=alert(1)>" + "unbreakable" * 40,
        "brand": "B" * 300,
        "category": ["<b>x</b>"], "price": 1e12, "currency": "XXX", "url": "javascript:alert(1)", "rating": "five",
        "image": "https://elsewhere.example/x.png", "colour": {"a": 1},
    }  # fmt: skip
    page.evaluate(_CARD, [hostile, []])
    card = page.locator(".card")
    expect(card.locator("h2")).to_contain_text("<img src=x onerror=alert(1)>")
    assert card.locator("img, script, b, a").count() == 0
    expect(card.locator("svg.drawing")).to_be_visible()
    boxes = card.evaluate("(box) => [box.scrollWidth, box.clientWidth]")
    assert boxes[0] <= boxes[1]
    page.evaluate(_CARD, [{"id": 7}, []])
    expect(card.locator("h2")).to_have_text("Untitled")
    card.locator(".frame").click()
    expect(page).to_have_title("opened 7")


def test_a_picture_is_shown_where_it_may_be_and_drawn_where_it_does_not_come(visits: Visits) -> None:
    page = visits.visit("/?index=small", allow="404|nothing.png")
    expect(page.locator(".card").first).to_be_visible()
    page.evaluate(_CARD, [{"id": 1, "title": "Mug", "image": "/page/icon.svg"}, []])
    expect(page.locator(".card img")).to_have_attribute("loading", "lazy")
    expect(page.locator(".card svg.drawing")).to_have_count(0)
    page.evaluate(_CARD, [{"id": 1, "title": "Mug", "image": ["/page/nothing.png"]}, []])
    expect(page.locator(".card svg.drawing")).to_have_count(1)
    expect(page.locator(".card img")).to_have_count(0)
    page.evaluate(
        _CARD,
        [
            {"id": 1, "title": "Mug", "image": "https://cdn.shop.example.evil.example/a.png"},
            ["https://cdn.shop.example"],
        ],
    )
    expect(page.locator(".card img")).to_have_count(0)


def test_the_attributes_to_choose_by_are_those_that_divide_what_was_found(page: Page) -> None:
    hits = [
        {"id": str(number), "title": "x", "colour": ["red", "blue"][number % 2], "weight_g": 100 + number,
         "model": f"M{number}", "material": "oak", "size": ["S", "M", "L"][number % 3], "note": "y" * 80}
        for number in range(12)
    ]  # fmt: skip
    found = page.evaluate(
        """async (hits) => {
          const { worthOf } = await import("/page/attributes.js");
          return worthOf(hits, new Set(Object.keys(hits[0])));
        }""",
        hits,
    )
    assert sorted(found) == ["colour", "size"]
