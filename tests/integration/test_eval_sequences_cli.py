"""`python -m eval sequences`: reading, splitting, ranking, and what is printed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from fake_encoder import FakeEncoder

from eval.__main__ import main
from eval.sequences.catalogue import read_catalogue
from eval.sequences.histories import Question, Row, joined, last_steps, questions_of, trails_of
from eval.sequences.methods import Same
from eval.sequences.ranking import ranks, score
from search.errors import DatasetError
from search.recommending.interactions import Trail


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Forty products; after each even one comes the odd one beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("search.bootstrap.load_encoder", lambda settings: FakeEncoder())
    kinds = ["pen", "lamp", "chair", "paper"]
    products = [
        {"id": str(n), "title": f"{kinds[n % 4]} no {n}", "brand": f"b{n % 3}", "description": "['Good.']"}
        for n in range(40)
    ]
    Path("shop.jsonl").write_text("".join(json.dumps(product) + "\n" for product in products))
    generator = np.random.default_rng(0)
    with Path("train.jsonl").open("w") as file:
        for user in range(80):
            trail: list[str] = []
            for even in generator.integers(0, 20, 3) * 2:
                trail += [str(even), str(even + 1)]
            for end in range(1, len(trail)):
                file.write(json.dumps({"user": f"u{user}", "history": trail[:end], "target": trail[end]}) + "\n")
    Path("test.jsonl").write_text('{"user": "new", "history": ["2"], "target": "3"}\n')
    return tmp_path


def _run(*options: str) -> int:
    return main(["sequences", "--catalogue", "shop.jsonl", "--train", "train.jsonl", *options])


def test_every_method_and_the_verdict(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("--no-networks") == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines[0].split() == ["method", "hr@5", "ndcg@5", "hr@10", "ndcg@10", "hr@20", "ndcg@20"]
    names = [line.split()[0] for line in lines[1:10]]
    assert names == [
        "blend", "ease+transitions", "transitions", "ease", "itemcf", "usercf", "content", "words", "popularity"
    ]  # fmt: skip
    assert "blend" in lines[-1]
    assert "40 products, 80 shoppers, 80 questions" in said.err


def test_json_of_a_test_file(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("--test", "test.jsonl", "--no-networks", "--method", "blend", "--method", "popularity", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["blend", "popularity"]
    assert found["blend"]["hr@5"] == 1
    assert 0 <= found["popularity"]["ndcg@10"] <= found["blend"]["ndcg@10"]


def test_rows_that_were_trained_on_are_told(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("--test", "train.jsonl", "--method", "popularity") == 0
    assert "400 of 400 rows of train.jsonl are in train.jsonl" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "line 1: not JSON"),
        ("[]", "line 1: not a JSON object"),
        ('{"user": "a", "history": "1", "target": "2"}', "line 1: expected user, history"),
        ('{"user": "a", "history": [], "target": "2"}', "line 1: the history is empty"),
        ('{"user": "a", "history": ["1"], "target": "99"}', "line 1: product '99' is not in the catalogue"),
        ("", "holds no histories"),
    ],
)
def test_broken_histories_are_told(shop: Path, capsys: pytest.CaptureFixture[str], line: str, told: str) -> None:
    Path("broken.jsonl").write_text(line + "\n")
    assert _run("--test", "broken.jsonl") == 1
    error = capsys.readouterr().err
    assert "broken.jsonl" in error
    assert told in error


def test_networks_are_measured_unless_they_are_left_out(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("--test", "test.jsonl", "--method", "gru", "--json") == 0
    assert list(json.loads(capsys.readouterr().out)) == ["gru"]
    assert _run("--no-networks", "--method", "gru") == 2
    assert "--no-networks" in capsys.readouterr().err


def test_a_catalogue_is_cleaned(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("id,title,description,brand\n1,Pens &amp; paper,\"['<b>Good.</b>', ' <!-- .a {x:y} -->']\",\n")
    product = read_catalogue(path)[0]
    assert (product.title, product.description, product.brand) == ("Pens & paper", "Good.", None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"id": 1}', "line 1: product '1' has no title"),
        ('{"title": "a"}', "line 1: no id"),
        ('{"id": 1, "title": "a"}\n{"id": "1", "title": "b"}', "line 2: product '1' is here for the second time"),
        ("", "holds no products"),
        ("nonsense", "line 1: not JSON"),
    ],
)
def test_broken_catalogues_are_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text(text)
    with pytest.raises(DatasetError, match=told):
        read_catalogue(path)


def test_prefixes_make_one_trail() -> None:
    rows = [Row("u", ("a",), "b"), Row("u", ("a", "b"), "c"), Row("u", ("b", "c"), "c"), Row("v", ("x",), "y")]
    assert trails_of(rows) == {"u": ("a", "b", "c", "c"), "v": ("x", "y")}
    assert joined(("a", "b"), ("q",)) == ("a", "b", "q")


def test_an_older_row_out_of_its_turn_adds_nothing() -> None:
    rows = [Row("u", ("a", "b", "c"), "d"), Row("u", ("a",), "b"), Row("u", ("a", "b"), "c")]
    assert trails_of(rows) == {"u": ("a", "b", "c", "d")}
    assert joined(("a", "b", "a"), ("a", "b")) == ("a", "b", "a", "b")  # it goes on from the end: taken again


def test_nothing_of_the_last_step_is_trained_on() -> None:
    rest, asked = last_steps({"u": ("a", "b", "c"), "v": ("z",)})
    assert rest == {"u": ("a", "b"), "v": ("z",)}
    assert asked == (Question("u", ("a", "b"), "c"),)


def test_a_row_goes_on_where_training_ended() -> None:
    trails = {"u": ("a", "b", "c")}
    rows = [Row("u", ("b", "c", "d"), "e"), Row("u", ("a", "b"), "c"), Row("w", ("c",), "a")]
    assert [question.history for question in questions_of(rows, trails)] == [("a", "b", "c", "d"), ("a", "b"), ("c",)]


def test_targets_stand_behind_their_equals() -> None:
    method = Same("m", np.array([0.5, 0.2, 0.2, 0.1], np.float32))
    found = ranks(method, [Trail.of([0])] * 3, np.array([0, 1, 3]))
    assert found.tolist() == [1, 3, 4]
    values = score("m", found, (3,)).values
    assert values["hr@3"].tolist() == [1, 1, 0]
    assert values["ndcg@3"].tolist() == [1, 0.5, 0]


def test_a_score_that_is_no_number_wins_nothing() -> None:
    method = Same("m", np.array([np.nan, 0.2, 0.3], np.float32))
    assert ranks(method, [Trail.of([0])] * 2, np.array([0, 1])).tolist() == [3, 3]


@pytest.mark.parametrize("batches", [[[0], [1]]])
def test_questions_are_asked_in_batches(batches: Sequence[Sequence[int]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eval.sequences.ranking._BATCH", 1)
    method = Same("m", np.array([0.1, 0.2], np.float32))
    assert ranks(method, [Trail.of(batch) for batch in batches], np.array([0, 1])).tolist() == [2, 1]
