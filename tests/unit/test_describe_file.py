"""The file of descriptions: what is in it is not asked for again, torn lines are healed, other files left alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from fake_language_model import FakeLanguageModel

from indexer.describe.file import Line, appending, hash_of, heal, written
from indexer.describe.writing import Job, Tally, own_language, write
from search.errors import DescriptionError, LanguageModelBusy, LanguageModelRefused

LAMPS: list[Mapping[str, Any]] = [
    {"id": str(number), "title": f"Desk lamp {number}", "colour": "red", "price": 20.0 + number, "currency": "USD"}
    for number in range(5)
]


def line(product: str = "1", text: str = "The lamp is red.") -> Line:
    return Line(product, "description", "en", text, [], "fake-1", "abc")


def put(file: Path, *lines: Line) -> None:
    with appending(file) as keep:
        for one in lines:
            keep(one)


def run(model: FakeLanguageModel, file: Path, products: list[Mapping[str, Any]] = LAMPS, **job: Any) -> Tally:
    tally = Tally()
    wanted = Job(**{"kind": "description", "language": None, "out": file} | job)
    write(model, products, wanted, tally, lambda _: None, lambda _: None)
    return tally


def lines(file: Path) -> list[dict[str, Any]]:
    return [orjson.loads(raw) for raw in file.read_bytes().splitlines()]


def saying(data: Any) -> str:
    return f"{data['product']['title']} is red. It is waterproof."


def test_a_line_comes_back_as_it_went_in(tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    put(file, line("1"), line("2", ""), line("1", "Newer."))
    assert {one.id: one.text for one in written(file).values()} == {"1": "Newer."}
    assert written(tmp_path / "none.jsonl") == {}


@pytest.mark.parametrize("torn", [b'{"id": "3", "ki', b'{"id":"3","kind":"description","lang', b"\xe5\xa3"])
def test_a_torn_last_line_is_taken_away(tmp_path: Path, torn: bytes) -> None:
    file = tmp_path / "out.jsonl"
    put(file, line("1"))
    whole = file.read_bytes()
    file.write_bytes(whole + torn)
    heal(file)
    assert file.read_bytes() == whole


def test_a_whole_last_line_without_its_end_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    put(file, line("1"), line("2"))
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    heal(file)
    assert file.read_bytes() == whole


@pytest.mark.parametrize("held", [b"id,title\n1,Lamp\n", b'{"id": "1", "title": "Lamp"}\n{"id', b"a letter to my aunt"])
def test_other_peoples_files_are_left_alone(tmp_path: Path, held: bytes) -> None:
    file = tmp_path / "catalogue.jsonl"
    file.write_bytes(held)
    with pytest.raises(DescriptionError, match="Choose another --out"):
        run(FakeLanguageModel(saying), file)
    assert file.read_bytes() == held


def test_a_file_that_cannot_be_written_is_told_before_anything_is_paid_for(tmp_path: Path) -> None:
    model = FakeLanguageModel(saying)
    with pytest.raises(DescriptionError, match="cannot be read or written"):
        run(model, tmp_path / "no folder" / "out.jsonl")
    assert model.asked == []


def test_every_change_of_a_product_is_another_hash() -> None:
    assert hash_of({"id": "1", "a": 1}) == hash_of({"a": 1, "id": "1"})
    assert hash_of({"id": "1", "a": 1}) != hash_of({"id": "1", "a": 2})


@pytest.mark.parametrize("parallel", [1, 3])
def test_what_is_there_is_passed_over_and_what_changed_is_not(tmp_path: Path, parallel: int) -> None:
    file, model = tmp_path / "out.jsonl", FakeLanguageModel(saying)
    first = run(model, file, parallel=parallel)
    assert (first.written, first.kept, first.dropped) == (5, 0, 5)
    assert [one["id"] for one in lines(file)] == ["0", "1", "2", "3", "4"]
    assert lines(file)[0]["text"] == "Desk lamp 0 is red."
    assert [one["sentence"] for one in lines(file)[0]["dropped"]] == ["It is waterproof."]
    again = run(model, file, parallel=parallel)
    assert (again.written, again.kept, len(model.asked)) == (0, 5, 5)
    changed = [{**LAMPS[0], "price": 1.0}, *LAMPS[1:]]
    assert run(model, file, changed).written == 1
    assert run(model, file, kind="advert").written == 5
    assert run(FakeLanguageModel(saying, name="other"), file).written == 5
    assert run(FakeLanguageModel(lambda _: "这盏灯是红色的。"), file, language="zh").kept == 0


def test_what_had_nothing_grounded_is_asked_again(tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    first = run(FakeLanguageModel(lambda _: "It cures gout."), file)
    assert first.ungrounded == ["0", "1", "2", "3", "4"]
    assert {one["text"] for one in lines(file)} == {""}
    assert run(FakeLanguageModel(saying), file).written == 5
    assert run(FakeLanguageModel(saying), file).kept == 5


def test_a_refused_product_stops_nothing_and_five_in_a_row_do(tmp_path: Path) -> None:
    def picky(data: Any) -> str:
        if data["product"]["title"].endswith("2"):
            raise LanguageModelRefused("too rude")
        return saying(data)

    tally = run(FakeLanguageModel(picky), tmp_path / "a.jsonl")
    assert (tally.written, tally.refused) == (4, ["2"])

    def never(_: Any) -> str:
        raise LanguageModelRefused("no")

    with pytest.raises(LanguageModelRefused, match="5 requests in a row"):
        run(FakeLanguageModel(never), tmp_path / "b.jsonl", [*LAMPS, *LAMPS])


@pytest.mark.parametrize("error", [LanguageModelBusy("down"), KeyboardInterrupt()])
def test_whatever_stops_it_answers_under_way_are_kept(tmp_path: Path, error: BaseException) -> None:
    file = tmp_path / "out.jsonl"

    def until_three(data: Any) -> str:
        if data["product"]["title"].endswith("3"):
            raise error
        return saying(data)

    with pytest.raises(type(error)):
        run(FakeLanguageModel(until_three), file, parallel=2)
    kept = {one["id"] for one in lines(file)}
    assert {"0", "1", "2"} <= kept
    assert "3" not in kept
    assert run(FakeLanguageModel(saying), file).kept == len(kept)


def test_who_interrupts_twice_waits_for_nothing(tmp_path: Path) -> None:
    closed = threading.Event()

    class Hanging(FakeLanguageModel):
        def close(self) -> None:
            closed.set()

    def hang(data: Any) -> str:
        if data["product"]["title"].endswith("0"):
            raise LanguageModelBusy("down")
        closed.wait(30)
        raise LanguageModelBusy("closed")

    def again(told: str) -> None:
        assert "Ctrl-C" in told
        raise KeyboardInterrupt

    job = Job("description", None, tmp_path / "out.jsonl", parallel=2)
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        write(Hanging(hang), LAMPS, job, Tally(), lambda _: None, again)
    assert time.monotonic() - begun < 20


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which Linux has")
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    file.symlink_to("/dev/full")
    with pytest.raises(DescriptionError, match="No space left on device"):
        put(file, line())


def test_a_line_of_which_the_disk_took_a_part_is_told_and_mended(tmp_path: Path) -> None:
    # A limit on the size of files acts as a disk that fills up: a part is taken first. (Python ignores its signal.)
    resource = pytest.importorskip("resource")
    file = tmp_path / "out.jsonl"
    put(file, line("1"))
    whole, before = file.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 20, before[1]))
    try:
        with pytest.raises(DescriptionError):
            put(file, line("2"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert file.stat().st_size == len(whole) + 20
    heal(file)
    assert file.read_bytes() == whole


@pytest.mark.parametrize(
    ("document", "language"),
    [
        ({"title": "Lamp"}, "en"),
        ({"title": "台灯"}, "zh"),
        ({"title": "Lamp", "language": "zh-CN"}, "zh"),
        ({"title": "台灯", "language": "en"}, "en"),
        ({"title": "Lampe", "language": "fr"}, "en"),
    ],
)
def test_a_products_own_language(document: dict[str, str], language: str) -> None:
    assert own_language(document) == language
