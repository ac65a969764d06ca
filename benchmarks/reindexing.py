"""Two promises of the bulk reindex, measured on one catalogue.

    python benchmarks/reindexing.py [CATALOGUE... --mapping FILE.toml] [--kills 40]

1. An unchanged catalogue: how much faster the second run is than the first, and that it encodes nothing.
2. With --kills N: a server answers a prober ten times a second while N reindex runs are killed (SIGKILL) at random
   moments, up to five in a row on the same catalogue, which then changes. No request may fail or come back empty, and
   after the kills the next run must end with the very index that an undisturbed build of that catalogue gives
   (checksum of ids, documents and vectors).

Prints a table, and one line of JSON at the end. Exit status 1 if a promise is broken.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
KILLS_A_ROUND = 5

DEMO = sorted(str(file) for file in (ROOT / "examples/demo/catalogue").glob("*.jsonl"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalogue", nargs="*", default=DEMO, help="default: the demo catalogue")
    parser.add_argument("--mapping")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument(
        "--kill-products", type=int, default=600, help="products in the catalogue that is killed (demo)"
    )
    parser.add_argument("--seed", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="daogou-bench-") as folder:
        result = measure_unchanged(Path(folder) / "unchanged", options.catalogue, options.mapping)
        if options.kills:
            kills = measure_kills(Path(folder) / "kills", options.kills, options.kill_products, options.seed)
            result |= kills | {"ok": kills["ok"] and result["ok"]}
    print(json.dumps(result))
    return 0 if result["ok"] else 1


def measure_unchanged(folder: Path, catalogue: list[str], mapping: str | None) -> dict[str, object]:
    words = [str(Path(file).resolve()) for file in catalogue] + (
        ["--mapping", str(Path(mapping).resolve())] if mapping else []
    )
    started = time.monotonic()
    first = reindex(folder, words)
    middle = time.monotonic()
    second = reindex(folder, words)
    ended = time.monotonic()
    ratio = (middle - started) / (ended - middle)
    print(f"{'':10}{'seconds':>10}{'read':>8}{'encoded':>9}")
    print(f"{'first':10}{middle - started:10.1f}{first['read']:8}{first['encoded']:9}")
    print(f"{'unchanged':10}{ended - middle:10.1f}{second['read']:8}{second['encoded']:9}    {ratio:.1f} times faster")
    return {
        "first_seconds": round(middle - started, 2),
        "unchanged_seconds": round(ended - middle, 2),
        "ratio": round(ratio, 1),
        "encoded_again": second["encoded"],
        "ok": second["encoded"] == 0,
    }


def measure_kills(folder: Path, kills: int, products: int, seed: int) -> dict[str, object]:
    chance = random.Random(seed)  # noqa: S311
    folder.mkdir(parents=True)
    rows = [json.loads(line) for file in DEMO for line in Path(file).read_text(encoding="utf-8").splitlines()]
    chance.shuffle(rows)
    base = rows[:products]
    file = folder / "catalogue.jsonl"
    write(file, base)
    started = time.monotonic()
    reindex(folder / "live", [str(file)])
    longest = time.monotonic() - started
    died = different = rounds = 0
    with server(folder / "live") as address, prober(address) as seen:
        while died < kills:
            rounds += 1
            write(file, variant(base, rows[products:], rounds, chance))
            for _ in range(KILLS_A_ROUND):
                if died < kills and killed(start_reindex(folder / "live", [str(file)]), chance.uniform(0.5, longest)):
                    died += 1
            reindex(folder / "live", [str(file)])
            clean = folder / f"clean{rounds}"
            if (folder / "live" / "encoders").is_dir():  # an exported model takes seconds to make, and is the same
                shutil.copytree(folder / "live" / "encoders", clean / "encoders")
            reindex(clean, [str(file)])
            same = checksum(folder / "live") == checksum(clean)
            different += not same
            print(
                f"{died:3} killed: {'same index' if same else 'ANOTHER INDEX'} as a clean run; {seen.line()}",
                flush=True,
            )
    print(f"{died} killed in {rounds} rounds; {different} rounds ended with another index; {seen.line()}")
    return {
        "killed": died,
        "rounds": rounds,
        "different": different,
        "requests": seen.requests,
        "failed": seen.failed,
        "empty": seen.empty,
        "ok": not (different or seen.failed or seen.empty),
    }


def killed(process: subprocess.Popen[str], seconds: float) -> bool:
    """Let it run that long, then SIGKILL it; whether it was still at work."""
    try:
        process.wait(timeout=seconds)
        return False
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True


def variant(
    base: list[dict[str, object]], spare: list[dict[str, object]], number: int, chance: random.Random
) -> list[dict[str, object]]:
    """Most products as they were; some retitled, some repriced, some gone, some new."""
    rows = [dict(row) for row in base]
    for row in chance.sample(rows, len(rows) // 3):
        row["title"] = f"{row['title']} ({number})"
    for row in chance.sample(rows, len(rows) // 10):
        row["price"] = round(float(str(row["price"])) + number, 2)
    for row in chance.sample(rows, len(rows) // 20):
        rows.remove(row)
    return rows + chance.sample(spare, len(base) // 20)


def write(file: Path, rows: list[dict[str, object]]) -> None:
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def environment(folder: Path) -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("DAOGOU_QDRANT")} | {
        "DAOGOU_DATA_DIR": str(folder)
    }


def start_reindex(folder: Path, words: list[str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "indexer", "reindex", *words, "--quiet"]
    return subprocess.Popen(command, cwd=ROOT, env=environment(folder), stdout=subprocess.PIPE, text=True)


def reindex(folder: Path, words: list[str]) -> dict[str, int]:
    process = start_reindex(folder, words)
    out, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"reindex failed with status {process.returncode}")
    answer: dict[str, int] = json.loads(out.splitlines()[-1])
    return answer


def checksum(folder: Path) -> str:
    command = [sys.executable, "-m", "indexer", "status", "--checksum"]
    out = subprocess.run(command, cwd=ROOT, env=environment(folder), capture_output=True, text=True, check=True).stdout
    return str(json.loads(out.splitlines()[-1])["indexes"]["products"]["checksum"])


@contextmanager
def server(folder: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "api", "serve", "--port", str(port)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(address + "/health", timeout=1).read()  # noqa: S310
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait()


class Seen:
    """What the prober got."""

    def __init__(self) -> None:
        self.requests = self.failed = self.empty = 0
        self.slowest = 0.0

    def line(self) -> str:
        return (
            f"{self.requests} requests, {self.failed} failed, {self.empty} empty, slowest {self.slowest * 1000:.0f} ms"
        )


@contextmanager
def prober(address: str) -> Iterator[Seen]:
    """Ten searches a second until the block ends."""
    seen, stop = Seen(), threading.Event()

    def probe() -> None:
        while not stop.wait(0.1):
            started = time.monotonic()
            try:
                body = json.dumps({"q": "something warm for the winter", "limit": 5}).encode()
                request = urllib.request.Request(  # noqa: S310
                    f"{address}/indexes/products/search", body, {"Content-Type": "application/json"}
                )
                answer = json.loads(urllib.request.urlopen(request, timeout=30).read())  # noqa: S310
                seen.empty += not answer["hits"]
            except (OSError, ValueError, KeyError) as error:
                seen.failed += 1
                print(f"request failed: {error}", file=sys.stderr)
            seen.requests += 1
            seen.slowest = max(seen.slowest, time.monotonic() - started)

    thread = threading.Thread(target=probe, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


if __name__ == "__main__":
    sys.exit(main())
