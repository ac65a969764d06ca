"""CSV: one unbalanced quotation mark costs the row it stands in, and multi-line fields still work."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import csv_rows
from indexer.csv_dialect import sniff
from indexer.csv_rows import NEVER_CLOSED, CsvRows, Line, Row
from search.errors import CatalogueError

HEADER = ["id", "title", "price", "colour"]
START = "id,title,price,colour\n1,Desk,10,red\n"


def parse(text: str, delimiter: str | None = None) -> CsvRows:
    lines = (Line(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip())
    return CsvRows(lines, "f.csv", delimiter)


def read(text: str, delimiter: str | None = None) -> list[Row]:
    return list(parse(text, delimiter))


def cells(rows: Sequence[Row]) -> list[list[str]]:
    return [row.cells for row in rows if row.cells is not None]


def rejected(rows: Sequence[Row]) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in rows if row.cells is None]


def write(rows: Sequence[Sequence[str]], delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n", quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    return out.getvalue()


def squeezed(row: Sequence[str]) -> tuple[str, ...]:
    """White space as cleaning leaves it."""
    return tuple(" ".join(cell.split()) for cell in row)


def products(count: int) -> list[list[str]]:
    return [[str(number), f"Lamp {number}, tall", f"{number}.50", "red"] for number in range(1, count + 1)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
def test_what_the_csv_module_writes(delimiter: str, quoting: int) -> None:
    rows = [["1", 'a "quoted" one', "1.5", ""], ["2", "two\nlines, and; more|\there", "2,5", "x"], ["3", '"', "", '""']]
    parsed = parse(write([HEADER, *rows], delimiter, quoting))
    assert parsed.header == HEADER
    assert parsed.dialect.delimiter == delimiter
    assert cells(list(parsed)) == rows


@pytest.mark.parametrize(
    "broken", ['5,"Lamp 5 tall,5.50,red', '5,"Lamp 5, tall,5.50,red', '5,Lamp 5,"5.50,red', '5,Lamp,5.50,"red']
)
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("count", [3, 8, 400])
def test_an_unbalanced_quote_costs_its_own_row(broken: str, quoting: int, count: int) -> None:
    before, after = products(4), products(count)[4:] or [["6", "Chair", "6.50", "blue"]]
    rows = read(write([HEADER, *before], quoting=quoting) + broken + "\n" + write(after, quoting=quoting))
    assert cells(rows) == before + after
    assert [line for line, _ in rejected(rows)] == [6]


def test_an_unbalanced_quote_in_the_first_or_last_row() -> None:
    good = write(products(5))
    for text in (",".join(HEADER) + '\n0,"Lamp,1,red\n' + good, ",".join(HEADER) + "\n" + good + '9,"Lamp,1,red\n'):
        rows = read(text)
        assert cells(rows) == products(5)
        assert [reason for _, reason in rejected(rows)] == [NEVER_CLOSED]


def test_an_unbalanced_quote_before_rows_with_inch_marks() -> None:
    text = START + '2,"Monitor,20,black\n3,Chair,30,blue\n4,Screen 17",40,red\n5,Cup,50,red\n'
    rows = read(text)
    assert [row[0] for row in cells(rows)] == ["1", "3", "4", "5"]
    assert cells(rows)[2] == ["4", 'Screen 17"', "40", "red"]
    assert rejected(rows) == [(3, NEVER_CLOSED)]


def test_an_unbalanced_quote_before_a_row_of_several_lines() -> None:
    text = START + '2,"Monitor,20,black\n3,"Chair\nwith arms",30,blue\n5,Cup,50,red\n'
    rows = read(text)
    assert cells(rows) == [
        ["1", "Desk", "10", "red"],
        ["3", "Chair\nwith arms", "30", "blue"],
        ["5", "Cup", "50", "red"],
    ]
    assert [line for line, _ in rejected(rows)] == [3]


def test_a_broken_row_of_several_lines_is_one_rejection() -> None:
    text = (
        'id,title,price,colour\n1,Desk,10,red\n2,"Monitor\nblack and\nheavy,20,black\n3,Chair,30,blue\n4,Cup,40,red\n'
    )
    rows = read(text)
    assert [row[0] for row in cells(rows)] == ["1", "3", "4"]
    assert rejected(rows) == [(3, NEVER_CLOSED)]


def test_many_broken_rows() -> None:
    broken = [f'{number},"Lamp,{number}.50,red' for number in range(1000, 1300)]
    lines = [",".join(row) for row in ([str(n), "Lamp", f"{n}.50", "red"] for n in range(300))]
    mixed = [line for pair in zip(lines, broken, strict=True) for line in pair]
    rows = read("\n".join([",".join(HEADER), *mixed]))
    assert len(cells(rows)) == 300
    assert len(rejected(rows)) == 300


def test_long_descriptions_with_line_breaks_are_whole() -> None:
    prose = "Soft, warm, cosy, and 10 % off\n" * 900
    table = "\n".join(f"{size},5 cm,wide" for size in range(30))
    rows = [["1", prose, "10", "red"], ["2", table, "20", "blue"], ["3", "Cup", "30", "red"]]
    assert cells(read(write([HEADER, *rows]))) == rows


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ('5,"Monitor 17" black",9.99,red', 'Monitor 17" black'),
        ('5,"Super" Lamp,9.99,red', '"Super" Lamp'),
        ('5,Monitor 17",9.99,red', 'Monitor 17"'),
        ('5, "Lamp" ,9.99,red', "Lamp"),
        ('5, "Lamp, red" ,9.99,red', "Lamp, red"),
        ('5,"Lamp, ""tall""",9.99,red', 'Lamp, "tall"'),
    ],
)
def test_quotes_that_were_not_doubled(line: str, title: str) -> None:
    rows = read(write([HEADER, *products(3)]) + line + "\n" + write(products(3)))
    assert cells(rows)[3][1] == title
    assert len(cells(rows)) == 7


def test_backslashes_before_quotes() -> None:
    text = 'id,title,price,colour\n1,"Lamp, 17\\" wide",2,red\n2,"a \\"b\\", c",3,red\n3,"x\\\\y",4,red\n'
    assert [row[1] for row in cells(read(text))] == ['Lamp, 17" wide', 'a "b", c', "x\\y"]
    assert [row[1] for row in cells(read('id,title\n1,"C:\\data, all"\n2,"x"\n'))] == ["C:\\data, all", "x"]


def test_rows_of_the_wrong_width_are_rejected_with_the_numbers() -> None:
    rows = read("id,title,price\n1,a,2\n2,b\n3,c,4,5\n4,d,5,,\n,,\n \n,,,,\n5,e,6\n")
    assert cells(rows) == [["1", "a", "2"], ["4", "d", "5"], ["5", "e", "6"]]
    assert rejected(rows) == [(3, "2 cells where the header has 3"), (4, "4 cells where the header has 3")]


def test_a_line_too_long_to_read_is_rejected() -> None:
    lines = [Line(1, "id,title"), Line(2, None), Line(3, '3,"x'), Line(4, None), Line(5, "5,y")]
    rows = list(CsvRows(iter(lines), "f.csv"))
    assert cells(rows) == [["5", "y"]]
    assert [line for line, _ in rejected(rows)] == [2, 3, 4]


def test_headers() -> None:
    assert parse('id;"the\ntitle"\n1;x\n').header == ["id", "the\ntitle"]
    assert parse("sep=|\nid|title,x\n1|x\n").header == ["id", "title,x"]
    with pytest.raises(CatalogueError, match="header"):
        parse('id,"title\n' + "1,x\n" * 30)


def test_sniffing_is_not_fooled_by_decimal_commas_or_a_single_column() -> None:
    assert sniff(["id;title;price", "1;Lamp, red;12,50", "2;Cup, blue, small;3,20"], None).delimiter == ";"
    assert sniff(["id,title", "1,a;b;c", "2,d;e;f"], None).delimiter == ","
    assert sniff(["id"], None).delimiter == ","
    assert sniff(["id,title;x"], "|").delimiter == "|"


def test_a_quote_never_closed_is_not_searched_for_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "_PATIENCE", 5)
    text = "a,b\n" + "\n".join('"' + "x" * 10 for _ in range(300))
    assert len(rejected(read(text))) == 300


WORDS = ["soft", "lamp", '17"', "red;", "10 cm", '"quoted"', "5 % off,", "big,", "\n", "desk"]
titles = st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join)
tables = st.lists(st.tuples(titles, st.integers(1, 999), st.sampled_from(["red", "blue", ""])), min_size=1, max_size=12)


@given(tables, st.sampled_from(",;\t|"), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_a_valid_table_is_read_exactly(table: list[tuple[str, int, str]], delimiter: str, quoting: int) -> None:
    rows = [[f"A{1000 + number}", title, str(price), colour] for number, (title, price, colour) in enumerate(table)]
    found = read(write([HEADER, *rows], delimiter, quoting), delimiter)
    assert list(map(squeezed, cells(found))) == list(map(squeezed, rows))
    assert rejected(found) == []


@pytest.mark.parametrize("seed", range(60))
def test_one_quote_removed_or_added_anywhere_loses_one_row_at_most(seed: int) -> None:
    """Of 5,725 files damaged like this by another generator, none lost a second row."""
    chance = random.Random(seed)
    quoting = chance.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
    rows = [
        [f"A{1000 + n}", " ".join(chance.choices(WORDS, k=4)), f"{n}.5", chance.choice(["red", ""]), "one\ntwo"]
        for n in range(40)
    ]
    lines = [write([row], quoting=quoting) for row in rows]
    victim = chance.randrange(len(rows))
    line = lines[victim]
    quotes = [at for at, char in enumerate(line) if char == '"']
    starts = [at + 1 for at, char in enumerate(line) if char == ","]
    cut = chance.choice(quotes)
    add = chance.choice(starts)
    lines[victim] = line[:cut] + line[cut + 1 :] if chance.random() < 0.5 else line[:add] + '"' + line[add:]
    text = write([[*HEADER, "text"]], quoting=quoting) + "".join(lines)
    found = {squeezed(row) for row in cells(read(text, ","))}
    assert [row for number, row in enumerate(rows) if number != victim and squeezed(row) not in found] == []
