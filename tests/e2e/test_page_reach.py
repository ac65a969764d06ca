"""The search page in Chromium within everybody's reach: by keyboard alone, on a phone, enlarged, in either language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from page_visits import Visits
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}

_OUTLINED = """element => {
  const seen = (one) => {
    const style = one && getComputedStyle(one);
    return style && (style.outlineStyle !== "none" || style.boxShadow !== "none");
  };
  // The thumb of a slider is no element, so its styles are read where they are written.
  const thumb = "::-webkit-slider-thumb";
  const written = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).some((rule) =>
    rule.selectorText?.includes(thumb) && (rule.style.outline || rule.style.boxShadow) &&
    rule.selectorText.split(",").some((one) => one.includes(":focus") && element.matches(one.replace(thumb, ""))));
  return written || seen(element) || seen(element.closest("form, label, .card, fieldset"));
}"""

_SEEN = """() => {
  const found = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT);
  while (walk.nextNode()) {
    const one = walk.currentNode;
    if (!one.checkVisibility() || one.closest("[lang=en]")) continue;
    for (const name of ["aria-label", "title", "placeholder"]) found.add(one.getAttribute(name) ?? "");
    for (const child of one.childNodes) if (child.nodeType === Node.TEXT_NODE) found.add(child.data.trim());
  }
  return [...found];
}"""


def cards(page: Page) -> Locator:
    return page.get_by_role("list", name=re.compile("Results|搜索结果")).get_by_role("article")


def tab_to(page: Page, wanted: Locator, key: str = "Tab", most: int = 60) -> int:
    """Presses the key until the wanted element has the focus; how often. Every stop on the way can be seen."""
    for times in range(1, most + 1):
        page.keyboard.press(key)
        focus = page.locator(":focus")
        box = focus.bounding_box()
        assert box is not None, "the focus is on nothing"
        assert box["width"] > 0 and box["height"] > 0, focus.evaluate("element => element.outerHTML")  # noqa: PT018
        if wanted.evaluate("element => element === document.activeElement"):
            return times
    raise AssertionError(f"not reached with {most} × {key}")


def outlined(focus: Locator) -> bool:
    """Whether one can see that it has the focus."""
    return bool(focus.evaluate(_OUTLINED))


def wide(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth"))


def test_from_the_first_letter_to_a_product_and_its_reason_by_keyboard(visits: Visits) -> None:
    """Only letters, Tab, arrows, Enter and Escape."""
    page = visits.visit("/?index=small", allow="https://shop.example")
    page.route(
        "https://shop.example/**", lambda route: route.fulfill(body="<title>The mug</title>", content_type="text/html")
    )
    expect(page.get_by_role("combobox", name="Search")).to_be_focused()
    page.keyboard.type("mug")
    expect(page.get_by_role("listbox", name="Suggestions")).to_be_visible()
    page.keyboard.press("ArrowDown")  # «Mugs»
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("combobox", name="Search")).to_have_value("Stoneware mug")
    page.keyboard.press("Enter")
    expect(page.get_by_role("listbox", name="Suggestions")).to_be_hidden()
    expect(page.get_by_role("main")).not_to_have_attribute("aria-busy", "true")
    expect(cards(page).first.get_by_role("heading")).to_contain_text("mug")
    page.keyboard.press("ArrowDown")
    link = cards(page).first.get_by_role("link")
    expect(link).to_be_focused()
    assert outlined(link)

    why = cards(page).first.get_by_role("button", name=re.compile("^Why this"))
    assert tab_to(page, why) <= 3
    page.keyboard.press("Enter")
    panel = page.get_by_role("dialog")
    expect(panel).to_be_visible()
    # The focus is in the panel and stays there, however often Tab is pressed.
    for _ in range(25):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || Boolean(document.activeElement.closest('dialog[open]'))"
        )
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(why).to_be_focused()
    page.keyboard.press("Shift+Tab")
    tab_to(page, link, "Shift+Tab", 3) if not link.evaluate("one => one === document.activeElement") else None
    page.keyboard.press("Enter")
    page.wait_for_url("https://shop.example/**")
    expect(page).to_have_title("The mug")
    page.go_back()
    expect(cards(page).first.get_by_role("heading")).to_contain_text("mug")


def test_every_control_is_reached_and_can_be_seen_to_be(visits: Visits) -> None:
    """With Tab from the top: the way past everything, the box, the shopper, the languages, filters, order, results."""
    page = visits.visit("/?q=kettle+under+%24100")
    expect(cards(page)).not_to_have_count(0)
    page.wait_for_load_state("networkidle")  # filters that come later are drawn anew beneath the focus
    skip = page.get_by_role("link", name="Skip to results")
    expect(page.get_by_role("combobox", name="Search")).to_be_focused()
    tab_to(page, skip, "Shift+Tab", 3)
    box = skip.bounding_box()
    assert box is not None
    assert box["y"] >= 0
    names = []
    for _ in range(70):
        page.keyboard.press("Tab")
        focus = page.locator(":focus")
        if focus.count() == 0:
            break
        assert outlined(focus), focus.evaluate("element => element.outerHTML")
        names.append(focus.evaluate("one => one.id || one.dataset.key || one.dataset.language || one.className"))
    wanted = ("q", "who", "en", "zh", "sort", "price:low", "price:high", "chip", "why-button")
    assert [name for name in wanted if name not in names] == []
    # Skipping is what it says: the next stop is in the results.
    page.evaluate("scrollTo(0, 0)")
    skip.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("Boolean(document.activeElement.closest('#hits'))")


def test_a_slash_goes_to_the_box(visits: Visits) -> None:
    page = visits.visit("/?q=kettle")
    cards(page).nth(3).get_by_role("heading").focus()
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Search")).to_be_focused()
    expect(page.get_by_role("combobox", name="Search")).to_have_value("kettle")


def test_a_phone(visits: Visits) -> None:
    page = visits.visit("/?q=coffee", **PHONE)
    expect(cards(page)).to_have_count(24)
    assert wide(page) <= 360
    # The keyboard of a phone would cover the results.
    expect(page.get_by_role("combobox", name="Search")).not_to_be_focused()
    expect(page.get_by_role("group", name="Brand").last).to_be_hidden()
    page.get_by_role("button", name=re.compile("^Filters")).tap()
    sheet = page.get_by_role("dialog", name="Filters")
    sheet.get_by_role("checkbox", name=re.compile("^Pellworth")).tap()
    done = sheet.get_by_role("button", name=re.compile(r"^Show \d+ products?"))
    expect(done).to_have_text(re.compile("^Show [1-9] product"))
    number = int(re.findall(r"\d+", done.inner_text())[0])
    assert wide(page) <= 360
    done.tap()
    expect(sheet).to_be_hidden()
    expect(cards(page)).to_have_count(number)
    cards(page).first.get_by_role("button", name=re.compile("^Why this")).tap()
    panel = page.get_by_role("dialog")
    expect(panel).to_be_visible()
    box = panel.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    assert wide(page) <= 360
    panel.get_by_role("button", name="Close").tap()
    expect(panel).to_be_hidden()
    page.get_by_role("combobox", name="Search").tap()
    page.keyboard.type(" gr")
    expect(page.get_by_role("listbox", name="Suggestions")).to_be_visible()
    assert wide(page) <= 360


def test_enlarged_four_times(visits: Visits) -> None:
    """WCAG 1.4.10: as 320 pixels wide, nothing has to be scrolled sideways, and the header keeps to its line."""
    page = visits.visit("/", viewport={"width": 320, "height": 256})
    for path in ("/", "/?index=measured&q=tuxedo+rental", "/?q=kettle+under+%24100+not+black&user=u-bean"):
        page.goto(visits.address + path)
        expect(page.locator("#status")).to_contain_text("product")
        assert wide(page) <= 320
        clipped = page.locator(".prefs > *").evaluate_all("all => all.filter((one) => one.clientWidth < 38).length")
        assert clipped == 0, path


def test_the_language_is_switched(visits: Visits) -> None:
    page = visits.visit("/?q=%E8%80%B3%E6%9C%BA+%E4%B8%8D%E8%B6%85%E8%BF%87500%E5%85%83")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(cards(page)).not_to_have_count(0)
    page.get_by_role("group", name="Language").get_by_role("button", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh")
    expect(page.locator("#status")).to_contain_text("件商品")
    expect(page.get_by_role("combobox", name="搜索")).to_have_value("耳机 不超过500元")
    expect(page.get_by_role("group", name="系统的理解").get_by_role("button")).to_have_text([re.compile("500")])
    assert leftovers(page) == []
    cards(page).first.get_by_role("button", name=re.compile("^推荐理由")).click()
    said = page.get_by_role("dialog").get_by_role("region", name="为什么是它").locator("p").first
    expect(said).to_have_text(re.compile("[一-鿿].*。"))
    assert leftovers(page) == []
    page.keyboard.press("Escape")
    page.reload()
    expect(page.get_by_role("combobox", name="搜索")).to_be_visible()
    other = visits.visit("/?q=kettle&lang=zh")
    expect(other.locator("#status")).to_contain_text("件商品")
    page.get_by_role("button", name=re.compile("English")).click()
    expect(page.locator("#status")).to_contain_text("products")


def leftovers(page: Page) -> list[str]:
    """English words of the page's own that can still be read, or heard, on it; products may be English."""
    source = (Path(__file__).parents[2] / "api" / "page" / "words-en.js").read_text(encoding="utf-8")
    ours = set(re.findall(r'"([A-Z][^"\\]{3,})"', source))
    seen = page.evaluate(_SEEN)
    return sorted(ours & set(seen))


def test_a_chinese_browser_gets_chinese(visits: Visits) -> None:
    page = visits.visit("/?q=%E8%80%B3%E6%9C%BA", locale="zh-CN")
    expect(page.locator("html")).to_have_attribute("lang", "zh")
    expect(page.locator("#status")).to_have_text(re.compile("件商品"))
    assert "lang=" not in page.url
    assert leftovers(page) == []
