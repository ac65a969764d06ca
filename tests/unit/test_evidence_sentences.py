"""Each kind of clause, in both languages, from ledgers that were worked out by hand."""

from __future__ import annotations

import pytest
from evidence_ledgers import KEYBOARD, LAMP, asking, ledger, wanting

from search.domain import Constraint, Correction, Document, Query
from search.events import Reason
from search.explanation import NOTHING_ASKED, explain, open_questions, telling_facts
from search.explanation.thrift import CAP
from search.explanation.values import columns

CHEAP = wanting("price", "<", 80, "under $80")


@pytest.mark.parametrize(
    ("document", "query", "english", "chinese"),
    [
        # words
        (KEYBOARD, asking("quiet mechanical keyboards"), "“quiet mechanical keyboard” is in its title.",
         "标题里有“quiet mechanical keyboard”。"),
        (KEYBOARD, asking("quiet keyboard office"),
         "“quiet” and “keyboard” are in its title and “office” only in its description.",
         "标题里有“quiet”“keyboard”，描述里提到“office”。"),
        (KEYBOARD, asking("office"), "“office” is only in its description.", "只在描述里提到“office”。"),
        (KEYBOARD, asking("quillmark"), "It is by Quillmark.", "品牌是Quillmark。"),
        (KEYBOARD, asking("tenkeyless"), "Its size is “tenkeyless”.", "尺寸是“tenkeyless”。"),
        (KEYBOARD, asking("wireless"), "It is marked “wireless”.", "标明“无线”。"),
        (KEYBOARD, asking("quiet ergonomic"), "“quiet” is in its title, though “ergonomic” is nowhere in its text.",
         "标题里有“quiet”，不过没有提到“ergonomic”。"),
        (KEYBOARD, asking("zebra quiet rosewood"),
         "“quiet” is in its title, though “zebra” and “rosewood” are nowhere in its text.",
         "标题里有“quiet”，不过没有提到“zebra”和“rosewood”。"),
        (KEYBOARD, asking("quiet typewriter with a ribbon of rosewood for zebras"),
         "“quiet” is in its title; beyond that it was found by its meaning.",
         "标题里有“quiet”，其余按意思匹配。"),
        (KEYBOARD, asking("typewriter for a ribbon of rosewood, zebra"),
         "None of your words is in its text: it was found by its meaning.",
         "商品信息里没有你说的词，是按意思找到的。"),
        (KEYBOARD, asking("typewriter ribbon"),
         "“typewriter ribbon” is nowhere in its text: it was found by its meaning.",
         "商品信息里没有“typewriter ribbon”，是按意思找到的。"),
        (KEYBOARD, asking("bluetooth"), "Its connection includes “Bluetooth”.", "连接方式包括“Bluetooth”。"),
        (KEYBOARD, asking("electronics"), "It is in the category “Electronics”.", "类目是“Electronics”。"),
        (KEYBOARD, asking("keyboard pbt", wanting("material", "=", "wood", "wood", "prefer")),
         "“keyboard” is in its title, but its material is given as PBT plastic where you wished for wood.",
         "标题里有“keyboard”，但材质写的是PBT plastic，而你更想要wood。"),
        ({**KEYBOARD, "made_for": "PC"}, asking("keyboard pc"),
         "“keyboard” is in its title and “PC” is listed under made for.",
         "标题里有“keyboard”，“made for”一栏是“PC”。"),
        ({**KEYBOARD, "title": "香槟 瓶塞"}, asking("champagne 香槟"), "“香槟” is in its title.", "标题里有“香槟”。"),
        ({**KEYBOARD, "key_ingredients": "shea"}, asking("keyboard shea"),
         "“keyboard” is in its title and its key ingredients are “shea”.",
         "标题里有“keyboard”，主要成分是“shea”。"),
        (KEYBOARD, asking("noise"), "“no noise” is only in its description.", "只在描述里提到“no noise”。"),
        # other names, codes, corrections
        (KEYBOARD, asking("静音键盘", language="zh"),
         "“quiet” for your “静音” and “keyboard” for your “键盘” are in its title.",
         "标题里有“quiet”（你说的“静音”）、“keyboard”（你说的“键盘”）。"),
        (LAMP, asking("desk lamp"), "“台灯” for your “desk lamp” is in its title.",
         "标题里有“台灯”（你说的“desk lamp”）。"),
        (KEYBOARD, asking("qk87h", codes=["qk87h"]), "Its model is QK-87H, the code that you typed.",
         "型号QK-87H正是你输入的。"),
        (KEYBOARD, asking("keyboard", raw="keybord", corrections=[Correction("keybord", "keyboard", (0, 7))]),
         "“keyboard” (you typed “keybord”) is in its title.", "标题里有“keyboard”（你输入的是“keybord”）。"),
        # conditions met
        (KEYBOARD, asking("keyboard", CHEAP), "“keyboard” is in its title, and it costs $59, under your $80.",
         "标题里有“keyboard”，售价$59，低于你说的$80。"),
        (KEYBOARD, asking("keyboard", wanting("price", "<=", 59, "up to $59")),
         "“keyboard” is in its title, and it costs $59, just your limit.",
         "标题里有“keyboard”，售价$59，正好合你的要求。"),
        (KEYBOARD, asking("", wanting("price", ">=", 40), wanting("price", "<=", 80), raw="$40 to $80"),
         "It costs $59, between your $40 and $80.", "售价$59，在你要的$40到$80之间。"),
        (KEYBOARD, asking("keyboard", wanting("brand", "!=", "Cherry"), wanting("brand", "!=", "Razer")),
         "“keyboard” is in its title, and it is by Quillmark, not Cherry or Razer.",
         "标题里有“keyboard”，品牌是Quillmark，不是Cherry或Razer。"),
        (KEYBOARD, asking("keyboard", wanting("colour", "=", "black", "black", "must", "Charcoal", "Black")),
         "“keyboard” is in its title, and it is charcoal, which counts as black.",
         "标题里有“keyboard”，颜色是charcoal，属于black。"),
        (KEYBOARD, asking("", wanting("colour", "=", "black", "black", "must",
         "charcoal"), CHEAP, raw="black under $80"),
         "It is charcoal (which counts as black) and costs $59, under your $80.",
         "颜色是charcoal，属于black，售价$59，低于你说的$80。"),
        (KEYBOARD, asking("keyboard", wanting("noise_db", "<=", 40)),
         "“keyboard” is in its title, and its noise is 38 dB, within your 40 dB.",
         "标题里有“keyboard”，噪音38分贝，没超过你说的40分贝。"),
        (KEYBOARD, asking("", wanting("wireless", "=", True), raw="cordless"), "It is marked “wireless”.",
         "标明“无线”。"),
        (KEYBOARD, asking("", wanting("material", "!=", "rubber"), raw="no rubber"),
         "Its material is PBT plastic, not rubber.", "材质是PBT plastic，不是rubber。"),
        (KEYBOARD, asking("keyboard", wanting("text", "!=", "gaming")),
         "“keyboard” is in its title, and nothing in it says “gaming”, which you ruled out.",
         "标题里有“keyboard”，没有提到你不要的“gaming”。"),
        # not met, and not known
        (KEYBOARD, asking("keyboard", wanting("price", "<", 50, "under $50")),
         "“keyboard” is in its title, but it costs $59, over your $50.",
         "标题里有“keyboard”，但售价$59，超出你说的$50。"),
        (KEYBOARD, asking("keyboard", wanting("material", "=", "wood", "wood", "prefer")),
         "“keyboard” is in its title, but its material is given as PBT plastic where you wished for wood.",
         "标题里有“keyboard”，但材质写的是PBT plastic，而你更想要wood。"),
        (KEYBOARD, asking("keyboard", wanting("brand", "=", "Cherry")),
         "“keyboard” is in its title, but it is by Quillmark, not Cherry.",
         "标题里有“keyboard”，但品牌写的是Quillmark，而你要的是Cherry。"),
        (KEYBOARD, asking("keyboard", wanting("text", "!=", "silent")),
         "“keyboard” is in its title, but it mentions “silent”, which you ruled out.",
         "标题里有“keyboard”，但里面提到了你不要的“silent”。"),
        (LAMP, asking("台灯", wanting("wireless", "=", True), language="zh"),
         "“台灯” is in its title, but whether it is “wireless” is not stated.", "标题里有“台灯”，但是否“无线”未标明。"),
        ({**KEYBOARD, "price": None}, asking("keyboard", CHEAP, wanting("watts", "<", 5)),
         "“keyboard” is in its title, but its price and power are not stated.",
         "标题里有“keyboard”，但价格、功率未标明。"),
        (LAMP, asking("台灯", wanting("price", "<", 80, "under $80"), language="zh"),
         "“台灯” is in its title, but its price, ¥259, is in another currency than your “under $80”.",
         "标题里有“台灯”，但售价¥259，与你说的“under $80”不是同一种货币。"),
        ({**KEYBOARD, "in_stock": False}, asking("keyboard"), "“keyboard” is in its title, but it is out of stock.",
         "标题里有“keyboard”，但目前缺货。"),
    ],
)  # fmt: skip
def test_a_search_is_explained(document: Document, query: Query, english: str, chinese: str) -> None:
    told = ledger(document, query)
    assert explain(told, "en") == english
    assert explain(told, "zh") == chinese


@pytest.mark.parametrize(
    ("reason", "english", "chinese"),
    [
        (Reason("interest", 0.2, products=("m1",), event="purchase"),
         "It is like “Quillmark Glide mouse”, which you bought.", "和你买过的“Quillmark Glide mouse”相近。"),
        (Reason("interest", 0.2, products=("c1",), event="view"),
         "It is nearer than most to what you go for.", "比多数商品更接近你的口味。"),
        (Reason("interest", 0.2, "interests", "quiet gadgets", declared=True),
         "It fits your interest in “quiet gadgets”.", "合你说过的兴趣“quiet gadgets”。"),
        (Reason("session", 0.2, products=("m1",), event="click"),
         "It is like “Quillmark Glide mouse”, which you looked at on this visit.",
         "和你这次看过的“Quillmark Glide mouse”相近。"),
        (Reason("brand", 0.2, "brand", "Quillmark", ("m1",), "purchase"),
         "You bought “Quillmark Glide mouse” of the same brand.", "你买过同品牌的“Quillmark Glide mouse”。"),
        (Reason("brand", 0.2, "brand", "Quillmark", ("m1",), "cart"),
         "You put “Quillmark Glide mouse” of the same brand in your cart.",
         "你把同品牌的“Quillmark Glide mouse”加过购物车。"),
        (Reason("category", 0.2, "category", "Electronics", ("m1",), "rating"),
         "You rated “Quillmark Glide mouse” well, which is in “Electronics”, too.",
         "你给“Electronics”里的“Quillmark Glide mouse”打过高分。"),
        (Reason("attributes", 0.2, "size", "tenkeyless", declared=True),
         "Its size is tenkeyless, as you named it.", "尺寸是tenkeyless，正是你说过的。"),
        (Reason("attributes", 0.2, "colour", "charcoal", ("m1",), "view"),
         "Its colour is charcoal like that of “Quillmark Glide mouse”, which you looked at.",
         "颜色是charcoal，和你看过的“Quillmark Glide mouse”一样。"),
        (Reason("price", 0.2, "price", "22.59–85.3"), "Its price is within what you usually pay (about $23 to $85).",
         "价格在你平时的花费（约$23至$85）之内。"),
        (Reason("price", 0.2, "price", "0–60", declared=True), "It is within the budget that you named ($60).",
         "在你说过的预算$60以内。"),
        (Reason("together", 0.2, products=("m1",), event="purchase"),
         "People who took “Quillmark Glide mouse” took this, too.",
         "选了“Quillmark Glide mouse”的人也选了它。"),
        (Reason("repeat", 0.2, products=("k1",), event="purchase"), "You bought it before and may be ready for more.",
         "你以前买过，也许又该买了。"),
        (Reason("popular", 0.2), "It is popular with other shoppers.", "它很受其他顾客欢迎。"),
        (Reason("neighbours", 0.2), "Shoppers with a history like yours took it.", "和你经历相像的顾客选了它。"),
        (Reason("similar", 1.0, products=("m1",)), "Its description is close to that of “Quillmark Glide mouse”.",
         "描述和“Quillmark Glide mouse”相近。"),
        (Reason("brand", 0.001, "brand", "Quillmark", ("m1",), "purchase"),
         "It is here to show you something from “Keyboards”.", "带你看看“Keyboards”里的商品。"),
    ],
)  # fmt: skip
def test_a_recommendation_is_explained(reason: Reason, english: str, chinese: str) -> None:
    told = ledger(KEYBOARD, NOTHING_ASKED, reason, parts={})
    assert explain(told, "en") == english
    assert explain(told, "zh") == chinese


LIKED = Reason("brand", 0.3, "brand", "Quillmark", ("m1",), "purchase")
DISLIKED = Reason("price", -0.1, "price", "100–200")


@pytest.mark.parametrize(
    ("because", "base", "rank", "english"),
    [
        ((LIKED,), 4, 1, "You bought “Quillmark Glide mouse” of the same brand, so it stands 3 places higher for you."),
        ((LIKED,), 2, 1, "You bought “Quillmark Glide mouse” of the same brand."),
        ((LIKED, DISLIKED), 1, 4,
         "Its price is further from what you usually pay (about $100 to $200), so it stands 3 places "
         "lower for you."),
        ((DISLIKED,), 1, 2, ""),
        ((), 1, 4, "It stands 3 places lower to make room for what fits you better."),
    ],
)  # fmt: skip
def test_taste_is_told_with_what_it_moved(because: tuple[Reason, ...], base: int, rank: int, english: str) -> None:
    told = ledger(KEYBOARD, asking("keyboard"), *because, rank=rank, base_rank=base)
    title = "“keyboard” is in its title." if rank % 2 else "Its title says “keyboard”."
    assert explain(told, "en") == f"{title}{' ' * bool(english)}{english}"


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("quiet office", "“quiet” is in its title and “office” only in its description.",
         "Its title says “quiet” and its description mentions “office”."),
        ("office", "“office” is only in its description.", "Only its description mentions “office”."),
        ("quiet typewriter with a ribbon of rosewood for zebras",
         "“quiet” is in its title; beyond that it was found by its meaning.",
         "Its title says “quiet”; for the rest it was found by meaning."),
        ("typewriter for a ribbon of rosewood, zebra",
         "None of your words is in its text: it was found by its meaning.",
         "It was found by its meaning: none of your words is in its text."),
    ],
)  # fmt: skip
def test_neighbours_on_a_page_say_the_same_in_other_words(text: str, first: str, second: str) -> None:
    assert explain(ledger(KEYBOARD, asking(text), rank=3), "en") == first
    assert explain(ledger(KEYBOARD, asking(text), rank=4), "en") == second


def test_nearness_to_nothing_that_can_be_named_is_told_where_it_moved_the_product() -> None:
    near = Reason("interest", 0.2, products=("c1",), event="view")
    stays = explain(ledger(KEYBOARD, asking("keyboard"), near, rank=1, base_rank=1), "en")
    assert stays == "“keyboard” is in its title."
    rises = explain(ledger(KEYBOARD, asking("keyboard"), near, rank=1, base_rank=5), "en")
    assert rises.endswith("It is nearer than most to what you go for, so it stands 4 places higher for you.")


def test_a_product_is_named_once() -> None:
    black = Reason("attributes", 0.1, "colour", "charcoal", ("m1",), "purchase")
    told = explain(ledger(KEYBOARD, NOTHING_ASKED, LIKED, black), "en")
    assert (
        told == "You bought “Quillmark Glide mouse” of the same brand. Its colour is charcoal, which you often choose."
    )


def test_what_is_not_met_outlives_all_else_where_there_is_too_much() -> None:
    long = dict.fromkeys(("brand", "size"), "A very long name of a thing that goes on and on without end " * 4)
    long_title = {**KEYBOARD, **long, "title": "Quiet " * 30 + "keyboard"}
    told = explain(
        ledger(
            long_title,
            asking(
                "quiet keyboard office plastic", wanting("price", "<", 50, "under $50"), wanting("size", "=", "wide")
            ),
            LIKED,
            rank=1,
            base_rank=9,
        ),
        "en",
    )
    assert columns(told) <= CAP
    assert "it costs $59, over your $50" in told
    assert "where you asked for wide" in told


def test_a_word_that_the_query_says_with_a_condition_is_told_once() -> None:
    query = asking("quillmark keyboard", wanting("brand", "=", "Quillmark", "quillmark"))
    assert explain(ledger(KEYBOARD, query), "en") == "“keyboard” is in its title, and it is by Quillmark."


def test_facts_and_questions_are_told_apart() -> None:
    query = asking("keyboard", CHEAP, wanting("watts", "<", 5), wanting("brand", "=", "Cherry"))
    told = ledger(KEYBOARD, query, LIKED)
    assert telling_facts(told, "en") == (
        "“keyboard” is in its title",
        "it costs $59, under your $80",
        "you bought “Quillmark Glide mouse” of the same brand",
    )
    assert open_questions(told, "en") == ("it is by Quillmark, not Cherry", "its power is not stated")
    assert telling_facts(told, "zh")[1:] == ("售价$59，低于你说的$80", "你买过同品牌的“Quillmark Glide mouse”")
    assert open_questions(told, "zh") == ("品牌写的是Quillmark，而你要的是Cherry", "功率未标明")


def test_browsing_without_words_says_where_the_product_is_from() -> None:
    assert explain(ledger(KEYBOARD, asking("")), "en") == "It is here to show you something from “Keyboards”."
    assert explain(ledger({"id": "x", "title": "Thing"}, asking("")), "zh") == "带你看看别的商品。"


def test_constraint_without_value_of_its_own_kind_is_unknown() -> None:
    constraint = Constraint("noise_db", "<", 40, (0, 0), "under 40 db")
    told = explain(ledger({**KEYBOARD, "noise_db": "low"}, asking("keyboard", constraint)), "en")
    assert told == "“keyboard” is in its title, but its noise is not stated."
