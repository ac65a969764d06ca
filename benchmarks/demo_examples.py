"""The examples of the docs, run as they stand there: commands of evaluation on the demo shop, and the gate's refusals.

For benchmarks/relevance.py, which puts what they print into the docs.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import re
import shlex
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from blocks import markdown

import eval.__main__ as evaluation
import indexer.__main__ as indexer
import indexer.reindex as reindexing
from search import documents
from search.domain import Json, Product

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "examples" / "demo"

RUNS = (
    "run --queries examples/demo/queries.tsv --index demo --no-understand --semantic-ratio 1 --out dense.trec",
    "run --queries examples/demo/queries.tsv --index demo --out served.trec",
)
QRELS = "examples/demo/qrels.tsv dense.trec served.trec"

EXAMPLES: dict[str, tuple[str, ...]] = {
    "example-measure": (f"measure {QRELS}", f"measure {QRELS} ndcg@10 --judged-only"),
    "example-json": ("measure examples/demo/qrels.tsv dense.trec ndcg@10 --json",),
    "example-interval": (f"measure {QRELS} ndcg@10 --interval",),
    "example-compare": (f"compare {QRELS} ndcg@10",),
    "example-movers": (
        f"compare {QRELS} ndcg@10 -q --movers 1 --depth 5 --queries examples/demo/queries.tsv --index demo",
    ),
    "example-slices": (f"compare {QRELS} ndcg@10 --slices --queries examples/demo/queries.tsv",),
    "example-report": (f'report {QRELS} --queries examples/demo/queries.tsv --index demo --title "Demo shop"',),
}
"""Block → commands of `python -m eval`, whose output stands in it."""

SHOWN = {"example-movers": ("none of the losses", "65 queries"), "example-slices": ("slice ", "p_holm:")}
"""Of long outputs: how the first line begins that is shown, and the first that is not any more."""


def examples() -> dict[str, str]:
    """Run them with the index `demo` of the settings; every run file is made anew in a folder that is then removed."""
    with tempfile.TemporaryDirectory() as folder, _inside(Path(folder)):
        Path("examples").symlink_to(ROOT / "examples")
        for command in RUNS:
            _output(command)
        return {name: _fenced(name, commands) for name, commands in EXAMPLES.items()}


def example(shown: str, command: str) -> str:
    """What a command prints, under the command as it is shown."""
    return "\n".join(["```", f"$ python -m eval {shown}", _output(command).rstrip("\n"), "```"])


def _fenced(name: str, commands: Sequence[str]) -> str:
    lines = []
    for command in commands:
        lines += [f"$ python -m eval {command}", *_chosen(name, _output(command).rstrip("\n").split("\n")), ""]
    return "\n".join(["```", *lines[:-1], "```"])


def _chosen(name: str, lines: Sequence[str]) -> list[str]:
    if name not in SHOWN:
        return list(lines)
    first, beyond = (next(i for i, line in enumerate(lines) if line.startswith(start)) for start in SHOWN[name])
    return ["…", *("\n".join(lines[first:beyond]).rstrip().split("\n")), "…"]


def _output(command: str) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as errors:
        status = evaluation.main(shlex.split(command))
    if status:
        raise SystemExit(f"python -m eval {command} ended with {status}: {errors.getvalue()}")
    return out.getvalue()


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    data = Path(os.environ["DAOGOU_DATA_DIR"]).resolve()
    try:
        with _set("DAOGOU_DATA_DIR", str(data)), contextlib.chdir(folder):
            yield
    finally:
        os.chdir(before)


@contextlib.contextmanager
def _set(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


# --- the gate --------------------------------------------------------------------------------------------------------

_SAID = re.compile(
    r"ndcg@10 (?P<live>[\d.]+) → (?P<new>[\d.]+) \((?P<difference>[+-][\d.]+), p (?P<p>[=<] [\d.]+) corrected for 2 "
    r"checks; \d+ queries, (?P<better>\d+) better, (?P<worse>\d+) worse\)"
)


def gate() -> str:
    """Reindexes of the demo shop with examples/demo/gate.toml, in a data folder of their own; what becomes of them."""
    rows = [
        json.loads(line)
        for file in sorted((DEMO / "catalogue").glob("*.jsonl"))
        for line in file.read_text("utf-8").splitlines()
    ]
    titles = [row["title"] for row in rows]
    random.Random(1).shuffle(titles)  # noqa: S311 (no secret)
    others = {row["id"]: title for row, title in zip(rows, titles, strict=True)}

    def dearer(row: dict[str, Json]) -> dict[str, Json]:
        return row | {"price": round(row["price"] * 1.1, 2)}

    with tempfile.TemporaryDirectory() as folder, _set("DAOGOU_DATA_DIR", folder):

        def reindex(said: str, change: Callable[[dict[str, Json]], dict[str, Json]] = dict) -> list[str]:
            catalogue = Path(folder) / "catalogue.jsonl"
            catalogue.write_text("".join(json.dumps(change(row)) + "\n" for row in rows), "utf-8")
            status, output = _gated([str(catalogue), "--full"])
            return _row(said, status, output)

        _gated([str(file) for file in sorted((DEMO / "catalogue").glob("*.jsonl"))])
        with _broken_recipe(others):
            table = [reindex("the document recipe embeds the title of another product")]
        table += [
            reindex("the same recipe and catalogue again"),
            reindex(
                "an export gives every product the title of another", lambda row: row | {"title": others[row["id"]]}
            ),
            reindex("all prices 10 % up", dearer),
        ]
    return markdown(
        ["the new version", "ndcg@10 live", "new", "difference", "p, Holm", "better", "worse", "the gate"], table
    )


@contextlib.contextmanager
def _broken_recipe(titles: dict[str, str]) -> Iterator[None]:
    text, recipe = documents.text, reindexing.RECIPE

    def wrong(product: Product) -> str:
        return text(replace(product, title=titles[product.id]))

    documents.text, reindexing.RECIPE = wrong, "titles-shuffled/1"
    try:
        yield
    finally:
        documents.text, reindexing.RECIPE = text, recipe


def _gated(arguments: Sequence[str]) -> tuple[int, str]:
    """Exit status, and what people are told."""
    command = ["reindex", *arguments, "--index", "products", "--gate", str(DEMO / "gate.toml")]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as errors:
        status = indexer.main(command)
    return status, errors.getvalue()


def _row(said: str, status: int, output: str) -> list[str]:
    found = _SAID.search(output)
    if found is None:
        raise SystemExit(f"the gate said nothing of ndcg@10: {output}")
    figures = [found[name] for name in ("live", "new", "difference", "p", "better", "worse")]
    return [said, *(figure.removeprefix("= ") for figure in figures), "refused" if status else "passed"]
