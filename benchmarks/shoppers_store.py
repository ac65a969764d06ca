"""What keeping shoppers costs in Qdrant Edge: adding events, reading a short and a long history, removing bytes.

    python benchmarks/shoppers_store.py [--events 1000000] [--purge 100000] [--seed 7]

Events are of 20,000 shoppers, one of whom has 50 and one 10,000. `latest` is what every request of a shopper with new
events reads. A purge is timed on a store of its own; meanwhile another thread reads one shopper's latest 50 events over
and over, and adds one event a time, to tell how long others wait. Names that end in `cpu_s` and `cpu_ms` are of CPU
time, since other work on the machine lengthens mostly the clock; the others are of the clock. Single calls: the median.

Prints each figure as it is there, and as its last line one JSON object.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from search.events import EVENT_TYPES, Event
from search.storage.shopper_edge import EdgeShoppers
from search.storage.shopper_points import instant

DIMENSION = 384
BATCH = 1000
LONG, SHORT = 10_000, 50
_START = 1_700_000_000_000
_YEAR = 365 * 86_400_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--purge", type=int, default=100_000, help="events of the store that is purged")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    figures: dict[str, float] = {}

    def tell(found: dict[str, float]) -> None:
        figures.update(found)
        for name, value in found.items():
            print(f"{name:32} {value:12,.2f}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        store = EdgeShoppers.open(Path(folder), DIMENSION)
        tell(adding(store, options.events, options.seed))
        tell(reading(store))
        store.close()
        tell({"bytes_per_event": sum(_disk(file) for file in Path(folder).rglob("*")) / options.events})
        begun = time.process_time()
        store = EdgeShoppers.open(Path(folder), DIMENSION)
        tell({"open_cpu_s": time.process_time() - begun})
        begun = time.process_time()
        count = sum(1 for _ in store.events())
        tell({"read_all_per_cpu_s": count / (time.process_time() - begun)})
        store.close()
    with tempfile.TemporaryDirectory() as folder:
        store = EdgeShoppers.open(Path(folder), DIMENSION)
        adding(store, options.purge, options.seed)
        tell(purging(store))
        store.close()
    print(json.dumps({"events": options.events, "purged": options.purge} | figures))


def shopper(number: int) -> str:
    return hashlib.sha256(f"shopper {number}".encode()).hexdigest()


def made(count: int, seed: int) -> Iterator[Event]:
    """The long history and the short one first, then the others'; times in no order."""
    rng = random.Random(seed)  # noqa: S311 (no secret)
    for number in range(count):
        who = 0 if number < min(LONG, count // 10) else 1 if number < LONG + SHORT else 2 + rng.randrange(20_000)
        at = instant(_START + rng.randrange(_YEAR))
        yield Event(rng.choice(EVENT_TYPES), shopper(who), at, f"product-{rng.randrange(50_000)}")


def adding(store: EdgeShoppers, count: int, seed: int) -> dict[str, float]:
    events, wall, cpu, added = made(count, seed), 0.0, 0.0, 0
    while some := list(islice(events, BATCH)):
        begun, used = time.perf_counter(), time.process_time()
        added += store.add(some)
        wall, cpu = wall + time.perf_counter() - begun, cpu + time.process_time() - used
    one = [Event("view", shopper(3), instant(_START + number), "one") for number in range(200)]
    alone = _median(lambda: store.add([one.pop()]), 200)
    return {"added_per_s": added / wall, "added_per_cpu_s": added / cpu, "add_one_cpu_ms": alone}


def reading(store: EdgeShoppers) -> dict[str, float]:
    figures = {}
    for name, who in ((f"of_{SHORT}", shopper(1)), (f"of_{LONG}", shopper(0))):
        for limit in (50, 300):
            figures[f"latest_{limit}_{name}_cpu_ms"] = _median(
                lambda who=who, limit=limit: store.latest(who, limit), 50
            )
        figures[f"shopper_{name}_cpu_ms"] = _median(lambda who=who: store.shopper(who), 200)
    return figures


def purging(store: EdgeShoppers) -> dict[str, float]:
    """Of the short history among all others, while others read and write."""
    store.erase(shopper(1))
    done, reads, writes = threading.Event(), [0.0], [0.0]

    def others() -> None:
        number = 0
        while not done.is_set():
            number += 1
            reads.append(_timed(lambda: store.latest(shopper(5), 50)))
            event = Event("view", shopper(6), instant(_START + number), "meanwhile")
            writes.append(_timed(lambda event=event: store.add([event])))
            time.sleep(0.01)

    thread = threading.Thread(target=others)
    thread.start()
    took = _timed(store.purge)
    done.set()
    thread.join()
    return {
        "purge_s": took / 1000,
        "read_meanwhile_median_ms": sorted(reads)[len(reads) // 2],
        "read_meanwhile_worst_ms": max(reads),
        "write_meanwhile_worst_ms": max(writes),
    }


def _timed(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - begun)


def _median(call: Callable[[], object], times: int) -> float:
    used = []
    for _ in range(times):
        begun = time.process_time()
        call()
        used.append(1000 * (time.process_time() - begun))
    return sorted(used)[times // 2]


def _disk(file: Path) -> int:
    return file.stat().st_blocks * 512 if file.is_file() else 0


if __name__ == "__main__":
    main()
