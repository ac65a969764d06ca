"""Tasks on disk: order, crash recovery, replay positions."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from search.journal import Journal, TaskQuery


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path)


def _add(journal: Journal, index: str = "products") -> int:
    return journal.append(index, "documentAdditionOrUpdate", {"do": "put"}, {"receivedDocuments": 1}).uid


def _finish(journal: Journal, version: int = 1) -> int:
    found = journal.start_next()
    assert found is not None
    journal.succeed(found[0].uid, {"indexedDocuments": 1}, found[0].index, version)
    return found[0].uid


def test_oldest_first(journal: Journal) -> None:
    uids = [_add(journal) for _ in range(3)]
    assert [_finish(journal) for _ in uids] == uids
    assert journal.start_next() is None


def test_survives_the_process_and_repeats_what_was_interrupted(tmp_path: Path) -> None:
    first = Journal(tmp_path)
    uid = _add(first)
    assert first.start_next() is not None
    first.close()
    second = Journal(tmp_path)
    assert second.start_next() is None
    second.requeue_interrupted()
    found = second.start_next()
    assert found is not None
    assert (found[0].uid, found[1]) == (uid, {"do": "put"})


def test_states_of_a_task(journal: Journal) -> None:
    uid = _add(journal)
    task = journal.get(uid)
    assert task is not None
    assert (task.status, task.started_at, task.finished_at, task.error) == ("enqueued", None, None, None)
    found = journal.start_next()
    assert found is not None
    journal.fail(uid, {"receivedDocuments": 1}, {"message": "no", "code": "c", "type": "t", "link": ""})
    task = journal.get(uid)
    assert task is not None
    assert task.status == "failed"
    assert task.error == {"message": "no", "code": "c", "type": "t", "link": ""}
    assert task.started_at is not None
    assert task.finished_at is not None
    assert journal.get(99) is None


def test_only_later_successes_of_the_same_index_are_replayed(journal: Journal) -> None:
    first, second = _add(journal), _add(journal)
    other, failed, last = _add(journal, "other"), _add(journal), _add(journal)
    _finish(journal)
    _finish(journal)
    _finish(journal)
    assert journal.start_next() is not None
    journal.fail(failed, {}, {})
    _finish(journal)
    assert [task.uid for task, _ in journal.succeeded_after("products", 0)] == [first, second, last]
    assert [task.uid for task, _ in journal.succeeded_after("products", first)] == [second, last]
    assert [task.uid for task, _ in journal.succeeded_after("other", 0)] == [other]
    assert journal.last_done("products") == last
    assert journal.applied("products", 1) == last
    assert journal.applied("products", 2) == 0


def test_forgotten_payloads_are_not_replayed_but_can_be_looked_up(journal: Journal) -> None:
    uids = [_add(journal) for _ in range(3)]
    for _ in uids:
        _finish(journal)
    journal.forget_payloads("products", uids[1])
    assert [task.uid for task, _ in journal.succeeded_after("products", 0)] == [uids[2]]
    assert [task.uid for task in journal.find(TaskQuery(limit=10)).tasks] == uids[::-1]
    page = journal.find(TaskQuery(limit=1, start=uids[1], statuses=("succeeded",)))
    assert [task.uid for task in page.tasks] == [uids[1]]
    assert page.total == 3


def test_old_payloads_are_let_go_in_time(journal: Journal) -> None:
    uid = _add(journal)
    _finish(journal)
    journal.forget_older_than(timedelta(days=1))
    assert [task.uid for task, _ in journal.succeeded_after("products", 0)] == [uid]
    journal.forget_older_than(timedelta(seconds=-1))
    assert list(journal.succeeded_after("products", 0)) == []
