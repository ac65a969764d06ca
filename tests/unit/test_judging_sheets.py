"""Sheets go out to spreadsheets, and come back as spreadsheets leave them."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest
from fakes import MemoryCollection
from hypothesis import given
from hypothesis import strategies as st
from points import manifest, point

from eval.judging.pools import Pair
from eval.judging.products import ProductCard, card_of, cards_of
from eval.judging.reading import Grading, gradings, pairs_of, parse_grade, read_sheet
from eval.judging.scale import SCALE
from eval.judging.sheets import COLUMNS, guarded, pair_code, unguarded, write_sheet
from search.errors import JudgementError

PAIRS = (Pair("q1", "007"), Pair("q1", "-4+4"), Pair("查询", "p 3"), Pair("q2", "4006381333931"))
TEXTS = {"q1": "=SUM(A1)", "查询": "红色 连衣裙", "q2": "lamp, small"}
CARDS = {
    "007": ProductCard("@cmd|' /C calc'!A0", "Brand", "5 USD"),
    "-4+4": ProductCard('A "quoted", title; with\tall', description="+49 30 1234"),
    "p 3": ProductCard("连衣裙，红色"),
}


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "pool.csv"
    write_sheet(path, PAIRS, TEXTS, CARDS)
    return path


def _cells(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


def test_a_sheet_says_what_it_is_to_excel(sheet: Path) -> None:
    raw = sheet.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") == raw.count(b"\n") == 5
    rows = _cells(sheet)
    assert tuple(rows[0]) == COLUMNS
    assert [row["title"] for row in rows[1:]] == ['A "quoted", title; with\tall', "连衣裙，红色", ""]
    assert {row["grade"] for row in rows} == {row["comment"] for row in rows} == {""}


def test_nothing_in_a_sheet_can_run(sheet: Path) -> None:
    rows = _cells(sheet)
    assert rows[0]["title"] == "'@cmd|' /C calc'!A0"
    assert rows[0]["query"] == "'=SUM(A1)"
    assert rows[1]["product_id"] == "'-4+4"
    assert rows[1]["description"] == "'+49 30 1234"
    assert not [cell for row in rows for cell in row.values() if cell.startswith(tuple("=+-@\t\r"))]


@given(st.text(alphabet="'=+-@＝a1 "))
def test_the_guard_comes_off_again(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(tuple("=+-@＝"))


def test_a_sheet_comes_back_as_it_went(sheet: Path) -> None:
    read = read_sheet(sheet)
    assert tuple(row.pair for row in read.rows) == PAIRS
    assert read.restored == 0
    assert read.checked
    assert [row.line for row in read.rows] == [2, 3, 4, 5]
    assert list(gradings(read, SCALE)) == []


def test_semicolons_for_those_whose_comma_is_taken(tmp_path: Path) -> None:
    write_sheet(tmp_path / "s.csv", PAIRS, TEXTS, CARDS, judge="anna", separator=";")
    assert {row.cells["judge"] for row in read_sheet(tmp_path / "s.csv").rows} == {"anna"}


# --- what spreadsheets do --------------------------------------------------------------------------------------------

HEADER = ["Comment", "Product ID", "QUERY-ID", "my own", "Grade"]


def _saved(path: Path, rows: list[list[str]], encoding: str = "utf-8", separator: str = ",", first: str = "") -> Path:
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows([HEADER, *rows])
    path.write_bytes((first + text.getvalue()).encode(encoding))
    return path


GRADED = [
    ["fine, really", "p1", "q1", "x", "3"],
    ["", "p2", "q1", "", "2,0"],
    ["", "p3", "q1", "", " 1.00 "],
    ["", "p4", "q1", "", ""],
    ["", "", "", "", ""],
    ["好", "p5", "q1", "", "０"],
]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
@pytest.mark.parametrize("first", ["", "sep={}\r\n"])
def test_any_file_that_a_spreadsheet_writes(tmp_path: Path, separator: str, encoding: str, first: str) -> None:
    path = _saved(tmp_path / "anna.csv", GRADED, encoding, separator, first.format(separator))
    shift = bool(first)
    assert list(gradings(read_sheet(path), SCALE)) == [
        Grading(Pair("q1", product), "anna", grade, path, line + shift)
        for product, grade, line in (("p1", 3.0, 2), ("p2", 2.0, 3), ("p3", 1.0, 4), ("p5", 0.0, 7))
    ]


def test_western_excel(tmp_path: Path) -> None:
    path = _saved(tmp_path / "a.csv", [["hübsch", "p1", "q1", "", "3"]], "cp1252", ";")
    assert [each.grade for each in gradings(read_sheet(path), SCALE)] == [3.0]


@pytest.mark.parametrize(
    ("text", "grade"),
    [("3", 3), ("3,0", 3), ("3.", 3), ("'2", 2), ("\u00a01\u3000", 1), ("-1", -1), ("+2", 2), ("12", 12)]
    + [(text, None) for text in ("", "-", "2.5", "2,5", "1e0", "nan", "inf", "two", "1_0", "3,0,0", "٣")],
)
def test_grades_as_people_write_them(text: str, grade: int | None) -> None:
    assert parse_grade(text) == grade


@pytest.mark.parametrize("grade", ["4", "-1", "2.5", "good", "03.Jan", "-", "nan"])
def test_a_grade_that_is_none_is_named(tmp_path: Path, grade: str) -> None:
    path = _saved(tmp_path / "a.csv", [["", "p1", "q1", "", "3"], ["", "p2", "q1", "", grade]])
    with pytest.raises(JudgementError, match=r"a\.csv, line 3: grade .*one of 0, 1, 2, 3, or blank"):
        list(gradings(read_sheet(path), SCALE))


def _changed(sheet: Path, change: dict[int, dict[str, str]]) -> Path:
    rows = _cells(sheet)
    for number, cells in change.items():
        rows[number] |= cells
    path = sheet.with_name("back.csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_ids_that_a_spreadsheet_altered_are_noticed_and_restored(sheet: Path) -> None:
    back = _changed(sheet, {0: {"product_id": "7", "grade": "1"}, 3: {"product_id": "4.00638E+12", "grade": "2"}})
    with pytest.raises(JudgementError, match=r"back\.csv, line 2: query 'q1' and product '7' .* --pool"):
        read_sheet(back)
    read = read_sheet(back, pairs_of([read_sheet(sheet)]))
    assert tuple(row.pair for row in read.rows) == PAIRS
    assert read.restored == 2


def test_a_column_sorted_by_itself_is_noticed(sheet: Path) -> None:
    back = _changed(sheet, {0: {"pair": pair_code(PAIRS[1])}, 1: {"pair": pair_code(PAIRS[0])}})
    with pytest.raises(JudgementError, match="line 2"):
        read_sheet(back)
    with pytest.raises(JudgementError, match=r"line 2: .*sorted without the others"):
        read_sheet(back, pairs_of([read_sheet(sheet)]))


def test_what_was_never_asked_is_refused(sheet: Path, tmp_path: Path) -> None:
    pool = pairs_of([read_sheet(sheet)])
    strange = _saved(tmp_path / "a.csv", [["", "p9", "q1", "", "3"]])
    with pytest.raises(JudgementError, match=r"a\.csv, line 2: query 'q1' with product 'p9' is not in the pool"):
        read_sheet(strange, pool)
    assert not read_sheet(strange).checked
    both = _changed(sheet, {0: {"product_id": "p9", "pair": pair_code(Pair("q1", "p9"))}})
    with pytest.raises(JudgementError, match="not in the pool"):
        read_sheet(both, pool)
    neither = _changed(sheet, {0: {"product_id": "7", "pair": "abcdefghij"}})
    with pytest.raises(JudgementError, match="neither is in the pool"):
        read_sheet(neither, pool)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "is empty"),
        (b"query_id,product_id,grade\n", "no rows"),
        (
            b"query_id,product,stars\nq,p,1\n",
            "line 1: no column is named grade. Columns found: query_id, product, stars",
        ),
        (b"query_id,product_id,grade,label,GRADE\nq,p,1,1,1\n", "two columns could be the grade"),
        (b"query_id,product_id,grade\nq,p,3,extra\n", "line 2: 4 cells under 3 columns"),
        (b"query_id,product_id,grade\nq,,3\n", "line 2: query_id or product_id is empty"),
        (b'query_id,product_id,grade\nq,"p,3\nq,r,2\n', "line 2: this is no CSV"),
        (b"PK\x03\x04rest", "workbook"),
        (b"\xff\xfe\x00", "unknown encoding"),
    ],
)
def test_files_that_are_no_sheets(tmp_path: Path, raw: bytes, words: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(raw)
    with pytest.raises(JudgementError, match=words):
        read_sheet(path)


def test_our_own_column_wins_over_what_might_mean_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("query_id,product_id,rating,grade,judge\nq,p,5,2, Anna \n")
    assert [(each.judge, each.grade) for each in gradings(read_sheet(path), SCALE)] == [("Anna", 2.0)]


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(JudgementError, match="cannot be read"):
        read_sheet(tmp_path / "none.csv")


# --- products --------------------------------------------------------------------------------------------------------


def test_a_card_is_what_a_shopper_would_see() -> None:
    card = card_of(
        {
            "id": "1", "title": "Lamp\n\x00red", "price": Decimal("5.50"), "currency": "EUR",
            "category": ["Home", "Lamps"], "description": "x" * 600, "brand": None, "url": "https://shop.example/1",
        }
    )  # fmt: skip
    assert card == ProductCard(
        "Lamp red", "", "5.50 EUR", "Home > Lamps", "x" * 499 + "…", "https://shop.example/1", ""
    )
    assert card_of({"title": "L", "price": 59.0, "currency": "USD"}).price == "59 USD"
    assert card_of({"title": "L", "currency": "USD", "category": "Lamps"}) == ProductCard("L", category="Lamps")


def test_cards_come_from_the_index() -> None:
    collection = MemoryCollection(manifest("shelf"))
    collection.upsert([point("p1", title="Lamp", brand="Tarn"), point("p2", title="Desk")])
    assert cards_of(["p1", "nobody"], collection) == {"p1": ProductCard("Lamp", "Tarn")}
