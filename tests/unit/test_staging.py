"""The work in progress of a reindex: what is missing, and what survives an interruption."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexer.staging import Difference, Staging
from search.domain import Point, Product
from search.writing import prepare


def products(count: int, suffix: str = "") -> list[Product]:
    return [Product(id=f"p{n}", title=f"thing {n}{suffix}") for n in range(count)]


def live(items: list[Product]) -> list[Point]:
    return [Point(p.product_id, [], p.document, p.text_hash, p.document_hash) for p in map(prepare, items)]


@pytest.fixture
def staging(tmp_path: Path) -> Staging:
    return Staging(tmp_path / "products.sqlite")


def test_difference(staging: Staging) -> None:
    staging.add_rows([prepare(p) for p in products(6)])
    staging.add_live(live([*products(4), Product(id="p4", title="old title"), Product(id="gone", title="x")]))
    assert staging.difference() == Difference(total=6, unchanged=4, removed=1, live=6)


def test_texts_that_live_has_for_the_same_product_are_not_missing(staging: Staging) -> None:
    staging.add_rows([prepare(p) for p in products(6)])
    staging.add_live(live(products(4)))
    assert staging.count_missing(reuse=True) == 2
    assert staging.count_missing(reuse=False) == 6
    assert [row.product_id for batch in staging.rows(4) for row in batch] == [f"p{n}" for n in range(6)]


def test_blocks_are_the_same_after_an_interruption(tmp_path: Path) -> None:
    rows = [prepare(p) for p in products(10)] + [prepare(Product(id="twin", title="thing 1"))]

    def run(staging: Staging, stop_after: int) -> list[list[str]]:
        staging.keep_vectors_of("encoder")
        staging.add_rows(rows)
        blocks = []
        for block in staging.missing(reuse=True, block=4):
            blocks.append([key for key, _ in block])
            staging.save_vectors(blocks[-1], np.ones((len(block), 3), dtype=np.float32))
            if len(blocks) == stop_after:
                break
        staging.close()
        return blocks

    whole = run(Staging(tmp_path / "a.sqlite"), 99)
    halves = run(Staging(tmp_path / "b.sqlite"), 1) + run(Staging(tmp_path / "b.sqlite"), 99)
    assert halves == whole
    assert sorted(key for block in whole for key in block) == sorted({row.text_hash for row in rows})


def test_vectors_come_back_to_the_bit(staging: Staging) -> None:
    vectors = np.random.default_rng(1).standard_normal((2, 5)).astype(np.float32)
    staging.save_vectors(["a", "b"], vectors)
    found = staging.vectors(["b", "a", "missing", "a"])
    assert set(found) == {"a", "b"}
    assert np.array_equal(found["a"], vectors[0])
    assert np.array_equal(found["b"], vectors[1])


def test_vectors_of_another_encoder_are_dropped(tmp_path: Path) -> None:
    first = Staging(tmp_path / "s.sqlite")
    first.keep_vectors_of("one")
    first.save_vectors(["a"], np.ones((1, 2), dtype=np.float32))
    first.close()
    second = Staging(tmp_path / "s.sqlite")
    second.keep_vectors_of("one")
    assert set(second.vectors(["a"])) == {"a"}
    second.keep_vectors_of("two")
    assert second.vectors(["a"]) == {}


def test_a_block_is_saved_whole_or_not_at_all(staging: Staging) -> None:
    with pytest.raises(ValueError, match="zip"):
        staging.save_vectors(["a", "b"], np.ones((1, 2), dtype=np.float32))
    assert staging.vectors(["a", "b"]) == {}


def test_removed_when_done(staging: Staging, tmp_path: Path) -> None:
    staging.add_rows([prepare(p) for p in products(2)])
    staging.remove()
    assert list(tmp_path.iterdir()) == []
