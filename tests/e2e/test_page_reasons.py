"""The search page in Chromium: why a product is there, for whom, beside which other; with a model and without."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from api_service import listening, open_shop
from page_shop import with_model
from page_visits import Visits, visiting
from playwright.sync_api import Browser, Locator, Page, expect

pytestmark = pytest.mark.browser


def cards(page: Page) -> Locator:
    return page.get_by_role("list", name="Results").get_by_role("article")


def why_button(page: Page, place: int = 0) -> Locator:
    return cards(page).nth(place).get_by_role("button", name=re.compile("^Why this"))


def title_of(page: Page, place: int = 0) -> str:
    return cards(page).nth(place).get_by_role("heading").inner_text()


def choose_shopper(page: Page, now: str, name: str) -> None:
    page.get_by_role("button", name=re.compile(f"^Results for {now}")).click()
    panel = page.get_by_role("dialog", name="Who is shopping?")
    panel.get_by_role("button", name=re.compile(f"^{name}")).click()
    expect(panel).to_be_hidden()


def test_the_reason_opens_and_closes_and_the_focus_comes_back(visits: Visits) -> None:
    page = visits.visit("/?q=kettle+under+%24100")
    title = title_of(page)
    why_button(page).focus()
    page.keyboard.press("Enter")
    panel = page.get_by_role("dialog", name=title)
    expect(panel).to_be_visible()
    expect(panel).to_contain_text("under $100")
    expect(panel).to_contain_text("met")
    # One or two sentences made of the evidence: never empty, and said to be without a model.
    said = panel.get_by_role("region", name="Why it is here")
    expect(said).to_contain_text(re.compile(r"\w+.*\."))
    expect(said).to_contain_text("without a language model")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(why_button(page)).to_be_focused()

    why_button(page, 1).click()
    second = page.get_by_role("dialog", name=title_of(page, 1))
    expect(second).to_be_visible()
    second.get_by_role("button", name="Close").click()
    expect(second).to_be_hidden()
    expect(why_button(page, 1)).to_be_focused()


def test_the_reason_says_what_the_server_says(visits: Visits, page_address: str) -> None:
    page = visits.visit("/?q=steel+kettle+under+%24100")
    body = {"q": "steel kettle under $100", "limit": 24, "explain": {"language": "en"}}
    first = httpx.post(f"{page_address}/indexes/products/search", json=body).json()["hits"][0]
    assert title_of(page) == first["title"]
    why_button(page).click()
    panel = page.get_by_role("dialog", name=first["title"])
    expect(panel.get_by_role("region", name="Why it is here").locator("p").first).to_have_text(first["_explanation"])


def test_the_same_search_for_somebody_else(visits: Visits, page_address: str) -> None:
    page = visits.visit("/?q=coffee")
    expect(cards(page)).to_have_count(24)
    plain = cards(page).evaluate_all("all => all.map((one) => one.dataset.id)")
    choose_shopper(page, "Everybody", "Beatrix")
    expect(page.locator("#status")).to_contain_text("for Beatrix")
    expect(page.locator("#status")).to_contain_text(re.compile(r"\d+ moved"))
    expect(page.get_by_role("button", name=re.compile("^Results for Beatrix"))).to_be_visible()
    assert "user=u-bean" in page.url
    body = {"q": "coffee", "limit": 24, "user": "u-bean"}
    hits = httpx.post(f"{page_address}/indexes/products/search", json=body).json()["hits"]
    theirs = cards(page).evaluate_all("all => all.map((one) => one.dataset.id)")
    assert theirs == [hit["id"] for hit in hits]
    assert theirs != plain
    # A mark on whatever stands elsewhere than for everybody, and on nothing else.
    receipts = [hit["_personalization"] for hit in hits]
    moved = [(one["baseRank"], one["rank"]) for one in receipts if one["baseRank"] != one["rank"]]
    badges = page.get_by_role("img", name=re.compile("^Moved from place"))
    expect(badges).to_have_count(len(moved))
    said = [re.findall(r"\d+", one.get_attribute("aria-label") or "") for one in badges.all()]
    assert [(int(before), int(now)) for before, now in said] == moved
    risen = next(place for place, one in enumerate(receipts) if one["rank"] < one["baseRank"] and one["because"])
    why_button(page, risen).click()
    panel = page.get_by_role("dialog", name=hits[risen]["title"])
    expect(panel.get_by_role("heading", name=re.compile("taste"))).to_be_visible()
    expect(panel).to_contain_text(f"From place {receipts[risen]['baseRank']}")
    page.keyboard.press("Escape")

    choose_shopper(page, "Beatrix", "Everybody")
    expect(page.locator("#status")).not_to_contain_text("Beatrix")
    expect(badges).to_have_count(0)
    assert cards(page).evaluate_all("all => all.map((one) => one.dataset.id)") == plain
    page.go_back()
    expect(page.locator("#status")).to_contain_text("for Beatrix")


def test_an_empty_box_has_something_to_offer(visits: Visits, page_address: str) -> None:
    page = visits.visit()
    popular = page.get_by_role("region", name="Popular now")
    expect(popular.get_by_role("listitem")).not_to_have_count(0)
    choose_shopper(page, "Everybody", "Beatrix")
    theirs = page.get_by_role("region", name="For Beatrix")
    body = {"user": "u-bean", "limit": 14}
    wanted = httpx.post(f"{page_address}/indexes/products/recommendations", json=body).json()["hits"]
    expect(theirs.get_by_role("listitem").locator(".tile-title")).to_have_text([hit["title"] for hit in wanted])
    tile = theirs.get_by_role("listitem").first.get_by_role("button")
    tile.click()
    panel = page.get_by_role("dialog")
    expect(panel).to_be_visible()
    expect(panel.get_by_role("heading", name=re.compile("taste"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(tile).to_be_focused()
    # Whoever searches has no need of it.
    page.get_by_role("combobox", name="Search").fill("kettle")
    expect(theirs).to_have_count(0)


def test_products_side_by_side(visits: Visits) -> None:
    page = visits.visit("/?q=kettle&f.currency=USD")
    titles = [title_of(page, place) for place in (0, 1)]
    for place in (0, 1):
        cards(page).nth(place).get_by_role("checkbox", name=re.compile("^Compare")).check()
    tray = page.get_by_role("region", name="Products to compare")
    tray.get_by_role("button", name="Compare 2 products").click()
    panel = page.get_by_role("dialog", name="Side by side")
    heads = panel.get_by_role("columnheader")
    expect(heads).to_have_count(2)
    for head, title in zip(heads.all(), titles, strict=True):
        expect(head).to_contain_text(title)
    prices = panel.get_by_role("row", name=re.compile("^Price")).get_by_role("cell")
    expect(prices).to_have_text([re.compile(r"^\$"), re.compile(r"^\$")])
    expect(panel.get_by_role("region", name="In short")).to_contain_text(re.compile(r"\w+"))
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(tray.get_by_role("button", name="Compare 2 products")).to_be_focused()
    tray.get_by_role("button", name="Take all out").click()
    expect(tray).to_be_hidden()
    expect(page.get_by_role("checkbox", name=re.compile("^Compare"), checked=True)).to_have_count(0)


# --- with a language model -------------------------------------------------------------------------------------------


def say(data: Any) -> str:
    """A model that tells the price, and invents something besides."""
    if "products" in data:
        return "\n".join(f"{one['product']['title']} costs {one['product']['price']}." for one in data["products"])
    product = data["product"]
    return f"The price is {product['price']}. It was made by hand in Atlantis in 1907 of solid gold."


@pytest.fixture(scope="module")
def model_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    shop = with_model(open_shop(tmp_path_factory.mktemp("model"), llm_seconds=60), say)
    with listening(shop.app()) as address:
        yield address


@pytest.fixture
def told(browser: Browser, model_address: str) -> Iterator[Visits]:
    with visiting(browser, model_address) as visits:
        yield visits


def test_a_model_words_the_reason_and_nothing_unproven_is_shown(told: Visits, model_address: str) -> None:
    page = told.visit("/?q=lamp")
    assert httpx.get(f"{model_address}/page/config.json").json()["model"] is True
    with page.expect_response(re.compile("/explain$")) as answer:
        why_button(page).click()
    said = page.get_by_role("dialog").get_by_role("region", name="Why it is here")
    expect(said).to_contain_text("The price is")
    expect(said).to_contain_text("Worded by a language model")
    assert answer.value.headers["content-type"].startswith("text/event-stream")
    # What the page was told, of the next product: the evidence first, then sentence by sentence.
    asked = {**answer.value.request.post_data_json, "ids": [cards(page).nth(1).get_attribute("data-id")]}
    told_next = httpx.post(answer.value.url, json=asked, headers={"Accept": "text/event-stream"}, timeout=60).text
    kinds = [line.removeprefix("event:").strip() for line in told_next.splitlines() if line.startswith("event:")]
    assert (kinds[0], kinds[-1]) == ("explanation", "done")
    assert "sentence" in kinds
    for word in ("Atlantis", "1907", "gold"):
        assert word not in page.locator("body").inner_text()


def test_a_model_that_fails_leaves_the_evidence(told: Visits) -> None:
    page = told.visit("/?q=lamp")
    # What the server says when its model is slow, down or over its budget.
    data = [("explanation", {"id": "", "text": "", "source": "evidence"}), ("done", {"degraded": ["explanation"]})]
    hit = cards(page).nth(2).get_attribute("data-id")
    data[0][1].update(id=hit, text="From the evidence.")
    stream = "".join(f"event: {kind}\ndata: {json.dumps(one)}\n\n" for kind, one in data)
    page.route(re.compile("/explain$"), lambda route: route.fulfill(body=stream, content_type="text/event-stream"))
    why_button(page, 2).click()
    said = page.get_by_role("dialog").get_by_role("region", name="Why it is here")
    expect(said).to_contain_text("From the evidence.")
    expect(said).to_contain_text("could not say it this time")
