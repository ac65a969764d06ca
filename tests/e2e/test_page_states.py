"""The search page in Chromium when not all is well: nothing found, hardly, in part, slowly, not at all."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import httpx
import pytest
from api_service import PRODUCTS, listening, open_shop
from page_visits import Visits
from playwright.sync_api import Locator, Page, Route, expect

pytestmark = pytest.mark.browser

FORBIDDEN = """for (const name of ["localStorage", "sessionStorage"]) {
  Object.defineProperty(window, name, { get() { throw new DOMException("forbidden", "SecurityError"); } });
}"""


def cards(page: Page) -> Locator:
    return page.get_by_role("list", name="Results").get_by_role("article")


def notice(page: Page) -> Locator:
    return page.locator("#notice")


def test_nothing_found(visits: Visits) -> None:
    page = visits.visit("/?index=measured&q=tuxedo+rental")
    expect(page.get_by_role("heading", name="Nothing found for “tuxedo rental”")).to_be_visible()
    expect(page.locator("#status")).to_contain_text("0 products")
    expect(cards(page)).to_have_count(0)
    expect(page.get_by_role("status")).to_contain_text("0 products")  # said aloud, too
    # There is something to go on with.
    expect(page.get_by_role("region", name="Popular in this shop").get_by_role("listitem")).not_to_have_count(0)


def test_nothing_found_for_all_of_this(visits: Visits) -> None:
    """What was asked too much is offered to be left out, one by one."""
    page = visits.visit("/?q=kettle+under+%24100&brand=Pellworth&price=90-")
    expect(notice(page)).to_contain_text("No product meets all of this")
    notice(page).get_by_role("button", name=re.compile("^Leave out .*Pellworth")).click()
    expect(page.get_by_role("button", name="Remove the filter Pellworth")).to_have_count(0)
    assert "brand=" not in page.url
    page.go_back()
    notice(page).get_by_role("button", name="Clear all filters").click()
    expect(cards(page)).not_to_have_count(0)
    expect(notice(page)).to_be_hidden()


def test_hardly_anything_found(visits: Visits, page_address: str) -> None:
    asked = {"q": "coffee under $30"}
    assert httpx.post(f"{page_address}/indexes/measured/search", json=asked).json()["weak"] is True
    page = visits.visit("/?index=measured&q=coffee+under+%2430")
    expect(page.locator("#notices .weak")).to_be_visible()
    expect(cards(page)).not_to_have_count(0)
    page.get_by_role("combobox", name="Search").fill("")
    page.get_by_role("combobox", name="Search").press("Enter")
    expect(page.locator("#notices .weak")).to_have_count(0)


def test_found_in_part(visits: Visits, page_address: str) -> None:
    answer = httpx.post(f"{page_address}/indexes/old/search", json={"q": "coffee"}).json()
    assert answer["degraded"] == ["lexical"]
    page = visits.visit("/?index=old&q=coffee")
    banner = page.locator("#notices .degraded")
    expect(banner).to_be_visible()
    assert "lexical" not in banner.inner_text()  # in a shopper's words, not ours
    expect(cards(page)).not_to_have_count(0)


def test_loading(visits: Visits) -> None:
    """Shapes of cards the first time; later what is there stays, and is called busy."""
    held: list[Route] = []
    page = visits.visit("/docs")
    page.route("**/multi-search", lambda route: held.append(route))
    page.goto(f"{visits.address}/?q=kettle", wait_until="commit")
    expect(page.locator("#hits .ghost").first).to_be_visible()
    expect(page.get_by_role("main")).to_have_attribute("aria-busy", "true")
    release(page, held)
    expect(cards(page)).not_to_have_count(0)
    expect(page.locator("#hits .ghost")).to_have_count(0)
    expect(page.get_by_role("main")).not_to_have_attribute("aria-busy", "true")

    before = cards(page).count()
    page.get_by_label("Sort").select_option("price:asc")
    expect(page.get_by_role("main")).to_have_attribute("aria-busy", "true")
    expect(cards(page)).to_have_count(before)
    release(page, held)
    expect(page.get_by_role("main")).not_to_have_attribute("aria-busy", "true")


def test_typing_before_the_page_knows_where_to_look(visits: Visits) -> None:
    held: list[Route] = []
    page = visits.visit("/docs")
    page.route("**/indexes?limit=100", lambda route: held.append(route))
    page.goto(f"{visits.address}/", wait_until="commit")
    box = page.get_by_role("combobox", name="Search")
    box.press_sequentially("coffee b")
    expect(page).to_have_title(re.compile("^coffee b"))
    release(page, held)
    expect(page.get_by_role("option", name=re.compile("^Coffee Beans"))).to_be_visible()
    expect(cards(page)).not_to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_contain_text("coffee b")


def release(page: Page, held: list[Route]) -> None:
    """Lets the requests through that were held back, now and from now on those of this answer."""
    for _ in range(200):
        if held:
            break
        page.wait_for_timeout(25)
    while held:
        held.pop().continue_()
        page.wait_for_timeout(25)


def test_two_choices_before_the_first_answer(visits: Visits) -> None:
    """The second keeps the first."""
    page = visits.visit("/?index=small")
    brand = page.get_by_role("group", name="Brand").last
    expect(brand.get_by_role("checkbox", name=re.compile("^Lantern"))).to_be_visible()
    page.wait_for_load_state("networkidle")
    held: list[Route] = []
    page.route("**/multi-search", lambda route: held.append(route) if len(held) < 2 else route.continue_())
    brand.get_by_role("checkbox", name=re.compile("^Lantern")).check()
    brand.get_by_role("checkbox", name=re.compile("^Clacker")).check()
    for _ in range(200):
        if len(held) == 2:
            break
        page.wait_for_timeout(25)
    held[1].continue_()  # the first was called off
    expect(cards(page)).to_have_count(3)
    assert "brand=Lantern&brand=Clacker" in page.url


def test_without_storage(visits: Visits) -> None:
    """A browser that forbids it has a page that remembers nothing, and works."""
    page = visits.visit("/docs")
    page.context.add_init_script(FORBIDDEN)
    page.goto(f"{visits.address}/?index=small&q=mug")
    expect(cards(page).first).to_be_visible()
    page.get_by_role("combobox", name="Search").fill("lamp")
    page.get_by_role("combobox", name="Search").press("Enter")
    expect(cards(page).first.get_by_role("heading")).to_contain_text("lamp")
    cards(page).first.get_by_role("button", name=re.compile("^Why this")).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    # Back is back to what was there before, and closes what spoke of something else.
    page.go_back()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(cards(page).first.get_by_role("heading")).to_contain_text("mug")


def test_an_answer_that_is_overtaken_is_not_shown(visits: Visits) -> None:
    page = visits.visit("/?q=kettle")
    expect(cards(page)).not_to_have_count(0)
    held: list[Route] = []

    def slowly(route: Route) -> None:
        if '"q":"coffee"' in (route.request.post_data or "") and not held:
            held.append(route)
        else:
            route.continue_()

    page.route("**/multi-search", slowly)
    box = page.get_by_role("combobox", name="Search")
    box.fill("coffee")
    box.press("Enter")
    for _ in range(200):
        if held:
            break
        page.wait_for_timeout(25)
    box.fill("headphones")
    box.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("headphones")
    expect(page.get_by_role("main")).not_to_have_attribute("aria-busy", "true")
    titles = cards(page).get_by_role("heading").all_inner_texts()
    page.unroute("**/multi-search")
    page.wait_for_timeout(300)
    assert cards(page).get_by_role("heading").all_inner_texts() == titles
    expect(page.get_by_role("heading", level=1)).to_contain_text("headphones")


def test_the_server_fails(visits: Visits) -> None:
    page = visits.visit("/?q=kettle", allow="500")
    expect(cards(page)).not_to_have_count(0)
    failure = '{"message": "Something went wrong here.", "code": "internal", "type": "internal", "link": ""}'
    page.route(
        "**/multi-search", lambda route: route.fulfill(status=500, body=failure, content_type="application/json")
    )
    page.get_by_label("Sort").select_option("price:asc")
    expect(notice(page)).to_contain_text("Something went wrong on the server")
    page.unroute("**/multi-search")
    notice(page).get_by_role("button", name="Try again now").click()
    expect(cards(page)).not_to_have_count(0)
    expect(notice(page)).to_be_hidden()


def test_the_server_goes_and_comes_back(visits: Visits, tmp_path: Path) -> None:
    """What is on show stays; as soon as the server is back, the page is what was asked for meanwhile."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with listening(open_shop(tmp_path / "one", PRODUCTS).app(), port) as address:
        page = visits.visit("/?q=lamp", base=address, allow="ERR_CONNECTION|ERR_SOCKET|ERR_EMPTY")
        expect(cards(page).first.get_by_role("heading")).to_contain_text("lamp")
        before = cards(page).count()
    page.get_by_label("Sort").select_option("price:asc")
    banner = page.locator("#notices .away")
    expect(banner).to_contain_text("The server does not answer")
    expect(banner).to_contain_text("What you see is from before")
    expect(cards(page)).to_have_count(before)
    with listening(open_shop(tmp_path / "two", PRODUCTS).app(), port):
        # By itself, without anybody's click.
        expect(banner).to_have_count(0)
        expect(page.get_by_label("Sort")).to_have_value("price:asc")
        prices = [float(text.strip("$¥")) for text in cards(page).locator(".price").all_inner_texts()]
        assert prices == sorted(prices)
        assert len(prices) == before
