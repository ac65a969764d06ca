"""`judge`: a language model grades what people left, and is itself measured by what people graded."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from tqdm import tqdm

from eval.commands.command import Command, positive, warn
from eval.judging.agreement import Floats, cohen_kappa, confusion, krippendorff_alpha
from eval.judging.model_judge import MAX_TOKENS, Answer, ask_all, kept, mend
from eval.judging.pools import Pair, sampled
from eval.judging.prompts import Question, prompt_version, question
from eval.judging.reading import read_sheet
from eval.judging.record import JudgeRecord, judge_path, write_judge
from eval.judging.scale import SCALE
from eval.judging.verdicts import READINGS, agreement_table, alpha_reading, coefficients, confusion_table
from eval.judging.written import write_qrels
from eval.qrels import read_qrels
from search.errors import JudgementError, SettingsError
from search.protocols import LanguageModel

FEWEST_SHARED = 50
"""Pairs that people and model must both have graded: with fewer, the interval of kappa is wider than 0.4."""

CHECKED = 300


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pools", nargs="+", type=Path, metavar="POOL.csv", help="sheets as `pool` writes them")
    parser.add_argument("--qrels", type=Path, required=True, metavar="HUMAN.tsv", help="grades that people gave")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="LLM.qrels.tsv", help="people's grades and the model's"
    )
    parser.add_argument(
        "--check", type=positive, default=CHECKED, metavar="N",
        help="pairs that people graded, to ask the model as well, drawn at random (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--limit", type=positive, metavar="N", help="at most N calls this time; run again to go on")
    parser.add_argument("--parallel", type=positive, default=4, help="calls at once (default: %(default)s)")
    parser.add_argument("--max-tokens", type=positive, default=MAX_TOKENS, help="of an answer (default: %(default)s)")
    parser.add_argument("--dry-run", action="store_true", help="show what would be sent, and call nobody")
    parser.add_argument("--json", action="store_true", help="one object instead of tables")


@dataclass(frozen=True, slots=True)
class _Work:
    """What there is to ask: `check` people graded too, `rest` they did not."""

    people: Mapping[Pair, float]
    check: Mapping[Pair, Question]
    rest: Mapping[Pair, Question]


def _do(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    work = _work(args)
    if args.dry_run:
        print(_preview(work))
        return 0
    with closing(_model()) as model:
        return _judge(model, work, args)


def _judge(model: LanguageModel, work: _Work, args: argparse.Namespace) -> int:
    journal = args.out.with_name(f"{args.out.name}.answers.jsonl")
    mend(journal)
    before = kept(journal, model.name, {**work.check, **work.rest})
    asking = _Asking(model, journal, args, before)
    try:
        checked = asking.answers(work.check, "Checking")
        ratings = _ratings(work.people, checked)
        if len(ratings) < FEWEST_SHARED:
            raise JudgementError(_too_few(asking, len(ratings), journal))
        if not args.json:
            print(_agreement(model.name, ratings), flush=True)
        answered = asking.answers(work.rest, "Judging")
    except KeyboardInterrupt:
        print(f"Interrupted. Answers so far are in {journal}; the same command goes on from there.", file=sys.stderr)
        return 1
    grades = {pair: float(answer.grade) for pair, answer in answered.items() if answer.grade is not None}
    record = _record(model.name, ratings, asking, len(grades), len(work.rest) - len(grades))
    write_judge(args.out, record)
    write_qrels(args.out, work.people, grades)
    _warn(asking, record)
    print(json.dumps(asdict(record), ensure_ascii=False) if args.json else _summary(args.out, asking, record, work))
    return 0


def _work(args: argparse.Namespace) -> _Work:
    """Raises JudgementError where the model could not be measured against people."""
    if args.out.resolve() == args.qrels.resolve() or (args.out.exists() and not judge_path(args.out).exists()):
        raise JudgementError(f"{args.out} exists and is not by a model; name another file with --out.")
    qrels = read_qrels(args.qrels)
    people = {
        Pair(query, product): grade
        for query, judged in qrels.grades.items()
        for product, grade in judged.items()
        if (query, product) not in qrels.machine
    }
    for pair, grade in people.items():
        if not SCALE[0] <= grade <= SCALE[-1]:
            raise JudgementError(
                f"{args.qrels} has grade {grade:g} for product '{pair.product}' and query '{pair.query}', and the "
                f"model grades from {SCALE[0]} to {SCALE[-1]}. Convert them; docs/judging.md says what each means."
            )
    rows = [row for path in args.pools for row in read_sheet(path, needed=("query", "title")).rows]
    questions = {
        row.pair: question(row.cells["query"], row.cells) for row in rows if row.cells["query"] and row.cells["title"]
    }
    nameless = len({row.pair for row in rows}) - len(questions)
    if nameless:
        warn(f"{nameless} pairs have no query or no title to judge by and are left out")
    shared = [pair for pair in questions if pair in people]
    if len(shared) < FEWEST_SHARED:
        raise JudgementError(
            f"{len(shared)} pairs of the pool are graded in {args.qrels}, and at least {FEWEST_SHARED} are needed "
            f"to tell whether the model agrees with people. Grade some (eval pool … --sample {2 * FEWEST_SHARED}), or "
            f"make the pool without --qrels, so that it holds what is judged already."
        )
    check = sampled(shared, max(args.check, FEWEST_SHARED))
    rest = {pair: asked for pair, asked in questions.items() if pair not in people}
    return _Work(people, {pair: questions[pair] for pair in check}, rest)


def _model() -> LanguageModel:
    from search.bootstrap import load_language_model
    from search.settings import Settings

    model = load_language_model(Settings.load())
    if model is None:
        raise SettingsError(
            "No language model is set. Set DAOGOU_LLM_URL to an OpenAI-compatible server, as "
            "http://localhost:11434/v1, DAOGOU_LLM_MODEL to one of its models, and DAOGOU_LLM_API_KEY if it wants one."
        )
    return model


class _Asking:
    """Asks what is not kept from an earlier time, up to the limit; counts what it cost."""

    def __init__(
        self, model: LanguageModel, journal: Path, args: argparse.Namespace, before: Mapping[Pair, Answer]
    ) -> None:
        self._model = model
        self._journal = journal
        self._args = args
        self._before = before
        self._left: int | None = args.limit
        self.now: list[Answer] = []
        self.used: list[Answer] = []
        self.skipped = 0

    def answers(self, questions: Mapping[Pair, Question], doing: str) -> dict[Pair, Answer]:
        """Raises LanguageModelError; what was answered until then is kept."""
        found = {pair: self._before[pair] for pair in questions if pair in self._before}
        todo = [pair for pair in questions if pair not in found]
        now = todo if self._left is None else todo[: self._left]
        self.skipped += len(todo) - len(now)
        asked = {pair: questions[pair] for pair in now}
        args = self._args
        with closing(ask_all(self._model, asked, self._journal, args.max_tokens, args.parallel)) as answers:
            for answer in tqdm(answers, desc=doing, total=len(asked), unit="pair", disable=None):
                found[answer.pair] = answer
                self.now.append(answer)
                if self._left is not None:
                    self._left -= 1
        self.used += found.values()
        return found


def _ratings(people: Mapping[Pair, float], answers: Mapping[Pair, Answer]) -> Floats:
    """Shape (pairs, 2): people, model. Means of several judges are made whole, halves downwards."""
    rows = [
        (math.ceil(people[pair] - 0.5), answer.grade) for pair, answer in answers.items() if answer.grade is not None
    ]
    return np.array(rows, dtype=np.float64).reshape(len(rows), 2)


def _too_few(asking: _Asking, graded: int, journal: Path) -> str:
    faults = _faults(asking.now)
    said = next((f" It said, for example: {answer.said!r}" for answer in asking.now if answer.said), "")
    why = f" {faults}." if faults else ""
    limit = " --limit allowed no more calls; run again to go on." if asking.skipped else ""
    return (
        f"Only {graded} pairs are graded by people and by the model, of the {FEWEST_SHARED} needed to tell whether "
        f"they agree; no judgements were written.{why}{limit}{said} All answers are in {journal}."
    )


def _faults(answers: Sequence[Answer]) -> str:
    counts = Counter(answer.fault for answer in answers if answer.fault)
    return ", ".join(f"{count} {fault}" for fault, count in sorted(counts.items()))


def _agreement(model: str, ratings: Floats) -> str:
    people_mean, model_mean = ratings.mean(axis=0)
    return "\n".join(
        [
            f"{model} against people, on {len(ratings)} pairs that both graded",
            "",
            agreement_table(coefficients(ratings)),
            "",
            confusion_table(ratings, SCALE, "people", "model"),
            "",
            f"mean grade: people {people_mean:.2f}, model {model_mean:.2f}",
            READINGS,
        ]
    )


def _record(model: str, ratings: Floats, asking: _Asking, graded: int, ungraded: int) -> JudgeRecord:
    people_mean, model_mean = ratings.mean(axis=0)
    return JudgeRecord(
        model=model,
        prompt=prompt_version(),
        pairs=len(ratings),
        kappa=cohen_kappa(ratings),
        alpha=krippendorff_alpha(ratings, "ordinal"),
        people_mean=float(people_mean),
        model_mean=float(model_mean),
        confusion=tuple(tuple(row) for row in confusion(ratings, SCALE).tolist()),
        graded=graded,
        ungraded=ungraded,
        calls=len(asking.used),
        prompt_tokens=_sum([answer.prompt_tokens for answer in asking.used]),
        completion_tokens=_sum([answer.completion_tokens for answer in asking.used]),
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _warn(asking: _Asking, record: JudgeRecord) -> None:
    faults = _faults(asking.now)
    if faults:
        warn(f"of {len(asking.now)} answers {faults}; these pairs are left ungraded, and asked again next time")
    if record.alpha.value is not None and alpha_reading(record.alpha.value) == "unreliable":
        warn(f"alpha {record.alpha.value:.2f} is below 0.667: grades that agree so little with people decide nothing")


def _summary(out: Path, asking: _Asking, record: JudgeRecord, work: _Work) -> str:
    tokens = [
        f"{sum(count for answer in asking.now if (count := getattr(answer, name)) is not None):,} {side}"
        if any(getattr(answer, name) is not None for answer in asking.now)
        else f"an unknown number {side}"
        for name, side in (("prompt_tokens", "in"), ("completion_tokens", "out"))
    ]
    lines = [
        "",
        f"{out}: {len(work.people):,} grades by people, {record.graded:,} by {record.model}, marked llm.",
        f"{len(asking.now):,} calls this time" + (f"; tokens: {', '.join(tokens)}." if asking.now else "."),
    ]
    if asking.skipped:
        lines.append(f"{asking.skipped:,} pairs are still to be asked; the same command goes on.")
    return "\n".join(lines)


def _preview(work: _Work) -> str:
    first = next(iter({**work.check, **work.rest}.values()))
    characters = sum(len(asked.system) + len(asked.user) for asked in {**work.check, **work.rest}.values())
    return "\n".join(
        [
            f"{len(work.check)} pairs to check by, {len(work.rest)} to grade: "
            f"{len(work.check) + len(work.rest)} calls, {characters:,} characters. The first, as it would be sent:",
            "",
            "--- instructions",
            first.system,
            "--- data",
            first.user,
        ]
    )


JUDGE = Command("have a language model grade what people left, measured against people", _declare, _do)
