"""A causal language model of transformers in this process: instructions and a question in, text out, token by token.

No policy here: whose turn it is, how long it may take and what counts as an answer is decided by
search/language_models/local.py.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from search.encoding.batching import first_line
from search.encoding.devices import devices, dtype, quiet
from search.encoding.sources import ModelFolder
from search.errors import LanguageModelError, LanguageModelRefused
from search.protocols import Completion

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

MAX_PROMPT = 8192
"""Tokens of a prompt, where the model could read more: on a processor these are minutes already."""

PREFILL = 256
"""Tokens of a prompt that are read at a time. Between two such pieces it can be stopped."""

Say = Callable[[str], bool]
"""Called before every step of the model with '', and after every token with the text that it completes, often ''.
False stops the model there."""


class CausalModel:
    """Reads and writes on the first device of the setting; on a GPU in half precision.

    One call at a time, and from the thread that made it: on a processor the number of torch's threads is set for that
    thread, so that one core at least is left to searches, and for no other.
    """

    def __init__(self, folder: ModelFolder, device: str = "auto") -> None:
        """Takes seconds. Raises LanguageModelError where it does not load or has no chat template, SettingsError."""
        self._folder = folder
        self._device = devices(device)[0]
        if self._device == "cpu":
            _leave_room()
        self._tokenizer = _tokenizer(folder)
        self._model = _model(folder, self._device)
        limits = (
            _positive(self._model.config, "max_position_embeddings"),
            _positive(self._tokenizer, "model_max_length"),
        )
        self._tokenizer.model_max_length = 10**9  # longer prompts are refused here, without a warning before
        self.context = min([limit for limit in limits if limit is not None], default=MAX_PROMPT)

    def generate(self, system: str, user: str, max_tokens: int, say: Say) -> Completion:
        """The most likely next token each time (greedy), until the model ends, `say` stops it or tokens run out.

        Raises LanguageModelRefused where the prompt is too long for the model, LanguageModelError where it breaks.
        """
        import torch
        from transformers import GenerationConfig, StoppingCriteria, StoppingCriteriaList

        prompt = self._prompt(system, user)
        length = prompt.shape[1]
        room = self.context - length
        if length > MAX_PROMPT or room < 1:
            raise LanguageModelRefused(
                f"The question has {length:,} tokens; {self._folder.name} reads {min(MAX_PROMPT, self.context):,}, "
                f"its answer included. Ask about less, or use a model with a longer context."
            )
        text = _Text(self._tokenizer)
        said: list[str] = []

        def go_on(piece: str) -> bool:
            said.append(piece)
            return say(piece)

        def before_a_step(*_: object) -> None:
            if not say(""):
                raise _Stopped

        class Listener(StoppingCriteria):
            stopped = False

            def __call__(self, input_ids: torch.Tensor, scores: object, **_: object) -> torch.Tensor:
                self.stopped = self.stopped or not go_on(text.after(int(input_ids[0, -1])))
                return torch.tensor([self.stopped], device=input_ids.device)

        listener = Listener()
        ends = self._model.generation_config.eos_token_id
        config = GenerationConfig(  # type: ignore[no-untyped-call]
            max_new_tokens=min(max_tokens, room),
            do_sample=False,
            num_beams=1,
            prefill_chunk_size=PREFILL if length > PREFILL else None,
            eos_token_id=self._tokenizer.eos_token_id if ends is None else ends,
            pad_token_id=_first_of(self._tokenizer.pad_token_id, self._tokenizer.eos_token_id, 0),
        )
        generate: Any = self._model.generate
        hook = self._model.register_forward_pre_hook(before_a_step)
        try:
            with torch.inference_mode():
                made = generate(
                    prompt,
                    attention_mask=torch.ones_like(prompt),
                    generation_config=config,
                    stopping_criteria=StoppingCriteriaList([listener]),
                )
        except _Stopped:
            return Completion("".join(said), True, length, text.tokens)
        except (RuntimeError, ValueError, IndexError) as error:
            raise LanguageModelError(f"The language model {self._folder.name} broke: {first_line(error)}") from error
        finally:
            hook.remove()
        if not listener.stopped:
            go_on(text.rest())
        cut = int(made[0, -1]) not in _ids(config.eos_token_id)
        return Completion("".join(said), cut, length, int(made.shape[1]) - length)

    def _prompt(self, system: str, user: str) -> torch.Tensor:
        messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        try:
            made: Any = self._tokenizer.apply_chat_template(
                messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
            )
        except Exception as error:  # a template is a program of the model's makers
            raise LanguageModelError(
                f"The chat template of {self._folder.name} does not take a system message and a question: "
                f"{first_line(error)}"
            ) from error
        ids: torch.Tensor = made["input_ids"].to(self._device)
        return ids


class _Stopped(Exception):
    """Before a step of the model nobody wanted it any more."""


class _Text:
    """Text out of tokens, as soon as it stands: a sign may take several tokens, a token's blank hang on the next."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer
        self._special = set(tokenizer.all_special_ids)
        self._ids: list[int] = []
        self._from = 0
        self._given = 0
        self.tokens = 0

    def after(self, token: int) -> str:
        self.tokens += 1
        if token in self._special:
            return ""
        self._ids.append(token)
        return self._new(complete=False)

    def rest(self) -> str:
        return self._new(complete=True)

    def _new(self, complete: bool) -> str:
        """What the tokens add to those given already; the few before are decoded with them, for their blanks."""
        before = self._decoded(self._ids[self._from : self._given])
        both = self._decoded(self._ids[self._from :])
        if both.endswith("�") and not complete:
            return ""
        self._from, self._given = self._given, len(self._ids)
        return both[len(before) :]

    def _decoded(self, ids: list[int]) -> str:
        return str(self._tokenizer.decode(ids, clean_up_tokenization_spaces=False)) if ids else ""


def _tokenizer(folder: ModelFolder) -> PreTrainedTokenizerBase:
    from transformers import AutoTokenizer

    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            str(folder.path), local_files_only=True, trust_remote_code=False
        )
    except Exception as error:
        raise LanguageModelError(f"The tokenizer under {folder.path} does not load: {first_line(error)}") from error
    if not tokenizer.chat_template:
        raise LanguageModelError(
            f"The model {folder.name} has no chat template: it continues texts and takes no instructions. "
            f"Set DAOGOU_LLM_MODEL to a model that was trained for chats (its name mostly ends in -Instruct or -Chat)."
        )
    return tokenizer


def _model(folder: ModelFolder, device: str) -> PreTrainedModel:
    from transformers import AutoModelForCausalLM

    with quiet():
        try:
            model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
                str(folder.path),
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=dtype(device),
            )
            model = model.to(device)  # type: ignore[arg-type]
        except Exception as error:
            raise LanguageModelError(
                f"The language model under {folder.path} does not load: {first_line(error)}"
            ) from error
    model.eval()  # type: ignore[no-untyped-call]
    return model


def _positive(of: Any, name: str) -> int | None:
    """A limit that is one: tokenizers without any say 10^30."""
    value = getattr(of, name, None)
    return value if isinstance(value, int) and 0 < value < 10**9 else None


def _first_of(*values: Any) -> int:
    return next(int(value) for value in values if value is not None)


def _ids(value: Any) -> set[int]:
    return set() if value is None else set(value) if isinstance(value, list) else {int(value)}


def _leave_room() -> None:
    """Let torch use one thread less than there are processors, in this thread alone.

    With OpenMP the number belongs to the thread that sets it, and a thread that never set one takes the number that was
    set last by any; so another thread sets it back to what it was.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(max(1, min(before, (os.cpu_count() or 2) - 1)))
    back = threading.Thread(target=torch.set_num_threads, args=(before,))
    back.start()
    back.join()
