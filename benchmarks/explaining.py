"""What a language model adds to the time of a search, when it is well and when it is not.

    python benchmarks/explaining.py [--data FOLDER] [--rounds 12] [--seconds 3] [--rate 1]

The demo catalogue is served in one process, once for each condition, on ports of their own: the same engine, index and
encoder. This process searches without a pause; beside it another one asks for `--rate` explanations a second as event
streams (three products and their comparison, each of another query, so that none is remembered), and a third one is the
servers of the language model.

- *alone*: searches, no explanations;
- *no model*: explanations from the evidence: what the others are compared with;
- *good*: a server that streams a truthful answer word by word, 20 ms apart, the first after 200 ms;
- *nonsense*: one that streams words without a meaning and scraps of JSON at the same pace: it answers, and all that it
  says is dropped;
- *garbage*: one that sends bytes that are no events, or events that are no JSON;
- *hanging*: one that takes the question and says nothing;
- *cutting*: one that hangs up in the middle of a word; *429*, *500*: one that answers so at once.

Rounds are short and take turns, so that other work on the machine meets all conditions alike; ratios are those to *no
model*, with a 95 % interval over resampled rounds. `--data` is a data folder that holds an index `products` of the demo
catalogue; without it one is built. Prints a table, and as its last line one JSON object.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import httpx
import numpy as np

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "examples" / "demo"
CONDITIONS = ("alone", "no model", "good", "nonsense", "garbage", "hanging", "cutting", "429", "500")
BASE = "no model"


# --- the server's process --------------------------------------------------------------------------------------------


def serve(urls: dict[str, str | None]) -> None:
    """One engine, one application for each condition. Prints the ports as JSON; ends when its input does."""
    import uvicorn

    from api.__main__ import _listen
    from api.app import create_app
    from search.bootstrap import load_narrator, open_service
    from search.settings import Settings

    settings = Settings.load()
    service = open_service(settings)
    ports: dict[str, int] = {}
    for condition, url in urls.items():
        settled = settings.model_copy(update={"llm_url": url, "llm_model": "stub" if url else None})
        app = create_app(dataclasses.replace(service, narrator=load_narrator(settled)), settled)
        listener = _listen("127.0.0.1", 0)
        ports[condition] = listener.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False))
        threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True).start()
    print(json.dumps(ports), flush=True)
    sys.stdin.read()
    os._exit(0)  # the applications share a service that each would close


@contextmanager
def served(data: Path, urls: dict[str, str | None]) -> Iterator[dict[str, str]]:
    environment = os.environ | {"DAOGOU_DATA_DIR": str(data), "DAOGOU_PAST_QUERIES": "false"}
    process = subprocess.Popen(
        [sys.executable, __file__, "--serve", json.dumps(urls)],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        ports = json.loads(process.stdout.readline() if process.stdout else "{}")
        yield {condition: f"http://127.0.0.1:{port}" for condition, port in ports.items()}
    finally:
        process.communicate()  # the end of its input is what it waits for


# --- what is asked ---------------------------------------------------------------------------------------------------


@dataclass
class Heard:
    """Of one condition: milliseconds of searches by round, seconds of explanations, and how these ended."""

    searches: list[list[float]] = field(default_factory=list)
    explanations: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    ended: Counter[str] = field(default_factory=Counter)


class Queries:
    """The demo's queries with a number, so that no explanation is remembered."""

    def __init__(self) -> None:
        rows = (DEMO / "queries.tsv").read_text(encoding="utf-8").splitlines()
        self._texts = [row.split("\t")[1] for row in rows if "\t" in row]
        self._turn = 0

    def next(self) -> str:
        self._turn += 1
        return f"{self._texts[self._turn % len(self._texts)]} under {50 + self._turn}"


def explain(address: str, query: str, heard: Heard) -> None:
    body = {"q": query, "limit": 3, "compare": True}
    began, first, model = time.perf_counter(), 0.0, False
    try:
        with (
            httpx.Client(timeout=30) as client,
            client.stream(
                "POST", f"{address}/indexes/products/explain", json=body, headers={"Accept": "text/event-stream"}
            ) as answer,
        ):
            for line in answer.iter_lines():
                first = first or time.perf_counter() - began
                model |= '"source":"model"' in line
                if line.startswith('data: {"degraded"'):
                    heard.ended["degraded" if "explanation" in line else "model" if model else "evidence"] += 1
            if answer.status_code != 200:
                heard.ended[str(answer.status_code)] += 1
    except httpx.HTTPError as error:
        heard.ended[type(error).__name__] += 1
        return
    heard.first.append(first * 1000)
    heard.explanations.append(time.perf_counter() - began)


def asker(channel: Connection) -> None:
    """A process of its own: gets (condition, address, seconds, rate), sends what was heard when the last has ended."""
    queries = Queries()
    while True:
        condition, address, seconds, rate = channel.recv()
        if not address:
            return
        ends, heard, asking = time.perf_counter() + seconds, Heard(), []
        while condition != "alone" and time.perf_counter() < ends:
            thread = threading.Thread(target=explain, args=(address, queries.next(), heard))
            thread.start()
            asking.append(thread)
            time.sleep(1 / rate)
        for thread in asking:
            thread.join()
        channel.send(heard)


def one_round(
    condition: str, address: str, queries: Queries, seconds: float, rate: float, beside: Connection, heard: Heard
) -> None:
    """Ends when the last explanation has: the next condition begins in silence."""
    beside.send((condition, address, seconds, rate))
    ends = time.perf_counter() + seconds
    times: list[float] = []
    with httpx.Client(timeout=30) as client:
        while time.perf_counter() < ends:
            body = {"q": queries.next(), "facets": ["brand"]}
            began = time.perf_counter()
            client.post(f"{address}/indexes/products/search", json=body).raise_for_status()
            times.append((time.perf_counter() - began) * 1000)
    told = beside.recv()
    heard.searches.append(times)
    heard.explanations += told.explanations
    heard.first += told.first
    heard.ended += told.ended


# --- servers of a language model -------------------------------------------------------------------------------------


NONSENSE = 'glorp sevenfold the marble of quince {"ok": null} zum harbour ]] blick 0x1f'


def stubs(channel: Connection) -> None:
    """A process of its own: sends the addresses by condition, and ends when it hears anything."""
    from llm_server import DONE, Reply, event, piece, refuses, serving, streams
    from truthful_model import truthful

    def said(words: Sequence[str]) -> Any:
        parts: list[Any] = [0.2]
        for number, word in enumerate(words):
            parts += [piece(word if number == 0 else f" {word}"), 0.02]
        return streams(*parts, piece(finish="stop"), DONE)

    def good(payload: Any) -> Any:
        return said(truthful(json.loads(payload["messages"][-1]["content"])).split(" "))

    draw = random.Random(7)  # noqa: S311

    def nonsense(payload: Any) -> Any:
        """As long as a good answer, and in lines where a comparison is asked for, so that all of it is looked at."""
        compared = "products" in json.loads(payload["messages"][-1]["content"])
        lines = (" ".join([*draw.choices(NONSENSE.split(), k=9), f"{draw.randrange(1000)}."]) for _ in range(3))
        text = "".join(f"{number}. {line}\n" for number, line in enumerate(lines, 1)) if compared else " ".join(lines)
        return said(text.split(" "))

    garbage = itertools.cycle(
        [streams(b"\xff\xfe\x00 nothing that can be read \x80" * 20), streams(event('{"choices": [{"delta": {"con'))]
    )
    replies: dict[str, Any] = {
        "good": good,
        "nonsense": nonsense,
        "garbage": lambda _: next(garbage),
        "hanging": [Reply(silent=True)],
        "cutting": [streams("This is the", " ", cut=True)],
        "429": [refuses(429, "slow down")],
        "500": [refuses(500, "oops")],
    }
    with ExitStack() as stack:
        urls: dict[str, str | None] = {"alone": None, "no model": None}
        channel.send(urls | {name: stack.enter_context(serving(each)).url for name, each in replies.items()})
        channel.recv()


@contextmanager
def apart(work: Callable[[Connection], None], end: object) -> Iterator[Connection]:
    """`work` in a process of its own, told `end` at the end."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours
    finally:
        ours.send(end)
        process.join()


# --- figures ---------------------------------------------------------------------------------------------------------


def ratio(rounds: Sequence[Sequence[float]], base: Sequence[Sequence[float]], quantile: float) -> tuple[float, ...]:
    """Of the quantiles over all rounds, with a 95 % interval from 2,000 resamplings of whole rounds."""

    def at(chosen: Sequence[Sequence[float]]) -> float:
        return float(np.quantile(np.concatenate([np.asarray(one) for one in chosen]), quantile))

    chance = np.random.default_rng(7)
    drawn = []
    for _ in range(2000):
        picks = chance.integers(0, len(rounds), len(rounds))  # the same rounds of both: they were side by side
        drawn.append(at([rounds[pick] for pick in picks]) / at([base[pick] for pick in picks]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return at(rounds) / at(base), float(low), float(high)


def figures(found: dict[str, Heard]) -> dict[str, Any]:
    base = found[BASE].searches
    told: dict[str, Any] = {}
    for condition, heard in found.items():
        every = np.concatenate([np.asarray(one) for one in heard.searches])
        told[condition] = {
            "searches": len(every),
            "p50": round(float(np.median(every)), 2),
            "p99": round(float(np.quantile(every, 0.99)), 2),
            "p50 ratio": [round(one, 3) for one in ratio(heard.searches, base, 0.5)],
            "p99 ratio": [round(one, 3) for one in ratio(heard.searches, base, 0.99)],
            "evidence p50": round(float(np.median(heard.first)), 1) if heard.first else None,
            "explained p50": round(float(np.median(heard.explanations)), 3) if heard.explanations else None,
            "explained max": round(float(np.max(heard.explanations)), 3) if heard.explanations else None,
            "ended": dict(heard.ended),
        }
    return told


def show(told: dict[str, Any]) -> None:
    print("| | searches | p50 ms | p99 ms | p50, ratio | p99, ratio | evidence ms | words s (most) | explanations |")
    print("|---|---|---|---|---|---|---|---|---|")
    for condition, row in told.items():
        ratios = ["{:.2f} ({:.2f} to {:.2f})".format(*row[name]) for name in ("p50 ratio", "p99 ratio")]
        words = f"{row['explained p50']} ({row['explained max']})" if row["explained p50"] is not None else ""
        ended = ", ".join(f"{count} {how}" for how, count in row["ended"].items())
        print(
            f"| {condition} | {row['searches']} | {row['p50']} | {row['p99']} | {ratios[0]} | {ratios[1]} "
            f"| {row['evidence p50'] or ''} | {words} | {ended} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rate", type=float, default=1.0)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(json.loads(options.serve))
        return
    with ExitStack() as stack:
        data = options.data
        if data is None:
            data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            files = sorted(str(file) for file in (DEMO / "catalogue").glob("*.jsonl"))
            subprocess.run(
                [sys.executable, "-m", "indexer", "reindex", *files, "--quiet"],
                cwd=ROOT, env=os.environ | {"DAOGOU_DATA_DIR": str(data)}, check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip
        urls = stack.enter_context(apart(stubs, None)).recv()
        beside = stack.enter_context(apart(asker, ("", "", 0, 0)))
        addresses = stack.enter_context(served(data, urls))
        queries, found = Queries(), {condition: Heard() for condition in CONDITIONS}
        for condition in CONDITIONS:  # warm
            one_round(condition, addresses[condition], queries, 1.0, options.rate, beside, Heard())
        for number in range(options.rounds):
            # In another order each time, so that nobody always comes after the same one.
            turn = [*CONDITIONS[number % len(CONDITIONS) :], *CONDITIONS[: number % len(CONDITIONS)]]
            for condition in turn:
                one_round(
                    condition, addresses[condition], queries, options.seconds, options.rate, beside, found[condition]
                )
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
    told = figures(found)
    show(told)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
