"""What made the runs, side by side: index, encoder, options, code. Where they differ is where to look first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from eval.record import RunRecord
from eval.report.facts import RunFacts
from search.domain import Json

UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Setting:
    """One row: a value for each run. `differs` where it is known of two runs at least and not the same."""

    name: str
    values: tuple[str, ...]
    differs: bool


def configuration(runs: Sequence[RunFacts]) -> tuple[Setting, ...]:
    rows = [Setting("file", tuple(run.file for run in runs), differs=False)]
    rows += [_row(name, runs, value) for name, value in _RECORDED.items()]
    options = dict.fromkeys(option for run in runs if run.record is not None for option in run.record.options)
    rows += [_row(option.replace("_", " "), runs, partial(_option, option)) for option in options]
    made = tuple(moment(run.record.created_at) if run.record is not None else UNKNOWN for run in runs)
    return (*rows, Setting("run made", made, differs=False))


def _row(name: str, runs: Sequence[RunFacts], value: Callable[[RunRecord], str]) -> Setting:
    values = tuple(UNKNOWN if run.record is None else value(run.record) for run in runs)
    return Setting(name, values, differs=len(set(values) - {UNKNOWN}) > 1)


def _commit(record: RunRecord) -> str:
    software = record.software
    if software.commit is None:
        return UNKNOWN
    return software.commit[:12] + (" with local changes" if software.dirty else "")


_RECORDED: dict[str, Callable[[RunRecord], str]] = {
    "index": lambda record: record.index,
    "index version": lambda record: str(record.index_version),
    "index built": lambda record: moment(record.built_at),
    "products": lambda record: f"{record.products:,}",
    "encoder": lambda record: record.encoder,
    "recipe": lambda record: record.recipe,
    "learning": lambda record: record.learning or "none",
    "version": lambda record: record.software.version,
    "commit": _commit,
    "machine": lambda record: record.machine or UNKNOWN,
}


def _option(key: str, record: RunRecord) -> str:
    """An option that one run's record lacks was not known to the code that made it."""
    return _said(key, record.options[key]) if key in record.options else UNKNOWN


def _said(key: str, value: Json) -> str:
    if value is None:
        return "as served" if key == "semantic_ratio" else "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def moment(text: str) -> str:
    """ISO 8601 as people read it, in UTC; what is no moment stays as it is."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return text or UNKNOWN
    if when.tzinfo is None:
        return when.strftime("%Y-%m-%d %H:%M")
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
