"""The bulk reindex over Qdrant Edge with a small encoder: what changes, what stays, what is refused, what resumes."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from fake_encoder import FakeEncoder

from indexer.catalogue import read_catalogue
from indexer.learning import learn
from indexer.problems import Problem
from indexer.progress import Progress
from indexer.reindex import EncoderSource, Job, Outcome, Reindexer, only_one_reindex
from indexer.verification import checksum
from search.calibration import Calibration
from search.domain import LANES, Compare, Document, SearchRequest
from search.engine import Engine
from search.errors import (
    EncoderError,
    IndexNotFound,
    ReindexError,
    ReindexRunning,
    ShrinkRefused,
    VerificationFailed,
)
from search.kinds import KindBook
from search.lanes import KINDS, LEXICON, TERMS, TermBook
from search.lexicon import Lexicon
from search.live import LiveIndexes
from search.protocols import Collection, Vectors
from search.protocols import Progress as Advance
from search.storage.edge import EdgeStore
from search.suggestions import ARTEFACT as SUGGESTIONS

pytestmark = pytest.mark.usefixtures("brief_calibration")

COLOURS = ["red", "blue", "green", "black", "white"]
THINGS = ["lamp", "kettle", "desk", "chair", "mug", "rug", "clock"]


def catalogue(count: int = 60) -> list[dict[str, Any]]:
    return [
        {
            "id": f"p{number}",
            "title": f"{COLOURS[number % 5]} {THINGS[number % 7]} model {number}",
            "description": f"A {THINGS[number % 7]} for every home, series {number // 7}.",
            "brand": ["Tarn", "Oak"][number % 2],
            "category": ["Home", THINGS[number % 7].title()],
            "price": 10 + number,
            "currency": "USD",
            "colour": COLOURS[number % 5],
        }
        for number in range(count)
    ]


class Counting(FakeEncoder):
    """Breaks after `fail_after` texts."""

    def __init__(self, name: str = "one", fail_after: int | None = None) -> None:
        super().__init__(name=name)
        self.fail_after = fail_after

    def encode_documents(self, texts: Sequence[str], progress: Advance | None = None) -> Vectors:
        if self.fail_after is not None and self.encoded + len(texts) > self.fail_after:
            raise EncoderError("the plug was pulled")
        return super().encode_documents(texts, progress)


class Shop:
    """A data folder, a catalogue file, and the command to reindex it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = EdgeStore(folder / "data")
        self.problems: list[Problem] = []

    def reindex(self, rows: list[dict[str, Any]], encoder: Counting | None = None, **options: bool) -> Outcome:
        file = self.folder / "catalogue.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        used = encoder or Counting()
        source = EncoderSource(used.card.files, lambda: used)
        runner = Reindexer(self.store, source, self.folder / "data", Progress(quiet=True))
        self.problems = []
        job = Job("products", (str(file),), **options)
        return runner.run(job, read_catalogue([str(file)], None), self.problems.append)

    def documents(self) -> dict[str, Document]:
        return self._look(lambda live: {point.product_id: point.document for point in live.scroll(vectors=False)})

    def checksum(self) -> str:
        return str(self._look(checksum))

    def artefacts(self) -> dict[str, bytes | None]:
        found: dict[str, bytes | None] = self._look(
            lambda live: {name: live.artefact(name) for name in (TERMS, KINDS, LEXICON, SUGGESTIONS)}
        )
        return found

    def kinds(self) -> KindBook:
        return KindBook.from_bytes(self.artefacts()[KINDS] or b"")

    def _look(self, at: Callable[[Collection], Any]) -> Any:
        live = self.store.open("products", snapshot=True)
        try:
            return at(live)
        finally:
            live.close()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def counts(outcome: Outcome) -> tuple[int, int, int, int, int, int]:
    return (
        outcome.version, outcome.read, outcome.indexed, outcome.unchanged, outcome.removed, outcome.encoded,
    )  # fmt: skip


def test_first_run_indexes_everything(shop: Shop) -> None:
    outcome = shop.reindex(catalogue())
    assert counts(outcome) == (1, 60, 60, 0, 0, 60)
    assert shop.documents()["p3"] == {**catalogue()[3], "price": 13.0}
    manifest = shop.store.state("products").live
    assert manifest.products == 60
    assert manifest.fields["colour"] == "text"
    assert manifest.fields["price"] == "number"


def test_an_unchanged_catalogue_encodes_nothing_learns_nothing_and_builds_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.reindex(catalogue())

    def nothing_to_learn(*_: object) -> None:
        raise AssertionError("nothing has changed")

    monkeypatch.setattr("indexer.reindex.learn", nothing_to_learn)
    monkeypatch.setattr("indexer.reindex.calibrated", nothing_to_learn)
    encoder = Counting()
    assert counts(shop.reindex(catalogue(), encoder)) == (1, 60, 0, 60, 0, 0)
    assert encoder.encoded == 0


def test_a_new_price_rewrites_the_payload_and_encodes_nothing(shop: Shop) -> None:
    shop.reindex(catalogue())
    rows = catalogue()
    rows[7]["price"] = 99.5
    encoder = Counting()
    assert counts(shop.reindex(rows, encoder)) == (2, 60, 1, 59, 0, 0)
    assert encoder.encoded == 0, "the kinds are the same, and their vectors are there"
    assert shop.documents()["p7"]["price"] == 99.5


def test_a_new_title_encodes_that_product_alone(shop: Shop) -> None:
    shop.reindex(catalogue())
    rows = catalogue()
    rows[7]["title"] = "velvet armchair"
    assert counts(shop.reindex(rows)) == (2, 60, 1, 59, 0, 1)


def test_removed_products_go_and_new_ones_come(shop: Shop) -> None:
    shop.reindex(catalogue())
    assert counts(shop.reindex(catalogue(65)[10:])) == (2, 55, 5, 50, 10, 5)
    assert set(shop.documents()) == {f"p{number}" for number in range(10, 65)}


def test_an_incremental_index_equals_a_clean_one(shop: Shop, tmp_path: Path) -> None:
    shop.reindex(catalogue())
    rows = catalogue(70)[5:]
    rows[3]["title"] = "something else"
    rows[4]["price"] = 1
    shop.reindex(rows)
    clean = Shop(tmp_path / "clean")
    clean.folder.mkdir()
    clean.reindex(rows)
    assert shop.checksum() == clean.checksum()
    assert shop.artefacts() == clean.artefacts()
    assert shop.store.state("products").live.calibration == clean.store.state("products").live.calibration


def test_full_encodes_everything_again(shop: Shop) -> None:
    shop.reindex(catalogue())
    assert counts(shop.reindex(catalogue(), full=True)) == (2, 60, 60, 0, 0, 60)


def test_dry_run_changes_nothing(shop: Shop) -> None:
    shop.reindex(catalogue())
    encoder = Counting()
    assert counts(shop.reindex(catalogue(80), encoder, dry_run=True)) == (1, 80, 20, 60, 0, 0)
    assert encoder.encoded == 0
    assert len(shop.documents()) == 60
    with pytest.raises(IndexNotFound):
        Shop(shop.folder / "other").store.state("products")


def test_half_a_catalogue_is_refused_unless_allowed(shop: Shop) -> None:
    shop.reindex(catalogue())
    with pytest.raises(ShrinkRefused, match="--allow-shrink"):
        shop.reindex(catalogue(29))
    assert len(shop.documents()) == 60
    assert counts(shop.reindex(catalogue(29), allow_shrink=True)) == (2, 29, 0, 29, 31, 0)


def test_a_catalogue_without_products_is_refused(shop: Shop) -> None:
    shop.reindex(catalogue())
    with pytest.raises(ReindexError, match="None of the 1 rows"):
        shop.reindex([{"id": "x", "title": "<br>"}], allow_shrink=True)
    assert len(shop.documents()) == 60


def test_every_row_is_accounted_for(shop: Shop) -> None:
    rows = catalogue(10)
    rows[2]["title"] = ""
    rows[3]["id"] = "p4"
    rows[5]["price"] = "call us"
    outcome = shop.reindex(rows)
    assert (outcome.read, outcome.indexed, outcome.unchanged, outcome.rejected) == (10, 8, 0, 2)
    assert outcome.warnings == 1
    assert [(p.line, p.severity) for p in shop.problems] == [(3, "rejected"), (5, "rejected"), (6, "warning")]
    assert "price" not in shop.documents()["p5"]


def test_an_interrupted_run_keeps_what_it_encoded_and_ends_the_same(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.reindex.ENCODE_BLOCK", 8)
    with pytest.raises(EncoderError):
        shop.reindex(catalogue(), Counting(fail_after=30))
    with pytest.raises(IndexNotFound):
        shop.store.state("products")
    encoder = Counting()
    assert counts(shop.reindex(catalogue(), encoder)) == (1, 60, 60, 0, 0, 60 - 24)
    assert encoder.encoded == 60 - 24 + len(shop.kinds().kinds)
    clean = Shop(tmp_path / "clean")
    clean.folder.mkdir()
    clean.reindex(catalogue())
    assert shop.checksum() == clean.checksum()
    assert shop.artefacts() == clean.artefacts()


def test_vectors_of_an_interrupted_run_with_another_encoder_are_not_used(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.reindex.ENCODE_BLOCK", 8)
    with pytest.raises(EncoderError):
        shop.reindex(catalogue(), Counting(fail_after=30))
    assert shop.reindex(catalogue(), Counting("other")).encoded == 60


def test_another_encoder_rebuilds_everything(shop: Shop) -> None:
    shop.reindex(catalogue())
    outcome = shop.reindex(catalogue(), Counting("other"))
    assert (outcome.version, outcome.encoded) == (2, 60)
    assert shop.store.state("products").live.encoder.same_space(Counting("other").card)


def test_a_failed_verification_leaves_the_live_version(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.reindex(catalogue())

    def fail(*_: object) -> None:
        raise VerificationFailed("it is wrong")

    monkeypatch.setattr("indexer.reindex.verify", fail)
    with pytest.raises(VerificationFailed):
        shop.reindex(catalogue(70))
    assert shop.store.state("products").live.version == 1
    assert len(shop.documents()) == 60
    monkeypatch.undo()
    assert shop.reindex(catalogue(70)).version > 1
    assert len(shop.documents()) == 70


def test_two_runs_at_once_one_says_so(shop: Shop) -> None:
    with only_one_reindex(shop.folder / "data", "products"), pytest.raises(ReindexRunning, match="Another process"):
        shop.reindex(catalogue())
    assert shop.reindex(catalogue()).version == 1


def test_the_previous_version_is_kept_and_can_be_live_again(shop: Shop) -> None:
    shop.reindex(catalogue())
    shop.reindex(catalogue(70))
    shop.reindex(catalogue(80))
    state = shop.store.state("products")
    assert state.previous is not None
    assert (state.live.products, state.previous.products) == (80, 70)
    shop.store.publish("products", state.previous.version)
    assert len(shop.documents()) == 70
    assert shop.reindex(catalogue(80)).unchanged == 70


def test_a_version_keeps_what_was_learnt_from_its_catalogue(shop: Shop) -> None:
    """Read here from a snapshot, as evaluation does."""
    shop.reindex(catalogue())
    kept = shop.artefacts()
    assert all(kept.values())
    book = TermBook.from_bytes(kept[TERMS] or b"")
    assert (book.products, book.count("lamp")) == (60, 9)
    assert {"lamp", "kettle"} <= {kind.words for kind in shop.kinds().kinds}
    assert Lexicon.from_bytes(kept[LEXICON] or b"") is not None
    manifest = shop.store.state("products").live
    assert manifest.lanes == LANES
    calibration = Calibration.from_json(manifest.calibration)
    assert all(0 < calibration.nothing(language) < calibration.weak(language) for language in ("en", "zh"))


def test_each_version_has_its_own(shop: Shop) -> None:
    shop.reindex(catalogue(20))
    before = shop.artefacts()
    shop.reindex([row | {"title": row["title"].replace("lamp", "torch")} for row in catalogue(20)])
    assert TermBook.from_bytes(before[TERMS] or b"").count("torch") == 0
    assert TermBook.from_bytes(shop.artefacts()[TERMS] or b"").count("torch") == 3
    shop.store.publish("products", 1)
    assert shop.artefacts() == before


@pytest.mark.parametrize("step", ["learn", "calibrated"])
def test_a_run_that_ends_while_it_learns_leaves_the_live_version(
    shop: Shop, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.reindex(catalogue(20))

    def stop(*_: object) -> None:
        raise EncoderError("the plug was pulled")

    monkeypatch.setattr(f"indexer.reindex.{step}", stop)
    with pytest.raises(EncoderError):
        shop.reindex(catalogue(30))
    assert (shop.store.state("products").live.version, len(shop.documents())) == (1, 20)
    monkeypatch.undo()
    encoder = Counting()
    again = shop.reindex(catalogue(30), encoder)
    assert (again.encoded, len(shop.documents())) == (0, 30), "the vectors of the run before were kept"


def test_a_version_that_learnt_in_another_way_or_nothing_is_built_anew_and_encodes_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was learnt where the products came as documents, and the catalogue may have the very same."""
    monkeypatch.setattr("indexer.reindex.LEARNING", "")
    monkeypatch.setattr("indexer.reindex.learn", lambda *given: dataclasses.replace(learn(*given), artefacts={}))
    shop.reindex(catalogue(20))
    assert not any(shop.artefacts().values())
    monkeypatch.undo()
    outcome = shop.reindex(catalogue(20))
    assert (outcome.version, outcome.encoded) == (2, 0)
    assert all(shop.artefacts().values())
    assert shop.reindex(catalogue(20)).version == 2


def test_the_engine_finds_what_was_indexed(shop: Shop) -> None:
    shop.reindex(catalogue())
    encoder = Counting()
    engine = Engine(shop.store, encoder, LiveIndexes(shop.store, encoder.card, snapshot=True))
    try:
        result = engine.search(
            "products", SearchRequest("blue kettle", filter=Compare("price", "<", 40), facets=("colour",))
        )
        assert result.hits
        assert "blue" in result.hits[0].document["title"]
        assert "kettle" in result.hits[0].document["title"]
        assert all(hit.document["price"] < 40 for hit in result.hits)
        assert sum(result.facets["colour"].values()) == result.total
        assert set(result.hits[0].parts) == {"semantic", "lexical", "kind"}
        assert result.degraded == ()
        understood = engine.search("products", SearchRequest("blue kettle under $40", limit=100))
        assert understood.hits
        assert all(hit.document["price"] < 40 for hit in understood.hits)
        assert engine.search("products", SearchRequest("p17")).hits[0].document["id"] == "p17"
    finally:
        engine.close()
