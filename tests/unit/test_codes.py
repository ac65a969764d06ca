"""What a product can be asked for by exactly."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.codes import MAX_CODE_CHARS, MAX_CODES, MENTIONED, code_key, codes, is_code_field
from search.understanding import literally

TONER: dict[str, Any] = {
    "id": "p-001",
    "title": "Brother TN-2110 toner, 2,600 pages",
    "brand": "Brother",
    "ean": ["0012345678905", 4971850123456],
    "model": "TN 2110/B",
    "price": 55.0,
    "in_stock": True,
    "colour": "x99",
}


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("TN-2110", "tn2110"), ("tn 2110", "tn2110"), ("ＴＮ－２１１０", "tn2110"), ("QC5070/80", "qc507080"),
        ("4-971850-123456", "4971850123456"), ("café-12", "cafe12"), ("", ""), ("--", ""),
    ],
)  # fmt: skip
def test_codes_compare_without_signs_case_and_accents(written: str, key: str) -> None:
    assert code_key(written) == key


def test_padding_zeros_of_a_barcode_do_not_count_and_those_of_a_short_number_do() -> None:
    assert code_key("0012345678905") == code_key("012345678905") == code_key("12345678905") == "12345678905"
    assert code_key("007") == "007"
    assert code_key("0000000000000") == "0000000000000"
    assert code_key("00tn2110") == "00tn2110"


@pytest.mark.parametrize(
    "name",
    ["ean", "EAN", "gtin", "upc", "isbn", "asin", "mpn", "sku", "model", "model_number", "part_number", "ean_code",
     "manufacturer_code", "型号", "商品货号", "条形码"],
)  # fmt: skip
def test_fields_of_codes_are_known_by_their_names(name: str) -> None:
    assert is_code_field(name)


@pytest.mark.parametrize(
    "name", ["title", "colour", "processor_model", "modelling", "remodel", "european", "skull", "price", "颜色", ""]
)
def test_other_fields_hold_none(name: str) -> None:
    assert not is_code_field(name)


def test_every_code_of_a_product_the_surest_first() -> None:
    found = codes(TONER)
    assert found[0] == "p001"
    assert {"12345678905", "4971850123456", "tn2110b"} <= set(found)
    assert found[-1] == MENTIONED + "tn2110", "a code that a title mentions may be that of another product"
    assert not {"x99", "true", "55", "brother"} & set(found)


def test_a_title_as_a_whole_is_a_code() -> None:
    """Catalogues name things by nothing but a model: «WF-2530»."""
    assert code_key("Epson WF-2530 Printer") in codes({"id": "1", "title": "Epson WF-2530 Printer"})


def test_sizes_in_a_title_are_no_codes() -> None:
    found = codes({"id": "abc", "title": "Drive, 128GB and 500ml and 1080p"})
    assert not {"128gb", "500ml", "1080p"} & set(found)


@pytest.mark.parametrize("value", [None, "", "-", "a", True, 3.5, {"a": 1}, [[1]], [None], "x" * (MAX_CODE_CHARS + 1)])
def test_what_can_be_no_code_is_left_out(value: object) -> None:
    assert codes({"id": "abc", "title": "Lamp", "sku": value}) == ("abc", "lamp")


def test_a_product_has_so_many_codes_at_most() -> None:
    document = {"id": "abc", "title": "Lamp", "sku": [f"s{number:05}" for number in range(2 * MAX_CODES)]}
    found = codes(document)
    assert len(found) == MAX_CODES
    assert found[:2] == ("abc", "s00000")


JSON = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=12),
    st.lists(st.one_of(st.integers(0, 10**14), st.text(max_size=12)), max_size=4),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["id", "title", "ean", "sku", "型号", "colour"]), JSON))
def test_codes_of_any_document_are_distinct_keys(document: dict[str, Any]) -> None:
    found = codes(document)
    assert len(found) == len(set(found))
    keys = [code.removeprefix(MENTIONED) for code in found]
    assert all(3 <= len(key) <= MAX_CODE_CHARS and key == code_key(key) for key in keys)


@given(st.text(max_size=30))
def test_a_key_of_a_key_is_itself(text: str) -> None:
    assert code_key(code_key(text)) == code_key(text)


@given(st.from_regex(r"[A-Z]{1,3}-[0-9]{3,6}", fullmatch=True))
def test_a_code_typed_as_a_query_meets_the_code_of_the_product(written: str) -> None:
    held = codes({"id": "some-id", "title": f"Toner {written} black", "mpn": written})
    for typed in (written, written.lower(), written.replace("-", ""), written.replace("-", " ")):
        assert code_key(written) in [code_key(code) for code in literally(typed).codes], typed
    assert code_key(written) in held
