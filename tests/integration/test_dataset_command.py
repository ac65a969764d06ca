"""`python -m eval dataset`: what it prints and writes, and that the indexer takes what it wrote."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import judged_sets
import pytest

from eval.__main__ import main
from eval.datasets.known import DATASETS
from eval.qrels import read_qrels, read_queries


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAOGOU_DATA_DIR", str(tmp_path / "data"))
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


def read(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "catalogue.jsonl").read_text(encoding="utf-8").splitlines()]


def test_the_list_says_what_there_is_and_on_what_terms(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dataset"]) == 0
    out = capsys.readouterr().out
    for each in DATASETS:
        assert f"\n{each.name}  " in f"\n{out}"
        assert each.terms in out


def test_wands_from_its_folder(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    judged_sets.wands(home / "WANDS")
    assert main(["dataset", "wands", "WANDS", "--out", "my wands"]) == 0
    out, err = capsys.readouterr()
    assert out == (
        "wands all: 3 products, 3 queries, 6 judgements in my wands\n"
        "grades: Exact = 2, Partial = 1, Irrelevant = 0\n"
        "judgements by grade: 2: 1, 1.5: 1, 1: 2, 0: 2\n"
        "terms: MIT licence\n"
        "\n"
        "Next:\n"
        "python -m indexer reindex 'my wands/catalogue.jsonl' --index wands --mapping 'my wands/mapping.toml'\n"
        "python -m eval run --index wands --queries 'my wands/queries.tsv' --qrels 'my wands/qrels.tsv' "
        "--out 'my wands/run.trec'\n"
    )
    assert [line for line in err.splitlines() if line.startswith("warning: ")] == [
        "warning: 1 pairs were judged more than once with different grades: each got their mean",
        "warning: 1 judged products are not in the catalogue; their 1 judgements are kept, and no engine can find them",
        "warning: 1 queries have no judgement and were left out",
    ]
    assert read_qrels(home / "my wands" / "qrels.tsv").grades == {
        "0": {"0": 2, "1": 0},
        "7": {"1": 1.5, "0": 0},
        "5": {"999": 1, "2": 1},
    }
    assert [query.columns for query in read_queries(home / "my wands" / "queries.tsv")] == [
        ("Beds",),
        ("Desks",),
        ("",),
    ]
    record = json.loads((home / "my wands" / "dataset.json").read_text(encoding="utf-8"))
    assert record["grades"] == {"Exact": 2, "Partial": 1, "Irrelevant": 0}
    assert record["query_columns"] == ["query_id", "text", "query_class"]
    assert [file["name"] for file in record["files"]] == ["product.csv", "query.csv", "label.csv"]


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("wands", judged_sets.wands, []),
        ("esci", judged_sets.esci, ["--locale", "us"]),
        ("homedepot", judged_sets.homedepot, []),
        ("beir", judged_sets.beir, []),
        ("trec", judged_sets.trec, ["--split", "2023"]),
    ],
)
def test_the_indexer_takes_every_product(
    home: Path, capsys: pytest.CaptureFixture[str], name: str, make: Callable[[Path], Path], words: list[str]
) -> None:
    """The printed command is run, with --dry-run."""
    from indexer.__main__ import main as index

    make(home / name)
    assert main(["dataset", name, name, "--out", "out", *words]) == 0
    command = next(line for line in capsys.readouterr().out.splitlines() if "indexer" in line).split()
    assert command[:4] == ["python", "-m", "indexer", "reindex"]
    assert index([*command[3:], "--dry-run", "--report", "problems.jsonl"]) == 0
    done = json.loads(capsys.readouterr().out.splitlines()[-1])
    written = read(home / "out")
    assert (done["read"], done["rejected"], done["warnings"]) == (len(written), 0, 0)
    assert done["read"] > 2


def test_esci_with_other_grades(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    judged_sets.esci(home / "esci")
    words = ["dataset", "esci", "esci", "--out", "out", "--split", "large-test"]
    assert main([*words, "--grade", "S=0.7655", "--grade", "C=0.0976"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("esci us large-test: 4 products, 2 queries, 5 judgements in out\n")
    assert "grades: E = 3, S = 0.7655, C = 0.0976, I = 0\n" in out
    assert read_qrels(home / "out" / "qrels.tsv").grades["10"] == {"B01": 3, "B02": 0.7655, "B03": 0.0976, "B04": 0}
    assert [(row["id"], row["title"]) for row in read(home / "out")][2] == ("B03", "A grille that fits most bath fans.")
    assert "--index esci-us " in out
    assert not (home / "out" / "mapping.toml").exists()


def test_fewer_queries_and_products(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    judged_sets.beir(home / "beir")
    assert main(["dataset", "beir", "beir", "--out", "out", "--limit-queries", "1", "--judged-products"]) == 0
    out = capsys.readouterr().out
    assert ": 2 products, 1 queries, 2 judgements" in out
    assert "compare with none of others" in out
    # The same folder again, for all of it.
    assert main(["dataset", "beir", "beir", "--out", "out"]) == 0
    assert len(read_queries(home / "out" / "queries.tsv")) == 2


def test_our_own_files_pass_through(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    judged_sets.own(home / "shop")
    assert main(["dataset", "own", "shop", "--split", "dev", "--out", "out"]) == 0
    assert read(home / "out") == [
        {"sku": "a1", "name": "Dress", "price": 12.5},
        {"sku": "a2"},
        {"sku": 77, "name": "Lamp"},
    ]
    assert (home / "out" / "qrels.tsv").read_text().splitlines()[1] == "q1\tllm\ta2\t0"
    assert (home / "out" / "mapping.toml").read_text() == (home / "shop" / "mapping.toml").read_text()


def test_what_is_known_of_a_model_goes_with_its_grades(home: Path) -> None:
    judged_sets.own(home / "shop")
    words = ["dataset", "own", "shop", "--split", "dev", "--out", "out"]
    (home / "shop" / "qrels.dev.tsv.json").write_text('{"model": "gpt-x"}')
    assert main(words) == 0
    assert (home / "out" / "qrels.tsv.json").read_text() == '{"model": "gpt-x"}'
    (home / "shop" / "qrels.dev.tsv").write_text("q1 0 a1 2\nq2 0 77 1\n")  # now by people alone
    assert main(words) == 0
    assert not (home / "out" / "qrels.tsv.json").exists()


def test_a_bad_row_leaves_nothing_behind(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = judged_sets.beir(home / "beir") / "corpus.jsonl"
    path.write_text(path.read_text() + "{\n")
    assert main(["dataset", "beir", "beir", "--out", "out"]) == 1
    assert "error: beir/corpus.jsonl, line 5: this is no JSON" in capsys.readouterr().err
    assert sorted(entry.name for entry in home.iterdir()) == ["beir"]


def test_an_interruption_leaves_nothing_behind(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    judged_sets.beir(home / "beir")

    def interrupted(row: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr("eval.datasets.preparing.orjson.dumps", interrupted)
    assert main(["dataset", "beir", "beir", "--out", "out"]) == 1
    assert "Interrupted; nothing was written." in capsys.readouterr().err
    assert sorted(entry.name for entry in home.iterdir()) == ["beir"]


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["wnads", "--out", "out"], 1, "There is no reader for 'wnads'. Did you mean wands?"),
        (["wands"], 2, "--out DIR is missing"),
        (["--download"], 2, "NAME is missing"),
        (["wands", "--out", "out", "--split", "test"], 2, "--split: 'test' is none of: all"),
        (["trec", ".", "--out", "out", "--split", "../x"], 2, "--split: '../x' is no name"),
        (["esci", "--out", "out", "--locale", "de"], 2, "--locale: 'de' is none of: us, es, jp"),
        (["wands", "--out", "out", "--locale", "us"], 2, "--locale: 'us' is none of: nothing; this set has one"),
        (["wands", "--out", "out", "--grade", "exact=1"], 2, "--grade: 'exact' is none of: Exact, Partial, Irrelevant"),
        (["wands", "--out", "out", "--grade", "Exact=high"], 2, "--grade: 'Exact=high' is not LABEL=NUMBER"),
        (["wands", "--out", "out", "--grade", "Exact=nan"], 2, "--grade: 'Exact=nan' is not within ±100"),
        (["beir", "--out", "out", "--grade", "1=2"], 2, "--grade: '1' is none of: nothing; its judgements are numbers"),
        (["wands", "--out", "out", "--limit-queries", "0"], 2, "number from 1 up"),
        (["wands", "--out", "out"], 1, "nothing was downloaded to"),
        (["wands", ".", "--out", "out"], 1, ". lacks product.csv, query.csv, label.csv. Add --download, or: Download"),
        (["homedepot", "--out", "out"], 1, "yourself from https://www.kaggle.com/competitions/home-depot"),
        (
            ["homedepot", "--out", "out", "--download"],
            1,
            "'homedepot' cannot be downloaded from here. Download train.csv",
        ),
        (["beir/scifact", ".", "--out", "out"], 1, "BEIR/datasets/scifact.zip (and unpack it)"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(
    capsys: pytest.CaptureFixture[str], words: list[str], status: int, message: str
) -> None:
    assert main(["dataset", *words]) == status
    assert message in capsys.readouterr().err


def test_without_a_network_the_way_by_hand_is_said(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing listens there: the same as a proxy that refuses.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setattr("eval.datasets.download.TRIES", 1)
    assert main(["dataset", "wands", "--out", "out", "--download"]) == 1
    err = capsys.readouterr().err
    assert "dataset/product.csv could not be fetched" in err
    assert (
        "yourself from https://github.com/wayfair/WANDS, and pass the folder: python -m eval dataset wands FOLDER"
        in err
    )
    assert not (home / "out").exists()


def test_what_was_downloaded_is_read_without_naming_a_folder(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    judged_sets.wands(home / "data" / "datasets" / "wands")
    assert main(["dataset", "wands", "--out", "out"]) == 0
    judged_sets.beir(home / "data" / "datasets" / "beir" / "scifact")
    assert main(["dataset", "beir/scifact", "--out", "scifact"]) == 0
    assert "--index beir-scifact " in capsys.readouterr().out


def test_the_command_loads_no_engine() -> None:
    import subprocess

    code = (
        "import sys; from eval.__main__ import main; main(['dataset']); "
        "sys.exit(any(name in sys.modules for name in ('torch', 'qdrant_client', 'httpx', 'pyarrow')))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0
