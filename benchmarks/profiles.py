"""How soon an event shows in the next search, and what a long history costs: everything in this process, as served.

    python benchmarks/profiles.py [--data-dir FOLDER] [--events 50 10000] [--rounds 300] [--seed 7]

Searches go through the engine of the service, events through its recorder into the embedded store, durable on return.
Without `--data-dir` the demo shop is indexed first into a folder that is then removed; with it, shoppers are made up in
the index `demo` of that folder, which no server may have open.

For each length of a history: a search as anybody, a search as the shopper with nothing new, and rounds of an event and
the search right after it, of which it is checked that it counts with the event. Milliseconds by the clock, and beside
them CPU time of the whole process, since other work on the machine lengthens mostly the former; the ratio is of CPU
time against the shortest history. Prints a table, and as its last line one JSON object.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ParamSpec

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from search.bootstrap import Service, open_service
from search.domain import SearchRequest
from search.events import Event, EventType
from search.settings import Settings

DEMO = Path(__file__).parents[1] / "examples" / "demo"
INDEX = "demo"
WORDS = ("keyboard", "desk lamp", "running shoes", "coffee", "猫粮", "耳机", "jacket", "notebook")
MIX: Sequence[EventType] = ("view",) * 12 + ("click",) * 4 + ("cart",) * 2 + ("purchase", "rating")
BATCH = 1000
COLUMNS = ("as anybody", "nothing new", "event", "search after it", "both")

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Took:
    """Milliseconds."""

    clock: float
    cpu: float


Columns = dict[str, list[Took]]
"""The rounds of each column."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--events", type=int, nargs="+", default=[50, 10_000], help="of one shopper")
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with folder(options.data_dir) as data_dir:
        service = open_service(Settings(data_dir=data_dir, past_queries=False))
        try:
            figures = {count: measured(service, count, options.rounds, options.seed) for count in options.events}
        finally:
            service.close()
    report(figures)


@contextlib.contextmanager
def folder(given: Path | None) -> Iterator[Path]:
    """With the demo shop in it."""
    if given is not None:
        yield given
        return
    import indexer.__main__ as indexer

    with tempfile.TemporaryDirectory() as made:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as told:
            files = sorted(str(file) for file in (DEMO / "catalogue").glob("*.jsonl"))
            status = run_in(Path(made), lambda: indexer.main(["reindex", *files, "--index", INDEX]))
        if status:
            sys.exit(f"The demo shop cannot be indexed:\n{told.getvalue()}")
        yield Path(made)


def run_in(data_dir: Path, run: Callable[[], int]) -> int:
    import os

    before = os.environ.get("DAOGOU_DATA_DIR")
    os.environ["DAOGOU_DATA_DIR"] = str(data_dir)
    try:
        return run()
    finally:
        if before is None:
            del os.environ["DAOGOU_DATA_DIR"]
        else:
            os.environ["DAOGOU_DATA_DIR"] = before


def measured(service: Service, count: int, rounds: int, seed: int) -> Columns:
    dice = random.Random(f"{seed}/{count}")  # noqa: S311 (no secret)
    products = [str(row["id"]) for row in service.engine.documents(INDEX, 0, 100_000).documents]
    shopper = service.shoppers.name(f"bench-{count}-{time.time_ns()}")
    history = events(dice, shopper, products, count)
    for start in range(0, count, BATCH):
        service.recorder.record(history[start : start + BATCH])
    words = [dice.choice(WORDS) for _ in range(rounds)]
    for text in words[:20]:
        service.engine.search(INDEX, SearchRequest(text))
        service.engine.search(INDEX, SearchRequest(text, shopper=shopper))
    found: Columns = {name: [] for name in COLUMNS}
    for text in words:
        mine = SearchRequest(text, shopper=shopper)
        event = events(dice, shopper, products, 1, fresh=True)
        found["as anybody"].append(timed(service.engine.search, INDEX, SearchRequest(text)))
        found["nothing new"].append(timed(service.engine.search, INDEX, mine))
        recording = timed(service.recorder.record, event)
        searching = timed(service.engine.search, INDEX, mine)
        check(service, shopper, event[0])
        found["event"].append(recording)
        found["search after it"].append(searching)
        found["both"].append(Took(recording.clock + searching.clock, recording.cpu + searching.cpu))
    service.profiles.erase(shopper)
    return found


def check(service: Service, shopper: str, event: Event) -> None:
    """The profile that the search had counts with the event: nothing has been written since."""
    with service.engine.opened() as collections:
        collection = next(one for one in collections if one.manifest.index == INDEX)
        profile = service.profiles.of(collection, shopper)
    if profile is None or profile.steps[-1].product != event.product:
        sys.exit("An event did not show in the search after it.")


def events(dice: random.Random, shopper: str, products: Sequence[str], count: int, fresh: bool = False) -> list[Event]:
    """Of a year, the more the nearer; `fresh`: of this moment."""
    now = datetime.now(UTC)
    found = []
    for _ in range(count):
        kind = dice.choice(MIX)
        ago = timedelta() if fresh else timedelta(days=1 + 360 * dice.random() ** 2)
        value = float(dice.randint(1, 5)) if kind == "rating" else None
        moment = (now - ago).isoformat(timespec="milliseconds")
        found.append(Event(kind, shopper, moment, dice.choice(products), value=value))
    return found


def timed(work: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> Took:
    clock, cpu = time.perf_counter(), time.process_time()
    work(*args, **kwargs)
    return Took(1000 * (time.perf_counter() - clock), 1000 * (time.process_time() - cpu))


def report(figures: dict[int, Columns]) -> None:
    first = next(iter(figures.values()))
    facts: dict[str, float] = {}
    print(f"{'':26}{'ms by the clock':^27}{'ms of CPU time':^18}")
    print(f"{'events':>8}  {'':16}{'p50':>9}{'p99':>9}{'most':>9}{'p50':>9}{'p99':>9}{'ratio':>9}")
    for count, columns in figures.items():
        for name, held in columns.items():
            p50, p99, most = (float(np.percentile([one.clock for one in held], at)) for at in (50, 99, 100))
            cpu50, cpu99 = (float(np.percentile([one.cpu for one in held], at)) for at in (50, 99))
            ratio = cpu50 / float(np.percentile([one.cpu for one in first[name]], 50))
            figure = f"{p50:>9.1f}{p99:>9.1f}{most:>9.1f}{cpu50:>9.1f}{cpu99:>9.1f}{ratio:>9.2f}"
            print(f"{count:>8,}  {name:<16}{figure}")
            facts |= {f"{count} {name} p50": p50, f"{count} {name} p99": p99, f"{count} {name} cpu p50": cpu50}
    print(json.dumps({name: round(value, 2) for name, value in facts.items()}))


if __name__ == "__main__":
    main()
