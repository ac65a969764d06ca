"""The quality gate over whole reindexes of the demo shop's judged products: what it lets pass, what it refuses."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from commands import DEMO, DEMO_FILES
from fake_encoder import FakeEncoder
from stores import make

from eval.metrics import evaluate, parse_metric
from eval.qrels import read_qrels, read_run
from eval.record import read_record
from indexer.__main__ import main
from indexer.catalogue import read_catalogue
from indexer.gate.file import read_gate
from indexer.gate.gate import Gate
from indexer.progress import Progress
from indexer.reindex import EncoderSource, Job, Outcome, Reindexer
from indexer.verification import checksum
from search import documents
from search.bootstrap import load_encoder
from search.domain import EncoderCard, SearchRequest
from search.engine import Engine
from search.errors import EncoderNotFound, GateRefused, IndexNotFound
from search.live import LiveIndexes
from search.protocols import Encoder, VectorStore
from search.settings import Settings
from search.writing import prepare

pytestmark = pytest.mark.usefixtures("brief_calibration")

DEPARTMENTS = ("kt", "hm", "el")
"""Kitchen, home and electronics of the demo shop: 12 queries. All of them would take minutes."""

ONE_CHECK = 'queries = "queries.tsv"\nqrels = "qrels.tsv"\n'


def lines_of(file: str) -> list[str]:
    lines = (DEMO / file).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith(DEPARTMENTS)]


def judged_products() -> list[dict[str, Any]]:
    """The products of the demo shop that a query of these departments is judged for."""
    judged = {line.split()[2] for line in lines_of("qrels.tsv")}
    rows = [json.loads(line) for file in DEMO_FILES for line in Path(file).read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row["id"] in judged]


ROWS = judged_products()


def shuffled_titles(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    titles = [row["title"] for row in rows]
    random.Random(1).shuffle(titles)
    return [row | {"title": title} for row, title in zip(rows, titles, strict=True)]


class Heard(Progress):
    """Keeps what was said."""

    def __init__(self) -> None:
        super().__init__(quiet=True)
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


class Shop:
    """A catalogue and its judged queries, the command to reindex, and the encoders that can still be had."""

    def __init__(self, folder: Path, store: VectorStore) -> None:
        self.folder, self.store = folder, store
        self.encoder: Encoder = FakeEncoder(dimension=1024)
        self.older: list[Encoder] = []
        self.heard = Heard()
        for name in ("queries.tsv", "qrels.tsv"):
            (folder / name).write_text("".join(f"{line}\n" for line in lines_of(name)), encoding="utf-8")

    def reindex(self, rows: list[dict[str, Any]], gate: str = "", runs: Path | None = None, **options: bool) -> Outcome:
        file = self.folder / "catalogue.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        self.heard.lines.clear()
        source = EncoderSource(self.encoder.card.files, lambda: self.encoder)
        runner = Reindexer(self.store, source, self.folder / "data", self.heard)
        job = Job("products", (str(file),), **options)
        return runner.run(
            job, read_catalogue([str(file)], None), lambda _: None, self.gate(gate, runs) if gate else None
        )  # fmt: skip

    def gate(self, text: str, runs: Path | None) -> Gate:
        file = self.folder / "gate.toml"
        file.write_text(text, encoding="utf-8")
        settings = Settings(data_dir=self.folder / "data")
        return Gate(read_gate(file), self.store, settings, self.heard, self._find, runs)

    def _find(self, card: EncoderCard) -> EncoderSource:
        found = {one.card.model: one for one in self.older}.get(card.model)
        if found is None:
            raise EncoderNotFound("it is not here")
        return EncoderSource(found.card.files, lambda: found)

    def serving(self) -> Engine:
        """As the one serving process has it: with the live version open for itself alone."""
        return Engine(self.store, self.encoder, LiveIndexes(self.store, self.encoder.card))

    def checksum(self) -> str:
        live = self.store.open("products", snapshot=True)
        try:
            return checksum(live)
        finally:
            live.close()


def first(engine: Engine) -> str:
    return str(engine.search("products", SearchRequest("pour over coffee kettle")).hits[0].document["title"])


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """An empty shop, over what stands for a server: the quickest to build."""
    store, close = make("local", tmp_path)
    yield Shop(tmp_path, store)
    close()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("steady")
    store, close = make("local", folder)
    shop = Shop(folder, store)
    shop.reindex(ROWS)
    yield shop
    close()


@pytest.fixture
def steady(built: Shop) -> Iterator[Shop]:
    """A shop with one version, which many tests share: whatever they try is refused, so they must leave it as it is."""
    before, encoder = built.checksum(), built.encoder
    yield built
    built.encoder, built.older = encoder, []
    assert built.store.state("products").live.version == 1
    assert built.store.next_version("products") == 2
    assert built.checksum() == before


@pytest.fixture(params=["edge", "local"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    """A shop over the engine in this process, and over what stands for a server."""
    store, close = make(request.param, tmp_path / "data")
    yield Shop(tmp_path, store)
    close()


def broken(patch: pytest.MonkeyPatch) -> None:
    """A slip in the recipe: each product has the title of another, in its document and in the text of its vector."""
    wrong = {row["id"]: row["title"] for row in shuffled_titles(ROWS)}
    patch.setattr("indexer.reindex.prepare", lambda product: prepare(replace(product, title=wrong[product.id])))
    patch.setattr("indexer.reindex.RECIPE", "titles-shuffled/1")


def test_a_broken_recipe_is_refused_and_a_rerun_of_the_true_one_passes(
    kept: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.reindex(ROWS)
    served = kept.serving()
    before, title = kept.checksum(), first(served)
    with monkeypatch.context() as patch:
        broken(patch)
        with pytest.raises(GateRefused, match=r"ndcg@10 [^\n]* it fell significantly") as refused:
            kept.reindex(ROWS, ONE_CHECK)
    said = str(refused.value)
    assert "Version 1 goes on answering searches" in said
    assert "128 products, 127 of them new or changed; 0 gone. Other recipe of texts" in said
    assert "the queries that fell most" in said
    state = kept.store.state("products")
    assert (state.live.version, state.previous) == (1, None)
    served.refresh()
    assert (kept.checksum(), first(served)) == (before, title)
    assert kept.store.next_version("products") == 2, "nothing of the refused version is left"

    again = kept.reindex(ROWS, ONE_CHECK, full=True)
    assert (again.version, again.encoded) == (2, 128)
    assert kept.heard.lines[-2].startswith("Gate passed: ndcg@10 ")
    assert "(+0.0000, p = 1.000; 12 queries, 0 better, 0 worse)" in kept.heard.lines[-2]
    served.refresh()
    assert served.stats("products").manifest.version == 2
    assert (kept.checksum(), first(served)) == (before, title)
    served.close()


def test_a_slip_in_the_embedded_text_alone_is_seen_by_a_check_by_meaning(
    steady: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {row["id"]: row["title"] for row in shuffled_titles(ROWS)}
    true = documents.text
    monkeypatch.setattr(documents, "text", lambda product: true(replace(product, title=wrong[product.id])))
    monkeypatch.setattr("indexer.reindex.RECIPE", "titles-shuffled/2")
    gate = ONE_CHECK + '[[check]]\nmetric = "recall@100"\n[[check]]\nname = "meaning"\nsemantic_ratio = 1\n'
    with pytest.raises(GateRefused) as refused:
        steady.reindex(ROWS, gate)
    said = str(refused.value)
    assert "meaning (ndcg@10) " in said.split("\n")[2]
    assert "corrected for 2 checks" in said
    assert "\nmeaning (ndcg@10)  refused       12  " in said
    assert "\nrecall@100 " in said


def test_what_was_encoded_for_a_refused_version_is_not_encoded_again(shop: Shop) -> None:
    shop.reindex(ROWS)
    with pytest.raises(GateRefused, match="none of them is encoded again"):
        shop.reindex(shuffled_titles(ROWS), ONE_CHECK)
    assert shop.reindex(shuffled_titles(ROWS)).encoded == 0, "without the gate, the fall is accepted"
    assert shop.store.state("products").live.version == 2


def test_products_that_left_the_catalogue_are_counted(steady: Shop) -> None:
    gone = {line.split()[2] for line in lines_of("qrels.tsv") if line.startswith("hm") and line.split()[3] != "0"}
    fewer = [row for row in ROWS if row["id"] not in gone]
    with pytest.raises(GateRefused) as refused:
        steady.reindex(fewer, ONE_CHECK + "max_drop = 0.02\n")
    said = str(refused.value)
    assert (
        f"Relevant products of the live version that the new one lacks: {len(gone)} of 70. They concern 4 queries"
        in said
    )
    assert "4 of the 4 that fell. If they are sold no longer" in said
    assert " gone)\n" in said
    assert f"; {len(gone)} gone." in said


def test_products_that_got_too_dear_for_their_queries_are_counted(steady: Shop) -> None:
    dearer = [row | {"price": 10 * row["price"]} for row in ROWS]
    with pytest.raises(GateRefused) as refused:
        steady.reindex(dearer, ONE_CHECK + "max_drop = 0.02\n")
    said = str(refused.value)
    assert "All 70 relevant products of the live version are in the new one, too." in said
    assert "no longer meet a condition of their query (price): " in said
    assert "They concern 5 queries, " in said
    assert "relevant products 4 out of its conditions)" in said


def test_the_first_version_has_floors_alone(shop: Shop) -> None:
    with pytest.raises(GateRefused, match=r"ndcg@10 0\.\d+ over 12 queries: it is below floor = 0\.9") as refused:
        shop.reindex(ROWS, ONE_CHECK + "floor = 0.9\n")
    assert "There is still no live version" in str(refused.value)
    with pytest.raises(IndexNotFound):
        shop.store.state("products")
    assert shop.reindex(ROWS, ONE_CHECK + "floor = 0.1\n").version == 1
    assert "There is no live version to compare it with yet." in shop.heard.lines[-2]


def test_a_version_of_another_encoder_is_asked_with_that_encoder(steady: Shop) -> None:
    steady.older, steady.encoder = [steady.encoder], FakeEncoder(dimension=2, name="worse")
    with pytest.raises(GateRefused, match=r"Other encoder: fake/bag-of-words → worse\."):
        steady.reindex(ROWS, ONE_CHECK + "semantic_ratio = 1\n")


def test_without_the_older_encoder_only_floors_can_decide(shop: Shop) -> None:
    shop.reindex(ROWS)
    newer = FakeEncoder(dimension=512, name="newer")
    shop.encoder = newer
    with pytest.raises(GateRefused, match=r"built with fake/bag-of-words, which cannot be loaded \(it is not here\)"):
        shop.reindex(ROWS, ONE_CHECK)
    assert newer.encoded == 0, "said before the long work begins"
    assert shop.reindex(ROWS, ONE_CHECK + "floor = 0.1\n").version == 2
    assert "so that only floors decide" in shop.heard.lines[0]
    assert shop.heard.lines[-2].startswith("Gate passed: ndcg@10 ")
    assert "The live version 1 was not asked" in shop.heard.lines[-2]


def test_an_older_encoder_that_is_another_one_by_now_is_not_used(steady: Shop) -> None:
    steady.older, steady.encoder = [FakeEncoder(dimension=8)], FakeEncoder(name="newer")
    with pytest.raises(GateRefused, match="no longer those that the version was built with"):
        steady.reindex(ROWS, ONE_CHECK)


def test_nothing_to_look_at(steady: Shop) -> None:
    steady.reindex(ROWS, ONE_CHECK)
    assert steady.heard.lines == ["Nothing has changed: version 1 stays. There is nothing for the gate to look at."]
    steady.reindex(ROWS[:100], ONE_CHECK, dry_run=True)
    assert steady.heard.lines[-1].endswith("The gate looks at versions that are built, so it was not asked.")


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def command(steady: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """`python -m indexer reindex` over the shop's store and encoder."""
    source = EncoderSource(steady.encoder.card.files, lambda: steady.encoder)
    monkeypatch.setenv("DAOGOU_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("indexer.__main__.open_store", lambda _: steady.store)
    monkeypatch.setattr("indexer.__main__._encoder_source", lambda _: source)

    def run(rows: list[dict[str, Any]], gate: str, *words: str) -> int:
        file, catalogue = steady.folder / "gate.toml", tmp_path / "rows.jsonl"
        file.write_text(gate, encoding="utf-8")
        catalogue.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return main(["reindex", str(catalogue), "--quiet", "--gate", str(file), *words])

    return run


def test_a_refusal_ends_with_1_and_keeps_what_both_versions_answered(
    steady: Shop, command: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = tmp_path / "made" / "runs"
    assert command(shuffled_titles(ROWS), ONE_CHECK, "--gate-runs", str(runs)) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("Error: The gate refused version 2 of index 'products', and nothing has changed.")
    means = []
    for version, name in ((1, "live.trec"), (2, "new.trec")):
        scores = evaluate(read_qrels(steady.folder / "qrels.tsv"), read_run(runs / name), [parse_metric("ndcg@10")])
        means.append(f"{scores.mean('ndcg@10'):.4f}")
        record = read_record(runs / name)
        assert record is not None
        assert (record.index_version, record.products, len(record.queries)) == (version, 128, 12)
    assert f"ndcg@10 {means[0]} → {means[1]} (" in shown.err


def test_what_passes_ends_with_0(command: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert command(ROWS, ONE_CHECK) == 0
    assert json.loads(capsys.readouterr().out)["version"] == 1


def test_a_wrong_gate_costs_nothing(
    steady: Shop, command: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert isinstance(steady.encoder, FakeEncoder)
    encoded = steady.encoder.encoded
    assert command(ROWS[:40], ONE_CHECK + "flor = 0.5\n") == 1
    assert "gate.toml: flor: there is no such key. Did you mean 'floor'?" in capsys.readouterr().err
    (tmp_path / "file").touch()
    assert command(ROWS[:40], ONE_CHECK, "--gate-runs", str(tmp_path / "file")) == 1
    assert "is no folder" in capsys.readouterr().err
    assert steady.encoder.encoded == encoded


def test_runs_without_a_gate_are_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["reindex", "rows.jsonl", "--gate-runs", "runs"])
    assert stopped.value.code == 2
    assert "--gate-runs needs --gate" in capsys.readouterr().err


@pytest.mark.model
def test_the_default_encoder(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the encoder that is served, too, the titles are missed."""
    shop.encoder = load_encoder(Settings(data_dir=shop.folder / "data", encoder_backend="torch"))
    shop.reindex(ROWS)
    with monkeypatch.context() as patch:
        broken(patch)
        with pytest.raises(GateRefused, match=r"ndcg@10 [^\n]* it fell significantly"):
            shop.reindex(ROWS, ONE_CHECK)
    assert shop.store.state("products").live.version == 1
