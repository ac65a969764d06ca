"""The report in a real browser: from disk, without a network, on a wide screen, a phone and paper, light and dark."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from eval.__main__ import main
from eval.record import QueryRecord, RunRecord, Software, write_record

pytestmark = pytest.mark.browser

HOSTILE = "</title></script><script>alert(1)</script><img src=https://example.org/x onerror=alert(2)>"
WIDTHS = (360, 1280)
SCHEMES = ("light", "dark")

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `compared.html`, three runs with titles and queries that attack, and `single.html`."""
    folder = tmp_path_factory.mktemp("report")
    queries, products = range(1, 31), [f"p{number}" for number in range(1, 41)]

    def run(name: str, first: Callable[[int], int], hits: int) -> None:
        with (folder / name).open("w", encoding="utf-8") as file:
            for query in queries:
                for rank in range(hits if query != 30 else 0):
                    place = (first(query) + rank) % len(products)
                    file.write(f"q{query} Q0 {products[place]} {rank + 1} {100 - rank} t\n")

    run("as served.trec", lambda query: query - query % 2, 30)
    run("with-a-very-long-name-that-says-what-was-changed-and-why.trec", lambda query: query - query % 4, 30)
    run("third.trec", lambda query: query - (query % 3 == 2), 12)
    for name, depth in (("as served.trec", 30), ("third.trec", 12)):
        write_record(folder / name, record(depth))
    (folder / "qrels.tsv").write_text(
        "".join(f"q{query} 0 {products[query]} 3\nq{query} 0 {products[query - 1]} 0\n" for query in queries)
    )
    (folder / "queries.tsv").write_text(
        "".join(
            f"q{query}\t{HOSTILE if query == 3 else '红色 连衣裙 ' + 'lamp ' * (query % 4)}\n" for query in queries
        ),
        encoding="utf-8",
    )
    (folder / "titles.tsv").write_text(
        "".join(f"{product}\t{HOSTILE} {'x' * 200}\n" for product in products), encoding="utf-8"
    )
    runs = [str(folder / name) for name in ("as served.trec", f"{LONG}.trec", "third.trec")]
    shown = ["--queries", str(folder / "queries.tsv"), "--titles", str(folder / "titles.tsv"), "--title", HOSTILE]
    qrels = str(folder / "qrels.tsv")
    assert main(["report", qrels, *runs, *shown, "--out", str(folder / "compared.html")]) == 0
    assert main(["report", qrels, runs[0], *shown[:2], "--out", str(folder / "single.html")]) == 0
    return folder


LONG = "with-a-very-long-name-that-says-what-was-changed-and-why"


def record(depth: int) -> RunRecord:
    milliseconds = {"understand": 0.5, "encode": 6.0, "retrieve": 20.0, "fetch": 40.0, "total": 67.0}
    return RunRecord(
        index=HOSTILE,
        index_version=3,
        products=40,
        encoder="sentence-transformers/all-MiniLM-L6-v2@0123456789 (53aa5117)",
        recipe="title-brand-category-looks-description/2",
        learning="words-kinds-lexicon-suggestions/4",
        built_at="2026-05-01T08:00:00+00:00",
        created_at="2026-05-02T09:30:00+00:00",
        software=Software("0.1.0", "0123456789abcdef0123456789abcdef01234567", dirty=True),
        options={"semantic_ratio": None, "depth": depth},
        queries={f"q{query}": QueryRecord("zh", 0, 30, False, (), milliseconds) for query in range(1, 31)},
    )


@pytest.fixture
def open_page(browser: Browser, reports: Path) -> Iterator[Open]:
    """Opens a report from disk with the network off. Scripts that run, anything on the console, and any request but
    that for the page itself fail the test."""
    trouble: list[str] = []
    contexts = []

    def opened(name: str = "compared.html", width: int = 1280, scheme: str = "light", **options: Any) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True, **options
        )
        contexts.append(context)
        page = context.new_page()
        address = (reports / name).as_uri()
        page.on("console", lambda message: trouble.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (trouble.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: None if request.url == address else trouble.append(request.url))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not trouble


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [
        *(("compared.html", width, scheme) for width in WIDTHS for scheme in SCHEMES),
        ("single.html", 360, "light"),
        ("single.html", 1280, "dark"),
    ],
)
def test_page_fits_and_every_plot_can_be_seen(open_page: Open, name: str, width: int, scheme: str) -> None:
    page = open_page(name, width, scheme)
    expect(page.locator("h1")).to_be_visible()
    page.evaluate(UNFOLD)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(SIDEWAYS) == []
    plots = page.evaluate(PLOTS)
    assert len(plots) > 15
    for left, right, high, seen in plots:
        assert seen
        assert 0 <= left < left + 60 < right <= width
        assert high > 10
    kinds = {"line", "bar", "grid", "span"} | ({"better", "worse", "zero"} if name == "compared.html" else set())
    assert [kind for kind in kinds if page.locator(f"svg .{kind}").count() == 0] == []


UNFOLD = "document.querySelectorAll('details').forEach(one => one.open = true)"
PLOTS = """[...document.querySelectorAll('svg.plot, svg.row')].map(one => {
  const {left, right, height} = one.getBoundingClientRect()
  return [left, right, height, one.checkVisibility()]
})"""
SIDEWAYS = """[...document.querySelectorAll('body *')]
  .filter(one => !one.closest('.scroll, svg, .hidden, .skip') && one.getBoundingClientRect().right > innerWidth + 1)
  .map(one => one.outerHTML.slice(0, 80))"""


@pytest.mark.parametrize("scheme", SCHEMES)
def test_letters_stand_out_from_what_is_behind_them(open_page: Open, scheme: str) -> None:
    """WCAG 2.1 AA: 4.5 to 1, for large letters 3 to 1."""
    page = open_page(scheme=scheme)
    page.evaluate(UNFOLD)
    assert page.evaluate(FAINT) == []
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    shade = sum(int(part) for part in re.findall(r"\d+", ground)[:3])
    assert shade < 200 if scheme == "dark" else shade > 600


FAINT = """(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true})
  const read = colour => {  // any notation of a colour as red, green, blue and how much it covers
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1)
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data
    return [r, g, b, a / 255]
  }
  const over = (top, under) => top.slice(0, 3).map((part, i) => part * top[3] + under[i] * (1 - top[3]))
  const behind = one => {
    const layers = []
    for (let at = one; at; at = at.parentElement) layers.push(read(getComputedStyle(at).backgroundColor))
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255])
  }
  const light = colour => colour.slice(0, 3).map(part => part / 255)
    .map(part => part <= .03928 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
    .reduce((sum, part, i) => sum + part * [.2126, .7152, .0722][i], 0)
  const faint = new Set()
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement
    if (!walker.currentNode.data.trim() || one.closest('.hidden, .tip, title, desc, style')) continue
    const style = getComputedStyle(one), under = behind(one)
    const ink = over(read(one instanceof SVGElement ? style.fill : style.color), under)
    const [a, b] = [light(ink), light(under)].sort((x, y) => y - x)
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.6 && style.fontWeight >= 700)
    if ((a + .05) / (b + .05) < (large ? 3 : 4.5))
      faint.add(`${((a + .05) / (b + .05)).toFixed(2)} ${one.tagName}.${one.getAttribute('class')}`)
  }
  return [...faint]
})()"""


def test_hostile_titles_are_read_and_not_obeyed(open_page: Open) -> None:
    page = open_page()
    expect(page.locator("h1")).to_have_text(HOSTILE)
    expect(page.locator(".hits .what").first).to_contain_text("<script>alert(1)</script>")
    assert page.locator("script, img, iframe, link").count() == 0
    # Should anything slip through after all, the page's own policy keeps it from running.
    policy = page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content") or ""
    assert policy.startswith("default-src 'none';")


def test_page_is_read_without_scripts(open_page: Open) -> None:
    page = open_page(java_script_enabled=False)
    expect(page.get_by_role("heading", name="Configuration")).to_be_visible()
    expect(page.locator("svg.plot").first).to_be_visible()


def test_pointing_at_a_bar_says_which_query_it_is(open_page: Open) -> None:
    page = open_page()
    bar = page.locator(".changes .one").last
    tip = bar.locator(".tip")
    expect(tip).to_be_hidden()
    bar.locator(".reach").hover()
    expect(tip).to_be_visible()
    expect(tip).to_contain_text(re.compile(r"−\d\.\d\d \(\d\.\d\d → \d\.\d\d\)"))


def test_a_bar_leads_to_both_lists_by_key_also_where_they_are_folded(open_page: Open) -> None:
    page = open_page()
    folded = page.locator("details.mover:not([open])").first
    name = folded.locator(".pair").get_attribute("id")
    link = page.locator(f".changes a[href='#{name}']")
    link.focus()
    expect(link.locator(".tip")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator(f"#{name}")).to_be_in_viewport()
    expect(page.locator(f"#{name} .hits").first).to_be_visible()


def test_tables_stay_tables_on_a_phone(open_page: Open) -> None:
    page = open_page(width=360)
    table = page.get_by_role("table").filter(has=page.get_by_role("columnheader", name="mean")).first
    row = table.get_by_role("row").filter(has=page.get_by_role("rowheader", name=re.compile("A as served"))).first
    expect(row.get_by_role("cell").nth(1)).to_have_text(re.compile(r"^\d\.\d{3}$"))


def test_print_is_light_complete_and_fits_the_sheet(open_page: Open) -> None:
    page = open_page(scheme="dark")
    pages = page.pdf(prefer_css_page_size=True)
    assert pages.startswith(b"%PDF")
    assert pages.count(b"/Type /Page\n") > 3
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    sheet = 184 * 96 / 25.4  # millimetres between the margins of A4, in CSS pixels
    page.set_viewport_size({"width": int(sheet), "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= sheet
    assert page.evaluate(
        "[...document.querySelectorAll('.scroll')].every(one => one.scrollWidth <= one.clientWidth + 1)"
    )
    # What is folded on the screen is there on paper.
    for mover in page.locator("details.mover").all():
        expect(mover.locator(".hits").first).to_be_visible()
