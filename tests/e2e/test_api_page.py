"""The search page before servers that are not as one would wish: empty, locked, with another index than the one asked
for; what a page tells its server of a shopper; and the page of the documentation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_service import PRODUCTS, build, open_shop
from page_visits import Visits
from playwright.sync_api import Response, expect
from pydantic import SecretStr

pytestmark = pytest.mark.browser


def test_an_index_that_is_not_there_and_one_that_is(visits: Visits) -> None:
    page = visits.visit("/?index=elsewhere&q=lamp", allow="404")
    expect(page.locator("#notice")).to_contain_text("python -m indexer reindex CATALOGUE --index elsewhere")
    page.get_by_label("Catalogue").select_option("small")
    expect(page.locator("#notice")).to_be_hidden()
    assert "index=small" in page.url
    # A value may hold any sign.
    page.get_by_role("checkbox", name='Halyard "1876"').check()
    expect(page.locator(".card .title")).to_have_text(["Floor lamp"])


def test_an_empty_shop_says_what_to_run(visits: Visits, tmp_path: Path) -> None:
    empty = visits.serve(open_shop(tmp_path, products=None).app())
    page = visits.visit(base=empty)
    expect(page.locator("#notice")).to_contain_text("There is nothing to search yet")
    expect(page.locator("#notice")).to_contain_text("python -m indexer reindex CATALOGUE --index products")


def test_a_key_is_asked_for(visits: Visits, tmp_path: Path) -> None:
    shop = open_shop(tmp_path, admin_key=SecretStr("boss"), search_key=SecretStr("shop"))
    locked = visits.serve(shop.app())
    page = visits.visit(base=locked, allow="401|403")
    notice = page.locator("#notice")
    expect(notice).to_contain_text("This server wants a key")
    for wrong in ("wrong", "钥匙"):  # no header carries the other
        notice.get_by_label("Search key").fill(wrong)
        page.get_by_role("button", name="Enter").click()
        expect(notice).to_contain_text("That key is not accepted.")
        expect(notice.get_by_label("Search key")).to_have_value("")
    notice.get_by_label("Search key").fill("shop")
    page.get_by_role("button", name="Enter").click()
    expect(page.locator("#status")).to_contain_text("12 products")


def test_the_documentation_page_lists_the_routes(visits: Visits) -> None:
    page = visits.visit("/docs")
    expect(page.get_by_role("heading", name="POST /indexes/{index}/search")).to_be_visible()
    page.get_by_text("Fields").first.click()
    expect(page.get_by_role("cell", name="attributesToHighlight")).to_be_visible()


def _answers(answer: Response, q: str) -> bool:
    """Whether it is the answer to this search, and not to one for the counts of filters."""
    if not answer.url.endswith("/multi-search"):
        return False
    first = answer.json()["results"][0]
    return bool(first["query"] == q and first["hits"])


def test_a_page_that_knows_its_shopper_tells_what_is_opened(visits: Visits, tmp_path: Path) -> None:
    """With the queryID of what is shown and the place there; by a click, the middle button or a key."""
    shop = open_shop(tmp_path)
    address = visits.serve(shop.app())
    rows = [{**row, "url": f"{address}/page/base.css?{row['id']}"} for row in PRODUCTS]
    build(shop.store, shop.encoder, rows)
    shop.service.engine.refresh()
    page = visits.visit("/?user=u-1", base=address, allow="404")  # of the favicon of those files
    sent: list[dict[str, Any]] = []
    page.context.on(
        "request", lambda request: sent.append(request.post_data_json) if "/events" in request.url else None
    )
    expect(page.locator("#status")).to_contain_text("12 products")
    with page.expect_response(lambda answer: _answers(answer, "desk lamp")) as answered:
        page.locator("#q").fill("desk lamp")
    result = answered.value.json()["results"][0]
    links = page.locator(".card a")
    expect(links).to_have_count(len(result["hits"]))
    with page.context.expect_page() as tab, page.expect_response("**/events") as told:
        assert "user=u-1" in page.url
        links.nth(1).click(button="middle")
    tab.value.close()
    assert told.value.status == 202
    links.nth(2).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/page/**")
    assert sent == [
        {
            "type": "click", "user": "u-1", "product": result["hits"][place - 1]["id"],
            "queryID": result["queryID"], "position": place,
        }
        for place in (2, 3)
    ]  # fmt: skip
    # A page without one says nothing, and looks for nobody.
    page.goto(f"{address}/?q=lamp")
    page.locator(".card a").first.click()
    page.wait_for_url(re.compile("/page/"))
    assert len(sent) == 2
    kept = httpx.get(f"{address}/users/u-1").json()
    assert [(one["type"], one["position"]) for one in kept["events"]] == [("click", 3), ("click", 2)]
