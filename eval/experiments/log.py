"""Reads the log of live experiments: files of JSON lines as search/experiments/records.py describes them.

Strict, like every reader here: a line that cannot be read raises with file and line, since a log that was misread names
the wrong winner. The one exception is the last line of a file that has no line break: a server that was cut off while
writing leaves such a line, so it is reported and skipped. Events whose value is larger than the server takes are
skipped and counted: older servers took them, and one such purchase would be all the revenue there is. Lines that were
written twice (a file shipped twice, a client that sent again) count once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from eval.experiments.arrays import Floats
from search.errors import ExperimentLogError
from search.events import Event
from search.experiments.records import MAX_VALUE, Impression, Record, Started, from_line


@dataclass(frozen=True, slots=True)
class ReadingNotes:
    """What was read and what was left out on the way. `torn` names files whose last line was cut off."""

    lines: int = 0
    other_experiments: tuple[str, ...] = ()
    duplicate_impressions: int = 0
    duplicate_events: int = 0
    oversized_events: int = 0
    torn: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Log:
    """One experiment. Impressions and events in order of time; their times in seconds since 1970, shape (n,) each.

    Events are those of the whole log, whatever search they came from: `attribution` sorts them out.
    """

    experiment: Started
    impressions: tuple[Impression, ...]
    impression_times: Floats
    events: tuple[Event, ...]
    event_times: Floats
    notes: ReadingNotes = ReadingNotes()

    def until(self, time: float) -> Log:
        """What had happened by then, that moment included."""
        shown = int(np.searchsorted(self.impression_times, time, side="right"))
        done = int(np.searchsorted(self.event_times, time, side="right"))
        return replace(
            self,
            impressions=self.impressions[:shown],
            impression_times=self.impression_times[:shown],
            events=self.events[:done],
            event_times=self.event_times[:done],
        )

    def without(self, shoppers: frozenset[str]) -> Log:
        """As if these shoppers had never searched; their events are left, and belong to no search any more."""
        kept = [i for i, one in enumerate(self.impressions) if one.shopper not in shoppers]
        return replace(
            self,
            impressions=tuple(self.impressions[i] for i in kept),
            impression_times=self.impression_times[kept],
        )


def log_files(paths: Iterable[Path]) -> list[Path]:
    """The files that are meant: of a folder its `*.jsonl`, by name. Raises ExperimentLogError where there are none."""
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise ExperimentLogError(f"There is no log {path}. Name files or folders that hold *.jsonl.")
        files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
        if not files:
            raise ExperimentLogError(f"The folder {path} holds no *.jsonl; has an experiment been served yet?")
        found |= dict.fromkeys(files)
    return list(found)


def read_log(paths: Iterable[Path], name: str | None = None, since: str | None = None) -> Log:
    """The experiment of that name, or the only one there is; with `since` (ISO 8601) only what happened from then on.

    Raises ExperimentLogError: for a line that cannot be read, several experiments and no name, one that changed on the
    way (other variants or shares: two experiments under one name), and where nobody saw it.
    """
    start = -math.inf if since is None else _since(since)
    held = _Collected(start)
    for path in log_files(paths):
        for number, record in _records(path, held.torn):
            held.add(path, number, record)
    chosen = _chosen(name, held.started, held.shown)
    experiment = _as_started(held.started[chosen], start)
    impressions = sorted(held.shown.get(chosen, {}).values(), key=lambda each: each[0])
    if not impressions:
        raise ExperimentLogError(
            f"Nobody saw the experiment '{chosen}'{'' if since is None else f' since {since}'}: the log has no "
            "impression of it."
        )
    _check_variants(experiment, (impression for _, impression in impressions))
    events = sorted(held.events.values(), key=lambda each: each[0])
    others = tuple(sorted((held.started.keys() | held.shown.keys()) - {chosen}))
    return Log(
        experiment,
        tuple(impression for _, impression in impressions),
        np.array([time for time, _ in impressions], dtype=np.float64),
        tuple(event for _, event in events),
        np.array([time for time, _ in events], dtype=np.float64),
        ReadingNotes(held.lines, others, held.twice_shown, held.twice_done, held.oversized, tuple(held.torn)),
    )


class _Collected:
    """What the files said so far, each thing once."""

    def __init__(self, start: float) -> None:
        self.start = start
        self.started: dict[str, list[_Dated]] = {}
        self.shown: dict[str, dict[tuple[str, int], tuple[float, Impression]]] = {}
        self.events: dict[tuple[str | None, ...], tuple[float, Event]] = {}
        self.lines = self.twice_shown = self.twice_done = self.oversized = 0
        self.torn: list[str] = []
        self.known: dict[str, str] = {}  # one string object for each id however often it comes

    def add(self, path: Path, number: int, record: Record) -> None:
        self.lines += 1
        time = _seconds(path, number, record.started if isinstance(record, Started) else record.timestamp)
        if isinstance(record, Started):
            self.started.setdefault(record.name, []).append(_Dated(time, record, f"{path}, line {number}"))
        elif isinstance(record, Impression):
            _check_impression(path, number, record)
            if time >= self.start:
                of_name = self.shown.setdefault(record.experiment, {})
                key = (record.query_id, record.offset)
                self.twice_shown += key in of_name
                of_name.setdefault(key, (time, _compact(record, self.known)))
        else:
            _check_event(path, number, record)
            if record.value is not None and abs(record.value) > MAX_VALUE:
                self.oversized += time >= self.start
            elif time >= self.start:
                told = (record.type, record.shopper, record.product, record.query_id, record.timestamp)
                event = told if record.id is None else (record.shopper, record.id)
                self.twice_done += event in self.events
                self.events.setdefault(event, (time, record))


# --- lines -----------------------------------------------------------------------------------------------------------


def _records(path: Path, torn: list[str]) -> Iterator[tuple[int, Record]]:
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                if not raw.strip():
                    continue
                try:
                    record = from_line(raw.decode("utf-8-sig"))
                except ValueError as error:  # also UnicodeDecodeError: a letter can be torn, too
                    if raw.endswith(b"\n"):
                        raise _error_at(path, number, f"this is no line of an experiment log: {error}") from error
                    torn.append(f"{path}, line {number}")
                    return
                yield number, record
    except OSError as error:
        raise ExperimentLogError(f"{path} cannot be read: {error.strerror or error}") from error


def _check_impression(path: Path, number: int, record: Impression) -> None:
    if record.teams and len(record.teams) != len(record.products):
        raise _error_at(path, number, f"{len(record.teams)} teams for {len(record.products)} products")
    if not record.query_id:
        raise _error_at(path, number, "an impression without its queryID: no event could be joined to it")
    if record.offset < 0:
        raise _error_at(path, number, f"offset {record.offset} is below 0")


def _check_event(path: Path, number: int, record: Event) -> None:
    if record.value is not None and not math.isfinite(record.value):
        raise _error_at(path, number, f"value {record.value} is not a finite number")


def _compact(record: Impression, known: dict[str, str]) -> Impression:
    def one(text: str) -> str:
        return known.setdefault(text, text)

    return replace(
        record,
        experiment=one(record.experiment),
        index=one(record.index),
        shopper=one(record.shopper),
        products=tuple(map(one, record.products)),
        variant=one(record.variant),
        teams=tuple(map(one, record.teams)),
    )


def _seconds(path: Path, number: int, text: str) -> float:
    try:
        return seconds_of(text)
    except ValueError as error:
        raise _error_at(path, number, f"'{text}' is no time; expected ISO 8601 as 2026-11-28T09:31:05Z") from error


def seconds_of(text: str) -> float:
    """Seconds since 1970 of a time in ISO 8601; one without a zone is taken as UTC. Raises ValueError."""
    time = datetime.fromisoformat(text)
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def _since(text: str) -> float:
    try:
        return seconds_of(text)
    except ValueError as error:
        raise ExperimentLogError(f"--since '{text}' is no time; expected ISO 8601 as 2026-11-28T09:31:05Z") from error


def _error_at(path: Path, number: int, problem: str) -> ExperimentLogError:
    return ExperimentLogError(f"{path}, line {number}: {problem}")


# --- which experiment, and what it was -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Dated:
    time: float
    record: Started
    where: str


def _chosen(name: str | None, started: dict[str, list[_Dated]], shown: Iterable[str]) -> str:
    names = sorted(started.keys() | set(shown))
    if not names:
        raise ExperimentLogError("The log holds no experiment, only events; is this the right folder?")
    if name is None and len(names) > 1:
        raise ExperimentLogError(f"The log holds {len(names)} experiments; choose with --name: {', '.join(names)}")
    chosen = names[0] if name is None else name
    if chosen not in names:
        raise ExperimentLogError(f"The log holds no experiment '{chosen}'; there are: {', '.join(names)}")
    if chosen not in started:
        raise ExperimentLogError(
            f"The log has impressions of '{chosen}' but not the line that says how it was set up (kind 'experiment'). "
            "That line stands where the server started to serve it: name the earlier files too."
        )
    return chosen


def _as_started(started: Sequence[_Dated], start: float) -> Started:
    """How it was set up, which every start of a server says again. Raises when it was not always the same."""
    in_order = sorted(started, key=lambda each: each.time)
    before = [each for each in in_order if each.time <= start]
    valid = before[-1:] + [each for each in in_order if each.time > start]
    first = valid[0]
    for other in valid[1:]:
        if replace(other.record, started=first.record.started) != first.record:
            raise ExperimentLogError(
                f"'{first.record.name}' changed on the way: {_in_words(first.record)} ({first.where}), then "
                f"{_in_words(other.record)} ({other.where}). Shoppers of both times must not be thrown together: a "
                f"changed experiment needs a new name. To look at the later one alone: --since {other.record.started}"
            )
    return first.record


def _in_words(record: Started) -> str:
    shares = ", ".join(f"{share.name} {share.weight:g}" for share in record.variants)
    return f"{record.method} of {shares} on '{record.index}'"


def _check_variants(experiment: Started, impressions: Iterable[Impression]) -> None:
    names = {share.name for share in experiment.variants}
    if len(names) < 2 or len(names) < len(experiment.variants):
        raise ExperimentLogError(f"'{experiment.name}' has no two variants of different names: nothing to compare.")
    for impression in impressions:
        split = experiment.method == "split"
        strange = ({impression.variant} if split else {team for team in impression.teams if team}) - names
        if strange:
            raise ExperimentLogError(
                f"The search {impression.query_id} of '{experiment.name}' names the variant '{min(strange)}'; the "
                f"experiment has: {', '.join(sorted(names))}"
            )
