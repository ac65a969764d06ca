"""The commands as people run them: exit status, the last line, and what a server beside them sees."""

from __future__ import annotations

import io
import json
import random
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from commands import DEMO, DEMO_FILES, Shop, ask

from indexer.__main__ import main
from search.kinds import KindBook
from search.lanes import KINDS, LEXICON, TERMS
from search.lexicon.contents import unpack
from search.storage.edge import EdgeStore
from search.suggestions import ARTEFACT as SUGGESTIONS


def demo_rows(count: int) -> list[dict[str, Any]]:
    rows = [json.loads(line) for file in DEMO_FILES for line in Path(file).read_text(encoding="utf-8").splitlines()]
    return random.Random(4).sample(rows, count)


def write(file: Path, rows: list[dict[str, Any]]) -> str:
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return str(file)


def learnt(shop: Shop) -> list[object]:
    """What the live version has learnt from its catalogue, the vectors of kinds left out: they are of either run."""
    live = EdgeStore(shop.folder / "data").open("products", snapshot=True)
    try:
        kinds = KindBook.from_bytes(live.artefact(KINDS) or b"").kinds
        lexicon = unpack(live.artefact(LEXICON) or b"")
        return [live.manifest.lanes, kinds, lexicon, live.artefact(TERMS), live.artefact(SUGGESTIONS)]
    finally:
        live.close()


def test_reindex_serve_search_evaluate(tmp_path: Path, model: Path) -> None:
    """The main job, end to end, in a shop that has nothing yet; and the second run that finds nothing to do."""
    shop = Shop(tmp_path, model)
    first = shop.reindex(*DEMO_FILES)
    assert first["read"] == first["indexed"] + first["unchanged"] + first["rejected"]
    assert first["rejected"] == first["warnings"] == 0
    assert first["indexed"] >= 1200
    again = shop.reindex(*DEMO_FILES)
    assert (again["encoded"], again["indexed"], again["unchanged"]) == (0, 0, first["indexed"])
    with shop.serving() as address:
        answer = ask(address, "/indexes/products/search", {"q": "tea kettle", "limit": 5, "facets": ["brand"]})
        assert len(answer["hits"]) == 5
        assert answer["facetDistribution"]["brand"]
        cheap = ask(address, "/indexes/products/search", {"q": "tea kettle under $50", "limit": 100})
        assert [one["field"] for one in cheap["understood"]["constraints"]] == ["price", "currency"]
        assert cheap["hits"]
        assert all(hit.get("price", 0) < 50 for hit in cheap["hits"])
        named = ask(address, "/indexes/products/search", {"q": "el-1004"})
        assert named["hits"][0]["id"] == "EL-1004"
        # Evaluation works on a copy, beside the server that has the index open.
        run = tmp_path / "run.trec"
        done = shop.run("eval", "run", "--queries", str(DEMO / "queries.tsv"), "--out", str(run))
        assert done.returncode == 0, done.stderr
    measured = shop.run("eval", "measure", str(DEMO / "qrels.tsv"), str(run), "ndcg@10", "--json")
    assert measured.returncode == 0, measured.stderr
    scores = next(iter(json.loads(measured.stdout).values()))
    assert 0 < scores["ndcg@10"] <= 1


def test_standard_input_status_rollback_drop(shop: Shop) -> None:
    rows = demo_rows(40)
    piped = "".join(json.dumps(row) + "\n" for row in rows)
    assert shop.reindex("-", stdin=piped)["indexed"] == 40
    assert shop.reindex("-", stdin=piped.replace("USD", "EUR"))["version"] == 2
    status = shop.run("indexer", "status")
    assert "version 2, 40 products" in status.stdout
    assert json.loads(status.stdout.splitlines()[-1])["indexes"]["products"]["live"] == 2
    assert shop.run("indexer", "rollback").returncode == 0
    assert json.loads(shop.run("indexer", "status").stdout.splitlines()[-1])["indexes"]["products"]["live"] == 1
    assert shop.run("indexer", "drop").returncode == 0
    gone = shop.run("indexer", "rollback")
    assert gone.returncode == 1
    assert "python -m indexer reindex" in gone.stderr


@pytest.mark.parametrize(
    ("words", "status", "clue"),
    [
        (["reindex"], 2, "usage"),
        (["reindex", "no-such-file.jsonl"], 1, "no-such-file.jsonl"),
        (["reindex", "README.md"], 1, ".jsonl"),
        (["reindex", "-", "--mapping", "no-such.toml"], 1, "no-such.toml"),
        (["rollback"], 1, "There is no index"),
        (["reindex", "-", "--index", "../evil"], 1, "index"),
    ],
)
def test_mistakes_are_answered_in_one_line(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], status: int,
    clue: str,
) -> None:  # fmt: skip
    """In this process, where nothing that is raised gets by; the next test sees the status of a process."""
    for name in ("DAOGOU_DATA_DIR", "DAOGOU_ENCODER"):
        monkeypatch.setenv(name, shop.environment[name])
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    try:
        ended = main(words)
    except SystemExit as end:
        ended = int(str(end.code))
    assert ended == status
    told = capsys.readouterr().err
    assert clue in told
    assert "Traceback" not in told


def test_a_mistake_is_the_status_of_the_process(shop: Shop) -> None:
    for words, status in ((["reindex"], 2), (["rollback"], 1)):
        done = shop.run("indexer", *words)
        assert done.returncode == status
        assert "Traceback" not in done.stderr


def test_a_report_accounts_for_every_bad_row(shop: Shop, tmp_path: Path) -> None:
    rows = demo_rows(20)
    rows[3]["title"] = ""
    rows[5]["price"] = "12-15"
    report = tmp_path / "report.jsonl"
    counts = shop.reindex(write(tmp_path / "c.jsonl", rows), "--report", str(report))
    assert (counts["read"], counts["indexed"], counts["rejected"], counts["warnings"]) == (20, 19, 1, 1)
    problems = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    found = [(p["line"], p["severity"], p["field"]) for p in problems]
    assert found == [(4, "rejected", "title"), (6, "warning", "price")]
    assert all(p["file"].endswith("c.jsonl") and p["reason"] for p in problems)


def products(address: str) -> int:
    return int(ask(address, "/indexes/products/stats")["numberOfDocuments"])


def test_a_server_follows_every_switch_and_no_request_fails(shop: Shop, ready: Path, tmp_path: Path) -> None:
    """Runs are killed at random moments; the live index answers throughout, and the rerun ends as a clean run does."""
    chance = random.Random(11)
    base = demo_rows(300)
    file = tmp_path / "catalogue.jsonl"
    shop.reindex(write(file, base))
    answers: list[object] = []
    stop = threading.Event()

    def probe(address: str) -> None:
        while not stop.wait(0.1):
            try:
                answers.append(len(ask(address, "/indexes/products/search", {"q": "lamp", "limit": 3})["hits"]))
            except (OSError, ValueError) as error:
                answers.append(error)

    with shop.serving() as address:
        thread = threading.Thread(target=probe, args=(address,))
        thread.start()
        try:
            for number in range(1, 3):
                rows = [row | {"title": f"{row['title']} {number}"} for row in base[: 260 + 10 * number]]
                write(file, rows)
                process = shop.start("indexer", "reindex", str(file), "--quiet")
                with pytest.raises(subprocess.TimeoutExpired):
                    process.wait(timeout=chance.uniform(0.5, 3))
                process.kill()
                process.communicate()
                shop.reindex(str(file), "--quiet")
            assert f"{len(rows)} products" in shop.run("indexer", "status").stdout
            deadline = time.monotonic() + 30
            while (served := products(address)) != len(rows) and time.monotonic() < deadline:
                time.sleep(0.05)
            assert served == len(rows)
        finally:
            stop.set()
            thread.join()
    assert set(answers) == {3}
    clean = Shop(tmp_path / "clean", Path(shop.environment["DAOGOU_ENCODER"]), ready)
    clean.reindex(str(file))
    assert clean.checksum() == shop.checksum()
    assert learnt(clean) == learnt(shop)
