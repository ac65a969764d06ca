"""What is served in numpy is what torch trained; files of models; products that training did not know."""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from search.encoding.sequence_modules import Losses, Network, principal
from search.errors import EncoderMismatch, IndexDamaged
from search.recommending.interactions import Trail
from search.recommending.network_files import from_bytes, to_bytes
from search.recommending.networks import SequenceModel, SequenceNetwork
from search.recommending.sequence_inputs import MOST_STEPS, latest, liked, steps_of
from search.recommending.sequence_readers import softmax

DIMENSION, WIDTH, PRODUCTS = 24, 16, 40
NAMES = ("gru", "sasrec")


def unit(rows: int, seed: int = 1) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(rows, DIMENSION)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


IDS = tuple(f"p{number}" for number in range(PRODUCTS))
VECTORS = unit(PRODUCTS)
TAKEN = np.array([number % 3 for number in range(PRODUCTS)], np.float32)  # every third was never taken

TRAILS = [
    Trail.of([1, 4, 1]),
    Trail.of([2]),
    Trail.of([5, 7, 8, 9, 10, 11], [1, 0.2, 0.5, 1, 1, 0.1], [100, 100, 107.5, 300, 300.25, 301]),
    Trail.of(range(11, 11 + MOST_STEPS - 1)),
]


def torch_network(name: str, seed: int = 0) -> Network:
    """Not trained, but with every weight moved away from where it began."""
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        network = Network(name, VECTORS, TAKEN, principal(VECTORS, WIDTH), Losses(0.2, 0.3)).eval()
        with torch.no_grad():
            for weight in network.parameters():
                weight.add_(0.3 * torch.randn(weight.shape))
            for table in (network.products, network.read):
                table.ids.copy_(table.ids.half().float())
    return network


def model_of(*networks: Network, name: str) -> SequenceModel:
    known = tuple(product for product, count in zip(IDS, TAKEN, strict=True) if count)
    return SequenceModel(name, known, tuple(network.weights() for network in networks))


def torch_logits(network: Network, trails: list[Trail]) -> np.ndarray:
    steps = steps_of(trails)
    with torch.no_grad():
        queries = network.queries(torch.from_numpy(steps.products), torch.from_numpy(steps.features))
        last = queries[torch.arange(len(trails)), torch.from_numpy(steps.lengths - 1)]
        return network.logits(last, torch.arange(PRODUCTS)).numpy()


@pytest.fixture(params=NAMES)
def network(request: pytest.FixtureRequest) -> SequenceNetwork:
    return model_of(torch_network(request.param), torch_network(request.param, 1), name=request.param).over(
        IDS, VECTORS
    )


@pytest.mark.parametrize("name", NAMES)
def test_numpy_and_torch_agree(name: str) -> None:
    both = [torch_network(name, 0), torch_network(name, 1)]
    logits = np.mean([torch_logits(network, TRAILS) for network in both], axis=0)
    assert np.ptp(logits, axis=1).min() > 1  # something is told apart

    served = model_of(*both, name=name).over(IDS, VECTORS)
    assert np.abs(served._logits(steps_of(TRAILS)) - logits).max() < 1e-4
    assert np.allclose(served.scores(TRAILS), softmax(logits), atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_every_step_is_read_as_if_it_were_the_last(name: str) -> None:
    """Training asks after each step, serving after the last: what comes later must not leak into the query."""
    network = torch_network(name)
    steps = steps_of([TRAILS[2]])
    with torch.no_grad():
        after = network.queries(torch.from_numpy(steps.products), torch.from_numpy(steps.features))[0]
        logits = network.logits(after, torch.arange(PRODUCTS)).numpy()
    served = model_of(network, name=name).over(IDS, VECTORS)
    trail = TRAILS[2]
    begun = [Trail(trail.products[:n], trail.weights[:n], trail.days[:n]) for n in range(1, len(trail) + 1)]
    assert np.allclose(served.scores(begun), softmax(logits), atol=1e-6)


def test_scores_are_probabilities_whoever_else_is_asked_about(network: SequenceNetwork) -> None:
    together = network.scores(TRAILS)
    assert together.shape == (len(TRAILS), PRODUCTS)
    assert together.dtype == np.float32
    assert np.allclose(together.sum(axis=1), 1, atol=1e-5)
    for row, trail in enumerate(TRAILS):
        assert np.allclose(network.scores([trail])[0], together[row], atol=1e-6)


def test_nothing_is_said_where_nothing_is_known(network: SequenceNetwork) -> None:
    scores = network.scores([Trail.of([]), Trail.of([3, 4], [-1, -0.5]), Trail.of([3])])
    assert not scores[:2].any()
    assert scores[2].sum() == pytest.approx(1, abs=1e-5)
    assert network.scores([]).shape == (0, PRODUCTS)
    assert network.model.over((), VECTORS[:0]).scores([Trail.of([])]).shape == (1, 0)


def test_dislikes_are_no_steps(network: SequenceNetwork) -> None:
    with_dislike = Trail.of([1, 20, 4], [1, -1, 1], [10, 11, 12])
    assert np.array_equal(network.scores([with_dislike]), network.scores([Trail.of([1, 4], days=[10, 12])]))


def test_coming_by_a_product_in_a_row_is_one_step() -> None:
    trail = Trail.of([3, 3, 3, 5, 3, 7, 7, 8, 8], [0.2, 0.6, 1, 0.2, 0.2, 1, 1, 1, 0.2], range(9))
    read = liked(trail)
    assert read.products.tolist() == [3, 5, 3, 7, 7, 8]
    assert read.weights.tolist() == pytest.approx([1, 0.2, 0.2, 1, 1, 1])
    assert read.days.tolist() == [2, 3, 4, 5, 6, 8]
    assert len(liked(Trail.of([1, 2], [-1, 0]))) == 0


def test_the_latest_steps_count(network: SequenceNetwork) -> None:
    rng = np.random.default_rng(0)
    long = rng.integers(0, PRODUCTS, 10_000)
    assert len(latest(Trail.of(long))) == MOST_STEPS
    assert np.array_equal(network.scores([Trail.of(long)]), network.scores([Trail.of(long[-MOST_STEPS:])]))


def test_weights_and_times_are_read(network: SequenceNetwork) -> None:
    plain = network.scores([Trail.of([1, 4])])
    assert not np.allclose(plain, network.scores([Trail.of([1, 4], [1, 0.1])]), atol=1e-4)
    soon, late = (network.scores([Trail.of([1, 4], days=[10, day])]) for day in (10.1, 300))
    assert not np.allclose(soon, late, atol=1e-4)


def test_another_list_of_products(network: SequenceNetwork) -> None:
    """In another order, one gone, one new: the others keep their odds."""
    order = np.random.default_rng(3).permutation(PRODUCTS)[:-1]
    new = unit(1, seed=9)
    other = network.model.over([*(IDS[place] for place in order), "new"], np.concatenate([VECTORS[order], new]))
    where = {int(place): number for number, place in enumerate(order)}
    steps = [place for place in (1, 4, 7, 8) if place in where]
    before = network.scores([Trail.of(steps)])[0][order]
    after = other.scores([Trail.of([where[place] for place in steps])])[0]
    assert np.allclose(after[:-1] / after[:-1].sum(), before / before.sum(), atol=1e-6)
    assert after[-1] > 0
    assert other.scores([Trail.of([len(order)])]).sum() == pytest.approx(1, abs=1e-5)  # and it can be a step


def test_a_new_product_is_scored_by_its_text(network: SequenceNetwork) -> None:
    """As a product that was there at the training, but that nobody ever took."""
    never = int(np.flatnonzero(TAKEN == 0)[0])
    other = network.model.over([*IDS, "new"], np.concatenate([VECTORS, VECTORS[[never]]]))
    scores = other.scores(TRAILS)
    assert np.allclose(scores[:, -1], scores[:, never], rtol=1e-4)
    assert not np.allclose(scores[:, -1], scores[:, never + 1], rtol=1e-2)


def test_vectors_of_another_encoder_are_refused(network: SequenceNetwork) -> None:
    with pytest.raises(EncoderMismatch, match="trained with vectors of 24 dimensions, and these are 12"):
        network.model.over(IDS, VECTORS[:, :12])


def test_bytes_and_back(network: SequenceNetwork) -> None:
    data = to_bytes(network.model)
    again = from_bytes(data)
    assert (again.name, again.products) == (network.model.name, network.model.products)
    for ours, theirs in zip(again.members, network.model.members, strict=True):
        assert ours.keys() == theirs.keys()
        assert all(np.array_equal(ours[key], theirs[key]) for key in ours)
    assert np.array_equal(again.over(IDS, VECTORS).scores(TRAILS), network.scores(TRAILS))


def test_bytes_are_the_same_each_time(network: SequenceNetwork) -> None:
    assert to_bytes(network.model) == to_bytes(from_bytes(to_bytes(network.model)))


def test_damaged_bytes_are_refused(network: SequenceNetwork) -> None:
    data = to_bytes(network.model)
    rng = np.random.default_rng(0)
    for length in [0, 1, 10, *rng.integers(0, len(data), 20)]:
        with pytest.raises(IndexDamaged, match="Train it again with"):
            from_bytes(data[:length])
    refused = 0
    for place in rng.integers(0, len(data), 60):
        flipped = bytearray(data)
        flipped[place] ^= 0xFF
        try:
            read = from_bytes(bytes(flipped))
        except IndexDamaged:
            refused += 1
        else:  # a date or the like inside the zip: nothing that is read
            assert np.array_equal(read.members[0]["projection"], network.model.members[0]["projection"])
    assert refused > 45


def test_foreign_bytes_are_refused(network: SequenceNetwork) -> None:
    other, array = io.BytesIO(), io.BytesIO()
    np.savez(other, about=np.frombuffer(b'{"kind": "another"}', np.uint8))
    np.save(array, np.zeros(3))
    unsafe = io.BytesIO()
    np.savez(unsafe, about=np.array([{"kind": "daogou-sequence-model"}], dtype=object))
    for data in (b"{}", b"PK\x03\x04", pickle.dumps(IDS), other.getvalue(), array.getvalue(), unsafe.getvalue()):
        with pytest.raises(IndexDamaged):
            from_bytes(data)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format": 99}, "format 99, and this version"),
        ({"kind": "lexicon"}, "of the kind 'lexicon'"),
        ({"name": "lstm"}, "lstm"),
        ({"members": 0}, "members=0"),
        ({"members": 3}, "2/projection"),
        ({"width": 8}, r"has the shape \(24, 16\) in place of \(24, 8\)"),
    ],
)
def test_models_of_another_make_are_refused(network: SequenceNetwork, change: dict[str, object], reason: str) -> None:
    import orjson

    with np.load(io.BytesIO(to_bytes(network.model))) as file:
        arrays = dict(file)
    about = orjson.loads(arrays["about"].tobytes()) | change
    arrays["about"] = np.frombuffer(orjson.dumps(about), np.uint8)
    changed = io.BytesIO()
    np.savez(changed, **arrays)
    with pytest.raises(IndexDamaged, match=reason):
        from_bytes(changed.getvalue())


def test_weights_that_are_not_finite_are_refused(network: SequenceNetwork) -> None:
    member = dict(network.model.members[0])
    member["shift"] = np.full_like(member["shift"], np.nan)
    with pytest.raises(IndexDamaged, match="'shift' is not finite"):
        from_bytes(to_bytes(replace(network.model, members=(member,))))


def test_serving_does_without_torch() -> None:
    script = "import sys; import search.recommending.network_files; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
