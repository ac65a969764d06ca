"""Processes of their own that a test starts, listens to and kills."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]

Child = Callable[[str], "subprocess.Popen[str]"]
"""Starts the code in a process of its own, with `store` and the helpers of `points` at hand."""


def start(code: str, data: Path) -> subprocess.Popen[str]:
    """`store` is the embedded store in the folder `data`; `say` prints a line for `lines` to read."""
    prelude = (
        "import sys, time\nfrom pathlib import Path\nfrom points import *\n"
        "from search.storage.edge import EdgeStore\n"
        "def say(text): print(text, flush=True)\n"
        f"store = EdgeStore(Path({str(data)!r}))\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    return subprocess.Popen([sys.executable, "-c", prelude + code], stdout=subprocess.PIPE, text=True, env=environment)


def lines(process: subprocess.Popen[str], count: int) -> list[str]:
    assert process.stdout is not None
    read = [process.stdout.readline().strip() for _ in range(count)]
    assert all(read), f"the child ended early: {read}"
    return read


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
