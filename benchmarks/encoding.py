"""What the encoder backends cost and whether they agree, on product texts of about 85 tokens.

    python benchmarks/encoding.py [--documents 192] [--queries 60] [--rounds 5]

Everything is measured beside `SentenceTransformer.encode`, in turns, and given as the median over the rounds of the
ratio to it: the absolute numbers of a busy machine mean little. For each backend that is installed:

- documents a second, and a second of processor time;
- the time of one query (median);
- the least cosine to the library's vectors;
- the share of documents whose vector stays the same to the bit in another order and in batches of another size;
- a cold start in a new process: seconds until the first query is encoded, and megabytes then.

Prints a table, and one line of JSON at the end. Exit status 1 where a cosine is below 0.99999.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, get_args

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from search.encoding import runtimes  # noqa: E402
from search.encoding.load import Backend, load  # noqa: E402
from search.encoding.sources import locate  # noqa: E402
from search.protocols import Encoder  # noqa: E402
from search.settings import DEFAULT_ENCODER, DEFAULT_ENCODER_REVISION  # noqa: E402

Encode = Callable[[list[str]], Any]
TOKENS = 85
WORDS_A_TOKEN = 0.68

COLD = """
import sys, time
started = time.perf_counter()
from pathlib import Path
from search.encoding.load import load
from search.encoding.sources import locate
encoder = load(locate(sys.argv[2], None), sys.argv[1], "cpu", 32, Path(sys.argv[3]))
encoder.encode_query("red shoe")
seconds = time.perf_counter() - started
status = Path("/proc/self/status").read_text() if Path("/proc/self/status").exists() else "VmRSS: 0 kB"
print(seconds, int(status.split("VmRSS:")[1].split()[0]) / 1024)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default=DEFAULT_ENCODER)
    parser.add_argument("--documents", type=int, default=192)
    parser.add_argument("--queries", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    documents, queries = texts(options.documents), shopping_queries(options.queries)
    with tempfile.TemporaryDirectory(prefix="daogou-bench-") as folder:
        result = measure(options.encoder, documents, queries, options.rounds, Path(folder))
    print(json.dumps(result))
    return 0 if all(row["cosine"] >= 0.99999 for row in result["backends"].values()) else 1


def measure(name: str, documents: list[str], queries: list[str], rounds: int, data_dir: Path) -> dict[str, Any]:
    from sentence_transformers import SentenceTransformer

    folder = locate(name, DEFAULT_ENCODER_REVISION if name == DEFAULT_ENCODER else None)
    library = SentenceTransformer(str(folder.path), device="cpu")
    kinds: list[Backend] = ["torch", *(kind for kind in get_args(runtimes.Kind) if runtimes.installed(kind))]
    encoders: dict[str, Encoder] = {kind: load(folder, kind, "cpu", 32, data_dir) for kind in kinds}
    tokens = [len(ids) for ids in library.tokenizer(documents)["input_ids"]]
    print(
        f"{len(documents)} documents of {statistics.mean(tokens):.0f} tokens (longest {max(tokens)}), {rounds} rounds"
    )

    expected = library.encode(documents, batch_size=32, show_progress_bar=False)
    bulk: dict[str, list[tuple[float, float]]] = {kind: [] for kind in ["library", *kinds]}
    single: dict[str, list[float]] = {kind: [] for kind in ["library", *kinds]}
    ways: dict[str, tuple[Encode, Encode]] = {
        "library": (
            lambda texts: library.encode(texts, batch_size=32, show_progress_bar=False),
            lambda texts: library.encode(texts[0], show_progress_bar=False),
        )
    }
    for kind, encoder in encoders.items():
        ways[kind] = (encoder.encode_documents, partial(first, encoder))
    for _ in range(rounds):
        for kind, (encode_many, encode_one) in ways.items():
            bulk[kind].append(timed(encode_many, documents))
            single[kind].append(statistics.median(timed(encode_one, [query])[0] for query in queries))

    rows: dict[str, dict[str, Any]] = {}
    for kind, encoder in encoders.items():
        vectors = encoder.encode_documents(documents)
        seconds, megabytes = cold(kind, name, data_dir)
        rows[kind] = {
            "bulk": ratio(bulk, kind, 0),
            "bulk_per_cpu": ratio(bulk, kind, 1),
            "query": round(statistics.median(a / b for a, b in zip(single["library"], single[kind], strict=True)), 2),
            "query_ms": round(min(single[kind]) * 1000, 2),
            "cosine": round(float(np.sum(vectors * expected, axis=1).min()), 7),
            "same_bits": same_bits(encoder.encode_documents, documents, vectors),
            "cold_seconds": seconds,
            "cold_megabytes": megabytes,
        }
    show(rows)
    best = len(documents) / min(wall for wall, _ in bulk["library"])
    return {
        "encoder": name,
        "tokens": round(statistics.mean(tokens), 1),
        "library": {"documents_per_second": round(best, 1), "query_ms": round(min(single["library"]) * 1000, 2)},
        "backends": rows,
    }


def texts(count: int) -> list[str]:
    """Titles and sentences of the demo's English products, strung together to about 85 tokens: from half to twice."""
    chance = random.Random(7)  # noqa: S311
    products = [
        json.loads(line)
        for file in sorted((ROOT / "examples/demo/catalogue").glob("*.jsonl"))
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    words = [
        f"{product['title']}. {product.get('description', '')}".split()
        for product in products
        if product.get("language", "en") == "en"
    ]
    made = []
    for _ in range(count):
        wanted = max(8, round(chance.gauss(TOKENS, TOKENS / 3) * WORDS_A_TOKEN))
        text: list[str] = []
        while len(text) < wanted:
            text += chance.choice(words)
        made.append(" ".join(text[:wanted]))
    return made


def shopping_queries(count: int) -> list[str]:
    lines = (ROOT / "examples/demo/queries.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[1] for line in lines if line.isascii()][:count]


def first(encoder: Encoder, texts: list[str]) -> object:
    return encoder.encode_query(texts[0])


def timed(encode: Encode, texts: list[str]) -> tuple[float, float]:
    """Seconds by the clock, and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    encode(texts)
    return time.perf_counter() - clock, time.process_time() - processor


def ratio(bulk: dict[str, list[tuple[float, float]]], kind: str, which: int) -> float:
    """How many times faster than the library."""
    pairs = zip(bulk["library"], bulk[kind], strict=True)
    return round(statistics.median(theirs[which] / ours[which] for theirs, ours in pairs), 2)


def same_bits(encode: Encode, documents: list[str], vectors: Any) -> float:
    """Half of the documents, shuffled: other neighbours in every batch, and another last batch."""
    rows = random.Random(3).sample(range(len(documents)), len(documents) // 2)  # noqa: S311
    again = encode([documents[row] for row in rows])
    return round(float(np.mean(np.all(again == vectors[rows], axis=1))), 4)


def cold(kind: str, name: str, data_dir: Path) -> tuple[float, int]:
    command = [sys.executable, "-c", COLD, kind, name, str(data_dir)]
    runs = []
    for _ in range(3):
        out = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        runs.append(tuple(float(part) for part in out.split()))
    seconds, megabytes = min(runs)
    return round(seconds, 2), round(megabytes)


def show(rows: dict[str, dict[str, Any]]) -> None:
    heads = ["documents ×", "per CPU s ×", "one query ×", "cosine ≥", "same bits", "cold start s", "MB"]
    print(f"{'':10}" + "".join(f"{head:>14}" for head in heads))
    for kind, row in rows.items():
        cells = [f"{row[key]:.2f}" for key in ("bulk", "bulk_per_cpu", "query")]
        cells += [
            f"{row['cosine']:.7f}",
            f"{row['same_bits']:.1%}",
            f"{row['cold_seconds']:.1f}",
            row["cold_megabytes"],
        ]
        print(f"{kind:10}" + "".join(f"{cell:>14}" for cell in cells))


if __name__ == "__main__":
    sys.exit(main())
