"""The blend: learnt weights, reasons, new and vanished products, and its bytes."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from search.domain import Document
from search.errors import EncoderMismatch, IndexDamaged, TrainingError
from search.recommending.blend import Blend, Recommender
from search.recommending.blend_files import from_bytes, to_bytes
from search.recommending.interactions import Floats, Interactions, Trail
from search.recommending.learning import learn
from search.recommending.parts import ContentPart
from search.shopper import Step

PRODUCTS = tuple(f"p{number}" for number in range(40))


def _vectors(count: int = 40) -> Floats:
    vectors = np.random.default_rng(1).normal(size=(count, 8)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _documents() -> dict[str, Document]:
    return {
        product: {"id": product, "title": f"Thing {product}", "brand": "ABCD"[int(product[1:]) % 4]}
        for product in PRODUCTS
    }


def _shop() -> Interactions:
    """After each even product comes the odd one beside it; all else is chance."""
    generator = np.random.default_rng(0)
    trails = []
    for _ in range(90):
        first, second = generator.integers(0, 20, 2) * 2
        trails.append(Trail.of([int(first), int(first) + 1, int(second), int(second) + 1]))
    return Interactions(PRODUCTS, tuple(trails))


@pytest.fixture(scope="module")
def recommender() -> Recommender:
    return learn(_shop(), _vectors(), _documents())


@pytest.fixture(scope="module")
def blend(recommender: Recommender) -> Blend:
    return recommender.over(PRODUCTS, _vectors(), _documents())


def test_the_blend_learns_what_counts(blend: Blend) -> None:
    scores = blend.scores([Trail.of([3, 8]), Trail.of([12])])
    assert scores.argmax(axis=1).tolist() == [9, 13]


def test_views_on_the_way_to_a_purchase_teach_what_the_purchase_does(recommender: Recommender, blend: Blend) -> None:
    def looked_first(trail: Trail) -> Trail:
        return Trail.of(np.repeat(trail.products, 3), np.tile([0.2, 0.6, 1], len(trail)))

    shop = _shop()
    learnt = learn(Interactions(PRODUCTS, tuple(map(looked_first, shop.trails))), _vectors(), _documents())
    assert learnt.weights == recommender.weights
    trail = Trail.of([3, 8])
    assert blend.judge(looked_first(trail)).total == pytest.approx(blend.judge(trail).total)
    walked = looked_first(Trail.of([8]))
    steps = [Step(f"p{n}", w, 0) for n, w in zip(walked.products.tolist(), walked.weights.tolist(), strict=True)]
    assert recommender.candidates(steps, 5) == recommender.candidates([Step("p8", 1, 0)], 5)


def test_weights_are_not_below_nothing_but_for_two(recommender: Recommender) -> None:
    assert {name for name, weight in recommender.weights.items() if weight < 0} <= {"had", "new"}


def test_parts_add_up(blend: Blend) -> None:
    judged = blend.judge(Trail.of([3, 8]))
    assert sum(judged.parts.values()) == pytest.approx(judged.total, abs=1e-4)


def test_the_reason_names_the_step(blend: Blend) -> None:
    because = blend.explain(Trail.of([3, 8]), 9)
    assert because is not None
    assert because.product == 8
    assert because.part in {"next", "later", "together"}
    assert 0 < because.share <= 1


def test_learning_twice_gives_the_same(recommender: Recommender) -> None:
    assert to_bytes(learn(_shop(), _vectors(), _documents())) == to_bytes(recommender)


def test_a_large_catalogue_is_sampled_to_much_the_same(
    recommender: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.recommending.learning.MOST_CELLS", 90 * 20)
    sampled = learn(_shop(), _vectors(), _documents()).over(PRODUCTS, _vectors(), _documents())
    assert sampled.scores([Trail.of([3, 8])]).argmax() == 9


def test_products_are_matched_by_id(recommender: Recommender) -> None:
    """Another order, some gone, some new."""
    listed = ("new", "p9", "p8")
    vectors = np.concatenate([_vectors()[[8]], _vectors()[[9, 8]]])
    blend = recommender.over(listed, vectors, {"new": {"id": "new", "title": "Thing p8", "brand": "a"}, **_documents()})
    judged = blend.judge(Trail.of([2]))
    assert judged.total.argmax() == 1
    assert judged.parts["next"].tolist()[0] == 0
    assert np.isfinite(judged.total).all()
    assert ContentPart(vectors).values(Trail.of([2]))[0] == pytest.approx(1)


def test_a_shopper_without_history_gets_what_is_popular(blend: Blend) -> None:
    judged = blend.judge(Trail.of([]))
    assert np.isfinite(judged.total).all()
    assert {name for name, values in judged.parts.items() if values.any()} <= {"popular", "new"}
    because = blend.explain(Trail.of([]), int(judged.total.argmax()), judged)
    assert because is None or because.part in {"popular", "new"}


def test_dislikes_push_what_looks_like_them_down() -> None:
    part = ContentPart(np.array([[1, 0], [1, 0], [0, 1]], np.float32))
    plain = part.values(Trail.of([2]))
    assert part.values(Trail.of([2, 0], weights=[1, -1]))[1] < plain[1]


def test_candidates_are_ids_best_first(recommender: Recommender) -> None:
    found = recommender.candidates([Step("gone", 1.0, 0.0), Step("p8", 1.0, 1.0)], 5)
    assert found[0] == "p9"
    assert len(found) <= 5
    assert recommender.candidates([Step("gone", 1.0, 0.0)], 5) == []


def test_goes_with_leaves_out_what_was_asked_about(recommender: Recommender) -> None:
    found = recommender.goes_with(["p8", "gone"], 3)
    assert found[0].product == "p9"
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
    assert "p9" not in {each.product for each in recommender.goes_with(["p8", "p9"], 3)}


def test_vectors_of_another_encoder_are_refused(recommender: Recommender) -> None:
    with pytest.raises(EncoderMismatch, match="8 dimensions"):
        recommender.over(("p1",), np.zeros((1, 3), np.float32), {})


def test_too_few_shoppers_are_told() -> None:
    few = Interactions(PRODUCTS, tuple(Trail.of([1, 2, 3]) for _ in range(10)))
    with pytest.raises(TrainingError, match="Only 10 shoppers"):
        learn(few, _vectors(), _documents())


def test_bytes_and_back(recommender: Recommender, blend: Blend) -> None:
    again = from_bytes(to_bytes(recommender))
    assert again.weights == recommender.weights
    trails = [Trail.of([3, 8]), Trail.of([])]
    found = again.over(PRODUCTS, _vectors(), _documents()).scores(trails)
    assert found == pytest.approx(blend.scores(trails), abs=0.01)  # half precision
    assert to_bytes(again) == to_bytes(from_bytes(to_bytes(again)))


@pytest.mark.parametrize("data", [b"", b"not an npz", b"PK\x03\x04", b"\x93NUMPY\x01\x00"])
def test_foreign_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(IndexDamaged, match="train-sequences"):
        from_bytes(data)


def test_damaged_bytes_are_refused_or_harmless(recommender: Recommender) -> None:
    whole = to_bytes(recommender)
    with pytest.raises(IndexDamaged):
        from_bytes(whole[: len(whole) // 2])
    refused = 0
    for place in range(50, len(whole), len(whole) // 60):
        broken = bytearray(whole)
        broken[place] ^= 0xFF
        try:
            from_bytes(bytes(broken))
        except IndexDamaged:
            refused += 1
    assert refused > 30


@pytest.mark.parametrize("header", [b"{'shape': ((40,), }", b"{'shape': '''", b"{"])
def test_a_damaged_header_is_refused(recommender: Recommender, header: bytes) -> None:
    """Headers are read before the checksum of an array is compared."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(to_bytes(recommender))) as whole, zipfile.ZipFile(file, "w") as broken:
        for name in whole.namelist():
            data = whole.read(name)
            broken.writestr(name, data[:10] + header.ljust(117) + b"\n" + data[128:] if name == "shares.npy" else data)
    with pytest.raises(IndexDamaged, match="train-sequences"):
        from_bytes(file.getvalue())


def test_another_format_is_refused(recommender: Recommender, monkeypatch: pytest.MonkeyPatch) -> None:
    data = to_bytes(recommender)
    monkeypatch.setattr("search.recommending.blend_files.FORMAT", 99)
    with pytest.raises(IndexDamaged, match="format 1"):
        from_bytes(data)


def test_a_weight_that_is_no_number_is_refused(recommender: Recommender) -> None:
    with pytest.raises(IndexDamaged):
        from_bytes(to_bytes(replace(recommender, weights={"content": float("nan")})))
