"""Runs whole commands in their own processes, with an encoder and a data folder of their own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "examples" / "demo"
DEMO_FILES = sorted(str(file) for file in (DEMO / "catalogue").glob("*.jsonl"))


class Shop:
    """The three commands of one shop. `ready` is a data folder that has the encoder exported, which takes a process
    with torch in it longer than most tests; without it the first command does that."""

    def __init__(self, folder: Path, model: Path, ready: Path | None = None) -> None:
        self.folder = folder
        if ready is not None:
            shutil.copytree(ready, folder / "data")
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("DAOGOU_")} | {
            "DAOGOU_DATA_DIR": str(folder / "data"),
            "DAOGOU_ENCODER": str(model),
            "OMP_NUM_THREADS": "1",
        }

    def start(self, module: str, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", module, *words],
            cwd=ROOT, env=self.environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, module: str, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        process = self.start(module, *words)
        out, err = process.communicate(stdin, timeout=240)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def reindex(self, *words: str, stdin: str = "") -> dict[str, Any]:
        done = self.run("indexer", "reindex", *words, stdin=stdin)
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer

    def checksum(self) -> str:
        done = self.run("indexer", "status", "--checksum")
        assert done.returncode == 0, done.stderr
        return str(json.loads(done.stdout.splitlines()[-1])["indexes"]["products"]["checksum"])

    @contextmanager
    def serving(self) -> Iterator[str]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-m", "api", "serve", "--port", str(port)],
            cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        address = f"http://127.0.0.1:{port}"
        try:
            for _ in range(1200):
                assert process.poll() is None, "the server stopped"
                try:
                    urllib.request.urlopen(f"{address}/health", timeout=1).close()  # noqa: S310
                    break
                except OSError:
                    time.sleep(0.1)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=30)


def ask(address: str, path: str, body: dict[str, Any] | None = None) -> Any:
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(address + path, data, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.loads(answer.read())
