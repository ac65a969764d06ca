"""The reader of experiment logs: strict with file and line, tolerant of one torn last line, everything once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eval.experiments.log import log_files, read_log, seconds_of
from search.errors import ExperimentLogError

START = {
    "kind": "experiment", "name": "ratio", "index": "products", "method": "split", "started": "2026-11-28T09:00:00Z",
    "variants": [{"name": "now", "weight": 0.5}, {"name": "words", "weight": 0.5}],
}  # fmt: skip


def page(query: str, **changed: Any) -> dict[str, Any]:
    return {
        "kind": "impression", "queryID": query, "experiment": "ratio", "index": "products", "shopper": "s1",
        "offset": 0,
        "products": ["a", "b"], "variant": "now", "teams": [], "timestamp": "2026-11-28T09:31:05.120Z",
    } | changed  # fmt: skip


def event(query: str | None, product: str, **changed: Any) -> dict[str, Any]:
    return {
        "kind": "event", "type": "click", "shopper": "s1", "product": product, "queryID": query, "position": 1,
        "value": None, "timestamp": "2026-11-28T09:31:09.800Z",
    } | changed  # fmt: skip


def write(path: Path, *lines: dict[str, Any] | str) -> Path:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def test_a_folder_is_read_in_order_of_time_whatever_the_files(tmp_path: Path) -> None:
    write(tmp_path / "b.jsonl", START, page("q1"))
    write(tmp_path / "a.jsonl", event("q1", "a"), page("q0", timestamp="2026-11-28T09:30:00+00:00"), "")
    (tmp_path / ".lock").write_text("no log")
    log = read_log([tmp_path])
    assert [impression.query_id for impression in log.impressions] == ["q0", "q1"]
    assert log.impression_times.tolist() == [seconds_of("2026-11-28T09:30:00Z"), seconds_of("2026-11-28T09:31:05.12Z")]
    assert [(one.query_id, one.product) for one in log.events] == [("q1", "a")]
    assert (log.notes.lines, log.notes.torn) == (4, ())
    assert log.experiment.variants[1].name == "words"
    assert log_files([tmp_path, tmp_path / "a.jsonl"]) == [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]


@pytest.mark.parametrize("end", ['{"kind": "event", "ty', '{"kind": "event", "type": "click", "shopper": "\xe9'])
def test_a_last_line_that_was_cut_off_is_skipped_and_named(tmp_path: Path, end: str) -> None:
    file = write(tmp_path / "a.jsonl", START, page("q1"))
    file.write_bytes(file.read_bytes() + end.encode()[:-1])
    log = read_log([file])
    assert log.notes.torn == (f"{file}, line 3",)
    assert len(log.impressions) == 1


def test_values_that_no_server_takes_any_more_are_skipped_and_counted(tmp_path: Path) -> None:
    """Two purchases of 1e308 would add up to infinity."""
    sold = [event("q1", "a", type="purchase", value=value, position=n) for n, value in enumerate((1e9, 1e308, 1.1e9))]
    times = [f"2026-11-28T09:3{n}:00Z" for n in range(3)]
    file = write(
        tmp_path / "a.jsonl", START, page("q1"), *(one | {"timestamp": t} for one, t in zip(sold, times, strict=True))
    )
    log = read_log([file])
    assert [one.value for one in log.events] == [1e9]
    assert log.notes.oversized_events == 2
    assert read_log([file], since="2026-11-28T09:31:02Z").notes.oversized_events == 1


def test_a_whole_last_line_without_a_line_break_counts(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(f"{json.dumps(START)}\n{json.dumps(page('q1'))}")
    log = read_log([file])
    assert (len(log.impressions), log.notes.torn) == (1, ())


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "this is no line of an experiment log"),
        ('{"kind": "purchase"}', "kind is one of experiment, impression, event"),
        (page("q2", timestamp="yesterday"), "'yesterday' is no time"),
        (page("q2", teams=["now"]), "1 teams for 2 products"),
        (page("", shopper="s1"), "without its queryID"),
        (page("q2", offset=-1), "below 0"),
        (event("q1", "a", value=float("inf")), "not a finite number"),
        ({"kind": "impression", "queryID": "q2"}, "lacks a field"),
    ],
)
def test_any_other_bad_line_is_refused_with_file_and_line(tmp_path: Path, line: Any, problem: str) -> None:
    file = write(tmp_path / "a.jsonl", START, page("q1"), line, event("q1", "a"))
    with pytest.raises(ExperimentLogError, match=f"a.jsonl, line 3: .*{problem}"):
        read_log([file])


def test_what_was_written_twice_counts_once(tmp_path: Path) -> None:
    lines = [page("q1"), page("q1", offset=2), event("q1", "a"), event("q1", "a", timestamp="2026-11-28T09:31:10Z")]
    log = read_log([write(tmp_path / "a.jsonl", START, *lines), write(tmp_path / "b.jsonl", START, *lines)])
    assert (len(log.impressions), log.notes.duplicate_impressions) == (2, 2)
    assert (len(log.events), log.notes.duplicate_events) == (2, 2)


def test_an_experiment_is_chosen_by_name(tmp_path: Path) -> None:
    other = START | {"name": "filter"}
    file = write(tmp_path / "a.jsonl", START, other, page("q1"), page("q2", experiment="filter"))
    with pytest.raises(ExperimentLogError, match="2 experiments; choose with --name: filter, ratio"):
        read_log([file])
    assert read_log([file], "filter").notes.other_experiments == ("ratio",)
    with pytest.raises(ExperimentLogError, match="no experiment 'none'; there are: filter, ratio"):
        read_log([file], "none")


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([event("q", "a")], "holds no experiment, only events"),
        ([START], "Nobody saw the experiment 'ratio'"),
        ([page("q1")], "not the line that says how it was set up"),
        ([START, page("q1", variant="meaning")], "names the variant 'meaning'; the experiment has: now, words"),
        ([START | {"variants": START["variants"][:1]}, page("q1")], "no two variants"),  # type: ignore[index]
    ],
)
def test_logs_that_say_too_little(tmp_path: Path, lines: list[dict[str, Any]], problem: str) -> None:
    with pytest.raises(ExperimentLogError, match=problem):
        read_log([write(tmp_path / "a.jsonl", *lines)])


def test_an_experiment_that_changed_is_two(tmp_path: Path) -> None:
    again = START | {"started": "2026-11-28T10:00:00Z"}
    changed = again | {
        "started": "2026-11-29T00:00:00Z",
        "variants": [{"name": "now", "weight": 0.9}, {"name": "words", "weight": 0.1}],
    }
    late = page("q9", timestamp="2026-11-30T00:00:00Z")
    assert read_log([write(tmp_path / "a.jsonl", START, again, page("q1"))]).experiment.started == START["started"]
    file = write(tmp_path / "b.jsonl", START, again, page("q1"), changed, late)
    with pytest.raises(ExperimentLogError, match=r"changed on the way.*now 0.5.*now 0.9.*--since 2026-11-29T00:00:00Z"):
        read_log([file])
    log = read_log([file], since="2026-11-29T00:00:00Z")
    assert [impression.query_id for impression in log.impressions] == ["q9"]
    assert log.experiment.variants[0].weight == 0.9
    with pytest.raises(ExperimentLogError, match="--since 'then' is no time"):
        read_log([file], since="then")


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    with pytest.raises(ExperimentLogError, match="There is no log"):
        read_log([tmp_path / "none"])
    with pytest.raises(ExperimentLogError, match="holds no"):
        read_log([tmp_path])
