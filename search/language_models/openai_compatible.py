"""Any server that speaks OpenAI's chat completions: OpenAI itself, vLLM, llama.cpp, Ollama, LM Studio, gateways.

Servers differ in what they take: some know no JSON schema, some models refuse a temperature, newer ones want
`max_completion_tokens`. So the client starts with everything, drops what the server's refusal names, and remembers
what it dropped once that has helped: a refusal may name a parameter and mean the question.

The openai package speaks the protocol. Three things of it are not used, and why:

- its retries (twice, after 600 s each, and again where the server says x-should-retry): asking again is ours, so that
  a deadline holds;
- its timeouts, which count from one byte to the next: a server that dribbles would never be late. Requests run in a
  thread with an event loop, where one deadline covers the whole (search/language_models/wire.py);
- its types of a question and an answer. Answers it fills with whatever came, unchecked, and it takes longer over each
  event of a stream than over anything else: answers are read by answers.py, streams by events.py.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import aclosing, asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from search.errors import LanguageModelBusy, LanguageModelError, LanguageModelRefused, SettingsError
from search.language_models.address import base_of, checked_key
from search.language_models.answers import chunk_of, completion_of, explanation_of, retry_after, status_of
from search.language_models.events import events
from search.language_models.patience import PATIENT, Patience
from search.language_models.pieces import Pieces, Saying, Stream
from search.language_models.spoken import Spoken, well_formed
from search.protocols import Completion, Json

log = logging.getLogger(__name__)

MAX_REQUEST = 200_000
"""Characters of instructions and question together."""

MAX_ANSWER = 4 * 2**20
"""Bytes of an answer; the rest is not read."""

_TRANSIENT = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_REFUSED = frozenset({400, 413, 422})


class OpenAICompatible:
    """The LanguageModel protocol over HTTP. Safe to call from several threads; `close` when done.

    A stream may be closed by any thread, which closes its connection at once.
    """

    def __init__(
        self,
        url: str,
        model: str,
        key: str | None = None,
        patience: Patience = PATIENT,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        """`url` is the base, as http://localhost:11434/v1; `sleep` is done between two tries, unset for as long as the
        client is open. Raises SettingsError; connects to nothing yet.

        Takes about a second, in which the openai package is imported: now, so that no question waits for it.
        """
        base = base_of(url)
        self._host = urlsplit(base).hostname or base
        self._model = model
        self._key = checked_key(key)
        self._patience = patience
        self._closed = threading.Event()
        self._sleep = sleep or self._closed.wait
        self._dropped: frozenset[str] = frozenset()

        import httpx2
        import openai

        from search.language_models.wire import GuardedClient, NetworkThread

        try:
            self._http = GuardedClient(self._key, MAX_ANSWER, patience.seconds)
        except (ValueError, OSError, httpx2.InvalidURL):
            raise SettingsError(
                "The language model's server cannot be asked: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY or NO_PROXY holds no "
                "address of a proxy, or SSL_CERT_FILE or SSL_CERT_DIR no certificates. Mend or unset them."
            ) from None
        self._thread = NetworkThread()
        # The key is given to the guard alone; the package would look for another one in OPENAI_API_KEY.
        self._openai = openai.AsyncOpenAI(
            api_key="unused", base_url=base, max_retries=0, timeout=self._http.timeout, http_client=self._http
        )

    def __repr__(self) -> str:
        return f"OpenAICompatible({self._model!r} at {self._host})"

    @property
    def name(self) -> str:
        return self._model

    def close(self) -> None:
        """Questions that are under way are given up, also those that wait for their next try."""
        self._closed.set()
        self._thread.close(self._http)

    def complete(self, system: str, user: str, max_tokens: int, schema: Json = None) -> Completion:
        """See the protocol. Raises LanguageModelBusy after the last try, LanguageModelRefused, LanguageModelError."""
        _check_length(system, user)
        tried = 1
        while True:
            try:
                return self._thread.run(self._completed(system, user, max_tokens, schema))
            except _TryAgain as fault:
                self._pause(tried, fault)
            tried += 1

    def stream(self, system: str, user: str, max_tokens: int) -> Iterator[str]:
        """See the protocol. The question is asked when the first piece is asked for; once a piece has come it is never
        asked again. Its generator returns the Completion, with the tokens where the server counts them."""
        _check_length(system, user)
        stop = _Stop()
        return Stream(self._saying(system, user, max_tokens, stop), stop)

    def _saying(self, system: str, user: str, max_tokens: int, stop: _Stop) -> Saying:
        tried, came = 1, False
        while True:
            pieces = Pieces()
            future = self._thread.start(self._spoken(system, user, max_tokens, pieces))
            future.add_done_callback(_stopped(pieces))
            stop.covers(future)
            try:
                while isinstance(item := pieces.take(), str):
                    came = True
                    yield item
                return item
            except _TryAgain as fault:
                if came or stop.asked:
                    raise LanguageModelBusy(f"{self._who()} {fault} in the middle of an answer.", fault.after) from None
                self._pause(tried, fault)
            finally:
                future.cancel()
            tried += 1

    def _pause(self, tried: int, fault: _TryAgain) -> None:
        """Until the next try. Raises LanguageModelBusy where there is to be none."""
        wait = self._wait(tried, fault.after)
        if wait is None:
            raise LanguageModelBusy(
                f"{self._who()} {fault}, {_times(tried)}. Try again later, or see to the server.", fault.after
            ) from None
        log.info("the language model %s; asking again in %.1f s", fault, wait)
        self._sleep(wait)

    def _wait(self, tried: int, asked: float | None) -> float | None:
        """Seconds to the next try; None where there is to be none."""
        patience = self._patience
        if tried >= patience.tries or (asked is not None and asked > patience.longest_pause):
            return None
        if asked is not None:
            return asked
        # Spread, so that several callers that failed together do not come back together.
        spread = 0.5 + random.random() / 2  # noqa: S311
        return min(patience.longest_pause, patience.pause * 2.0 ** (tried - 1)) * spread

    # --- in the thread of the network --------------------------------------------------------------------------------

    async def _completed(self, system: str, user: str, max_tokens: int, schema: Json) -> Completion:
        async with self._faults():
            dropped = self._dropped
            while True:
                request = _request(self._model, system, user, max_tokens, schema, dropped)
                try:
                    answer = await self._asked(request)
                except _status_error() as error:
                    dropped |= {self._unknown(error, dropped, request)}
                    continue
                if answer.status_code != 200:
                    raise LanguageModelError(self._advice(answer.status_code, ""))
                completion = completion_of(answer.content)
                if completion is None:
                    raise _TryAgain("answered something that is no chat completion")
                self._remember(dropped)
                return completion

    async def _spoken(self, system: str, user: str, max_tokens: int, pieces: Pieces) -> None:
        try:
            async with self._faults():
                pieces.end(await self._streamed(system, user, max_tokens, pieces))
        except Exception as error:
            pieces.end(error)

    async def _streamed(self, system: str, user: str, max_tokens: int, pieces: Pieces) -> Completion:
        dropped = self._dropped
        while True:
            request = _request(self._model, system, user, max_tokens, None, dropped) | {"stream": True}
            if "stream_options" not in dropped:
                request["stream_options"] = {"include_usage": True}
            try:
                answer = await self._asked(request)
                break
            except _status_error() as error:
                dropped |= {self._unknown(error, dropped, request)}
        try:
            if answer.status_code != 200:
                raise LanguageModelError(self._advice(answer.status_code, ""))
            if answer.headers.get("content-type", "").startswith("application/json"):
                completion = completion_of(await answer.aread())  # some servers know no streams
                if completion is None:
                    raise _TryAgain("answered something that is no chat completion")
                pieces.put(completion.text)
            else:
                completion = await self._heard(aiter(answer.stream), pieces)
        finally:
            await answer.aclose()
        self._remember(dropped)
        return completion

    async def _asked(self, request: dict[str, Any]) -> Any:
        """The response; of a stream its head alone, to be closed. Not through the package's `create`: that checks what
        we send against its types, which takes it longer than all else it does for a question."""
        import httpx2

        stream = bool(request.get("stream"))
        return await self._openai.post("/chat/completions", cast_to=httpx2.Response, body=request, stream=stream)

    async def _heard(self, chunks: AsyncGenerator[bytes, None], pieces: Pieces) -> Completion:
        """Hand over what is said; the whole at the end. Raises _TryAgain where it ends before its end."""
        said, texts, finish = Spoken(), [], None
        asked = answered = None
        async with aclosing(events(chunks)) as told:
            async for event in told:
                if isinstance(event, dict) and (fault := event.get("error")):
                    raise self._told(status_of(fault), explanation_of(fault, self._key), None)
                chunk = chunk_of(event)
                if chunk is None:
                    raise _TryAgain("answered something that is no chat completion")
                finish = chunk.finish or finish
                asked = chunk.prompt_tokens if chunk.prompt_tokens is not None else asked
                answered = chunk.completion_tokens if chunk.completion_tokens is not None else answered
                texts.append(said.hear(chunk.text))
                if texts[-1]:
                    pieces.put(texts[-1])
        if finish is None:
            raise _TryAgain("broke off" if texts else "answered something that is no chat completion")
        texts.append(said.end())
        if texts[-1]:
            pieces.put(texts[-1])
        return Completion("".join(texts), finish == "length", asked, answered)

    @asynccontextmanager
    async def _faults(self) -> AsyncIterator[None]:
        """One try: within the deadline, and whatever goes wrong with the connection as an error of ours."""
        import httpx2
        import openai

        from search.language_models.wire import TooMuch, root_of

        late = f"took longer than {self._patience.seconds:g} s"
        try:
            async with asyncio.timeout(self._patience.seconds):
                yield
        except (TimeoutError, openai.APITimeoutError, httpx2.TimeoutException):
            raise _TryAgain(late) from None
        except (openai.APIConnectionError, httpx2.RequestError) as error:
            cause = error.__cause__ if isinstance(error, openai.APIConnectionError) else error
            if isinstance(cause, httpx2.DecodingError):
                raise _TryAgain("answered something that cannot be unpacked") from None
            # Its kind alone: what the libraries say may hold the address of a proxy, and the password in it.
            raise _TryAgain(f"cannot be reached ({type(root_of(error)).__name__})") from None
        except TooMuch:
            raise LanguageModelError(
                f"The language model {self._model} answered with more than {MAX_ANSWER // 2**20} MiB. "
                f"Is {self._host} the right server?"
            ) from None
        except (ValueError, RecursionError):  # no JSON, no UTF-8
            raise _TryAgain("answered something that is no chat completion") from None

    def _unknown(self, error: Any, dropped: frozenset[str], request: dict[str, Any]) -> str:
        """What the server does not know of what was sent, by its refusal. Raises where that is something else."""
        status, why = error.status_code, explanation_of(error.response.content, self._key)
        if status in _REFUSED:
            for name in _DROPPABLE:
                sent = "response_format" if name == "json_schema" else name
                if name not in dropped and name in why and sent in request:
                    return name
        raise self._told(status, why, error.response.headers.get("retry-after")) from None

    def _told(self, status: int | None, why: str, after: str | None) -> Exception:
        """What to raise for an error that the server tells of."""
        said = f" ({why})" if why else ""
        if status is None:
            return _TryAgain(f"told of an error{said}")
        if status in _TRANSIENT:
            return _TryAgain(f"answered {status}{said}", retry_after(after, time.time()))
        if status in _REFUSED:
            return LanguageModelRefused(f"The language model {self._model} refused a request: {why}")
        return LanguageModelError(self._advice(status, why))

    def _remember(self, dropped: frozenset[str]) -> None:
        if dropped - self._dropped:
            log.info("the language model %s takes no %s", self._model, ", ".join(sorted(dropped - self._dropped)))
            self._dropped |= dropped

    def _who(self) -> str:
        return f"The language model {self._model} at {self._host}"

    def _advice(self, status: int, why: str) -> str:
        at = f"{self._host} answered {status}"
        said = f": {why}" if why else ""
        if status in (401, 403):
            return f"{at}; set DAOGOU_LLM_API_KEY to a key that may use {self._model}{said}"
        if status in (404, 405):
            return (
                f"{at}; is DAOGOU_LLM_URL the base of an OpenAI-compatible server (it mostly ends in /v1), "
                f"and is DAOGOU_LLM_MODEL ({self._model}) one of its models?{said}"
            )
        if 300 <= status < 400:
            return f"{at}, which is a redirect; set DAOGOU_LLM_URL to where the server really is"
        return f"{at} where a chat completion was asked for{said}"


class _TryAgain(Exception):
    """Says what happened, as the end of a sentence about the model."""

    def __init__(self, what: str, after: float | None = None) -> None:
        super().__init__(what)
        self.after = after


def _stopped(pieces: Pieces) -> Callable[[Future[None]], None]:
    """Also where the work never began: a reader never hangs. After another end this one changes nothing."""
    return lambda _: pieces.end(_TryAgain("was stopped"))


class _Stop:
    """Gives up what is under way, and what comes after, from whatever thread."""

    def __init__(self) -> None:
        self.asked = False
        self._under_way: Future[None] | None = None

    def covers(self, under_way: Future[None]) -> None:
        self._under_way = under_way
        if self.asked:  # in the meantime
            under_way.cancel()

    def __call__(self) -> None:
        self.asked = True
        if self._under_way is not None:
            self._under_way.cancel()


_DROPPABLE = ("stream_options", "max_tokens", "temperature", "response_format", "json_schema")
"""By the name under which a refusal mentions them."""


def _status_error() -> Any:
    from openai import APIStatusError

    return APIStatusError


def _request(
    model: str, system: str, user: str, max_tokens: int, schema: Json, dropped: frozenset[str]
) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "model": model,
        "messages": [
            {"role": "system", "content": well_formed(system)},
            {"role": "user", "content": well_formed(user)},
        ],
        "max_completion_tokens" if "max_tokens" in dropped else "max_tokens": max_tokens,
    }
    if "temperature" not in dropped:
        payload["temperature"] = 0
    if schema is not None and not dropped & {"response_format", "json_schema"}:
        payload["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": schema, "strict": True},
        }
    return payload


def _check_length(system: str, user: str) -> None:
    if len(system) + len(user) > MAX_REQUEST:
        raise LanguageModelRefused(
            f"{len(system) + len(user):,} characters are too many to ask at once; the most is {MAX_REQUEST:,}."
        )


def _times(tried: int) -> str:
    return "asked once" if tried == 1 else f"asked {tried} times"
