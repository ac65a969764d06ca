"""`python -m indexer describe` as people run it, against a server that speaks like OpenAI's."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import Shop
from llm_server import Reply, refuses, says, serving
from truthful_model import reply, truthful

from indexer.__main__ import main

Ask = Callable[..., tuple[int, dict[str, Any], str]]

ROWS = [
    {"id": f"l{number}", "title": f"Desk lamp {number}", "price": 20 + number, "currency": "USD", "brand": "Tarn"}
    for number in range(6)
] + [{"id": "z1", "title": "蓝色陶瓷茶壶", "price": 99, "currency": "CNY", "brand": "听潮里"}]


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory, model: Path, ready: Path) -> Shop:
    """One for all the tests: nothing here writes to the index."""
    shop = Shop(tmp_path_factory.mktemp("shop"), model, ready)
    shop.reindex("-", stdin="".join(json.dumps(row) + "\n" for row in ROWS))
    return shop


@pytest.fixture
def ask(stocked: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """The command in this process: exit status, the last line, and what was said on standard error."""
    for name in ("DAOGOU_DATA_DIR", "DAOGOU_ENCODER"):
        monkeypatch.setenv(name, stocked.environment[name])
    monkeypatch.delenv("DAOGOU_LLM_URL", raising=False)
    monkeypatch.delenv("DAOGOU_LLM_MODEL", raising=False)

    def run(url: str | None, out: Path, *words: str) -> tuple[int, dict[str, Any], str]:
        if url is not None:
            monkeypatch.setenv("DAOGOU_LLM_URL", url)
            monkeypatch.setenv("DAOGOU_LLM_MODEL", "gpt-x")
        try:
            status = main(["describe", "--out", str(out), *words])
        except SystemExit as end:
            status = int(str(end.code))
        said = capsys.readouterr()
        told = said.out.splitlines()
        return status, json.loads(told[-1]) if told else {}, said.err

    return run


def lines(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def test_describe_resume_and_choose(ask: Ask, tmp_path: Path) -> None:
    out = tmp_path / "texts.jsonl"
    with serving(reply) as server:
        status, counts, _ = ask(server.url, out, "--limit", "3")
        assert (status, counts["read"], counts["written"], counts["kept"]) == (0, 3, 3, 0)
        out.write_bytes(out.read_bytes() + b'{"id":"torn","kin')
        status, counts, told = ask(server.url, out)
        assert (status, counts["written"], counts["kept"]) == (0, 4, 3)
        assert counts["read"] == len(ROWS) == len(server.asked)
        assert "Writing" in told
        status, counts, told = ask(server.url, out, "--ids", "l1", "z1", "gone", "--kind", "advert")
        assert (status, counts["written"], counts["unknown"]) == (0, 2, 1)
        assert "gone" in told
        status, counts, told = ask(server.url, out, "--filter", "price > 24", "--quiet")
        assert (counts["read"], counts["kept"], told) == (2, 2, "")
    held = {(one["id"], one["kind"]): one for one in lines(out)}
    assert len(held) == len(ROWS) + 2
    assert held["l1", "description"]["text"] == "This is the Desk lamp 1. It costs $21."
    assert held["l1", "advert"]["text"] == "This is the Desk lamp 1."
    assert (held["z1", "advert"]["language"], held["z1", "advert"]["model"]) == ("zh", "gpt-x")
    assert list(held["l1", "advert"]) == ["id", "kind", "language", "text", "dropped", "model", "product"]


def test_interrupted_it_goes_on_where_it_stopped(stocked: Shop, ask: Ask, tmp_path: Path) -> None:
    out = tmp_path / "texts.jsonl"
    with serving(
        lambda payload: Reply(body=says(truthful(json.loads(payload["messages"][1]["content"]))).body, slow=0.3)
    ) as server:
        stocked.environment |= {"DAOGOU_LLM_URL": server.url, "DAOGOU_LLM_MODEL": "gpt-x"}
        process = stocked.start("indexer", "describe", "--out", str(out))
        deadline = time.monotonic() + 60
        while not (out.exists() and out.read_bytes().count(b"\n") >= 2) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "Traceback" not in told
        assert "run the same command to go on" in told
        before = lines(out)
        assert 2 <= len(before) < len(ROWS)
        status, counts, _ = ask(server.url, out)
        assert (status, counts["kept"], counts["written"]) == (0, len(before), len(ROWS) - len(before))
        assert len(server.asked) == len(ROWS)


def test_a_server_that_has_had_enough_is_waited_for(ask: Ask, tmp_path: Path) -> None:
    out = tmp_path / "texts.jsonl"
    turns = iter([refuses(429, "slow down", retry_after="1"), refuses(429, "slow down", retry_after="1")])
    with serving(lambda payload: next(turns, None) or reply(payload)) as server:
        status, counts, _ = ask(server.url, out, "--limit", "1")
    assert (status, counts["written"], len(server.asked)) == (0, 1, 3)


def test_what_is_not_so_is_listed(ask: Ask, tmp_path: Path) -> None:
    out = tmp_path / "texts.jsonl"
    with serving([says("It cures gout. It costs $3.")]) as server:
        status, counts, told = ask(server.url, out, "--ids", "l1", "l2")
    assert (status, counts["written"], counts["ungrounded"], counts["dropped"]) == (0, 0, 2, 4)
    assert "l1, l2" in told
    assert [one["text"] for one in lines(out)] == ["", ""]


def test_without_a_model_it_says_what_to_set(ask: Ask, tmp_path: Path) -> None:
    status, _, told = ask(None, tmp_path / "texts.jsonl")
    assert status == 1
    assert "DAOGOU_LLM_URL" in told
    assert "DAOGOU_LLM_MODEL" in told


@pytest.mark.parametrize(
    ("words", "wanted", "clue"),
    [
        (["--ids", "gone"], 1, "gone"),
        (["--filter", "nothing = 1"], 1, "nothing"),
        (["--index", "none"], 1, "There is no index"),
        (["--limit", "0"], 2, "--limit"),
        (["--ids", "l1", "--filter", "price > 1"], 2, "not allowed with"),
        (["--language", "fr"], 2, "--language"),
        (["--limit", "1"], 1, "DAOGOU_LLM_API_KEY"),
    ],
)
def test_mistakes_are_answered_in_one_line(ask: Ask, tmp_path: Path, words: list[str], wanted: int, clue: str) -> None:
    out = tmp_path / "texts.jsonl"
    with serving([refuses(401, "bad key")]) as server:
        status, counts, told = ask(server.url, out, *words)
    assert (status, counts) == (wanted, {}), told
    assert clue in told
    assert not out.exists() or out.read_bytes() == b""
