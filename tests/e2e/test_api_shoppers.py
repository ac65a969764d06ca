"""A shop in its own process: what a shopper does is in the next answer, and gone from every file when erased."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from commands import DEMO, DEMO_FILES, ROOT, Shop, ask

FILES = [file for file in DEMO_FILES if Path(file).stem == "kitchen"]
SEARCH = "/indexes/products/search"
WANTED = {"q": "coffee", "limit": 40, "attributesToRetrieve": ["id", "brand"]}


def send(address: str, verb: str, path: str, body: Any = None) -> Any:
    data = json.dumps(body).encode() if body is not None else None
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(address + path, data, headers, method=verb)  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.loads(answer.read())


def ids(answer: Any) -> list[str]:
    return [hit["id"] for hit in answer["hits"]]


def holding(folder: Path, text: str) -> list[Path]:
    """Files that have the text in them, of those that stay: stores replace theirs in the background."""
    found = []
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                if text.encode() in Path(place, name).read_bytes():
                    found.append(Path(place, name))
    return found


def test_events_change_the_next_search_and_erasing_undoes_it(shop: Shop) -> None:
    shop.reindex(*FILES)
    spoken = subprocess.run(
        [sys.executable, str(DEMO / "events.py")], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = shop.run("indexer", "events", "-", stdin=spoken.stdout)
    assert loaded.returncode == 0, loaded.stderr
    counts = json.loads(loaded.stdout.splitlines()[-1])
    assert (counts["added"], counts["rejected"]) == (counts["read"], 0)
    with shop.serving() as address:
        assert ids(ask(address, SEARCH, {**WANTED, "user": "u-005"})) != ids(ask(address, SEARCH, WANTED))
        plain = ids(ask(address, SEARCH, WANTED))
        assert ids(ask(address, SEARCH, {**WANTED, "user": "new"})) == plain
        liked = plain[10]
        sent = [{"type": kind, "user": "new", "product": liked} for kind in ("click", "cart", "purchase")]
        assert send(address, "POST", "/events", sent) == {"accepted": 3}
        answer = ask(address, SEARCH, {**WANTED, "user": "new"})  # in the very next answer, without a wait
        reasons = [one for hit in answer["hits"] for one in hit["_personalization"]["because"]]
        assert any(liked in one.get("products", []) for one in reasons)
        kept = send(address, "GET", "/users/new")
        assert {event["type"] for event in kept["events"]} == {"click", "cart", "purchase"}
        assert holding(shop.folder, kept["shopper"]) != []
        assert send(address, "DELETE", "/users/new")["erased"] >= 3
        assert ids(ask(address, SEARCH, {**WANTED, "user": "new"})) == plain
        with pytest.raises(urllib.error.HTTPError, match="404"):
            send(address, "GET", "/users/new")
        deadline = time.monotonic() + 60
        while holding(shop.folder, kept["shopper"]) and time.monotonic() < deadline:
            time.sleep(0.5)
        assert holding(shop.folder, kept["shopper"]) == []
        # Somebody else is still there.
        assert send(address, "GET", "/users/u-005")["events"]
