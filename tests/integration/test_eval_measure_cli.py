"""`measure` with all that it can be told: intervals, conditions broken, what is known of a catalogue."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval.__main__ import main

FILES = {
    "qrels.tsv": "q1 0 a 3\nq1 0 b 1\nq2 0 a 1\nq3 0 c 1\nq4 0 a 1\n",
    "base.trec": "q1 Q0 a 1 2 t\nq1 Q0 b 2 1 t\nq2 Q0 x 1 2 t\nq2 Q0 a 2 1 t\nq4 Q0 d 1 2 t\n",
    "clean.trec": "q1 Q0 a 1 2 t\nq1 Q0 c 2 1 t\nq2 Q0 a 1 2 t\nq4 Q0 a 1 2 t\n",
    "violations.tsv": "q1 0 b 1\nq1 0 c 0\nq2 0 x 1\nq4 0 d 1\nq9 0 a 1\n",
    "counts.tsv": "a\t4\nb\t2\nc\t1\nd\t1\nx\t0\n",
}


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).write_text(text, encoding="utf-8")


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert main(list(arguments)) == 0
    return capsys.readouterr().out.splitlines()


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    status = main(list(arguments))
    return status, capsys.readouterr().err.splitlines()[-1]


def test_intervals_stand_beside_their_means(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, "measure", "qrels.tsv", "base.trec", "mrr", "--interval")
    assert lines[1].split()[:2] == ["base.trec", "0.3750"]
    low, high = (float(word.strip("[],")) for word in lines[1].split()[2:4])
    assert 0 <= low < 0.375 < high <= 1
    assert lines[-1] == "[ , ]: 95 % interval of the mean over queries, BCa bootstrap."


def test_json_has_intervals_only_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["measure", "qrels.tsv", "base.trec", "mrr", "coverage@2", "--catalogue-size", "5", "--json"]
    plain = json.loads(printed(capsys, *arguments)[0])["base.trec"]
    assert plain == {"mrr": 0.375, "judged@10": 0.375, "coverage@2": 0.8}
    asked = json.loads(printed(capsys, *arguments, "--interval")[0])["base.trec"]
    intervals = asked.pop("intervals")
    assert asked == plain
    assert intervals.keys() == {"mrr", "judged@10"}  # of coverage, which is one number for all lists, there is none
    assert intervals["mrr"][0] < 0.375 < intervals["mrr"][1]


def test_violations_are_those_of_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    for option in ([], ["--judged-only"]):
        lines = printed(
            capsys, "measure", "qrels.tsv", "base.trec", "clean.trec", "violations@2", "--violations", "violations.tsv",
            *option,
        )  # fmt: skip
        assert [line.split()[:2] for line in lines[1:3]] == [["base.trec", "0.5000"], ["clean.trec", "0.0000"]]


def test_fewer_violations_are_a_win(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["qrels.tsv", "base.trec", "clean.trec", "violations@2", "--violations", "violations.tsv"]
    first, _ = json.loads(printed(capsys, "compare", *arguments, "--json")[0])
    assert (first["baseline_mean"], first["mean"]) == (0.5, 0.0)
    assert (first["wins"], first["losses"], first["ties"]) == (3, 0, 1)
    printed(capsys, "report", *arguments)
    assert "violations@2" in Path("report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["measure", "compare", "report"])
def test_without_the_file_there_are_no_violations(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = refused(capsys, command, "qrels.tsv", "base.trec", "clean.trec", "violations@2")
    assert status == 1
    assert said == "error: violations@k needs to know which products break a condition: --violations FILE."


def test_a_file_of_other_queries_is_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    Path("violations.tsv").write_text("z 0 a 1\n", encoding="utf-8")
    assert main(["measure", "qrels.tsv", "base.trec", "violations@2", "--violations", "violations.tsv"]) == 0
    assert "violations.tsv names none of the 4 judged queries; do these files belong" in capsys.readouterr().err


def test_grades_of_a_model_among_the_violations_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    Path("violations.tsv").write_text("q1 llm b 1\nq2 0 x 1\n", encoding="utf-8")
    for command in ("measure", "compare", "report"):
        arguments = [command, "qrels.tsv", "base.trec", "clean.trec", "violations@2", "--violations", "violations.tsv"]
        assert main(arguments) == 0
        assert "violations.tsv: 1 of 2 grades are by a language model" in capsys.readouterr().err
    assert "violations.tsv: 1 of 2 grades are by a language model" in Path("report.html").read_text(encoding="utf-8")


def test_conventions_of_violations_are_those_of_their_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("qrels.tsv").write_text(FILES["qrels.tsv"] + "q5 0 a 0\n", encoding="utf-8")
    arguments = ["measure", "qrels.tsv", "clean.trec", "--violations", "violations.tsv", "violations@2"]
    named = "violations: products that the file does not name break nothing"
    assert printed(capsys, *arguments)[-1] == f"5 queries. {named}."
    last = printed(capsys, *arguments, "mrr", "--judged-only")[-1]
    assert last == (
        f"5 queries, 1 of them without a relevant product: they score 0 whatever the run. {named}; "
        "relevant from grade 1; unjudged products removed (judged@k and violations@k: before that)."
    )


def test_grades_below_1_score_in_the_metrics_that_weigh_them(capsys: pytest.CaptureFixture[str]) -> None:
    Path("qrels.tsv").write_text("q1 0 a 3\nq2 0 x 0.5\nq3 0 c 0\n", encoding="utf-8")
    values = json.loads(printed(capsys, "measure", "qrels.tsv", "base.trec", "ndcg", "err", "mrr", "-q", "--json")[0])
    assert [value > 0 for value in values["base.trec"]["queries"]["q2"].values()] == [True, True, False, True]
    said = "3 queries, 2 of them without a relevant product: they score 0 whatever the run"
    arguments = ["measure", "qrels.tsv", "base.trec"]
    assert printed(capsys, *arguments, "ndcg", "err", "mrr")[-1].startswith(
        f"{said} in every metric but ndcg and err. "
    )
    assert printed(capsys, *arguments, "mrr")[-1].startswith(f"{said}. ")
    Path("qrels.tsv").write_text("q1 0 a 3\nq2 0 x -1\nq3 0 c 0\n", encoding="utf-8")
    assert printed(capsys, *arguments, "ndcg")[-1].startswith(f"{said}. ")


def test_what_recommendations_do_to_the_shop(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(
        capsys, "measure", "qrels.tsv", "clean.trec", "hr@2", "popularity@2", "novelty@1", "coverage@2",
        "--popularity", "counts.tsv",
    )  # fmt: skip
    # Half of the eight interactions are a's, so a alone is a best-seller; its share of 8 + 5 is 5/13.
    assert lines[0].split() == ["run", "hr@2", "judged@10", "popularity@2", "novelty@1", "coverage@2"]
    assert lines[1].split()[1] == "0.7500"
    assert lines[1].split()[3:] == ["0.6250", f"{3 / 4 * 1.3785116232537298:.4f}", "0.4000"]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["coverage@2"], 2, "coverage needs to know how many products there are"),
        (["novelty@2"], 2, "novelty@2 need to know how popular products are: --popularity COUNTS.tsv"),
        (["novelty@2", "--popularity", "qrels.tsv"], 1, "qrels.tsv, line 1: expected product_id, a tab and the number"),
        (["coverage@2", "--catalogue-size", "2"], 1, "4 different products were recommended, more than the catalogue"),
    ],
)
def test_what_is_missing_or_cannot_be_is_said(
    arguments: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found, message = refused(capsys, "measure", "qrels.tsv", "base.trec", *arguments)
    assert found == status
    assert said in message
