"""Histories of shoppers, a JSON object a line: ``{"user": "A1", "history": ["7", "9"], "target": "4"}``.

`history` is oldest first and may be cut off at its old end; `target` is what the user took next. The rows of a user
come in the order of time, so that they tell one trail between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from search.errors import DatasetError


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the file. At least one product in `history`."""

    user: str
    history: tuple[str, ...]
    target: str

    @property
    def whole(self) -> tuple[str, ...]:
        return (*self.history, self.target)


@dataclass(frozen=True, slots=True)
class Question:
    """What did they take after `history`? `target`."""

    user: str
    history: tuple[str, ...]
    target: str


def read_histories(path: Path, catalogue: Mapping[str, object]) -> tuple[Row, ...]:
    """Raises DatasetError with file and line, also for a product that the catalogue does not have."""
    rows = []
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                rows.append(_row(path, number, line, catalogue))
    if not rows:
        raise DatasetError(
            f'{path} holds no histories. Expected lines as {{"user": "A1", "history": ["7"], "target": "4"}}.'
        )
    return tuple(rows)


def trails_of(rows: Iterable[Row]) -> dict[str, tuple[str, ...]]:
    """One trail a user, oldest first, each step once: every row is laid over the end of what is known."""
    trails: dict[str, tuple[str, ...]] = {}
    for row in rows:
        trails[row.user] = joined(trails.get(row.user, ()), row.whole)
    return trails


def joined(known: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """`known` and after it what `more` has beyond their longest overlap; with no overlap one after the other.

    What stands in `known` already and does not go on from its end is an older row out of its turn, and adds nothing:
    else its target would be asked for with the answer in the history.
    """
    if known[-len(more) + 1 :] != more[:-1] and _within(more, known):
        return known
    for overlap in range(min(len(known), len(more)), 0, -1):
        if known[-overlap:] == more[:overlap]:
            return known + more[overlap:]
    return known + more


def last_steps(trails: Mapping[str, tuple[str, ...]]) -> tuple[dict[str, tuple[str, ...]], tuple[Question, ...]]:
    """Trails without their last step, and that step as a question; who has but one step teaches and is not asked."""
    rest = {user: trail[:-1] if len(trail) > 1 else trail for user, trail in trails.items()}
    asked = (Question(user, trail[:-1], trail[-1]) for user, trail in trails.items() if len(trail) > 1)
    return rest, tuple(asked)


def questions_of(rows: Sequence[Row], trails: Mapping[str, tuple[str, ...]]) -> tuple[Question, ...]:
    """A question for every row. A history that goes on where the user's trail in training ends is read after it: what
    the row cut off is known. Otherwise the row's own history is all that counts.
    """
    return tuple(Question(row.user, _extended(row.history, trails.get(row.user, ())), row.target) for row in rows)


def already_seen(rows: Sequence[Row], trails: Mapping[str, tuple[str, ...]]) -> int:
    """How many rows stand in the user's trail of training, target and all: asking them tells nothing."""
    return sum(_within(row.whole, trails.get(row.user, ())) for row in rows)


def _extended(history: tuple[str, ...], trail: tuple[str, ...]) -> tuple[str, ...]:
    for overlap in range(min(len(history), len(trail)), 0, -1):
        if trail[-overlap:] == history[:overlap]:
            return trail + history[overlap:]
    return history


def _within(part: tuple[str, ...], whole: tuple[str, ...]) -> bool:
    return any(whole[start : start + len(part)] == part for start in range(len(whole) - len(part) + 1))


def _row(path: Path, number: int, line: bytes, catalogue: Mapping[str, object]) -> Row:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise DatasetError(f"{path}, line {number}: not JSON: {error}") from error
    if not isinstance(found, dict):
        raise DatasetError(f"{path}, line {number}: not a JSON object")
    user, history, target = _id(found.get("user")), found.get("history"), _id(found.get("target"))
    if not user or not target or not isinstance(history, list) or not all(map(_id, history)):
        raise DatasetError(f"{path}, line {number}: expected user, history (a list of product ids) and target")
    if not history:
        raise DatasetError(f"{path}, line {number}: the history is empty; a row needs one product at least")
    row = Row(user, tuple(map(_id, history)), target)
    for product in row.whole:
        if product not in catalogue:
            raise DatasetError(f"{path}, line {number}: product '{product}' is not in the catalogue")
    return row


def _id(value: object) -> str:
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
