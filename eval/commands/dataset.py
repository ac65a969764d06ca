"""`dataset`: turn a public judged set into our own files."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from tqdm import tqdm

from eval.commands.command import Command, positive, warn
from eval.datasets.dataset import Choice, Dataset
from eval.datasets.known import DATASETS, find_dataset
from eval.datasets.preparing import CATALOGUE, MAPPING, QRELS, QUERIES, Counts, Part, prepare
from search.errors import DatasetError
from search.settings import Settings

_T = TypeVar("_T")


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="the set; without it, all there are with their terms")
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        metavar="FOLDER",
        help="where its files are (default: where --download puts them)",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="the folder to write")
    parser.add_argument("--split", metavar="S", help="which part; the list says which there are, the default first")
    parser.add_argument("--locale", metavar="L", help="which shop of several: us, es or jp (default: us)")
    parser.add_argument(
        "--limit-queries", type=positive, metavar="N", help="at most N queries: a sample, the same each time"
    )
    parser.add_argument(
        "--judged-products",
        action="store_true",
        help="leave out products that nobody judged: smaller, and easier to search",
    )
    parser.add_argument(
        "--grade", action="append", default=[], metavar="LABEL=GRADE", help="another grade for a label; can be repeated"
    )
    parser.add_argument("--download", action="store_true", help="fetch the files that are not there yet")


def _do(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    if args.name is None:
        if args.out or args.download or args.split or args.locale:
            parser.error("NAME is missing: python -m eval dataset lists the names")
        print(_list())
        return 0
    dataset = find_dataset(args.name)
    if args.out is None:
        parser.error("--out DIR is missing: the folder to write")
    choice = _choice(parser, args, dataset)
    folder = args.folder or Settings.load().data_dir / "datasets" / dataset.folder
    if args.download:
        _download(dataset, folder)
    elif args.folder is None and not folder.is_dir():
        raise DatasetError(f"No folder was named, and nothing was downloaded to {folder}. {_how(dataset)}")
    try:
        reading = dataset.open(folder, choice)
    except DatasetError as error:
        raise DatasetError(f"{error} {_how(dataset)}") from error
    part = Part(choice, args.limit_queries, args.judged_products)
    counts = prepare(dataset, reading, part, args.out, _watched)
    _warn_of_oddities(counts)
    print(_summary(dataset, part, counts, args.out))
    print(_next(dataset, choice, args.out, reading.mapping is not None))
    return 0


def _choice(parser: argparse.ArgumentParser, args: argparse.Namespace, dataset: Dataset) -> Choice:
    split = args.split or (dataset.splits[0] if dataset.splits else "")
    if dataset.splits and dataset.folder != "beir" and split not in dataset.splits:
        parser.error(f"--split: '{split}' is none of: {', '.join(dataset.splits)}")
    if not re.fullmatch(r"[\w.-]*", split) or ".." in split:
        parser.error(f"--split: '{split}' is no name")
    locale = args.locale or (dataset.locales[0] if dataset.locales else "")
    if locale and locale not in dataset.locales:
        parser.error(f"--locale: '{locale}' is none of: {', '.join(dataset.locales) or 'nothing; this set has one'}")
    return Choice(split, locale, dict(dataset.labels) | _grades(parser, args.grade, dataset))


def _grades(parser: argparse.ArgumentParser, given: Sequence[str], dataset: Dataset) -> dict[str, float]:
    grades = {}
    for text in given:
        label, _, grade = text.partition("=")
        if label not in dataset.labels:
            labels = ", ".join(dataset.labels)
            parser.error(f"--grade: '{label}' is none of: {labels or 'nothing; its judgements are numbers'}")
        try:
            grades[label] = float(grade)
        except ValueError:
            parser.error(f"--grade: '{text}' is not LABEL=NUMBER")
        if not abs(grades[label]) <= 100:
            parser.error(f"--grade: '{text}' is not within ±100")
    return grades


def _download(dataset: Dataset, folder: Path) -> None:
    from eval.datasets.download import download, missing

    for remote in missing(dataset.remotes, folder):
        print(f"{remote.url} → {folder}", file=sys.stderr)
    try:
        download(dataset, folder)
    except DatasetError as error:
        raise DatasetError(f"{error} {_by_hand(dataset)}") from error


def _how(dataset: Dataset) -> str:
    return f"Add --download, or: {_by_hand(dataset)}" if dataset.remotes else _by_hand(dataset)


def _by_hand(dataset: Dataset) -> str:
    if dataset.folder == "own":
        return "docs/datasets.md says what has to be in the folder."
    archives = [remote.url for remote in dataset.remotes if remote.unpack]
    where = f"{' '.join(archives)} (and unpack it)" if archives else dataset.home
    return (
        f"Download {dataset.files} yourself from {where}, and pass the folder: "
        f"python -m eval dataset {dataset.name} FOLDER --out DIR"
    )


def _watched(items: Iterable[_T], doing: str, /) -> Iterable[_T]:
    """With a bar on standard error: on a terminal at once, in a log only if it takes long."""
    slow = not sys.stderr.isatty()
    bar: Iterable[_T] = tqdm(
        items,
        desc=doing,
        unit="",
        unit_scale=True,
        file=sys.stderr,
        delay=10 if slow else 0,
        mininterval=10 if slow else 0.2,
    )
    return bar


def _list() -> str:
    blocks = []
    for each in DATASETS:
        splits = f"splits: {', '.join(each.splits)}" if each.splits else "splits: as the files are named"
        grades = ", ".join(f"{label} {grade:g}" for label, grade in each.labels.items()) or each.grading
        lines = [
            f"{each.name}  {each.about}",
            f"    holds   {each.holds}",
            f"    files   {each.files}",
            f"    grades  {grades}; {splits}{'; locales: ' + ', '.join(each.locales) if each.locales else ''}",
            f"    terms   {each.terms}",
            f"    from    {each.home}{' (--download)' if each.remotes or each.name == 'beir' else ''}",
        ]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _warn_of_oddities(counts: Counts) -> None:
    if counts.disagreeing:
        warn(f"{counts.disagreeing:,} pairs were judged more than once with different grades: each got their mean")
    if counts.judgements_not_in_catalogue:
        warn(
            f"{counts.judged_products_not_in_catalogue:,} judged products are not in the catalogue; their "
            f"{counts.judgements_not_in_catalogue:,} judgements are kept, and no engine can find them"
        )
    if counts.judged_queries_without_text:
        warn(f"{counts.judged_queries_without_text:,} judged queries have no text and were left out")
    if counts.queries_without_judgement:
        warn(f"{counts.queries_without_judgement:,} queries have no judgement and were left out")
    if counts.products_without_title:
        warn(f"{counts.products_without_title:,} products without a title are named by the beginning of their text")
    if counts.products_without_text:
        warn(f"{counts.products_without_text:,} products have neither title nor text and were left out")


def _summary(dataset: Dataset, part: Part, counts: Counts, out: Path) -> str:
    words = [word for word in (dataset.name, part.choice.locale, part.choice.split) if word]
    by_grade = ", ".join(f"{grade}: {count:,}" for grade, count in counts.grades.items())
    mapping = ", ".join(f"{label} = {grade:g}" for label, grade in part.choice.grades.items()) or dataset.grading
    lines = [
        f"{' '.join(words)}: {counts.products:,} products, {counts.queries:,} queries, {counts.judgements:,} judgements"
        f" in {out}",
        f"grades: {mapping}",
        f"judgements by grade: {by_grade}",
        f"terms: {dataset.terms}",
    ]
    if part.judged_products:
        lines.append("only judged products: figures are higher than on the whole set and compare with none of others")
    return "\n".join(lines)


def _next(dataset: Dataset, choice: Choice, out: Path, mapped: bool) -> str:
    index = re.sub(r"[^A-Za-z0-9_-]+", "-", "-".join(word for word in (dataset.name, choice.locale) if word))
    reindex = ["python", "-m", "indexer", "reindex", str(out / CATALOGUE), "--index", index]
    if mapped:
        reindex += ["--mapping", str(out / MAPPING)]
    run = [
        "python",
        "-m",
        "eval",
        "run",
        "--index",
        index,
        "--queries",
        str(out / QUERIES),
        "--qrels",
        str(out / QRELS),
    ]
    run += ["--out", str(out / "run.trec")]
    return f"\nNext:\n{shlex.join(reindex)}\n{shlex.join(run)}"


DATASET = Command("turn a public judged set into a catalogue, queries and judgements", _declare, _do)
