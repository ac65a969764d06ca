"""examples/instantsearch in a real browser, on an origin of its own, against a server that knows that origin."""

from __future__ import annotations

import base64
import functools
import hashlib
import http.server
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from api_service import PRODUCTS, listening, open_shop
from npm_packages import package
from playwright.sync_api import Browser, Page, Route, expect
from pydantic import SecretStr

EXAMPLE = Path(__file__).parents[2] / "examples" / "instantsearch" / "index.html"
CDN = "https://cdn.jsdelivr.net/npm/"
CHAIRS: list[dict[str, Any]] = [
    {"id": f"c{number}", "title": f"Chair model {number}", "brand": "Oak", "category": ["Home", "Chairs"],
     "price": number, "currency": "USD"}
    for number in range(1, 41)
]  # fmt: skip

Open = Callable[..., Page]


def file_of(address: str) -> Path:
    """The file that a content delivery network gives for an address: of exactly the version that is installed."""
    match = re.fullmatch(re.escape(CDN) + r"((?:@[^/@]+/)?[^/@]+)@([0-9.]+)/(.+)", address)
    assert match is not None, address
    folder = package(match[1])
    assert f'"version": "{match[2]}"' in (folder / "package.json").read_text(encoding="utf-8"), address
    return folder / match[3]


@pytest.mark.npm
def test_every_script_from_elsewhere_is_pinned_by_its_hash() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    hashes = dict(re.findall(r'"(https://[^"]+)":\s*"(sha384-[^"]+)"', text))
    hashes |= dict(re.findall(r'<script src="([^"]+)"\s+integrity="([^"]+)"', text))
    assert set(re.findall(r'"(https?://[^"]+\.m?js)"', text)) == set(hashes)
    assert len(hashes) == 3
    for address, said in hashes.items():
        digest = hashlib.sha384(file_of(address).read_bytes()).digest()
        assert said == f"sha384-{base64.b64encode(digest).decode()}", address


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[str]:
    """Serves the folder: an origin that is not the API's."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Not a word."""

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def address(site: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    for name in ("instantsearch.js", "meilisearch", "@meilisearch/instant-meilisearch"):
        package(name)
    shop = open_shop(
        tmp_path_factory.mktemp("shop"), [*PRODUCTS, *CHAIRS],
        admin_key=SecretStr("boss"), search_key=SecretStr("shop"), cors_origins=site,
    )  # fmt: skip
    with listening(shop.app()) as found:
        yield found


@pytest.fixture
def open_example(browser: Browser, folder: Path, site: str, address: str) -> Iterator[Open]:
    """The example with its constants set. Scripts come from tests/npm; whatever else is asked of others fails.

    It lies on the other server as a file: Chromium lets no page that a test made up ask this machine for anything.
    """
    trouble: list[str] = []
    contexts = []

    def opened(query: str = "", key: str = "shop", quiet: bool = True) -> Page:
        context = browser.new_context(locale="en-US", viewport={"width": 1200, "height": 900})
        contexts.append(context)
        page = context.new_page()
        if quiet:
            page.on("console", lambda message: trouble.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
        allowed = (site, address, CDN)
        page.on("request", lambda one: None if one.url.startswith(allowed) else trouble.append(one.url))
        page.route(f"{CDN}**", from_npm)
        (folder / f"{key}.html").write_text(set_up(address, key), encoding="utf-8")
        page.goto(f"{site}/{key}.html{query}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not trouble


def from_npm(route: Route) -> None:
    file = file_of(route.request.url)
    headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/javascript"}
    route.fulfill(body=file.read_bytes(), headers=headers)


def set_up(address: str, key: str) -> str:
    """What the comment in the file asks its reader to do."""
    text = EXAMPLE.read_text(encoding="utf-8")
    changed = text.replace('"http://127.0.0.1:8000"', f'"{address}"').replace('KEY = ""', f'KEY = "{key}"')
    assert changed.count(address) == 1
    assert changed.count(f'KEY = "{key}"') == 1
    return changed


@pytest.mark.browser
@pytest.mark.npm
def test_type_facet_price_sort_and_page(open_example: Open) -> None:
    page = open_example()
    cards = page.locator(".ais-Hits-item")
    expect(cards).to_have_count(12)
    expect(page.locator("#stats")).to_contain_text("52 results")
    page.get_by_role("link", name="Page 2", exact=True).click()
    expect(cards.first).to_be_visible()
    expect(page.locator(".ais-Pagination-item--selected")).to_have_text("2")
    page.get_by_role("link", name="Page 5", exact=True).click()
    expect(cards).to_have_count(4)

    page.get_by_role("searchbox").first.fill("desk lamp")
    expect(cards.first.locator("h3")).to_have_text("Red desk lamp")
    expect(cards.first.locator("h3 mark")).to_have_text(["desk", "lamp"])
    expect(cards.first.locator(".about mark").first).to_have_text("lamp")
    expect(cards.first.locator(".price")).to_have_text("$25.00")

    page.get_by_label("Lantern").check()
    expect(cards).to_have_count(2)
    expect(page.locator("#brand .ais-RefinementList-item")).not_to_have_count(1)  # the others can still be chosen
    page.locator("#sort select").select_option(label="Price, high to low")
    expect(cards.locator("h3")).to_have_text(["Blue desk lamp", "Red desk lamp"])
    page.locator("#price").get_by_role("spinbutton").last.fill("30")
    page.get_by_role("button", name="Go").click()
    expect(cards.locator("h3")).to_have_text(["Red desk lamp"])
    page.get_by_role("button", name="Clear filters").click()
    expect(page.get_by_label("Lantern")).not_to_be_checked()
    expect(page).to_have_url(re.compile("query%5D=desk%20lamp"))


@pytest.mark.browser
@pytest.mark.npm
def test_conditions_are_chips(open_example: Open) -> None:
    page = open_example("?products%5Bquery%5D=desk%20lamp%20under%20%2430")
    blue = page.locator("h3", has_text="Blue desk lamp")
    chip = page.locator("#understood").get_by_role("button", name="under $30")
    expect(chip).to_have_attribute("aria-pressed", "true")
    expect(page.locator("h3", has_text="Red desk lamp")).to_be_visible()
    expect(blue).to_have_count(0)
    chip.click()
    expect(blue).to_be_visible()
    expect(chip).to_have_attribute("aria-pressed", "false")
    chip.click()
    expect(blue).to_have_count(0)
    page.get_by_role("searchbox").first.fill("kettle")
    expect(page.locator("h3").first).to_have_text("Tea <b>kettle</b> & more")
    expect(chip).to_have_count(0)
    assert page.locator("h3 b").count() == 0


@pytest.mark.browser
@pytest.mark.npm
def test_what_is_wrong_is_said(open_example: Open) -> None:
    page = open_example(key="wrong", quiet=False)
    expect(page.get_by_role("alert")).to_contain_text("The provided API key is invalid")
    expect(page.get_by_role("alert")).to_contain_text("DAOGOU_CORS_ORIGINS")
