"""The search page in a real browser: type, filter, sort, go back, on a wide screen and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_service import PRODUCTS, build, listening, open_shop
from playwright.sync_api import Browser, Page, Response, expect
from pydantic import SecretStr

pytestmark = pytest.mark.browser

MANY: list[dict[str, Any]] = [
    {
        "id": f"c{number}",
        "title": f"Chair model {number}",
        "brand": "Oak",
        "category": ["Home", "Chairs"],
        "price": number,
    }
    for number in range(1, 41)
]

LANTERN = re.compile("^Lantern")

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    shop = open_shop(tmp_path_factory.mktemp("shop"), [*PRODUCTS, *MANY])
    with listening(shop.app()) as found:
        yield found


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Open]:
    """Opens a page in a context of its own. Anything on the console, or asked of another server, fails the test."""
    trouble: list[str] = []
    contexts = []

    def opened(path: str = "/", base: str = address, quiet: bool = True, **options: Any) -> Page:
        context = browser.new_context(**{"locale": "en-GB", "viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        if quiet:
            page.on("console", lambda message: trouble.append(f"console: {message.text}"))
            page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
            page.on("requestfailed", lambda request: _note(trouble, request.url, request.failure))
        page.on("request", lambda request: None if request.url.startswith(base) else trouble.append(request.url))
        page.goto(base + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not trouble


def _note(trouble: list[str], url: str, failure: str | None) -> None:
    """A search that is overtaken by the next letter is called off: that is meant."""
    if "ERR_ABORTED" not in (failure or ""):
        trouble.append(f"{url}: {failure}")


def _answers(answer: Response, q: str) -> bool:
    """Whether it is the answer to this search, and not to one for the counts of filters."""
    if not answer.url.endswith("/multi-search"):
        return False
    first = answer.json()["results"][0]
    return bool(first["query"] == q and first["hits"])


def test_type_filter_sort_and_go_back(open_page: Open) -> None:
    page = open_page()
    expect(page.locator("#status")).to_have_text(re.compile(r"^52 products · \d+ ms$"))
    expect(page.locator("#q")).to_be_focused()
    page.locator("#q").fill("desk lamp")
    expect(page.locator(".card .title").first).to_contain_text("desk lamp")
    expect(page.locator(".card mark").first).to_have_text("desk")
    expect(page).to_have_title("desk lamp – Daogou")
    assert "q=desk+lamp" in page.url

    page.get_by_role("checkbox", name=LANTERN).check()
    expect(page.locator(".card")).to_have_count(2)
    expect(page.get_by_role("button", name="Remove the filter Lantern")).to_be_visible()
    assert "brand=Lantern" in page.url
    # The other brands stay to be chosen as well.
    assert page.get_by_role("group", name="Brand").get_by_role("checkbox").count() > 1
    page.locator("#sort").select_option("price:desc")
    expect(page.locator(".card .title").first).to_have_text("Blue desk lamp")
    assert page.locator(".price").all_inner_texts() == ["$35.00", "$25.00"]

    page.go_back()
    expect(page.locator("#sort")).to_have_value("")
    expect(page.get_by_role("checkbox", name=LANTERN)).to_be_checked()
    page.go_back()
    expect(page.get_by_role("checkbox", name=LANTERN)).not_to_be_checked()
    expect(page.locator("#q")).to_have_value("desk lamp")
    page.go_back()
    expect(page.locator("#q")).to_have_value("")
    expect(page.locator("#status")).to_contain_text("52 products")
    page.go_forward()
    expect(page.locator("#q")).to_have_value("desk lamp")


def test_an_address_brings_the_same_results_back(open_page: Open) -> None:
    page = open_page("/?q=desk+lamp&brand=Lantern&sort=price%3Aasc")
    expect(page.locator(".card .title").first).to_have_text("Red desk lamp")
    expect(page.get_by_role("checkbox", name=LANTERN)).to_be_checked()
    page.get_by_role("button", name="Clear filters").click()
    expect(page.get_by_role("checkbox", name=LANTERN)).not_to_be_checked()


def test_a_condition_is_a_chip_that_takes_it_back(open_page: Open) -> None:
    page = open_page("/?q=desk+lamp+under+%2430")
    chip = page.get_by_role("group", name="What was understood").get_by_role("button", name="under $30")
    expect(chip).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".price").first).to_be_visible()
    assert all(float(price.strip("$")) < 30 for price in page.locator(".price").all_inner_texts())

    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".card .title", has_text="Blue desk lamp")).to_have_count(1)
    assert "ignore=under" in page.url

    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "true")
    page.locator("#q").fill("lamp")
    expect(page.locator("#understood")).to_be_hidden()


def test_a_brand_with_quotes_can_be_chosen(open_page: Open) -> None:
    page = open_page("/?q=lamp")
    page.get_by_role("checkbox", name='Halyard "1876"').check()
    expect(page.locator(".card .title")).to_have_text(["Floor lamp"])


def test_more_and_the_keyboard(open_page: Open) -> None:
    page = open_page()
    expect(page.locator(".card")).to_have_count(24)
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".card")).to_have_count(48)
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".card")).to_have_count(52)
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    page.keyboard.press("Escape")
    page.locator("h2").first.focus()
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("mug")
    expect(page.locator(".card .title").first).to_have_text("Stoneware mug")
    # Once the search is sent, Down leads into the results and not into suggestions.
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".card a").first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#q")).to_have_value("")
    expect(page.locator("#status")).to_contain_text("52 products")


def test_a_catalogue_is_text_and_never_html(open_page: Open) -> None:
    page = open_page("/?q=tea+kettle")
    expect(page.locator(".card .title").first).to_have_text("Tea <b>kettle</b> & more")
    assert page.locator(".card b").count() == 0
    assert page.locator('a[href^="javascript"]').count() == 0
    expect(page.locator(".card", has_text="mug").locator("a")).to_have_attribute("href", "https://shop.example/m1")


def test_nothing_found_and_nothing_there(open_page: Open) -> None:
    page = open_page("/?q=lamp&brand=Nobody")
    expect(page.locator("#notice")).to_contain_text("Nothing found")
    lost = open_page("/?index=elsewhere", quiet=False)
    expect(lost.locator("#notice")).to_contain_text("python -m indexer reindex CATALOGUE --index elsewhere")
    lost.locator("#index").select_option("products")
    expect(lost.locator("#status")).to_contain_text("52 products")


def test_an_empty_shop_says_what_to_run(open_page: Open, tmp_path: Path) -> None:
    shop = open_shop(tmp_path, products=None)
    with listening(shop.app()) as empty:
        page = open_page(base=empty)
        expect(page.locator("#notice")).to_contain_text("There is nothing to search yet")
        expect(page.locator("#notice")).to_contain_text("python -m indexer reindex CATALOGUE --index products")


def test_two_indexes_can_be_chosen_from(open_page: Open, tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    build(shop.store, shop.encoder, MANY[:3], "chairs")
    with listening(shop.app()) as both:
        page = open_page(base=both)
        expect(page.locator("#status")).to_contain_text("12 products")
        page.locator("#index").select_option("chairs")
        expect(page.locator("#status")).to_contain_text("3 products")
        assert "index=chairs" in page.url


def test_a_key_is_asked_for(open_page: Open, tmp_path: Path) -> None:
    shop = open_shop(tmp_path, admin_key=SecretStr("boss"), search_key=SecretStr("shop"))
    with listening(shop.app()) as locked:
        page = open_page(base=locked, quiet=False)
        expect(page.locator("#notice")).to_contain_text("This server wants a key")
        page.locator("#notice input").fill("wrong")
        page.get_by_role("button", name="Enter").click()
        expect(page.locator("#notice")).to_contain_text("That key is not accepted.")
        page.locator("#notice input").fill("shop")
        page.get_by_role("button", name="Enter").click()
        expect(page.locator("#status")).to_contain_text("12 products")


def test_a_phone_in_the_dark_in_chinese(open_page: Open) -> None:
    page = open_page(
        "/?q=耳机", viewport={"width": 360, "height": 740}, locale="zh-CN", color_scheme="dark", has_touch=True
    )
    expect(page.locator("#status")).to_have_text(re.compile(r"件商品 · \d+ 毫秒$"))
    expect(page.locator(".card mark").first).to_have_text("耳机")
    expect(page.locator("html")).to_have_attribute("lang", "zh")
    expect(page.locator("#facets")).to_be_hidden()
    boxes = [one.bounding_box() for one in page.locator("header, .card, .tools").all()]
    assert all(box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 360 for box in boxes)
    background = page.locator("body").evaluate("element => getComputedStyle(element).backgroundColor")
    assert background == "rgb(18, 22, 21)"
    page.get_by_role("button", name="筛选").click()
    expect(page.get_by_role("dialog", name="筛选").get_by_role("checkbox", name=re.compile("^听潮里"))).to_be_visible()


def test_the_documentation_page_lists_the_routes(open_page: Open) -> None:
    page = open_page("/docs")
    expect(page.get_by_role("heading", name="POST /indexes/{index}/search")).to_be_visible()
    page.get_by_text("Fields").first.click()
    expect(page.get_by_role("cell", name="attributesToHighlight")).to_be_visible()


def test_a_page_that_knows_its_shopper_tells_what_is_opened(open_page: Open, tmp_path: Path) -> None:
    """With the queryID of what is shown and the place there; by a click, the middle button or a key."""
    shop = open_shop(tmp_path)
    with listening(shop.app()) as address:
        rows = [{**row, "url": f"{address}/page/base.css?{row['id']}"} for row in PRODUCTS]
        build(shop.store, shop.encoder, rows)
        shop.service.engine.refresh()
        page = open_page("/?user=u-1", base=address, quiet=False)
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
        anonymous = open_page("/?q=lamp", base=address, quiet=False)
        anonymous.context.on("request", lambda request: sent.append({"url": request.url}))
        anonymous.locator(".card a").first.click()
        anonymous.wait_for_url("**/page/**")
        assert not [one for one in sent if "/events" in one.get("url", "")]
        kept = httpx.get(f"{address}/users/u-1").json()
    assert [(one["type"], one["position"]) for one in kept["events"]] == [("click", 3), ("click", 2)]
