"""axe-core finds nothing serious on the search page in any of its states, and its policy lets nothing foreign run."""

from __future__ import annotations

import re
from collections.abc import Callable

import axe
import httpx
import pytest
from page_visits import Visits
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.npm]

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
CHINESE = {"locale": "zh-CN"}

_HOSTILE = """() => {
  const tries = {
    "a script": () => { document.createElement("script").src = "data:text/javascript,window.hacked=1"; },
    "a handler": () => { document.createElement("img").setAttribute("onerror", "window.hacked=1"); },
    "markup": () => { document.body.insertAdjacentHTML("beforeend", "<p id=planted onclick=alert(1)>x</p>"); },
    "a frame": () => { document.createElement("iframe").srcdoc = "<script>parent.hacked=1</script>"; },
  };
  return Object.keys(tries).filter((name) => {
    try {
      tries[name]();
      return false;
    } catch {
      return true;
    }
  });
}"""

Act = Callable[[Page], None]


def nothing(page: Page) -> None:
    """As it opens."""


def type_something(page: Page) -> None:
    page.locator("#q").press_sequentially("mu")
    expect(page.get_by_role("option").first).to_be_visible()
    expect(page.locator("#heading")).to_contain_text("mu")  # the results have followed
    page.keyboard.press("ArrowDown")


def ask_why(page: Page) -> None:
    page.locator(".why-button").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_role("dialog").locator(".said")).not_to_be_empty()


def open_filters(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^(Filters|筛选)")).tap()
    expect(page.get_by_role("dialog")).to_be_visible()


def open_shoppers(page: Page) -> None:
    page.locator("#who").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def compare_two(page: Page) -> None:
    for place in (0, 1):
        page.locator("[data-compare]").nth(place).check()
    page.get_by_role("button", name=re.compile(r"^(Compare 2 products|对比 2 件商品)$")).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_role("dialog").locator(".said")).not_to_be_empty()


def lose_the_server(page: Page) -> None:
    page.route("**/multi-search", lambda route: route.abort("connectionrefused"))
    page.locator("#sort").select_option("price:asc")
    expect(page.locator("#notices")).not_to_be_empty()


def break_the_server(page: Page) -> None:
    page.route("**/multi-search", lambda route: route.fulfill(status=500, body="{}", content_type="application/json"))
    expect(page.locator("#notice")).to_be_visible()  # as soon as the page tries again by itself


ASKED = "/?q=kettle+under+%24100+not+black&brand=Pellworth&brand=Halyard"
VISITS: dict[str, tuple[str, tuple[Act, ...], dict[str, object]]] = {
    "start, and the shoppers": ("/?user=u-bean", (nothing, open_shoppers), {}),
    "start in Chinese on a phone": ("/?index=small", (nothing,), {**PHONE, **CHINESE}),
    "results, why and compare": (f"{ASKED}&user=u-bean", (nothing, ask_why, compare_two), {}),
    "results and why in Chinese on a phone": (f"{ASKED}&user=u-bean", (nothing, ask_why), {**PHONE, **CHINESE}),
    "filters on a phone": ("/?q=coffee&f.currency=USD&brand=Pellworth", (open_filters,), PHONE),
    "suggestions, and the server away and broken": (
        "/?index=small", (type_something, lose_the_server, break_the_server), {},
    ),
    "nothing found": (f"{ASKED}&price=95-", (nothing,), {}),
    "weak": ("/?index=measured&q=coffee+under+%2430", (nothing,), {}),
    "degraded": ("/?index=old&q=coffee", (nothing,), {}),
}  # fmt: skip


@pytest.mark.parametrize("name", VISITS)
def test_axe_finds_nothing_serious(visits: Visits, name: str) -> None:
    """In each state in light by every rule, then in dark by those that colours decide."""
    path, acts, way = VISITS[name]
    page = visits.visit(path, allow="500|CONNECTION_REFUSED" if "server" in name else "", **way)
    expect(page.locator("#status")).to_contain_text(re.compile(r"\d"))
    for act in acts:
        act(page)
        expect(page.locator("#main")).not_to_have_attribute("aria-busy", "true")  # dimmed meanwhile, for a moment
        expect(page.locator("#hits.stale")).to_have_count(0)
        assert axe.grave(page) == [], act.__name__
        page.emulate_media(color_scheme="dark")
        assert axe.grave(page, "color-contrast", "link-in-text-block") == [], f"{act.__name__} in the dark"
        page.emulate_media(color_scheme="light")
        page.keyboard.press("Escape")


def test_the_documentation_page_too(visits: Visits) -> None:
    page = visits.visit("/docs")
    expect(page.get_by_role("heading", name="POST /indexes/{index}/search")).to_be_visible()
    assert axe.grave(page) == []


def test_axe_would_find_something(visits: Visits) -> None:
    """The measure measures."""
    page = visits.visit("/?q=kettle")
    expect(page.locator(".card").first).to_be_visible()
    page.evaluate("document.querySelector('#q').removeAttribute('aria-label')")
    page.evaluate("for (const label of document.querySelectorAll('label[for=q]')) label.remove()")
    page.evaluate("document.querySelector('#q').removeAttribute('placeholder')")
    assert any("label" in line or "name" in line for line in axe.grave(page))


@pytest.mark.parametrize("path", ["/", "/docs", "/page/main.js"])
def test_the_policy_is_strict(page_address: str, path: str) -> None:
    header = httpx.get(page_address + path).headers["content-security-policy"]
    policy = {words[0]: words[1:] for words in (part.split() for part in header.split(";")) if words}
    assert policy["default-src"] == ["'none'"]
    for directive in ("script-src", "style-src", "img-src", "connect-src"):
        assert policy[directive] == ["'self'"], directive
    for directive in ("base-uri", "frame-ancestors"):
        assert policy[directive] == ["'none'"]
    assert policy["require-trusted-types-for"] == ["'script'"]
    assert not re.search(r"unsafe|\*|data:|blob:|https?:|nonce|sha\d", header)


def test_the_policy_is_kept_to(visits: Visits) -> None:
    """What a hostile catalogue could try does not run, and the watch of these tests sees that it was tried."""
    page = visits.visit("/?index=small&q=mug", allow="policy:|Content Security Policy|Trusted|elsewhere.example")
    expect(page.locator(".card").first).to_be_visible()
    seen: list[str] = []
    page.on("console", lambda message: seen.append(message.text))
    refused = page.evaluate(_HOSTILE)
    assert refused == ["a script", "a handler", "markup", "a frame"]
    page.wait_for_timeout(300)
    assert page.evaluate("window.hacked") is None
    assert page.locator("#planted, iframe").count() == 0
    assert any(text.startswith("policy: require-trusted-types-for") for text in seen)
    # What trusted types let through, the list of sources does not.
    page.evaluate("""() => {
      const image = document.createElement("img");
      image.src = "https://elsewhere.example/pixel.png";
      document.body.append(image);
    }""")
    page.wait_for_timeout(300)
    assert any(text.startswith("policy: img-src https://elsewhere.example") for text in seen)
