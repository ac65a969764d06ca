"""What a language model beside the search costs the search.

    python benchmarks/language_model.py [--index demo] [--searches 200] [--model FOLDER] [--layers 24] [--seed 7]

Searches an index of DAOGOU_DATA_DIR (a private copy of it) with the words of its products, in blocks that alternate so
that other work on the machine falls on all alike:

- *alone*: nothing beside it;
- *server hangs*: eight questions at once are with a server that never answers, through Careful;
- *in process*: a model of `local:` generates without a pause. Without --model one of random weights is made, of the
  shape of a model of half a billion parameters: what it says is nonsense, and takes as long.

Prints milliseconds of a search, p50 and p99, and tokens a second; then what the client itself costs: its import, one
piece of a stream through Careful. As its last line one JSON object.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import numpy as np
import tiny_llm
from fake_language_model import FakeLanguageModel
from llm_server import Reply, serving

from search.bootstrap import load_language_model, open_engine
from search.domain import SearchRequest
from search.errors import LanguageModelError
from search.language_models.breaker import Rules
from search.language_models.careful import Careful
from search.language_models.patience import once
from search.settings import Settings

BLOCKS = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", default="demo")
    parser.add_argument("--searches", type=int, default=200, help="of each kind")
    parser.add_argument("--model", type=Path, help="folder of a causal language model with a chat template")
    parser.add_argument("--layers", type=int, default=24, help="of the model that is made")
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    imported = _import_time()
    settings = Settings.load()
    engine = open_engine(settings)
    request = [SearchRequest(text=words) for words in _queries(args.seed)]
    turn = itertools.cycle(request)

    def search() -> float:
        begun = time.perf_counter()
        engine.search(args.index, next(turn))
        return (time.perf_counter() - begun) * 1000

    for _ in range(30):
        search()
    times: dict[str, list[float]] = {"alone": [], "server hangs": [], "in process": []}
    tokens, seconds = 0, 0.0
    with tempfile.TemporaryDirectory() as folder, serving([Reply(silent=True)]) as server:
        place = args.model or tiny_llm.build(Path(folder) / "model", context=2048, **_half_a_billion(args.layers))
        local = load_language_model(settings.model_copy(update={"llm_model": f"local:{place}", "llm_url": None}))
        hanging = load_language_model(
            settings.model_copy(update={"llm_model": "gpt-x", "llm_url": server.url}), once(3.0)
        )
        if local is None or hanging is None:
            raise SystemExit("no model")
        local.complete("be brief", "hello", 2)
        for _ in range(BLOCKS):
            number = args.searches // BLOCKS
            times["alone"] += [search() for _ in range(number)]
            careful = Careful(hanging, rules=Rules(in_a_row=10**6, least=10**6))
            with _beside(lambda careful=careful: careful.complete("be brief", "hello", 200), 8):
                times["server hangs"] += [search() for _ in range(number)]
            begun = time.perf_counter()
            with _beside(lambda: local.complete("You reword evidence.", "A red lamp. " * 40, 200), 1) as said:
                times["in process"] += [search() for _ in range(number)]
            seconds += time.perf_counter() - begun
            tokens += sum(said)
        hanging.close()
        local.close()
    engine.close()
    result: dict[str, object] = {
        name: {"p50": round(float(np.percentile(ms, 50)), 2), "p99": round(float(np.percentile(ms, 99)), 2)}
        for name, ms in times.items()
    }
    for name, ms in times.items():
        print(f"{name:14} p50 {np.percentile(ms, 50):7.2f} ms   p99 {np.percentile(ms, 99):7.2f} ms   ({len(ms)})")
    result |= {"tokens_per_second": round(tokens / seconds, 1), "import_s": imported, "piece_us": _piece_time()}
    print(f"whole answers of the model in this process: {result['tokens_per_second']} tokens a second")
    print(f"importing the client {result['import_s']} s, a piece through Careful {result['piece_us']} us")
    print(json.dumps(result))


@contextmanager
def _beside(ask: Callable[[], object], threads: int) -> Iterator[list[int]]:
    """So many threads that ask without a pause; the list holds the tokens of each answer."""
    over = threading.Event()
    said: list[int] = []

    def work() -> None:
        while not over.is_set():
            try:
                said.append(getattr(ask(), "completion_tokens", 0) or 0)
            except LanguageModelError:
                time.sleep(0.01)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    yield said
    over.set()
    for worker in workers:
        worker.join()


def _queries(seed: int) -> list[str]:
    words = [
        "quiet",
        "keyboard",
        "red",
        "lamp",
        "shoes",
        "running",
        "tea",
        "kettle",
        "under $50",
        "静音",
        "键盘",
        "红色",
    ]
    chance = random.Random(seed)  # noqa: S311
    return [" ".join(chance.sample(words, chance.randint(2, 4))) for _ in range(400)]


def _half_a_billion(layers: int) -> dict[str, int]:
    return {"hidden": 896, "layers": layers, "heads": 14, "vocabulary": 152_000}


def _import_time() -> float:
    begun = time.perf_counter()
    import openai  # noqa: F401

    return round(time.perf_counter() - begun, 2)


def _piece_time() -> float:
    number = 5000
    model = FakeLanguageModel(lambda _: "word " * number)
    begun = time.perf_counter()
    list(model.stream("", "{}", 5))
    bare = time.perf_counter() - begun
    begun = time.perf_counter()
    list(Careful(model, 60.0).stream("", "{}", 5))
    return round((time.perf_counter() - begun - bare) / number * 1e6, 1)


if __name__ == "__main__":
    main()
