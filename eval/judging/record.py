"""What is known of the model that graded, kept beside its judgements: `LLM.qrels.tsv.json` next to `LLM.qrels.tsv`.

Above all how it agrees with people: grades of a model are worth as much as that and no more, so whatever is measured by
them says it in the same breath (`judge_note`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from eval.intervals import Interval
from eval.judging.agreement import Coefficient
from eval.judging.verdicts import figure
from eval.qrels import Qrels, replacing

FORMAT = 1


@dataclass(frozen=True, slots=True)
class JudgeRecord:
    """`pairs` were graded by people and by the model; `kappa` is Cohen's, unweighted, `alpha` Krippendorff's, ordinal.

    `confusion[i][j]` counts pairs with grade i by people and j by the model; the means are over these pairs too.
    `graded` and `ungraded` count the pairs that people left to the model. Calls and tokens are those of all answers
    used; tokens are None where the server counts none. `created_at` is ISO 8601.
    """

    model: str
    prompt: str
    pairs: int
    kappa: Coefficient
    alpha: Coefficient
    people_mean: float
    model_mean: float
    confusion: tuple[tuple[int, ...], ...]
    graded: int
    ungraded: int
    calls: int
    prompt_tokens: int | None
    completion_tokens: int | None
    created_at: str


def judge_path(qrels: Path) -> Path:
    return qrels.with_name(f"{qrels.name}.json")


def write_judge(qrels: Path, record: JudgeRecord) -> None:
    """Replaces the record beside `qrels` in one step. Raises JudgementError."""
    with replacing(judge_path(qrels)) as file:
        json.dump({"format": FORMAT, **asdict(record)}, file, ensure_ascii=False, indent=1)
        file.write("\n")


def read_judge(qrels: Path) -> JudgeRecord | None:
    """None where there is none that can be read: the judgements are then of unknown worth, which is what is said."""
    try:
        held = json.loads(judge_path(qrels).read_text(encoding="utf-8"))
        if held.pop("format") != FORMAT:
            return None
        coefficients = {name: _coefficient(**held[name]) for name in ("kappa", "alpha")}
        return JudgeRecord(**held | coefficients | {"confusion": tuple(map(tuple, held["confusion"]))})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def judge_note(qrels: Qrels) -> str | None:
    """One sentence for whatever is measured by grades that a model gave; None where people gave them all."""
    machine = sum(product in qrels.grades.get(query, {}) for query, product in qrels.machine)
    if not machine:
        return None
    total = sum(map(len, qrels.grades.values()))
    share = f"{machine:,} of {total:,} grades are by"
    record = read_judge(qrels.source) if qrels.source else None
    if record is None:
        where = judge_path(qrels.source).name if qrels.source else "the record"
        return f"{share} a language model; how it agrees with people is unknown, since {where} is missing or broken."
    if record.kappa.value is None:
        return f"{share} {record.model}; its agreement with people is {figure(record.kappa)}."
    return f"{share} {record.model}; with people it agrees kappa {figure(record.kappa)} on {record.pairs:,} pairs."


def _coefficient(value: float | None, interval: dict[str, float] | None, items: int, why: str) -> Coefficient:
    return Coefficient(value, Interval(**interval) if interval else None, items, why)
