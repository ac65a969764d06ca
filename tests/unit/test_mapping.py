"""Mapping files: what they may say, and how they are told what is wrong."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import values
from indexer.attributes import ATTRIBUTES_LIMIT, ITEMS_LIMIT, VALUE_LIMIT
from indexer.cleaning import TEXT_LIMIT
from indexer.files import FileOptions
from indexer.json_rows import ROW_LIMIT
from indexer.mapping import (
    ATTRIBUTE_KEYS,
    FIELD_KEYS,
    FILE_KEYS,
    KINDS,
    AttributeRules,
    FieldRule,
    Mapping,
    load_mapping,
    parse_mapping,
)
from indexer.prices import PRICE_LIMIT
from search.domain import CORE_FIELDS
from search.errors import MappingError

CONTRACT = """
[fields]                       # a column name, a list of alternatives, or a table
id = "id"
title = "title"
description = ["short_description", "features"]
brand = "supplier"
category = "categories"        # a list or a path with separators becomes levels
price = { from = "price", scale = 0.01, currency = "USD" }
image = "img_500x500"
url = "link"
in_stock = "available"
variant_of = "spu_id"
language = "lang"
[attributes]                   # everything else worth knowing: colour, size, material…
columns = ["attr_t_product_colour"]
prefixes = { attr_t_ = "text", attr_n_ = "number", attr_b_ = "boolean" }
rename = { product_colour = "colour" }
"""
ESSENTIAL = '[fields]\nid = "id"\ntitle = "title"\n'


def test_the_mapping_of_the_contract() -> None:
    mapping = parse_mapping(CONTRACT, "m.toml")
    assert mapping.fields["description"] == FieldRule(("short_description", "features"))
    assert mapping.fields["price"] == FieldRule(("price",), scale=Decimal("0.01"), currency="USD")
    assert mapping.attributes.prefixes == {"attr_t_": "text", "attr_n_": "number", "attr_b_": "boolean"}
    assert mapping.attributes.rename == {"product_colour": "colour"}
    assert not mapping.guessed
    assert parse_mapping(mapping.to_toml(), "again") == mapping


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[fields]\nid = \n", "m.toml is not valid TOML.*line 2"),
        ('[fields]\nid = "id"\n', "line 1: .*no 'title'"),
        (ESSENTIAL + 'titel = "x"\n', "line 4: .*no 'titel'; did you mean 'title'"),
        ("[feilds]\n", "line 1: .*no 'feilds'; did you mean 'fields'"),
        (ESSENTIAL + '[attributes]\ncolums = ["x"]\n', "line 5: .*did you mean 'columns'"),
        (ESSENTIAL + 'price = { form = "p" }\n', "did you mean 'from'"),
        (ESSENTIAL + "price = { scale = 0.01 }\n", "needs 'from'"),
        (ESSENTIAL + 'price = { from = "p", scale = 0 }\n', "above 0"),
        (ESSENTIAL + 'price = { from = "p", currency = "dollars" }\n', "ISO code"),
        (ESSENTIAL + 'price = { from = "p", decimal = ";" }\n', "decimal"),
        (ESSENTIAL + 'brand = { from = "b", scale = 2 }\n', "belongs to price"),
        (ESSENTIAL + 'price = { from = "b", join = " " }\n', "join"),
        (ESSENTIAL + "brand = 7\n", "name or a list of names"),
        (ESSENTIAL + "brand = []\n", "name or a list of names"),
        (ESSENTIAL + 'brand = { value = ["x"] }\n', "'value' is a text"),
        ('[fields]\nid = { value = "x" }\ntitle = "t"\n', "needs 'from'"),
        (ESSENTIAL + '[attributes]\nprefixes = { a_ = "txt" }\n', "no kind.*did you mean 'text'"),
        (ESSENTIAL + "[attributes]\nall = 1\n", "true or false"),
        (ESSENTIAL + '[file]\nencoding = "utf-9"\n', "no encoding"),
        (ESSENTIAL + '[file]\nencoding = "base64"\n', "no encoding"),
        (ESSENTIAL + '[file]\ndelimiter = ";;"\n', "single character"),
        ("fields = 3\n", "must be a table"),
        ('[fields]\nid = "id"\ntitle = "t"\n[attributes]\nrename = { 颜色 = "colour" }\n', "need quotes"),
    ],
)
def test_complaints_say_where_and_what_is_near(text: str, complaint: str) -> None:
    with pytest.raises(MappingError, match=complaint):
        parse_mapping(text, "m.toml")


def test_a_mapping_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"none\.toml cannot be read"):
        load_mapping(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"# caf\xe9")
    with pytest.raises(MappingError, match="cannot be read"):
        load_mapping(tmp_path / "latin.toml")


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(ESSENTIAL, encoding="utf-8-sig")
    assert load_mapping(tmp_path / "m.toml").fields["id"] == FieldRule(("id",))


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
several = st.lists(names, min_size=1, max_size=3).map(tuple)
kinds = st.dictionaries(names, st.sampled_from(KINDS), max_size=3)
rules = st.one_of(
    st.builds(FieldRule, columns=several),
    st.builds(FieldRule, columns=several, join=st.text(st.sampled_from(" |\n"), max_size=2), value=names),
)
prices = st.builds(
    FieldRule,
    columns=several,
    scale=st.sampled_from([Decimal(1), Decimal("0.01"), Decimal(100)]),
    currency=st.sampled_from([None, "EUR"]),
    decimal=st.sampled_from([None, ","]),
)
mappings = st.builds(
    Mapping,
    fields=st.fixed_dictionaries(
        {"id": st.builds(FieldRule, columns=several), "title": rules},
        optional={
            "description": rules,
            "price": prices,
            "category": st.builds(FieldRule, columns=several, separators=several),
        },
    ),
    attributes=st.builds(
        AttributeRules,
        columns=st.lists(names, max_size=3).map(tuple),
        prefixes=kinds,
        types=kinds,
        rename=st.dictionaries(names, names, max_size=3),
        all=st.booleans(),
        exclude=st.lists(names, max_size=2).map(tuple),
    ),
    file=st.builds(
        FileOptions, encoding=st.sampled_from([None, "gb18030"]), delimiter=st.sampled_from([None, ";", "\t"])
    ),
)


@given(mappings)
def test_what_is_written_as_toml_reads_back(mapping: Mapping) -> None:
    assert parse_mapping(mapping.to_toml(), "m") == mapping


def test_every_key_and_kind_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "catalogue.md").read_text(encoding="utf-8")
    for key in (*FIELD_KEYS, *ATTRIBUTE_KEYS, *KINDS):
        assert f"`{key}`" in page, key
    for key in (*CORE_FIELDS, *FILE_KEYS):
        assert f"{key} = " in page or f"`{key}`" in page, key


def test_every_limit_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "catalogue.md").read_text(encoding="utf-8")
    for limit in (values.ID_LIMIT, values.TITLE_LIMIT, TEXT_LIMIT, values.NAME_LIMIT, values.LINK_LIMIT):
        assert f"{limit:,} characters" in page
    assert f"{values.CATEGORY_LEVELS} levels" in page
    assert f"{ATTRIBUTES_LIMIT}, of {VALUE_LIMIT} characters or {ITEMS_LIMIT} items each" in page
    assert f"{ROW_LIMIT >> 20} MB" in page
    assert f"Above {PRICE_LIMIT:,} is none" in page
