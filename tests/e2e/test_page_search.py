"""The search page in Chromium, from typing to finding: suggestions, conditions, filters, order, more, and back."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from page_visits import Visits
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser


def box(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Search")


def cards(page: Page) -> Locator:
    return page.get_by_role("list", name="Results").get_by_role("article")


def prices(page: Page) -> list[float]:
    return [
        float(text.strip("$¥").replace(",", "")) for text in cards(page).locator(".price").all_inner_texts() if text
    ]


def counted(group: Locator, value: str) -> int:
    return int(group.locator("label").filter(has_text=re.compile(f"^{value}")).locator(".count").inner_text())


def state(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def answered(page: Page) -> None:
    """What is on show is the answer to what is asked."""
    expect(page.get_by_role("main")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("#hits.stale")).to_have_count(0)


def scrolled_to(page: Page, there: Callable[[float], bool]) -> None:
    """Asked again and again from here: a page with this policy lets nothing wait inside it."""
    for _ in range(100):
        if there(page.evaluate("scrollY")):
            return
        page.wait_for_timeout(50)
    raise AssertionError(page.evaluate("scrollY"))


def test_a_suggestion_is_taken_with_the_mouse(visits: Visits) -> None:
    page = visits.visit()
    expect(box(page)).to_be_focused()
    box(page).press_sequentially("cof")
    offers = page.get_by_role("listbox", name="Suggestions").get_by_role("option")
    expect(box(page)).to_have_attribute("aria-expanded", "true")
    # The results follow what is typed, without Enter.
    expect(page.get_by_role("heading", level=1)).to_contain_text("cof")
    expect(offers.first.locator("mark")).to_have_text(re.compile("^cof$", re.IGNORECASE))
    offers.filter(has_text="Coffee Beans").first.click()
    expect(box(page)).to_have_attribute("aria-expanded", "false")
    # A category that the catalogue has is chosen, not searched for.
    expect(page.get_by_role("button", name="Remove the filter Coffee Beans")).to_be_visible()
    expect(cards(page)).not_to_have_count(0)
    assert state(page)["category"] == ["Coffee Beans"]
    expect(cards(page).locator(".category").filter(has_not_text="Coffee Beans")).to_have_count(0)


def test_a_suggestion_is_taken_with_the_keyboard(visits: Visits) -> None:
    page = visits.visit()
    box(page).press_sequentially("ketch")
    offers = page.get_by_role("listbox", name="Suggestions").get_by_role("option")
    expect(offers.first).to_be_visible()
    typed = box(page).input_value()
    box(page).press("ArrowDown")
    expect(offers.first).to_have_attribute("aria-selected", "true")
    assert box(page).get_attribute("aria-activedescendant") == offers.first.get_attribute("id")
    assert box(page).input_value() != typed
    box(page).press("Escape")
    expect(box(page)).to_have_value(typed)
    expect(page.get_by_role("listbox", name="Suggestions")).to_be_hidden()
    box(page).press("ArrowDown")
    expect(offers.first).to_be_visible()
    box(page).press("ArrowUp")  # from the box to the last one
    expect(offers.last).to_have_attribute("aria-selected", "true")
    wanted = box(page).input_value()
    box(page).press("Enter")
    expect(page.get_by_role("listbox", name="Suggestions")).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_contain_text(wanted)
    # Then Down goes into the results, and Up from the first of them back into the box.
    answered(page)
    box(page).press("ArrowDown")
    expect(cards(page).first.get_by_role("heading")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(box(page)).to_be_focused()


def test_a_condition_is_switched_off_and_on(visits: Visits) -> None:
    page = visits.visit("/?q=keyboard+under+%24120+not+black")
    group = page.get_by_role("group", name="What was understood")
    expect(group.get_by_role("button", pressed=True)).to_have_text(["under $120", "not black"])
    answered(page)
    assert prices(page)
    assert all(price < 120 for price in prices(page))
    cheap = cards(page).count()

    group.get_by_role("button", name="under $120").click()
    expect(group.get_by_role("button", pressed=False)).to_have_text(["under $120"])
    expect(cards(page)).not_to_have_count(cheap)
    answered(page)
    assert any(price >= 120 for price in prices(page))
    assert state(page)["ignore"] == ["under $120"]
    expect(group.get_by_role("button", name="under $120")).to_be_focused()

    group.get_by_role("button", name="under $120").click()
    expect(group.get_by_role("button", pressed=True)).to_have_text(["under $120", "not black"])
    expect(cards(page)).to_have_count(cheap)
    assert "ignore" not in state(page)
    # Each card says how it meets what was asked.
    expect(cards(page).first.locator(".evidence li.satisfied")).to_have_count(2)


def test_values_of_a_facet_are_chosen(visits: Visits, page_address: str) -> None:
    page = visits.visit("/?q=coffee")
    brand = page.get_by_role("group", name="Brand").last
    pellworth = brand.get_by_role("checkbox", name=re.compile("^Pellworth"))
    said = counted(brand, "Pellworth")
    pellworth.check()
    expect(cards(page)).to_have_count(said)
    expect(cards(page).locator(".brand")).to_have_text(["Pellworth"] * said)
    # The others can be added: their counts are those without this choice.
    other = brand.get_by_role("checkbox", name=re.compile("^Cinderbrook"))
    more = counted(brand, "Cinderbrook")
    other.check()
    expect(cards(page)).to_have_count(said + more)
    expect(pellworth).to_be_checked()
    assert sorted(state(page)["brand"]) == ["Cinderbrook", "Pellworth"]
    body = {"q": "coffee", "filter": [['brand = "Pellworth"', 'brand = "Cinderbrook"']], "limit": 50}
    answer = httpx.post(f"{page_address}/indexes/products/search", json=body).json()
    assert cards(page).evaluate_all("all => all.map((one) => one.dataset.id)") == [hit["id"] for hit in answer["hits"]]

    page.get_by_role("button", name="Remove the filter Cinderbrook").click()
    expect(cards(page)).to_have_count(said)
    page.get_by_role("button", name="Clear filters").first.click()
    expect(pellworth).not_to_be_checked()
    assert "brand" not in state(page)


def test_an_attribute_of_what_was_found_can_be_chosen(visits: Visits) -> None:
    page = visits.visit("/?q=kettle")
    colours = page.get_by_role("group", name="Colour").last
    black = colours.get_by_role("checkbox", name=re.compile("^black"))
    black.check()
    expect(page.get_by_role("button", name=re.compile("Remove the filter .*black"))).to_be_visible()
    assert state(page)["f.colour"] == ["black"]
    expect(black).to_be_checked()


def test_a_value_is_looked_for_among_many(visits: Visits) -> None:
    page = visits.visit()
    find = page.get_by_role("searchbox", name="Find in Brand")
    find.fill("quillm")
    group = page.get_by_role("group", name="Brand").last
    expect(group.get_by_role("checkbox")).to_have_count(1)
    group.get_by_role("checkbox", name=re.compile("^Quillmark")).check()
    expect(page.get_by_role("button", name="Remove the filter Quillmark")).to_be_visible()
    assert state(page)["brand"] == ["Quillmark"]


def test_a_price_is_set_by_keyboard_and_by_number(visits: Visits) -> None:
    page = visits.visit("/?q=coffee")
    page.get_by_role("button", name=re.compile("^USD")).click()
    expect(page.get_by_role("button", name=re.compile("^USD"))).to_have_attribute("aria-pressed", "true")
    highest = page.get_by_role("slider", name="Highest price")
    before = float((highest.get_attribute("aria-valuetext") or "").strip("$").replace(",", ""))
    highest.focus()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("price=-"))
    answered(page)
    top = float(state(page)["price"][0].removeprefix("-"))
    assert top < before
    assert max(prices(page)) <= top
    expect(page.get_by_role("slider", name="Highest price")).to_be_focused()

    page.get_by_label(re.compile("^From")).fill("10")
    page.get_by_label(re.compile("^From")).press("Enter")
    expect(page).to_have_url(re.compile("price=10-"))
    answered(page)
    assert all(10 <= price <= top for price in prices(page))
    page.get_by_role("button", name=re.compile(r"Remove the filter \$10")).click()
    expect(page).not_to_have_url(re.compile("price="))


def test_the_order_is_chosen(visits: Visits) -> None:
    page = visits.visit("/?q=coffee&f.currency=USD")
    answered(page)
    page.get_by_label("Sort").select_option("price:asc")
    expect(page).to_have_url(re.compile("sort=price"))
    answered(page)
    assert prices(page) == sorted(prices(page))
    page.get_by_label("Sort").select_option(label="Price, high to low")
    expect(page).to_have_url(re.compile("sort=price%3Adesc"))
    answered(page)
    assert prices(page) == sorted(prices(page), reverse=True)
    page.go_back()
    expect(page.get_by_label("Sort")).to_have_value("price:asc")


def test_more_is_shown_and_the_place_is_kept(visits: Visits) -> None:
    page = visits.visit("/?sort=price%3Aasc")
    expect(cards(page)).to_have_count(24)
    more = page.get_by_role("button", name="Show more")
    more.scroll_into_view_if_needed()
    place = page.evaluate("scrollY")
    first = cards(page).nth(23).inner_text()
    more.click()
    expect(cards(page)).to_have_count(48)
    assert cards(page).nth(23).inner_text() == first
    assert cards(page).nth(24).get_by_role("heading").evaluate("element => element === document.activeElement")
    assert abs(page.evaluate("scrollY") - place) < 900  # at the seam, not at the top
    assert state(page)["shown"] == ["48"]
    assert len({one.get_attribute("data-id") for one in cards(page).all()}) == 48


def test_back_brings_query_filters_and_place_back(visits: Visits) -> None:
    page = visits.visit("/?q=coffee")
    page.get_by_role("group", name="Category").last.get_by_role("checkbox", name=re.compile("^Coffee & Tea")).check()
    expect(page.get_by_role("button", name="Remove the filter Coffee & Tea")).to_be_visible()
    answered(page)
    seen = cards(page).count()
    page.mouse.move(800, 500)
    page.mouse.wheel(0, 900)
    scrolled_to(page, lambda y: y > 500)
    page.wait_for_timeout(400)  # the place is noted a moment after scrolling ends
    place = page.evaluate("scrollY")

    box(page).fill("headphones")
    box(page).press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("headphones")
    answered(page)
    page.go_back()
    expect(box(page)).to_have_value("coffee")
    expect(cards(page)).to_have_count(seen)
    expect(page.get_by_role("checkbox", name=re.compile("^Coffee & Tea"))).to_be_checked()
    scrolled_to(page, lambda y: abs(y - place) < 60)
    page.go_forward()
    expect(box(page)).to_have_value("headphones")


def test_an_address_is_the_same_page_for_somebody_else(visits: Visits) -> None:
    page = visits.visit("/?q=coffee+under+%24200")
    page.get_by_role("button", name="under $200").click()
    page.get_by_role("group", name="Brand").last.get_by_role("checkbox", name=re.compile("^Pellworth")).check()
    page.get_by_label("Sort").select_option("price:desc")
    expect(page).to_have_url(re.compile("sort="))
    answered(page)
    address = page.url.removeprefix(visits.address)
    titles = cards(page).get_by_role("heading").all_inner_texts()
    fresh = visits.visit(address)
    expect(cards(fresh).get_by_role("heading")).to_have_text(titles)
    expect(box(fresh)).to_have_value("coffee under $200")
    expect(fresh.get_by_label("Sort")).to_have_value("price:desc")
    expect(fresh.get_by_role("checkbox", name=re.compile("^Pellworth"))).to_be_checked()
    expect(fresh.get_by_role("button", name="under $200")).to_have_attribute("aria-pressed", "false")


def test_what_was_searched_for_is_offered_again_and_can_be_forgotten(visits: Visits) -> None:
    page = visits.visit()
    box(page).fill("pour-over kettle")
    box(page).press("Enter")
    answered(page)
    page.get_by_role("button", name="Clear the search box").click()
    recent = page.get_by_role("group", name="Recent searches")
    expect(recent.get_by_role("option")).to_have_count(1)
    recent.get_by_role("option", name=re.compile("^pour-over kettle")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("pour-over kettle")
    page.get_by_role("button", name="Clear the search box").click()
    page.get_by_role("button", name="Clear recent searches").click()
    expect(recent).to_be_hidden()
    assert page.evaluate("JSON.stringify(localStorage)").find("pour-over") == -1
