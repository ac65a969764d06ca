"""`python -m api`: what it prints, what it refuses, how it stops."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import tiny_model

from api.__main__ import _listen, main
from search.settings import Settings, variable

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _plain_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of whoever runs the tests, no `.env` of the checkout."""
    for name in list(os.environ):
        if name.startswith("DAOGOU_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_settings_are_listed_with_their_origin_and_secrets_are_masked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAOGOU_ADMIN_KEY", "topsecret")
    (tmp_path / ".env").write_text("DAOGOU_DEVICE=cpu\n", encoding="utf-8")
    assert main(["settings"]) == 0
    table = capsys.readouterr().out
    assert main(["settings", "--json"]) == 0
    rows = {row["variable"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) == {variable(name) for name in Settings.model_fields}
    assert all(name in table for name in rows)
    assert (rows["DAOGOU_DEVICE"]["value"], rows["DAOGOU_DEVICE"]["origin"]) == ("cpu", ".env")
    assert (rows["DAOGOU_ADMIN_KEY"]["value"], rows["DAOGOU_ADMIN_KEY"]["origin"]) == ("********", "environment")
    assert rows["DAOGOU_BATCH_SIZE"]["origin"] == "default"
    assert "topsecret" not in table


@pytest.mark.parametrize(
    ("environment", "words", "says"),
    [
        ({"DAOGOU_BATCH_SIZE": "many"}, ["settings"], "DAOGOU_BATCH_SIZE"),
        ({"DAOGOU_ENCODR": "x"}, ["settings"], "Did you mean DAOGOU_ENCODER?"),
        ({}, ["serve", "--host", "0.0.0.0"], "DAOGOU_ADMIN_KEY"),  # noqa: S104
        ({"DAOGOU_CORS_ORIGINS": "*"}, ["serve"], "DAOGOU_CORS_ORIGINS"),
    ],
)
def test_settings_that_cannot_be_end_with_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], environment: dict[str, str],
    words: list[str], says: str,
) -> None:  # fmt: skip
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(words) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["nothing"], ["serve", "--port", "x"], ["serve", "--port", "70000"]])
def test_wrong_usage_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_a_port_that_is_taken_is_said_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 1
    told = capsys.readouterr()
    assert f"Port {port} of 127.0.0.1 is taken" in told.err
    assert "Loading" not in told.out


def test_a_host_that_is_not_ours_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DAOGOU_ADMIN_KEY", "boss")
    assert main(["serve", "--host", "192.0.2.1"]) == 1
    assert "Cannot listen on 192.0.2.1:8000" in capsys.readouterr().err


def test_an_encoder_that_is_not_there_ends_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAOGOU_ENCODER", str(tmp_path / "nothing"))
    assert main(["serve", "--port", "0"]) == 1
    assert "nothing" in capsys.readouterr().err


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The server as its own process, over an embedded engine that has never held anything."""
    model = tiny_model.build(tmp_path / "model")
    tiny_model.export(model, tmp_path / "data")
    environment = {
        **os.environ,
        "DAOGOU_DATA_DIR": str(tmp_path / "data"),
        "DAOGOU_ENCODER": str(model),
        "OMP_NUM_THREADS": "1",
    }
    started = subprocess.Popen(
        [sys.executable, "-m", "api", "serve", "--port", "0"],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    yield started
    if started.poll() is None:
        started.kill()
    started.communicate()


def test_serves_without_an_index_and_stops_in_order(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    address = None
    for line in process.stdout:
        if printed := re.search(r"Search page: (http://127\.0\.0\.1:\d+)/", line):
            address = printed.group(1)
            break
    assert address, process.communicate()
    with httpx.Client(base_url=address, timeout=30) as client:
        assert "Daogou" in client.get("/").text
        assert client.get("/indexes").json()["total"] == 0
        assert "python -m indexer reindex" in client.post("/indexes/products/search", json={}).json()["message"]
        made = client.post("/indexes/products/documents", json={"id": "1", "title": "red lamp"}).json()
        while client.get(f"/tasks/{made['taskUid']}").json()["status"] in ("enqueued", "processing"):
            time.sleep(0.02)
        found = client.post("/indexes/products/search", json={"q": "lamp"}, params={"secret": "x"})
        assert [hit["id"] for hit in found.json()["hits"]] == ["1"], found.text
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert '"POST /indexes/products/search" 200' in errors
    assert "secret" not in errors


def test_a_connection_does_not_hold_back_what_is_small() -> None:
    """asyncio sets TCP_NODELAY where a socket knows its protocol, and an accepted one knows that of its listener."""
    with _listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()[:2]):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.proto == socket.IPPROTO_TCP
