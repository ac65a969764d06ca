"""A language model in this process: a real one of two layers, and one that hangs as they do."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tiny_llm

from search.bootstrap import load_language_model
from search.encoding.generation import MAX_PROMPT, CausalModel
from search.encoding.sources import LANGUAGE_MODEL, ModelFolder, locate
from search.errors import (
    EncoderNotFound,
    EncoderUntrusted,
    LanguageModelBusy,
    LanguageModelError,
    LanguageModelRefused,
    SettingsError,
)
from search.language_models.careful import Careful
from search.language_models.local import LocalModel
from search.language_models.patience import once
from search.protocols import Completion
from search.settings import Settings


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    built = tiny_llm.build(tmp_path_factory.mktemp("llm") / "tiny", context=2048)
    return locate(str(built), None, "DAOGOU_LLM_MODEL", LANGUAGE_MODEL)


@pytest.fixture(scope="module")
def causal(folder: ModelFolder) -> CausalModel:
    return CausalModel(folder, "cpu")


@pytest.fixture
def model(causal: CausalModel) -> Iterator[LocalModel]:
    one = LocalModel("local:tiny", lambda: causal, once(60))
    yield one
    one.close()


def _settings(**values: str) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[call-arg, arg-type]


# --- the model -------------------------------------------------------------------------------------------------------


def test_pieces_add_up_and_are_counted(causal: CausalModel) -> None:
    pieces: list[str] = []
    made = causal.generate("be brief", "how? 键盘", 30, lambda piece: pieces.append(piece) is None)
    assert "".join(pieces) == made.text
    assert made.cut
    assert (made.completion_tokens, made.prompt_tokens) == (30, 19)
    assert causal.generate("be brief", "how? 键盘", 30, lambda _: True) == made


def test_chinese_comes_in_whole_signs(causal: CausalModel) -> None:
    pieces: list[str] = []
    causal.generate("s", "灯", 120, lambda piece: pieces.append(piece) is None)
    text = "".join(pieces)
    assert any("一" <= sign <= "鿿" for sign in text)


def test_it_stops_within_a_token(causal: CausalModel) -> None:
    calls = 0

    def say(piece: str) -> bool:
        nonlocal calls
        calls += 1
        return calls < 7

    made = causal.generate("be brief", "how?", 500, say)
    assert calls == 7
    assert (made.completion_tokens or 0) <= 4


def test_it_stops_while_it_still_reads(causal: CausalModel) -> None:
    begun: list[str] = []

    def say(piece: str) -> bool:
        begun.append(piece)
        return len(begun) < 2

    made = causal.generate("be brief", "how is the lamp? " * 90, 500, say)
    assert (made.prompt_tokens or 0) > 600
    assert made.completion_tokens == 0


def test_reading_in_pieces_changes_nothing(causal: CausalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    question = "how is the red lamp? " * 60
    whole = causal.generate("be brief", question, 10, lambda _: True)
    monkeypatch.setattr("search.encoding.generation.PREFILL", 10_000)
    assert causal.generate("be brief", question, 10, lambda _: True).text == whole.text


def test_a_model_may_end_by_itself(tmp_path: Path) -> None:
    for seed in range(20):
        built = tiny_llm.build(tmp_path / str(seed), seed=seed, stops=True)
        one = CausalModel(locate(str(built), None, "X", LANGUAGE_MODEL), "cpu")
        made = one.generate("be brief", "how?", 300, lambda _: True)
        if not made.cut:
            assert "<|end|>" not in made.text
            assert 0 < (made.completion_tokens or 0) < 300
            return
    raise AssertionError("none of twenty models ended")


def test_no_room_for_the_question(causal: CausalModel) -> None:
    assert causal.context == 2048 < MAX_PROMPT
    with pytest.raises(LanguageModelRefused, match=r"tokens; .* reads 2,048"):
        causal.generate("be brief", "x9" * 2000, 5, lambda _: True)


def test_the_answer_ends_with_the_context(causal: CausalModel) -> None:
    made = causal.generate("s", "x9" * 1015, 500, lambda _: True)
    assert made.cut
    assert (made.prompt_tokens or 0) + (made.completion_tokens or 0) == 2048


def test_threads_of_others_are_left_as_they_are(folder: ModelFolder) -> None:
    import torch

    before = torch.get_num_threads()
    seen: list[int] = []

    def load() -> None:
        CausalModel(folder, "cpu")
        seen.append(torch.get_num_threads())

    for work in (load, lambda: seen.append(torch.get_num_threads())):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert seen[0] <= max(1, before)
    assert seen[1] == torch.get_num_threads() == before


# --- behind the protocol ---------------------------------------------------------------------------------------------


def test_whole_and_in_pieces(model: LocalModel) -> None:
    whole = model.complete("be brief", "how?", 20)
    stream = model.stream("be brief", "how?", 20)
    assert "".join(stream) == whole.text
    assert whole.cut


def test_a_closed_stream_makes_room_for_the_next_question(model: LocalModel) -> None:
    stream = model.stream("be brief", "how?", 2000)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    begun = time.monotonic()
    model.complete("be brief", "how?", 1)
    assert time.monotonic() - begun < 5
    assert list(stream) == []


def test_several_questions_take_turns(model: LocalModel) -> None:
    alone = {text: model.complete("", text, 15).text for text in ("how?", "灯", "red")}
    heard: dict[str, str] = {}

    def ask(text: str) -> None:
        heard[text] = "".join(model.stream("", text, 15))

    threads = [threading.Thread(target=ask, args=(text,)) for text in alone]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == alone


def test_careful_stops_it_at_the_deadline(causal: CausalModel) -> None:
    slow = LocalModel("local:slow", lambda: _Slow(), once(30))
    with pytest.raises(LanguageModelBusy, match="longer"):
        list(Careful(slow, 0.3).stream("", "", 5))
    begun = time.monotonic()
    slow.close()
    assert time.monotonic() - begun < 5
    assert not [thread for thread in threading.enumerate() if thread.name == "local-language-model"]


class _Slow:
    """Says a word every 50 ms, for ever, or until it is told to stop."""

    def __init__(self, words: int = 10**6) -> None:
        self.words = words
        self.begun = threading.Event()

    def generate(self, system: str, user: str, max_tokens: int, say: Callable[[str], bool]) -> Completion:
        self.begun.set()
        for _ in range(self.words):
            if not say("word "):
                return Completion("", True, 1, 1)
            time.sleep(0.05)
        return Completion("", False, 1, self.words)


def test_the_deadline_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    slow = LocalModel("local:slow", lambda: _Slow(), once(0.3))
    stream = slow.stream("", "", 5)
    assert next(stream) == "word"
    with pytest.raises(LanguageModelBusy, match="smaller one, or a GPU"):
        list(stream)
    slow.close()


def test_who_waits_for_others_waits_no_longer_than_the_deadline() -> None:
    one = _Slow()
    slow = LocalModel("local:slow", lambda: one, once(0.5))
    stream = slow.stream("", "", 5)
    next(stream)
    with pytest.raises(LanguageModelBusy, match="one question at a time"):
        slow.complete("", "", 5)
    slow.close()


def test_while_it_loads_it_is_busy() -> None:
    loaded = threading.Event()

    def load() -> _Slow:
        loaded.wait(20)
        return _Slow(2)

    slow = LocalModel("local:slow", load, once(0.2))
    with pytest.raises(LanguageModelBusy, match="still being loaded"):
        slow.complete("", "", 5)
    loaded.set()
    ends = time.monotonic() + 10
    while True:
        try:
            assert slow.complete("", "", 5).text == "word word"
            break
        except LanguageModelBusy:
            assert time.monotonic() < ends
    slow.close()


def test_closed_in_the_middle() -> None:
    slow = LocalModel("local:slow", lambda: _Slow(), once(30))
    stream = slow.stream("", "", 5)
    next(stream)
    waiting = slow.stream("", "", 5)
    failed: list[Exception] = []

    def wait() -> None:
        try:
            next(waiting)
        except LanguageModelError as error:
            failed.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.1)
    slow.close()
    slow.close()
    thread.join(5)
    assert "closed" in str(failed[0])
    with pytest.raises(LanguageModelError, match="stopped"):
        list(stream)
    with pytest.raises(LanguageModelError, match="closed"):
        slow.complete("", "", 5)


def test_stopped_before_its_turn() -> None:
    """Whoever waits for it in another thread hears of it at once, not when the one before is done."""
    slow = LocalModel("local:slow", lambda: _Slow(), once(30))
    before = slow.stream("", "", 5)
    next(before)
    waiting = slow.stream("", "", 5)
    threading.Timer(0.1, waiting.stop).start()  # type: ignore[attr-defined]
    begun = time.monotonic()
    with pytest.raises(LanguageModelError, match="stopped"):
        next(waiting)
    assert time.monotonic() - begun < 10
    slow.close()


def test_a_bug_in_a_model_is_told_and_the_next_question_is_answered(caplog: pytest.LogCaptureFixture) -> None:
    class Moody:
        turn = 0

        def generate(self, system: str, user: str, max_tokens: int, say: Callable[[str], bool]) -> Completion:
            self.turn += 1
            if self.turn == 1:
                raise ZeroDivisionError
            say("well")
            return Completion("well", False, 1, 1)

    moody = Moody()
    model = LocalModel("local:moody", lambda: moody, once(20))
    with pytest.raises(LanguageModelError, match="ZeroDivisionError"):
        model.complete("", "", 5)
    assert model.complete("", "", 5) == Completion("well", False, 1, 1)
    model.close()


# --- settings --------------------------------------------------------------------------------------------------------


def test_settings_make_one(folder: ModelFolder) -> None:
    model = load_language_model(_settings(llm_model=f"local:{folder.path}", device="cpu"))
    assert model is not None
    assert model.name == "local:tiny"
    assert model.complete("be brief", "how?", 5).text
    model.close()


@pytest.mark.parametrize("name", ["local:", "local:@main"])
def test_no_name_is_said(name: str) -> None:
    with pytest.raises(SettingsError, match="local:NAME"):
        load_language_model(_settings(llm_model=name))


def test_a_server_and_this_process_are_one_too_many(folder: ModelFolder) -> None:
    with pytest.raises(SettingsError, match="Unset DAOGOU_LLM_URL"):
        load_language_model(_settings(llm_model=f"local:{folder.path}", llm_url="http://localhost/v1"))


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(EncoderNotFound, match="holds no language model of transformers"):
        load_language_model(_settings(llm_model=f"local:{tmp_path}"))


def test_pickles_are_not_loaded(tmp_path: Path) -> None:
    built = tiny_llm.build(tmp_path)
    (built / "model.safetensors").rename(built / "pytorch_model.bin")
    with pytest.raises(EncoderUntrusted, match="AutoModelForCausalLM"):
        load_language_model(_settings(llm_model=f"local:{built}"))


def test_no_hub_in_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(EncoderNotFound, match=r"nobody/has-this.*DAOGOU_LLM_MODEL"):
        load_language_model(_settings(llm_model="local:nobody/has-this@main"))


def _asked(built: Path) -> LanguageModelError:
    model = load_language_model(_settings(llm_model=f"local:{built}", device="cpu"))
    assert model is not None
    with pytest.raises(LanguageModelError) as caught:
        model.complete("be brief", "how?", 5)
    model.close()
    return caught.value


def test_no_chat_template(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    assert "no chat template" in str(_asked(tiny_llm.build(tmp_path, template=None)))
    assert "no chat template" in caplog.text


def test_a_chat_template_that_fails(tmp_path: Path) -> None:
    template = "{{ raise_exception('no system message, please') }}"
    assert "no system message, please" in str(_asked(tiny_llm.build(tmp_path, template=template)))


def test_code_in_a_model_folder_is_not_run(tmp_path: Path) -> None:
    built = tiny_llm.build(tmp_path)
    config = built / "config.json"
    config.write_text(
        config.read_text().replace(
            '"model_type": "llama"',
            '"model_type": "evil", "auto_map": {"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"}',
        )
    )
    (built / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    assert "does not load" in str(_asked(built))
    assert not (tmp_path / "ran").exists()
