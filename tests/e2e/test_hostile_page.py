"""The search page full of hostile texts, in Chromium: nothing of them runs, nothing becomes an element, nothing is
asked of anybody else, and the page goes on working."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from api_service import listening, open_shop
from hostile_texts import hostile
from page_shop import with_model
from page_visits import Visits, visiting
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

TEXTS = hostile("descriptions")
QUERIES = hostile("queries")
ACTIVE = re.compile(r"[<>{}\[\]`\\]|javascript:|data:|\x1b|alert")
"""What a browser, a template or a terminal might take for more than text."""

SHOPPERS = [row for row in TEXTS if "\n" not in row.text and ACTIVE.search(row.text)][:8]
TRAP = """
window.ran = [];
for (const name of ["alert", "prompt", "confirm", "open", "print"]) window[name] = () => window.ran.push(name);
"""
"""What hostile scripts would call."""

FOREIGN = """() => [...document.querySelectorAll("*")].filter((one) => {
  const name = one.localName;
  const address = one.getAttribute("href") ?? one.getAttribute("src") ?? one.getAttribute("action") ?? "";
  const own = /^(\\/|#|\\.|http:\\/\\/127\\.0\\.0\\.1)/;
  return ["iframe", "object", "embed", "base", "math", "frame", "marquee", "style", "portal"].includes(name)
    || (name === "script" && !own.test(address))
    || (name === "link" && !own.test(address))
    || (name === "img" && !own.test(address))
    || (["a", "form"].includes(name) && address && !own.test(address))
    || (["b", "mglyph", "mtext"].includes(name))
    || [...one.attributes].some((each) => each.name.startsWith("on") || /^\\s*(javascript|data):/i.test(each.value));
}).map((one) => one.outerHTML.slice(0, 160))"""
"""Elements that the page makes none of, handlers in attributes, and addresses that are no page of this server."""


def everywhere(number: int, text: str) -> dict[str, Any]:
    """A product that has the text in each of its fields."""
    return {
        "id": f"{number}-{text[:40]}", "title": text, "description": text, "brand": text[:200], "colour": text[:200],
        "material": [text[:100], text[100:200] or "clay"], "category": ["Kitchen", text[:150]], "price": 10 + number,
        "currency": "USD" if number % 5 else text[:20], "in_stock": bool(number % 7), "rating": 4.4,
        "url": text if number % 2 else f"javascript:alert('{number}')",
        "image": text if number % 3 else f"https://evil.example/{number}.png",
    }  # fmt: skip


@pytest.fixture(scope="module")
def hostile_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A shop of nothing but hostile products and shoppers, with a model that repeats all it is given."""
    folder = Path(tmp_path_factory.mktemp("hostile"))
    people = [
        {"user": f"u{number}", "name": row.text[:60], "language": "en", "about": row.text[:200]}
        for number, row in enumerate(SHOPPERS)
    ]
    (folder / "shoppers.jsonl").write_text("".join(json.dumps(one) + "\n" for one in people), encoding="utf-8")
    products = [everywhere(number, row.text) for number, row in enumerate(TEXTS)]
    shop = open_shop(folder / "data", products, page_shoppers=folder / "shoppers.jsonl", past_queries=True)
    with listening(with_model(shop, lambda data: json.dumps(data, ensure_ascii=False)).app()) as address:
        yield address


@pytest.fixture
def hostile_visits(browser: Browser, hostile_address: str) -> Iterator[Visits]:
    with visiting(browser, hostile_address) as visits:
        yield visits


def unharmed(page: Page) -> None:
    """No script ran and no element is there that the page does not make."""
    assert page.evaluate("() => window.ran") == []
    assert page.evaluate(FOREIGN) == []


def opened(visits: Visits, path: str) -> Page:
    # A picture may be a path of this server, and these are none that it has.
    page = visits.visit(
        "/page/icon.svg", allow=r"^refused: http://127\.0\.0\.1\S+: 404$|Failed to load resource.* 404 "
    )
    page.context.add_init_script(TRAP)
    page.on("dialog", lambda dialog: visits.trouble.append(f"dialog: {dialog.message}"))
    page.goto(visits.address + path)
    return page


def test_every_text_in_every_field(hostile_visits: Visits) -> None:
    page = opened(hostile_visits, "/?q=&shown=960&lang=en")
    cards = page.get_by_role("list", name="Results").get_by_role("article")
    expect(cards).to_have_count(len(TEXTS))
    unharmed(page)
    # What was written is what is read, letter by letter: markup is text here.
    shown = " ".join(page.locator(".card .title").all_inner_texts())
    for sign in ("<script>alert('title')</script>", "onerror=alert('title')", "{{7*7}}", "](javascript:alert(1))"):
        assert sign in shown

    # The reasons of some, in the words of a model that repeats all it hears.
    active = [number for number, row in enumerate(TEXTS) if row.where == "title" or row.family == "markup"][::12]
    for number in active:
        page.locator(f'.card[data-id^="{number}-"]').first.get_by_role("button", name=re.compile("^Why this")).click()
        panel = page.get_by_role("dialog")
        expect(panel).to_be_visible()
        expect(panel.get_by_role("region", name="Why it is here")).to_contain_text(re.compile(r"\w"))
        unharmed(page)
        page.keyboard.press("Escape")
        expect(panel).to_be_hidden()
    for place in (0, 1):
        cards.nth(place).get_by_role("checkbox", name=re.compile("^Compare")).check()
    page.get_by_role("button", name="Compare 2 products").click()
    expect(page.get_by_role("dialog", name="Side by side")).to_be_visible()
    unharmed(page)


def test_every_query(hostile_visits: Visits) -> None:
    """Typed into the box, or come to by a link; in both languages of the page; and the page still searches after."""
    page = opened(hostile_visits, "/?lang=en")
    box = page.get_by_role("combobox", name="Search")
    for row in QUERIES[::6]:
        box.fill(" ".join(row.text.split()))
        box.press("Enter")
        page.wait_for_timeout(100)
        unharmed(page)
    for language, row in zip(("en", "zh"), [row for row in QUERIES if "onerror" in row.text], strict=False):
        names = ("q", "user", "brand", "ignore", "f.colour")
        page.goto(f"{hostile_visits.address}/?{urlencode({'lang': language, **dict.fromkeys(names, row.text)})}")
        expect(page.locator("#q")).to_have_value(row.text)
        expect(page.locator("#status, #notice").first).to_contain_text(re.compile(r"\w"))
        unharmed(page)
    page.goto(f"{hostile_visits.address}/?lang=en")
    box.fill("mug")
    box.press("Enter")
    expect(page.get_by_role("list", name="Results").get_by_role("article").first).to_be_visible()
    expect(page.locator("#status")).to_contain_text(re.compile(r"\d+ products"))
    unharmed(page)


def test_suggestions_facets_and_shoppers(hostile_visits: Visits) -> None:
    page = opened(hostile_visits, "/?lang=en&q=mug")
    box = page.get_by_role("combobox", name="Search")
    box.fill("")
    box.press_sequentially("mug")
    expect(page.get_by_role("listbox", name="Suggestions")).to_be_visible()
    unharmed(page)
    page.keyboard.press("Escape")
    boxes = page.get_by_role("complementary").get_by_role("checkbox")
    expect(boxes.first).to_be_visible()
    boxes.first.check()
    expect(page.get_by_role("button", name=re.compile("^Remove the filter")).first).to_be_visible()
    unharmed(page)
    page.get_by_role("button", name="Clear filters").first.click()
    page.get_by_role("button", name=re.compile("^Results for Everybody")).click()
    panel = page.get_by_role("dialog", name="Who is shopping?")
    for row in SHOPPERS:
        expect(panel).to_contain_text(" ".join(row.text[:60].split()))
    panel.get_by_role("button").filter(has_text=" ".join(SHOPPERS[0].text[:60].split())).first.click()
    expect(page.locator("#status")).to_contain_text(re.compile(r"\d+ products"))
    unharmed(page)
