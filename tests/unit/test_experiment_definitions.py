"""The file of experiments: what it may say, and what is said about what it may not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from search.domain import And, Compare, SearchRequest
from search.errors import ExperimentError, SettingsError
from search.experiments.definitions import OPTIONS, load_experiments, parse_experiments
from search.experiments.records import Share

GOOD = """
[[experiment]]
name = "ratio"
index = "products"
method = "split"
share = 0.25
[[experiment.variant]]
name = "now"
weight = 1
[[experiment.variant]]
name = "words"
weight = 3
semantic_ratio = 0.2
understand = false
filter = "in_stock = true"
index = "products-2"

[[experiment]]
name = "literal"
index = "books"
method = "interleave"
[[experiment.variant]]
name = "now"
[[experiment.variant]]
name = "literal"
understand = false
"""


def test_everything_that_can_be_said() -> None:
    split, interleaved = parse_experiments(GOOD, "x.toml")
    assert (split.name, split.index, split.method, split.share) == ("ratio", "products", "split", 0.25)
    assert split.shares == (Share("now", 0.25), Share("words", 0.75))
    assert split.baseline.options == frozenset()
    assert split.variant("words").options == set(OPTIONS)
    assert (interleaved.method, interleaved.share) == ("interleave", 1.0)
    assert interleaved.shares == (Share("now", 0.5), Share("literal", 0.5))
    started = split.started("2026-11-28T09:00:00.000Z")
    assert (started.variants, started.started) == (split.shares, "2026-11-28T09:00:00.000Z")


def test_a_variant_changes_what_it_names_and_nothing_else() -> None:
    split, _ = parse_experiments(GOOD, "x.toml")
    stock, price = Compare("in_stock", "=", "true"), Compare("price", "<", 5.0)
    request = SearchRequest("lamp", filter=price, limit=3, offset=6, ignore=("not red",))
    assert split.baseline.applied(request) is request
    changed = split.variant("words").applied(request)
    assert changed == SearchRequest(
        "lamp", filter=And((price, stock)), limit=3, offset=6, ignore=("not red",), semantic_ratio=0.2, understand=False
    )
    assert split.variant("words").applied(SearchRequest("lamp")).filter == stock


def test_a_request_that_says_itself_what_variants_differ_in_is_settled() -> None:
    split, interleaved = parse_experiments(GOOD, "x.toml")
    assert not split.settled_by(SearchRequest("lamp"))
    assert split.settled_by(SearchRequest("lamp", semantic_ratio=0.5))
    assert split.settled_by(SearchRequest("lamp", understand=False))
    assert not interleaved.settled_by(SearchRequest("lamp", semantic_ratio=0.5))


def test_no_file_and_an_empty_one(tmp_path: Path) -> None:
    assert load_experiments(None) == ()
    (tmp_path / "x.toml").write_text("\ufeff# nothing runs\n", encoding="utf-8")
    assert load_experiments(tmp_path / "x.toml") == ()


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[experiment]", "x.toml is not valid TOML: .*line 1"),
        ("experiment = 5", r"x.toml: experiment: write \[\[experiment\]\]"),
        ("[experiment]\nname = 'a'", r"x.toml: experiment: write \[\[experiment\]\]"),
        ("[[experiments]]", "x.toml: experiments: there is no such key. Did you mean 'experiment'"),
        (changed('"ratio"', '"a b"'), "x.toml: experiment 1 ('a b'): name: up to 64 letters.*'a b'"),
        (changed('name = "ratio"', ""), "x.toml: experiment 1: name: .*not None"),
        (changed('"literal"', '"ratio"'), "experiment 2 ('ratio'): name: two experiments are named 'ratio'"),
        (changed('"books"', '"products"'), "('literal'): index: index 'products' is in experiment 'ratio' already"),
        (changed('"products"', '"a/b"'), "index: 'a/b' is no valid index name"),
        (changed('index = "products"', ""), "index: the name of an index.*None"),
        (changed('"split"', '"ab"'), "method: 'split' .* or 'interleave' .*not 'ab'"),
        (changed('method = "split"', "method = []"), r"method: .*not \[\]"),
        (changed("share = 0.25", "share = 0"), "share: .*not 0"),
        (changed("share = 0.25", "share = 25"), "share: .*not 25"),
        (changed("share = 0.25", "share = nan"), "share: a number, not nan"),
        (changed("share = 0.25", "share = true"), "share: a number, not True"),
        (changed("share = 0.25", "shere = 0.2"), "shere: there is no such key. Did you mean 'share'"),
        (changed("weight = 3", "weight = 0"), "variant 2 ('words'): weight: a number above 0.*not 0"),
        (changed("weight = 3", "weight = inf"), "weight: a number, not inf"),
        (changed("0.2\n", "2\n"), "experiment 1 ('ratio'), variant 2 ('words'): semantic_ratio: .*2 is neither"),
        (changed("semantic_ratio", "semantic_ration"), "Did you mean 'semantic_ratio'"),
        (changed("semantic_ratio", "hybrid"), "hybrid: there is no such key. Known are: name, weight, semantic_ratio"),
        (changed("understand = false", "understand = 0"), "understand: true or false, not 0"),
        (
            changed("in_stock = true", "in_stock == true"),
            "variant 2 ('words'): filter: The filter goes wrong at character 11",
        ),
        (changed('"in_stock = true"', '""'), "filter: an expression as in a search.*not ''"),
        (changed('"words"', '"now"'), "variant: two variants are named 'now'"),
        (changed("weight = 1", "semantic_ratio = 0.5"), "semantic_ratio: the first variant, 'now', is what is served"),
        (changed('"literal"\nunderstand', '"literal"\nweight = 2\nunderstand'), "weight: everybody sees both variants"),
        (GOOD + '[[experiment.variant]]\nname="c"', "('literal'): variant: two rankings are interleaved, not 3"),
        ('[[experiment]]\nname="a"\nindex="b"\nmethod="split"', r"variant: .* at least two; this one has 0"),
        ('[[experiment]]\nname="a"\nindex="b"\nmethod="split"\nvariant=1', r"write \[\[experiment.variant\]\]"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, message: str) -> None:
    pattern = message.replace("(", r"\(").replace(")", r"\)")
    with pytest.raises(ExperimentError) as found:
        parse_experiments(text, "x.toml")
    assert re.search(pattern, str(found.value)), str(found.value)
    assert str(found.value).startswith("x.toml")


def test_a_file_that_cannot_be_read_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    for name in ("none.toml", "bad.toml", "."):
        with pytest.raises(SettingsError, match="DAOGOU_EXPERIMENTS"):
            load_experiments(tmp_path / name)
