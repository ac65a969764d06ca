"""A real OpenAI-compatible server of another maker: `transformers serve`, with a tiny model built on the spot, offline.

And the same model in this process: both say the same, since both are asked for the likeliest words.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
import tiny_llm

from search.bootstrap import load_language_model
from search.errors import LanguageModelError
from search.language_models.careful import Careful
from search.protocols import LanguageModel
from search.settings import Settings

SYSTEM, USER = "be brief", "how is the lamp? 安静的键盘"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llm.build(tmp_path_factory.mktemp("llm") / "tiny", context=4096)


@pytest.fixture(scope="module")
def url(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server, in a process of its own that can reach no hub."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("serve") / "log.txt"
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", str(folder)]
    with log.open("wb") as out:
        server = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"],
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        )
    try:
        ends = time.monotonic() + 240
        while True:
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < ends, log.read_text()
            with suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200:
                    break
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait(20)


def _same(streamed: str, whole: str) -> bool:
    """That server's streams leave out half a sign at the end of an answer that was cut."""
    return whole.rstrip("\ufffd") == streamed.rstrip("\ufffd") != ""


def _settings(**values: str) -> Settings:
    return Settings(_env_file=None, **{f"llm_{name}": value for name, value in values.items()})  # type: ignore[call-arg, arg-type]


def _load(**values: str) -> LanguageModel:
    model = load_language_model(_settings(**values))
    assert model is not None
    return model


@pytest.fixture
def served(url: str, folder: Path) -> Iterator[LanguageModel]:
    model = _load(url=url, model=str(folder))
    yield model
    model.close()


@pytest.fixture
def local(folder: Path) -> Iterator[LanguageModel]:
    model = _load(model=f"local:{folder}")
    yield model
    model.close()


def test_it_answers_whole(served: LanguageModel) -> None:
    completion = served.complete(SYSTEM, USER, 20)
    assert completion.text
    assert completion.cut
    assert completion.completion_tokens == 20
    assert completion.prompt_tokens


def test_it_answers_in_pieces(served: LanguageModel) -> None:
    assert _same("".join(served.stream(SYSTEM, USER, 20)), served.complete(SYSTEM, USER, 20).text)
    # What comes within a tenth of a second is one piece, so it takes a long answer to have some.
    assert len(list(served.stream(SYSTEM, USER, 1000))) > 2


def test_through_careful_tokens_are_what_the_server_counts(served: LanguageModel) -> None:
    careful = Careful(served, 30.0)
    text = "".join(careful.stream(SYSTEM, USER, 20))
    completion = served.complete(SYSTEM, USER, 20)
    assert _same(text, completion.text)
    assert careful.counters().tokens == (completion.prompt_tokens or 0) + 20


def test_a_stream_that_is_closed_leaves_the_server_free(served: LanguageModel) -> None:
    stream = served.stream(SYSTEM, USER, 2000)
    assert next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert served.complete(SYSTEM, USER, 3).text


def test_a_model_that_it_has_not(url: str) -> None:
    model = _load(url=url, model="nobody/has-this")
    with pytest.raises(LanguageModelError, match=r"DAOGOU_LLM_MODEL|refused|answered"):
        Careful(model, 20.0).complete(SYSTEM, USER, 5)
    model.close()


def test_in_this_process_it_says_the_same(served: LanguageModel, local: LanguageModel) -> None:
    here, there = local.complete(SYSTEM, USER, 40), served.complete(SYSTEM, USER, 40)
    assert here == there
    assert "".join(local.stream(SYSTEM, USER, 40)) == here.text
