"""Any server that speaks OpenAI's chat completions: OpenAI itself, vLLM, llama.cpp, Ollama, LM Studio, gateways.

Servers differ in what they take: some know no JSON schema, some models refuse a temperature, newer ones want
`max_completion_tokens`. So the client starts with everything, drops what the server's refusal names, and remembers
what it dropped once that has helped: a refusal may name a parameter and mean the question.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from search.errors import LanguageModelBusy, LanguageModelError, LanguageModelRefused, SettingsError
from search.language_models.answers import completion_of, explanation_of, retry_after, well_formed
from search.protocols import Completion, Json

log = logging.getLogger(__name__)

MAX_REQUEST = 200_000
"""Characters of instructions and question together."""

MAX_ANSWER = 4 * 2**20
"""Bytes of an answer; the rest is not read."""

_TRANSIENT = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_REFUSED = frozenset({400, 413, 422})


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait: `seconds` for one try, `tries` in all, between them `pause` seconds, doubled each time.

    Where the server says how long to wait (Retry-After) that is done instead, but never longer than `longest_pause`: a
    server that asks for more is busy. A server that dribbles its answer can hold one try for twice `seconds`.
    """

    seconds: float = 60.0
    tries: int = 4
    pause: float = 1.0
    longest_pause: float = 60.0


PATIENT = Patience()


class OpenAICompatible:
    """The LanguageModel protocol over HTTP. Safe to call from several threads; `close` when done."""

    def __init__(
        self,
        url: str,
        model: str,
        key: str | None = None,
        patience: Patience = PATIENT,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`url` is the base, as http://localhost:11434/v1. Raises SettingsError; connects to nothing yet."""
        self._url = _endpoint(url)
        self._model = model
        self._key = _checked_key(key)
        self._patience = patience
        self._sleep = sleep
        self._dropped: frozenset[str] = frozenset()
        headers = {"Accept-Encoding": "identity"}  # so that MAX_ANSWER is what comes over the wire
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        # Redirects are not followed: they would carry the key to wherever they point.
        self._client = httpx.Client(
            headers=headers, timeout=httpx.Timeout(patience.seconds, connect=min(10.0, patience.seconds))
        )

    def __repr__(self) -> str:
        return f"OpenAICompatible({self._model!r} at {self._url.host})"

    @property
    def name(self) -> str:
        return self._model

    def close(self) -> None:
        self._client.close()

    def complete(self, system: str, user: str, max_tokens: int, schema: Json = None) -> Completion:
        """See the protocol. Raises LanguageModelBusy after the last try, LanguageModelRefused, LanguageModelError."""
        if len(system) + len(user) > MAX_REQUEST:
            raise LanguageModelRefused(
                f"{len(system) + len(user):,} characters are too many to ask at once; the most is {MAX_REQUEST:,}."
            )
        tried = 1
        while True:
            try:
                return self._ask(system, user, max_tokens, schema)
            except _TryAgain as fault:
                wait = self._wait(tried, fault.after)
                if wait is None:
                    raise LanguageModelBusy(
                        f"The language model {self._model} at {self._url.host} {fault}, {_times(tried)}. "
                        f"Try again later, or see to the server."
                    ) from None
                log.info("the language model %s; asking again in %.1f s", fault, wait)
            self._sleep(wait)
            tried += 1

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

    def _ask(self, system: str, user: str, max_tokens: int, schema: Json) -> Completion:
        """One try; again at once, with less, where the server does not know something that was sent."""
        dropped = self._dropped
        while True:
            status, headers, body = self._post(_request(self._model, system, user, max_tokens, schema, dropped))
            if status == 200:
                completion = completion_of(body)
                if completion is None:
                    raise _TryAgain("answered something that is no chat completion")
                if dropped - self._dropped:
                    log.info(
                        "the language model %s takes no %s", self._model, ", ".join(sorted(dropped - self._dropped))
                    )
                    self._dropped |= dropped
                return completion
            why = explanation_of(body, self._key)
            if status in _TRANSIENT:
                said = f" ({why})" if why else ""
                raise _TryAgain(f"answered {status}{said}", retry_after(headers.get("retry-after"), time.time()))
            if status in _REFUSED:
                unknown = next((name for name in _DROPPABLE if name not in dropped and name in why), None)
                if unknown is None or (unknown == "response_format" and schema is None):
                    raise LanguageModelRefused(f"The language model {self._model} refused a request: {why}")
                dropped |= {unknown}
                continue
            raise LanguageModelError(self._advice(status, why))

    def _post(self, payload: dict[str, Any]) -> tuple[int, httpx.Headers, bytes]:
        ends = time.monotonic() + self._patience.seconds
        body = bytearray()
        try:
            with self._client.stream("POST", self._url, json=payload) as response:
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > MAX_ANSWER:
                        raise LanguageModelError(
                            f"The language model {self._model} answered with more than {MAX_ANSWER // 2**20} MiB. "
                            f"Is {self._url.host} the right server?"
                        )
                    if time.monotonic() > ends:
                        raise _TryAgain(f"took longer than {self._patience.seconds:g} s")
                return response.status_code, response.headers, bytes(body)
        except httpx.TimeoutException:
            raise _TryAgain(f"took longer than {self._patience.seconds:g} s") from None
        except httpx.TransportError as error:
            # What the libraries say here may hold addresses, never headers.
            raise _TryAgain(f"cannot be reached ({type(error).__name__})") from None
        except httpx.DecodingError:
            raise _TryAgain("answered something that cannot be unpacked") from None

    def _advice(self, status: int, why: str) -> str:
        at = f"{self._url.host} answered {status}"
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


_DROPPABLE = ("max_tokens", "temperature", "response_format", "json_schema")
"""By the name under which a refusal mentions them."""


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


def _endpoint(url: str) -> httpx.URL:
    try:
        base = httpx.URL(url.strip())
    except (httpx.InvalidURL, TypeError):
        base = httpx.URL("")
    if base.scheme not in ("http", "https") or not base.host:
        raise SettingsError(
            "DAOGOU_LLM_URL is no web address. Give the base of the server, as http://localhost:11434/v1"
        )
    if base.userinfo:
        raise SettingsError("DAOGOU_LLM_URL holds a user or password. Put the key into DAOGOU_LLM_API_KEY instead.")
    if base.query:
        # It would be written into logs, and is where some put their key.
        raise SettingsError(
            "DAOGOU_LLM_URL has a part after '?'. Give the base alone, and the key as DAOGOU_LLM_API_KEY."
        )
    path = base.path.rstrip("/").removesuffix("/chat/completions")
    return base.copy_with(path=f"{path}/chat/completions", fragment=None)


def _checked_key(key: str | None) -> str | None:
    """A key with a line break or an umlaut would come back in the HTTP library's complaint: refused here, unsaid."""
    key = (key or "").strip()
    if not key.isascii() or any(sign <= " " or sign == "\x7f" for sign in key):
        raise SettingsError("DAOGOU_LLM_API_KEY holds spaces or other signs that no key has. Copy it anew.")
    return key or None


def _times(tried: int) -> str:
    return "asked once" if tried == 1 else f"asked {tried} times"
