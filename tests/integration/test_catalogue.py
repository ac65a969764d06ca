"""Catalogue files of every format and in every state: what can be read is read, what cannot is accounted for."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import catalogue
from indexer.catalogue import CatalogueReader, Problem, ProductRow, Rejected, read_catalogue
from indexer.cleaning import clean
from indexer.mapping import Mapping, parse_mapping
from search.domain import CORE_FIELDS, Product
from search.errors import CatalogueError, MappingError

ROWS = [
    {"id": "1", "title": "Desk lamp", "price": "$1,299.00", "brand": "Lumo", "colour": "red"},
    {"id": "2", "title": "Café table, Ø 60 cm", "price": "12.50", "brand": "Möbel", "colour": ""},
    {"id": "3", "title": "台灯", "price": "￥99", "brand": "木", "colour": "白色"},
]


def products(items: Iterable[ProductRow | Rejected]) -> list[Product]:
    return [item.product for item in items if isinstance(item, ProductRow)]


def problems(items: Iterable[ProductRow | Rejected]) -> list[tuple[int, str | None, str | None, str]]:
    """Line, id, field and reason of everything that was wrong."""
    found: list[Problem] = []
    for item in items:
        found += item.warnings if isinstance(item, ProductRow) else [item.problem]
    return [(problem.line, problem.id, problem.field, problem.reason) for problem in found]


def read(path: Path | str, mapping: str | None = None) -> list[ProductRow | Rejected]:
    return list(read_catalogue([str(path)], parse_mapping(mapping, "m.toml") if mapping else None))


def jsonl(rows: Iterable[Any]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def as_csv(rows: list[dict[str, Any]], delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def write_all(folder: Path) -> dict[str, Path]:
    """The same three products in every format."""
    plain = {
        "a.jsonl": jsonl(ROWS),
        "b.json": json.dumps(ROWS, indent=1).encode(),
        "c.json": json.dumps({"total": 3, "products": ROWS}).encode(),
        "d.csv": as_csv(ROWS).encode("utf-8-sig"),
        "e.tsv": as_csv(ROWS, "\t").encode(),
        "f.csv": as_csv(ROWS, ";").encode("gb18030"),
        "g.csv": as_csv(ROWS).encode("utf-16"),
        "h.ndjson": jsonl(ROWS).replace(b"\n", b"\r\n"),
    }
    paths = {}
    for name, data in plain.items():
        paths[name] = folder / name
        paths[name].write_bytes(data)
        paths[f"{name}.gz"] = folder / f"{name}.gz"
        paths[f"{name}.gz"].write_bytes(gzip.compress(data))
    paths["i.parquet"] = folder / "i.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS), paths["i.parquet"])
    return paths


def test_every_format_gives_the_same_products(tmp_path: Path) -> None:
    expected = products(read(write_all(tmp_path)["a.jsonl"]))
    assert [(product.id, product.title, product.price, product.currency) for product in expected] == [
        ("1", "Desk lamp", Decimal(1299), "USD"),
        ("2", "Café table, Ø 60 cm", Decimal("12.5"), None),
        ("3", "台灯", Decimal(99), "CNY"),
    ]
    for path in write_all(tmp_path).values():
        items = read(path)
        assert products(items) == expected, path.name
        assert problems(items) == [], path.name


def test_standard_input_and_several_files(tmp_path: Path) -> None:
    paths = write_all(tmp_path)
    piped = io.BytesIO(jsonl([{"id": "9", "title": "Piped"}]))
    reader = read_catalogue([str(paths["a.jsonl"]), "-"], stdin=piped)
    assert reader.bytes_total is None
    items = list(reader)
    assert [product.id for product in products(items)] == ["1", "2", "3", "9"]
    assert {item.file for item in items if isinstance(item, ProductRow)} == {str(paths["a.jsonl"]), "-"}
    assert products(read_catalogue(["-"], stdin=io.BytesIO(gzip.compress(jsonl(ROWS))))) == products(
        read(paths["a.jsonl"])
    )


def test_progress_ends_at_the_total(tmp_path: Path) -> None:
    paths = write_all(tmp_path)
    for name in ("a.jsonl", "b.json.gz", "d.csv", "i.parquet"):
        reader = read_catalogue([str(paths[name])])
        assert reader.bytes_total == paths[name].stat().st_size
        assert list(reader)
        assert reader.bytes_read == reader.bytes_total


def test_reading_does_not_hold_the_file(tmp_path: Path) -> None:
    path = tmp_path / "large.jsonl"
    with path.open("wb") as file:
        for number in range(60):
            file.write(jsonl([{"id": number, "title": "x", "description": "y" * 1_000_000}]))
    reader = read_catalogue([str(path)], parse_mapping('[fields]\nid = "id"\ntitle = "title"\n', "m"))
    with reader:
        assert isinstance(next(reader), ProductRow)


# --- rows that are wrong ---------------------------------------------------------------------------------------------


def test_one_unbalanced_quote(tmp_path: Path) -> None:
    lines = [f"{number},Lamp {number},{number}.50,red" for number in range(1, 1001)]
    lines[499] = '500,"Lamp 500,500.50,red'
    (tmp_path / "c.csv").write_text("\n".join(["id,title,price,colour", *lines]), encoding="utf-8")
    items = read(tmp_path / "c.csv")
    assert len(items) == 1000
    assert {product.id for product in products(items)} == {str(number) for number in range(1, 1001)} - {"500"}
    assert problems(items) == [(501, None, None, "a quotation mark is opened and never closed")]


def test_a_ten_megabyte_field(tmp_path: Path) -> None:
    long = "long word " * 1_000_000
    rows = [ROWS[0], {"id": "7", "title": "Long", "description": long}, {"id": "8", "title": "After"}]
    header = ["id", "title", "price", "brand", "colour", "description"]
    (tmp_path / "c.csv").write_text(
        as_csv([{key: row.get(key, "") for key in header} for row in rows]), encoding="utf-8"
    )
    (tmp_path / "c.jsonl").write_bytes(jsonl(rows))
    (tmp_path / "c.json").write_text(json.dumps(rows), encoding="utf-8")
    for name in ("c.csv", "c.jsonl", "c.json"):
        items = read(tmp_path / name)
        assert [product.id for product in products(items)] == ["1", "7", "8"]
        assert 19_000 < len(products(items)[1].description) <= 20_000
        assert [(id, field) for _, id, field, _ in problems(items)] == [("7", "description")]


def test_a_ten_megabyte_field_full_of_markup_takes_no_time(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_bytes(jsonl([{"id": 1, "title": "x", "description": "<a '" * 2_500_000}]))
    assert len(products(read(tmp_path / "c.jsonl"))) == 1


def test_ids_that_repeat(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(jsonl([{"id": 1, "title": "first"}, {"id": " 1 ", "title": "second"}]))
    (tmp_path / "b.json").write_text('[{"id": "1", "title": "third"}, {"id": "2", "title": "x"}]', encoding="utf-8")
    items = list(read_catalogue([str(tmp_path / "a.jsonl"), str(tmp_path / "b.json")]))
    assert [product.title for product in products(items)] == ["first", "x"]
    assert problems(items) == [
        (2, "1", "id", "the id is that of the product on line 1, which stays"),
        (1, "1", "id", f"the id is that of the product on line 1 of {tmp_path / 'a.jsonl'}, which stays"),
    ]


def test_ids_that_repeat_on_one_line(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text('[{"id": 1, "title": "a"}, {"id": 1, "title": "b"}]', encoding="utf-8")
    assert [type(item) for item in read(tmp_path / "b.json")] == [ProductRow, Rejected]


def test_rows_without_id_or_title(tmp_path: Path) -> None:
    rows: list[Any] = [
        {"id": "1", "title": "good"}, {"id": "2"}, {"title": "no id"}, {"id": "", "title": "x"},
        {"id": None, "title": "x"}, {"id": "3", "title": " <br> "}, {"id": ["4"], "title": "x"},
        {"id": True, "title": "x"}, {"id": "5", "title": {"a": 1}}, {"id": "NaN", "title": "x"},
        {"id": "x" * 513, "title": "x"}, [1], "text", None,
    ]  # fmt: skip
    (tmp_path / "c.jsonl").write_bytes(jsonl(rows))
    items = read(tmp_path / "c.jsonl")
    assert [product.id for product in products(items)] == ["1"]
    assert len(items) == len(rows)
    assert [(line, id, field) for line, id, field, _ in problems(items)] == [
        (2, "2", "title"), (3, None, "id"), (4, None, "id"), (5, None, "id"), (6, "3", "title"), (7, None, "id"),
        (8, None, "id"), (9, "5", "title"), (10, None, "id"), (11, None, "id"), (12, None, None), (13, None, None),
        (14, None, None),
    ]  # fmt: skip


def test_broken_json_lines(tmp_path: Path) -> None:
    data = b"\n".join(
        [
            b'\xef\xbb\xbf{"id": 1, "title": "after a mark"}',
            b'{"id": 2, "title": "broken',
            b"",
            b'{"id": 3, "title": "caf\xe9"}',
            b"[" * 100_000,
            b'{"id": 4, "title": "\\ud800 half"}',
            b'{"id": 5, "title": "x", "deep": ' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}",
            b'{"id": 6, "title": "x", "price": NaN, "weight": Infinity, "height": NaN}',
            b'{"id": 7, "title": "cut o',
        ]
    )
    (tmp_path / "c.jsonl").write_bytes(data)
    items = read(tmp_path / "c.jsonl")
    assert [(product.id, product.title) for product in products(items)] == [
        ("1", "after a mark"), ("3", "café"), ("4", "� half"), ("5", "x"), ("6", "x"),
    ]  # fmt: skip
    found = problems(items)
    assert [(line, id, field) for line, id, field, _ in found] == [
        (2, None, None), (4, "3", None), (5, None, None), (8, "6", "price"), (8, "6", "weight"), (9, None, None),
    ]  # fmt: skip
    assert "ends in the middle" in found[-1][3]


@pytest.mark.parametrize("price", ["NaN", "call us", "-3", "12-15", "1.299", "1e999"])
def test_an_unreadable_price_is_left_out_of_its_product(tmp_path: Path, price: str) -> None:
    (tmp_path / "c.csv").write_text(f"id,title,price\n1,good,5\n2,other,{price}\n", encoding="utf-8")
    items = read(tmp_path / "c.csv")
    assert [(product.id, product.price) for product in products(items)] == [("1", Decimal(5)), ("2", None)]
    assert [(line, id, field) for line, id, field, _ in problems(items)] == [(3, "2", "price")]


def test_each_optional_field_is_left_out_on_its_own(tmp_path: Path) -> None:
    bad = {
        "price": "?",
        "currency": "?",
        "image": 7,
        "url": "javascript:x",
        "in_stock": "?",
        "language": "?",
        "brand": True,
    }
    good = {"price": 1, "currency": "EUR", "image": "/a", "url": "/b", "in_stock": 1, "language": "en", "brand": "A"}
    rows = [{"id": number, "title": "x"} | good for number in range(20)] + [{"id": 20, "title": "x"} | bad]
    (tmp_path / "c.jsonl").write_bytes(jsonl(rows))
    items = read(tmp_path / "c.jsonl")
    assert len(products(items)) == 21
    assert {field for _, _, field, _ in problems(items)} == set(bad)
    assert products(items)[20] == Product(id="20", title="x")
    assert products(items)[0].currency == "EUR"


def test_a_wrong_encoding_costs_no_row(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_bytes("id,title\n1,Théière\n2,Café\n".encode("cp1252"))
    assert [product.title for product in products(read(tmp_path / "c.csv"))] == ["Théière", "Café"]
    (tmp_path / "d.csv").write_bytes("id,title\n1,Théière\n2,Bébé\n".encode() + "3,Café\n".encode("cp1252"))
    items = read(tmp_path / "d.csv")
    assert [product.title for product in products(items)] == ["Théière", "Bébé", "Café"]
    assert [(line, id) for line, id, _, _ in problems(items)] == [(4, "3")]
    (tmp_path / "e.csv").write_bytes("id,title\n1,日本語のランプ\n".encode("shift-jis"))
    shift_jis = '[fields]\nid = "id"\ntitle = "title"\n[file]\nencoding = "shift-jis"\n'
    assert [product.title for product in products(read(tmp_path / "e.csv", shift_jis))] == ["日本語のランプ"]


def test_old_mac_line_ends_zero_bytes_and_excel_s_trailing_commas(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_bytes(b"id,title,\r1,La\0mp,\r,,\r2,Cup,\r\r")
    reader = read_catalogue([str(tmp_path / "c.csv")])
    assert [product.title for product in products(reader)] == ["Lamp", "Cup"]
    assert [problem.reason for problem in reader.file_warnings] == ["column 3 has no name and is left out"]


def test_header_names_that_repeat(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("id,title,colour, colour \n1,x,red,blue\n", encoding="utf-8")
    reader = read_catalogue([str(tmp_path / "c.csv")])
    assert products(reader)[0].attributes == {"colour": "red", "colour_2": "blue"}
    assert [problem.reason for problem in reader.file_warnings] == [
        "column 4 is a second 'colour': it is read as 'colour_2'"
    ]


def test_parquet_types(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": pa.array([1, 2, None]),
            "title": pa.array(["a", "b", "c"]),
            "price": pa.array([Decimal("1.50"), None, None], pa.decimal128(8, 2)),
            "weight": pa.array([1.5, float("nan"), None]),
            "tags": pa.array([["x", "y"], [], None]),
            "spec": pa.array([[("a", "1")], [], None], pa.map_(pa.string(), pa.string())),
            "seen": pa.array([1478217600000000001, None, None], pa.timestamp("ns")),
            "raw": pa.array([b"caf\xc3\xa9", None, None]),
        }
    )
    pq.write_table(table, tmp_path / "c.parquet", row_group_size=1)
    items = read(tmp_path / "c.parquet")
    assert products(items)[0].price == Decimal("1.5")
    assert products(items)[0].attributes == {
        "weight": 1.5, "tags": ["x", "y"], "a": "1", "seen": "2016-11-04T00:00:00", "raw": "café",
    }  # fmt: skip
    assert products(items)[1].attributes == {}
    assert problems(items) == [(3, None, "id", "no id")]


# --- files that are wrong --------------------------------------------------------------------------------------------


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    files = {
        "empty.csv": b"",
        "blank.jsonl": b" \n\n",
        "header.csv": b"id,title\n",
        "none.json": b"[]",
        "x.jsonl.gz": gzip.compress(b""),
        "book.csv": b"PK\x03\x04rest",
        "table.xlsx": b"PK\x03\x04rest",
        "noname": b"{}",
        "p.parquet": b"PAR1 nonsense",
        "q.parquet.gz": b"x",
        "cut.json": b'[{"id": 1, "title": "a"}, {"id": 2',
        "bad.json": b'{"a": 1}',
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(CatalogueError) as raised:
            list(read_catalogue([str(tmp_path / name)]))
        assert name in str(raised.value), name
    (tmp_path / "folder.csv").mkdir()
    for paths, complaint in (
        ([str(tmp_path / "folder.csv")], "is a folder"),
        ([str(tmp_path / "heder.csv")], "did you mean .*header.csv"),
        ([], "No catalogue"),
        ([str(tmp_path / "cut.json")] * 2, "named twice"),
        (["-", "-"], "named twice"),
    ):
        with pytest.raises(CatalogueError, match=complaint):
            read_catalogue(paths)


def test_a_truncated_gzip_file_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    noise = random.Random(3)
    rows = [{"id": number, "title": f"{noise.random()} " * 20} for number in range(20_000)]
    packed = gzip.compress(jsonl(rows))
    (tmp_path / "c.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    seen: list[ProductRow | Rejected] = []
    reader = read_catalogue([str(tmp_path / "c.jsonl.gz")])
    with pytest.raises(CatalogueError, match="ends in the middle"):
        seen.extend(reader)
    assert len(seen) > 5_000
    (tmp_path / "d.jsonl.gz").write_bytes(packed[:-8] + b"\0" * 8)
    with pytest.raises(CatalogueError, match="damaged"):
        list(read_catalogue([str(tmp_path / "d.jsonl.gz")]))


def test_names_and_content_may_disagree(tmp_path: Path) -> None:
    (tmp_path / "packed.jsonl").write_bytes(gzip.compress(jsonl(ROWS)))
    (tmp_path / "plain.jsonl.gz").write_bytes(jsonl(ROWS))
    (tmp_path / "lines.json").write_bytes(jsonl(ROWS))
    (tmp_path / "array.jsonl").write_text(json.dumps(ROWS, indent=2), encoding="utf-8")
    for name in ("packed.jsonl", "plain.jsonl.gz", "lines.json", "array.jsonl"):
        assert [product.id for product in products(read(tmp_path / name))] == ["1", "2", "3"], name


# --- mappings --------------------------------------------------------------------------------------------------------

MAPPING = '[fields]\nid = "sku"\ntitle = "name"\nprice = { from = "cents", scale = 0.01, currency = "USD" }\n'


def test_a_mapping_with_alternatives_constants_and_paths(tmp_path: Path) -> None:
    mapping = """
    [fields]
    id = "sku"
    title = "name"
    description = { from = ["features", "text"], join = " | " }
    brand = ["brand", "store"]
    category = { from = "path", separator = ":" }
    price = { from = ["offer.amount", "cents"], scale = 0.01, currency = "EUR" }
    language = { from = "lang", value = "de" }
    """
    rows = [
        {
            "sku": 1,
            "name": "x",
            "features": ["a", "b"],
            "text": "c",
            "brand": "",
            "store": "S",
            "path": "A:B/C",
            "cents": 995,
        },
        {
            "sku": 2,
            "name": "y",
            "text": "c",
            "features": "c",
            "brand": "B",
            "offer": {"amount": "call"},
            "cents": 5,
            "lang": "en-GB",
        },
    ]
    (tmp_path / "c.jsonl").write_bytes(jsonl(rows))
    items = read(tmp_path / "c.jsonl", mapping)
    assert products(items) == [
        Product("1", "x", "a b | c", "S", ("A", "B/C"), Decimal("9.95"), "EUR", language="de"),
        Product("2", "y", "c", "B", (), Decimal("0.05"), "EUR", language="en"),
    ]
    assert problems(items) == [(2, "2", "price", "'call' is no price")]


def test_a_price_in_another_currency_is_said(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_bytes(jsonl([{"sku": 1, "name": "x", "cents": "€12"}]))
    items = read(tmp_path / "c.jsonl", MAPPING)
    assert products(items)[0].currency == "EUR"
    assert [field for _, _, field, _ in problems(items)] == ["currency"]


@pytest.mark.parametrize("count", [3, 1500])
def test_a_mapped_column_that_no_row_has_is_an_error(tmp_path: Path, count: int) -> None:
    (tmp_path / "c.jsonl").write_bytes(jsonl({"sku": n, "name": "x", "cent": 5} for n in range(count)))
    with pytest.raises(MappingError, match=r"'cents' that fields\.price names; did you mean 'cent'"):
        read(tmp_path / "c.jsonl", MAPPING)
    with pytest.raises(MappingError, match=r"'title' that fields\.title names; the columns are: cent, name, sku"):
        read_catalogue([str(tmp_path / "c.jsonl")], parse_mapping('[fields]\nid = "sku"\ntitle = "title"\n', "m"))


def test_a_missing_attribute_column_is_an_error_where_there_is_a_header(tmp_path: Path) -> None:
    mapping = '[fields]\nid = "id"\ntitle = ["title", "name"]\n[attributes]\ncolumns = ["color"]\n'
    (tmp_path / "c.csv").write_text("id,title,colour\n1,x,red\n", encoding="utf-8")
    with pytest.raises(MappingError, match=r"attributes\.columns names; did you mean 'colour'"):
        read(tmp_path / "c.csv", mapping)
    (tmp_path / "c.jsonl").write_bytes(jsonl([{"id": 1, "title": "x", "colour": "red"}]))
    reader = read_catalogue([str(tmp_path / "c.jsonl")], parse_mapping(mapping, "m.toml"))
    assert len(list(reader)) == 1
    assert [problem.reason.split(" that ")[0] for problem in reader.file_warnings] == [
        "m.toml: no row has the column 'name'",
        "m.toml: no row has the column 'color'",
    ]


def test_the_guess_is_there_before_the_first_row_and_gets_printed(tmp_path: Path) -> None:
    reader = read_catalogue([str(write_all(tmp_path)["d.csv"])])
    assert reader.mapping.guessed
    assert 'title = "title"' in reader.mapping.to_toml()
    again = read_catalogue([str(tmp_path / "d.csv")], parse_mapping(reader.mapping.to_toml(), "guess"))
    assert list(again) == list(reader)


def test_a_sparse_column_that_the_sample_missed_is_an_attribute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "SAMPLE_ROWS", 2)
    rows = [{"id": number, "title": "x"} for number in range(5)] + [{"id": 6, "title": "x", "colour": "red"}]
    (tmp_path / "c.jsonl").write_bytes(jsonl(rows))
    assert products(read(tmp_path / "c.jsonl"))[5].attributes == {"colour": "red"}


def test_the_demo_catalogue_needs_no_mapping() -> None:
    folder = Path(__file__).parents[2] / "examples" / "demo" / "catalogue"
    paths = sorted(map(str, folder.glob("*.jsonl")))
    rows = [json.loads(line) for path in paths for line in Path(path).read_text(encoding="utf-8").splitlines()]
    items = list(read_catalogue(paths))
    assert problems(items) == []
    for row, product in zip(rows, products(items), strict=True):
        assert dict(product.attributes) == {name: value for name, value in row.items() if name not in CORE_FIELDS}
        price = None if product.price is None else float(product.price)
        found = {name: getattr(product, name) for name in CORE_FIELDS} | {
            "category": list(product.category),
            "price": price,
        }
        assert {name: found[name] for name in CORE_FIELDS if name in row} == {
            name: row[name] for name in CORE_FIELDS if name in row
        }


# --- properties ------------------------------------------------------------------------------------------------------

cell = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"], exclude_characters="<>&{}\\"), max_size=20)
tables = st.lists(st.tuples(cell, cell, st.integers(0, 999)), min_size=1, max_size=8)
PLAIN = (
    '[fields]\nid = "id"\ntitle = "title"\n[attributes]\ncolumns = ["note", "count"]\ntypes = { count = "number" }\n'
)


@given(tables, st.sampled_from([",", ";", "\t", "|"]), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_what_the_csv_module_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, table: list[tuple[str, str, int]], delimiter: str, quoting: int
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(["id", "title", "note", "count"])
    rows = [(f"A{number}", f"T{title}", f"N{note}", count) for number, (title, note, count) in enumerate(table)]
    writer.writerows(rows)
    path = tmp_path_factory.mktemp("csv") / "c.csv"
    path.write_text(out.getvalue(), encoding="utf-8", newline="")
    items = list(read_catalogue([str(path)], mapping_for(delimiter)))
    found = [
        (product.id, product.title, product.attributes["note"], product.attributes["count"])
        for product in products(items)
    ]
    assert found == [(id, clean(title), clean(note), count) for id, title, note, count in rows]


def mapping_for(delimiter: str) -> Mapping:
    return parse_mapping(PLAIN + f"[file]\ndelimiter = {json.dumps(delimiter)}\n", "m")


@given(st.binary(max_size=400), st.sampled_from(["csv", "jsonl", "json", "tsv", "parquet", "jsonl.gz"]))
def test_any_bytes_end_in_rows_or_in_a_catalogue_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, suffix: str
) -> None:
    path = tmp_path_factory.mktemp("any") / f"c.{suffix}"
    path.write_bytes(b"id,title\n" * (suffix == "csv") + data)
    try:
        reader: CatalogueReader = read_catalogue([str(path)])
        for item in reader:
            assert isinstance(item, ProductRow | Rejected)
    except CatalogueError:
        pass
