"""A real cross-encoder behind the Reranker protocol, and folders that are none or must not be trusted."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import tiny_reranker

from search.bootstrap import load_reranker
from search.encoding.reranker import CrossEncoderReranker
from search.encoding.sources import locate
from search.errors import EncoderError, EncoderNotFound, EncoderUntrusted, SettingsError
from search.settings import Settings

TEXTS = ["red shoe", "blue lamp with a small desk", "tea", "", "green kettle for tea " * 2000, "红 鞋", "tea"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_reranker.build(tmp_path_factory.mktemp("tiny") / "reranker")


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "model"))


@pytest.fixture(scope="module")
def reranker(folder: Path) -> CrossEncoderReranker:
    return CrossEncoderReranker(locate(str(folder), None), device="cpu", batch_size=2)


def test_scores_are_the_sigmoid_of_what_the_library_says(reranker: CrossEncoderReranker, folder: Path) -> None:
    from sentence_transformers import CrossEncoder

    plain = CrossEncoder(str(folder), device="cpu")  # one label: the library applies the sigmoid by itself
    expected = [float(plain.predict([("red shoe", text)])[0]) for text in TEXTS]
    scores = reranker.rerank("red shoe", TEXTS)
    assert scores == pytest.approx(expected, abs=1e-5)
    assert all(0 <= score <= 1 for score in scores)
    assert len({round(score, 6) for score in scores}) > 3
    assert scores[2] == pytest.approx(scores[6], abs=1e-6)


def test_nothing_gives_nothing(reranker: CrossEncoderReranker) -> None:
    assert reranker.rerank("red", []) == []
    assert len(reranker.rerank("", [""])) == 1
    assert len(reranker.rerank("red " * 100_000, ["tea"])) == 1


def test_many_threads_may_ask(reranker: CrossEncoderReranker) -> None:
    expected = reranker.rerank("blue tea", TEXTS)
    with ThreadPoolExecutor(8) as pool:
        for task in [pool.submit(reranker.rerank, "blue tea", TEXTS) for _ in range(24)]:
            assert task.result() == pytest.approx(expected, abs=1e-6)


def test_a_model_that_saves_another_activation_still_gives_0_to_1(copy: Path, reranker: CrossEncoderReranker) -> None:
    """As the ms-marco cross-encoders do: their folders ask for raw logits."""
    config = json.loads((copy / "config.json").read_text())
    config["sentence_transformers"] = {"activation_fn": "torch.nn.modules.linear.Identity", "version": "4.0"}
    (copy / "config.json").write_text(json.dumps(config))
    other = CrossEncoderReranker(locate(str(copy), None), device="cpu")
    assert other.rerank("red shoe", TEXTS) == pytest.approx(reranker.rerank("red shoe", TEXTS), abs=1e-5)


def test_a_folder_that_names_code_runs_none(copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "evil_module.py").write_text("raise SystemExit('ran')")
    monkeypatch.syspath_prepend(tmp_path)
    config = json.loads((copy / "config.json").read_text())
    config["sentence_transformers"] = {"activation_fn": "evil_module.Run"}
    (copy / "config.json").write_text(json.dumps(config))
    CrossEncoderReranker(locate(str(copy), None), device="cpu")
    (copy / "modules.json").write_text(json.dumps([{"idx": 0, "name": "0", "path": "", "type": "evil_module.Run"}]))
    with pytest.raises(EncoderUntrusted, match="evil_module"):
        locate(str(copy), None)


def test_pickled_weights_are_refused(copy: Path) -> None:
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(EncoderUntrusted, match="pickle"):
        locate(str(copy), None)


def test_a_model_of_several_labels_is_no_reranker(tmp_path: Path) -> None:
    folder = tiny_reranker.build(tmp_path / "three", labels=3)
    with pytest.raises(EncoderError, match=r"3 numbers.*DAOGOU_RERANKER"):
        CrossEncoderReranker(locate(str(folder), None), device="cpu")


def test_damaged_weights_do_not_load(copy: Path) -> None:
    (copy / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(EncoderError, match="does not load"):
        CrossEncoderReranker(locate(str(copy), None), device="cpu")


def test_the_settings_decide(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_reranker(Settings(data_dir=tmp_path)) is None
    assert load_reranker(Settings(data_dir=tmp_path, reranker="")) is None
    loaded = load_reranker(Settings(data_dir=tmp_path, reranker=str(folder), device="cpu"))
    assert loaded is not None
    assert loaded.name == str(folder)
    assert len(loaded.rerank("red", TEXTS)) == len(TEXTS)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(EncoderNotFound, match="Set DAOGOU_RERANKER to a folder"):
        load_reranker(Settings(data_dir=tmp_path, reranker="nobody/has-this-model"))
    with pytest.raises(SettingsError, match="DAOGOU_DEVICE"):
        load_reranker(Settings(data_dir=tmp_path, reranker=str(folder), device="abacus"))
