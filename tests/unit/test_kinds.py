"""What sort of thing products are, learnt from a small written catalogue."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from fake_encoder import FakeEncoder
from hypothesis import given
from hypothesis import strategies as st

from search.domain import Sparse
from search.errors import IndexDamaged
from search.kinds import MAX_KINDS, NEAR, Kind, KindBook, KindCensus
from search.storage.lanes import checked_sparse

LAPTOPS = ["Acer Aspire 15.6 inch laptop, silver", "HP ProBook 450 laptop", "Lenovo laptop for students",
           "Dell XPS laptop - black", "Asus gaming laptop", "HP 250 laptop with 8GB memory"]  # fmt: skip
SLEEVES = ["Acme laptop sleeve for MacBook, black", "Targus 15.6\" laptop sleeve", "Targus laptop sleeve, red",
           "Case Logic laptop sleeve with zip", "Acme soft laptop sleeve in blue"]  # fmt: skip
OTHERS = ["Red desk lamp", "Blue desk lamp", "Desk lamp, white", "Lantern floor lamp", "Xbox console 1TB",
          "Xbox Series S console", "Cable for Xbox", "HDMI cable 2m", "Kensington laptop lock",
          "Kensington laptop lock 2 m"]  # fmt: skip
BRANDS = {"acer", "hp", "lenovo", "dell", "asus", "acme", "targus", "lantern", "xbox", "kensington"}
CHINESE = ["无线蓝牙耳机 黑色", "头戴式蓝牙耳机", "蓝牙耳机 降噪", "耳机收纳盒", "保护套 适用于耳机", "男士跑步鞋",
           "跑步鞋 红色", "华为手机壳", "苹果手机壳", "手机壳 透明"]  # fmt: skip


def product(title: str, **more: Any) -> dict[str, Any]:
    first = title.split()[0]
    return {"id": title, "title": title, **({"brand": first} if first.lower() in BRANDS else {}), **more}


def learnt(titles: Sequence[str], **more: Any) -> list[Kind]:
    census = KindCensus()
    for title in titles:
        census.add(product(title, **more))
    return census.choose()


def book(titles: Sequence[str]) -> KindBook:
    kinds = learnt(titles)
    return KindBook(tuple(kinds), FakeEncoder(512).encode_documents([kind.words for kind in kinds]))


def words(kinds: Sequence[Kind]) -> set[str]:
    return {kind.words for kind in kinds}


def agreement(one: Sparse, other: Sparse) -> float:
    theirs = dict(zip(other.indices, other.values, strict=True))
    return sum(value * theirs.get(index, 0.0) for index, value in zip(one.indices, one.values, strict=True))


SHOP = LAPTOPS + SLEEVES + OTHERS


def test_what_ends_a_noun_phrase_is_a_kind() -> None:
    assert {"laptop", "sleeve", "laptop sleeve", "lamp", "desk lamp", "cable", "console"} <= words(learnt(SHOP))


def test_what_only_says_which_is_none() -> None:
    """`desk` stands before lamps alone, `gaming` before laptops; neither is sold here."""
    assert not {"desk", "gaming", "soft", "floor", "series"} & words(learnt(SHOP))


def test_colours_brands_and_measures_are_no_kinds() -> None:
    titles = [*SHOP, "Mug red", "Mug blue", "Cup red", "Cable by Acme", "Hub by Acme", "Charger 2 m", "Ribbon black"]
    assert not {"red", "blue", "black", "acme", "xbox", "m", "2m"} & words(learnt(titles))


def test_how_surely_a_phrase_names_a_kind_is_how_often_it_ends_one() -> None:
    """`laptop` ends 6 of the 13 titles that have it: the rest are sleeves and locks."""
    ends = {kind.words: kind.ends for kind in learnt(SHOP)}
    assert ends["laptop"] == pytest.approx(6 / 13, abs=1e-3)
    assert ends["sleeve"] == 1.0


def test_a_word_that_seldom_ends_a_phrase_is_no_kind() -> None:
    assert "cotton" not in words(learnt(["Soft cotton", "Pure cotton", *(f"Cotton shirt {n}" for n in range(20))]))


def test_laptops_come_before_their_sleeves() -> None:
    kinds = book(SHOP)
    asked = kinds.of_query(FakeEncoder(512).encode_query("laptop"))
    laptop = min(agreement(kinds.of_product(product(title)), asked) for title in LAPTOPS)
    sleeve = max(agreement(kinds.of_product(product(title)), asked) for title in SLEEVES + OTHERS)
    assert laptop > sleeve


def test_sleeves_come_first_when_they_are_asked_for() -> None:
    kinds = book(SHOP)
    asked = kinds.of_query(FakeEncoder(512).encode_query("laptop sleeve"))
    sleeve = min(agreement(kinds.of_product(product(title)), asked) for title in SLEEVES)
    assert sleeve > max(agreement(kinds.of_product(product(title)), asked) for title in LAPTOPS + OTHERS)


def test_a_console_comes_before_its_cables() -> None:
    titles = ["Microsoft Xbox", "Xbox, black", "Xbox and 2 games", "Cable for Xbox", "Xbox cable", "HDMI cable"]
    census = KindCensus()
    for title in titles:
        census.add({"title": title, "brand": "Microsoft"})
    found = tuple(census.choose())
    kinds = KindBook(found, FakeEncoder(512).encode_documents([kind.words for kind in found]))
    asked = kinds.of_query(FakeEncoder(512).encode_query("xbox"))
    of = {title: agreement(kinds.of_product({"title": title}), asked) for title in titles}
    assert min(of["Microsoft Xbox"], of["Xbox, black"]) > max(of["Xbox cable"], of["HDMI cable"])


def test_a_query_is_near_the_kind_that_it_names_and_far_from_others() -> None:
    kinds = book(SHOP)
    asked = kinds.of_query(FakeEncoder(512).encode_query("laptop"))
    by_kind = {kind.words: agreement(asked, kinds.named_in(kind.words)) for kind in kinds.kinds}
    assert by_kind["laptop"] == max(by_kind.values()) > 0.99
    assert by_kind["cable"] == by_kind["lamp"] == 0
    assert all(0 < value <= 1 for value in asked.values)


def test_a_cosine_counts_from_the_least_that_is_near_up_to_one() -> None:
    kinds = (Kind(("a",), "a", 1.0), Kind(("b",), "b", 1.0), Kind(("c",), "c", 1.0))
    middle = (1 + NEAR) / 2
    cosines = [1.0, middle, NEAR - 0.01]
    vectors = np.array([[cosine, (1 - cosine**2) ** 0.5] for cosine in cosines], dtype=np.float32)
    asked = KindBook(kinds, vectors).of_query(np.array([1, 0], dtype=np.float32))
    assert sorted(asked.values) == pytest.approx([0.5, 1.0], abs=1e-4)


def test_categories_are_kinds_too_and_only_their_narrowest_level() -> None:
    kinds = learnt(["Acme T100", "Acme T200", "Acme T300"], category=["Office", "Paper shredders"])
    assert "paper shredders" in words(kinds)
    assert "office" not in words(kinds)
    vectors = FakeEncoder().encode_documents([kind.words for kind in kinds])
    shredder = KindBook(tuple(kinds), vectors).of_product(
        {"title": "Acme T900", "category": ["Office", "Paper shredder"]}
    )
    assert shredder.indices


def test_a_category_that_is_no_list_is_read_as_well() -> None:
    assert "shredder" in words(learnt(["Acme T100", "Acme T200"], category="Shredder"))


def test_chinese_kinds() -> None:
    assert {"耳机", "蓝牙耳机", "跑步鞋", "手机壳"} <= words(learnt(CHINESE))
    assert not {"黑色", "红色", "适用于", "手机"} & words(learnt(CHINESE))


def test_a_query_in_a_language_that_is_not_read_names_its_kind_itself() -> None:
    kinds = book(CHINESE)
    asked = kinds.named_in("便宜的蓝牙耳机")
    assert list(asked.values) == [1.0], "the longest name alone"
    of = [
        agreement(kinds.of_product({"title": title}), asked) for title in ("头戴式蓝牙耳机", "耳机收纳盒", "华为手机壳")
    ]
    assert of[0] > 0
    assert of[1] == of[2] == 0
    assert kinds.named_in("西瓜") == kinds.named_in("") == Sparse()


def test_the_kinds_are_the_same_whatever_the_order_of_the_products() -> None:
    wanted = learnt(sorted(SHOP + CHINESE))
    for seed in range(5):
        titles = SHOP + CHINESE
        random.Random(seed).shuffle(titles)
        found = learnt(titles)
        assert [kind.phrase for kind in found] == [kind.phrase for kind in wanted]
        assert [kind.ends for kind in found] == [kind.ends for kind in wanted]


def test_the_words_of_a_kind_do_not_depend_on_the_order_either() -> None:
    """Else a reindex of the same catalogue in another order would encode other words."""
    titles = ["Red lamp", "Blue lamps", "Tall lamps", "Kids' mugs", "Kids mug"]
    assert learnt(titles) == learnt(titles[::-1])


def test_there_are_so_many_kinds_at_most_and_the_frequent_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_KINDS < 10_000
    monkeypatch.setattr("search.kinds.MAX_KINDS", 3)
    kinds = learnt(SHOP)
    assert len(kinds) == 3
    assert "laptop" in words(kinds)


def test_memory_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.kinds._MOST_PHRASES", 200)
    census = KindCensus()
    for number in range(2000):
        census.add(
            {"title": f"Lamp for {'abcdefghij'[number % 10]}{'klmnopqrst'[number // 10 % 10]}{'uvwxyz'[number % 6]}"}
        )
    assert "lamp" in words(census.choose())
    assert len(census._seen) <= 250


def test_bytes_round_trip() -> None:
    kinds = book(SHOP + CHINESE)
    again = KindBook.from_bytes(kinds.to_bytes())
    assert again.kinds == kinds.kinds
    assert np.allclose(again.vectors, kinds.vectors, atol=1e-3), "kept in half precision"
    assert again.vectors.dtype == np.float32
    assert again.to_bytes() == kinds.to_bytes(), "a second trip changes nothing"
    assert again.of_product(product(SHOP[0])) == kinds.of_product(product(SHOP[0]))


def test_an_empty_book() -> None:
    for empty in (KindBook.empty(8), KindBook.from_bytes(KindBook.empty(8).to_bytes())):
        assert empty.of_product(product("Red lamp")) == Sparse()
        assert empty.of_query(np.ones(8, dtype=np.float32)) == Sparse()
        assert empty.named_in("lamp") == Sparse()
    assert KindCensus().choose() == []


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"\n\n\n", "short", "swapped"])
def test_damaged_bytes_are_named_and_say_what_to_do(damage: bytes | str) -> None:
    good = book(SHOP).to_bytes()
    data = {"short": good[:-7], "swapped": good[10:] + good[:10]}[damage] if isinstance(damage, str) else damage
    with pytest.raises(IndexDamaged, match="reindex"):
        KindBook.from_bytes(data)


@given(st.integers(0, 400), st.binary(max_size=3))
def test_any_damage_raises_the_one_error_or_gives_a_book(cut: int, noise: bytes) -> None:
    good = KindBook(
        tuple(learnt(OTHERS)), FakeEncoder(8).encode_documents([k.words for k in learnt(OTHERS)])
    ).to_bytes()
    with contextlib.suppress(IndexDamaged):
        KindBook.from_bytes(good[:cut] + noise + good[cut + len(noise) :])


ANYTHING = st.one_of(st.none(), st.text(max_size=40), st.lists(st.text(max_size=10), max_size=3))


@given(st.dictionaries(st.sampled_from(["title", "category", "brand"]), ANYTHING))
def test_any_document_has_kinds_that_a_store_takes(document: dict[str, Any]) -> None:
    kinds = book(OTHERS)
    checked_sparse(kinds.of_product(document), "it")
    checked_sparse(kinds.named_in(str(document)), "it")
    census = KindCensus()
    census.add(document)
    census.add(document)
    census.choose()
