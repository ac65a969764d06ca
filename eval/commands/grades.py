"""`grades`: sheets that people filled in → judgements, and how well the people agree."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from eval.commands.command import Command, warn
from eval.judging.merging import MERGES, Grades, gathered, merged
from eval.judging.reading import Sheet, gradings, pairs_of, read_sheet
from eval.judging.scale import SCALE
from eval.judging.verdicts import agreement_of, coefficients
from eval.judging.written import write_qrels
from eval.tables import table
from search.errors import JudgementError


def _scale(text: str) -> tuple[int, ...]:
    low, dash, high = text.partition("-")
    if not dash or not int(low) < int(high) <= 100:
        raise ValueError(text)
    return tuple(range(int(low), int(high) + 1))


_scale.__name__ = "scale as 0-3"


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sheets", nargs="+", type=Path, metavar="SHEET.csv", help="sheets that came back")
    parser.add_argument("--out", type=Path, required=True, metavar="QRELS.tsv", help="the judgements to write")
    parser.add_argument(
        "--pool", type=Path, nargs="+", metavar="POOL.csv", help="the sheets as they were exported, to check ids by"
    )
    parser.add_argument("--merge", choices=MERGES, default="median", help="of several judges (default: %(default)s)")
    parser.add_argument("--scale", type=_scale, default=SCALE, metavar="0-3", help="grades there are (default: 0-3)")
    parser.add_argument("--json", action="store_true", help="one object instead of tables")


def _do(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    pool = pairs_of([read_sheet(path, needed=()) for path in args.pool]) if args.pool else None
    sheets = [read_sheet(path, pool) for path in args.sheets]
    grades = gathered(grading for sheet in sheets for grading in gradings(sheet, args.scale))
    _warn(args, sheets)
    if not grades.of:
        raise JudgementError("No row has a grade; nothing was written.")
    write_qrels(args.out, merged(grades, args.merge))
    print(_json(args, sheets, grades) if args.json else _said(args, sheets, grades))
    return 0


def _warn(args: argparse.Namespace, sheets: list[Sheet]) -> None:
    restored = sum(sheet.restored for sheet in sheets)
    if restored:
        warn(f"a spreadsheet altered ids in {restored} rows; they were restored by their pair codes")
    for path, sheet in zip(args.sheets, sheets, strict=True):
        if not sheet.checked:
            warn(f"{path} has rows without a pair code, so their ids were not checked; name the pool with --pool")


def _said(args: argparse.Namespace, sheets: list[Sheet], grades: Grades) -> str:
    rows = sum(len(sheet.rows) for sheet in sheets)
    by_judge = Counter(judge for held in grades.of.values() for judge in held)
    of = Counter(grade for held in grades.of.values() for grade in held.values())
    counts = table(["judge", "grades"], [[judge, str(by_judge[judge])] for judge in grades.judges])
    given = ", ".join(f"{grade:g}: {of[grade]}" for grade in grades.scale())
    several = f", the {args.merge} where there are several" if len(grades.judges) > 1 else ""
    return "\n".join(
        [
            counts,
            "",
            f"{by_judge.total()} of {rows} rows graded ({given}).",
            f"{len(grades.of)} pairs of {len({pair.query for pair in grades.of})} queries in {args.out}{several}.",
            "",
            agreement_of(grades),
        ]
    )


def _json(args: argparse.Namespace, sheets: list[Sheet], grades: Grades) -> str:
    found = {
        "out": str(args.out),
        "merge": args.merge,
        "rows": sum(len(sheet.rows) for sheet in sheets),
        "pairs": len(grades.of),
        "queries": len({pair.query for pair in grades.of}),
        "judges": {judge: sum(judge in held for held in grades.of.values()) for judge in grades.judges},
        "agreement": {
            name.strip(): asdict(coefficient) for name, coefficient in coefficients(grades.ratings()).items()
        },
    }
    return json.dumps(found, ensure_ascii=False)


GRADES = Command("read the sheets that people graded, and say how they agree", _declare, _do)
