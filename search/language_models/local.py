"""A language model in this process behind the LanguageModel protocol: one question at a time, each with a deadline."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import NoReturn, Protocol

from search.errors import DaogouError, LanguageModelBusy, LanguageModelError
from search.language_models.patience import HERE, Patience
from search.language_models.pieces import Pieces, Saying, Stream
from search.language_models.spoken import Spoken, well_formed
from search.protocols import Completion, Json

log = logging.getLogger(__name__)


class Generator(Protocol):
    """A model that is loaded: see search/encoding/generation.py."""

    def generate(self, system: str, user: str, max_tokens: int, say: Callable[[str], bool]) -> Completion:
        """Calls `say` with every piece of text, and often with ''; stops where that gives False."""
        ...


class LocalModel:
    """Loads and generates in one thread of its own. Safe to call from several; they wait for each other, in turn.

    Loading begins at once, unseen: a server need not wait for gigabytes before it serves, and the first question does
    not pay for them either. Until it is done, and while other questions are before it, a question waits, but never
    longer than `patience.seconds` in all; then it is LanguageModelBusy. It is never asked twice.
    """

    def __init__(self, name: str, load: Callable[[], Generator], patience: Patience = HERE) -> None:
        self._name = name
        self._load = load
        self._seconds = patience.seconds
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._loaded = threading.Event()
        self._thread = threading.Thread(target=self._work, name="local-language-model", daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        return f"LocalModel({self._name!r})"

    @property
    def name(self) -> str:
        return self._name

    def close(self) -> None:
        """Stops what it says within a token, and gives the memory back. Twice is no error."""
        with self._lock:
            self._closed.set()
            self._jobs.put(None)
        self._thread.join(5.0)  # loading cannot be stopped

    def complete(self, system: str, user: str, max_tokens: int, schema: Json = None) -> Completion:
        """See the protocol. `schema` is not kept to. Raises LanguageModelBusy, LanguageModelRefused,
        LanguageModelError."""
        saying = self._saying(_Job(system, user, max_tokens))
        while True:
            try:
                next(saying)
            except StopIteration as end:
                completion: Completion = end.value
                return completion

    def stream(self, system: str, user: str, max_tokens: int) -> Iterator[str]:
        """See the protocol. Its generator returns the Completion. Any thread may close it."""
        job = _Job(system, user, max_tokens)
        return Stream(self._saying(job), job.stop)

    def _saying(self, job: _Job) -> Saying:
        ends = time.monotonic() + self._seconds
        with self._lock:
            if self._closed.is_set():
                raise LanguageModelError("The language model was closed and takes no more questions.")
            self._jobs.put(job)
        try:
            while isinstance(item := job.pieces.take(ends - time.monotonic()), str):
                yield item
            return item
        except queue.Empty:
            self._too_late(job)
        finally:
            job.stop()

    def _too_late(self, job: _Job) -> NoReturn:
        if not self._loaded.is_set():
            raise LanguageModelBusy(
                f"The language model {self._name} is still being loaded. Ask again later."
            ) from None
        if not job.begun:
            raise LanguageModelBusy(
                f"The language model {self._name} answered others for {self._seconds:g} s; it takes one question at a "
                f"time. Ask again later."
            ) from None
        raise LanguageModelBusy(
            f"The language model {self._name} took longer than {self._seconds:g} s. Use a smaller one, or a GPU."
        ) from None

    # --- in the thread of the model ----------------------------------------------------------------------------------

    def _work(self) -> None:
        model: Generator | None = None
        broken: Exception | None = None
        begun = time.monotonic()
        try:
            model = self._load()
            log.info("the language model %s is loaded, in %.1f s", self._name, time.monotonic() - begun)
        except DaogouError as error:
            broken = LanguageModelError(str(error))
            log.error("%s", error)
        except Exception as error:
            broken = LanguageModelError(f"The language model {self._name} does not load: {type(error).__name__}.")
            log.exception("the language model %s does not load", self._name)
        self._loaded.set()
        while (job := self._jobs.get()) is not None:  # None is the last: after it nobody puts anything
            if self._closed.is_set():
                job.pieces.end(LanguageModelError("The language model was closed before its turn."))
            elif model is None:
                job.pieces.end(broken or LanguageModelError(f"The language model {self._name} does not load."))
            elif not job.stopped:
                self._answer(model, job)

    def _answer(self, model: Generator, job: _Job) -> None:
        said, texts = Spoken(), []

        def hand_over(piece: str) -> None:
            if piece:
                texts.append(piece)
                job.pieces.put(piece)

        def say(text: str) -> bool:
            hand_over(said.hear(text))
            return not (job.stopped or self._closed.is_set())

        job.begun = True
        try:
            made = model.generate(well_formed(job.system), well_formed(job.user), job.max_tokens, say)
        except LanguageModelError as error:
            job.pieces.end(error)
        except Exception as error:
            log.exception("the language model %s broke", self._name)
            job.pieces.end(LanguageModelError(f"The language model {self._name} broke: {type(error).__name__}."))
        else:
            if job.stopped or self._closed.is_set():
                job.stop()
                return
            hand_over(said.end())
            job.pieces.end(Completion("".join(texts), made.cut, made.prompt_tokens, made.completion_tokens))


class _Job:
    """One question, on its way to the thread of the model and its answer back."""

    def __init__(self, system: str, user: str, max_tokens: int) -> None:
        self.system = system
        self.user = user
        self.max_tokens = max_tokens
        self.pieces = Pieces()
        self.begun = False
        self.stopped = False

    def stop(self) -> None:
        """The reader hears of it at once, also where the question never has its turn."""
        self.stopped = True
        self.pieces.end(LanguageModelError("The language model was stopped in the middle of an answer."))
