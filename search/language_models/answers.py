"""Reads what a chat completion server sends back, trusting none of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from search.language_models.spoken import spoken
from search.protocols import Completion, Json

SHOWN = 300
"""Characters of a server's own words that a message of ours quotes."""


def completion_of(body: bytes) -> Completion | None:
    """None where this is no chat completion. An empty text is one: the model had nothing to say, or only thoughts."""
    data = _json(body)
    try:
        choice = data["choices"][0]
        text = _text_of(choice["message"].get("content"))
        finish = choice.get("finish_reason")
    except (TypeError, LookupError, AttributeError):
        return None
    if text is None:
        return None
    usage = data.get("usage")
    used = usage if isinstance(usage, dict) else {}
    return Completion(
        spoken(text), finish == "length", _count(used.get("prompt_tokens")), _count(used.get("completion_tokens"))
    )


@dataclass(frozen=True, slots=True)
class Chunk:
    """One event of a stream: the next piece of text, why the answer ends here, tokens, each where it says so."""

    text: str = ""
    finish: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


def chunk_of(event: Json) -> Chunk | None:
    """None where this is no chunk of a chat completion."""
    if not isinstance(event, dict):
        return None
    choices = event.get("choices") or []  # none with the tokens, and in a sign of life
    if not isinstance(choices, list):
        return None
    usage = event.get("usage")
    used = usage if isinstance(usage, dict) else {}
    asked, said = _count(used.get("prompt_tokens")), _count(used.get("completion_tokens"))
    if not choices:
        return Chunk("", None, asked, said)
    if not isinstance(choice := choices[0], dict):
        return None
    delta, finish = choice.get("delta"), choice.get("finish_reason")
    text = _text_of(delta.get("content") if isinstance(delta, dict) else None)
    if text is None:
        return None
    return Chunk(text, finish if isinstance(finish, str) else None, asked, said)


def explanation_of(body: bytes | object, key: str | None) -> str:
    """What an error answer says, on one line, cut, and without the key should the server repeat it. `body` may also be
    the error object of an event in a stream."""
    data = _json(body) if isinstance(body, bytes) else body
    error = data.get("error", data) if isinstance(data, dict) else data
    said = error.get("message") or error.get("detail") if isinstance(error, dict) else error
    raw = body[: 4 * SHOWN].decode("utf-8", "replace") if isinstance(body, bytes) else ""
    text = said if isinstance(said, str) else raw
    if key:
        text = text.replace(key, "***")
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def status_of(error: object) -> int | None:
    """The HTTP status that an error object in a stream means; None where it does not say."""
    if not isinstance(error, dict):
        return None
    for name in ("code", "status", "status_code"):
        if isinstance(value := error.get(name), int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and re.fullmatch("[1-5][0-9][0-9]", value):
            return int(value)
    return 400 if error.get("type") == "invalid_request_error" else None


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds to wait: the header holds seconds or a date. None where there is none, or nothing that can be read."""
    if value is None:
        return None
    if re.fullmatch(r"\s*[0-9]{1,9}(\.[0-9]{1,6})?\s*", value):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None


def _text_of(content: Json) -> str | None:
    """Of a message: a text, nothing, or parts, of which those that are no text (thoughts) are passed over. None where
    it is something else."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        return None
    texts = [part.get("text") for part in content if part.get("type") == "text"]
    return "".join(texts) if all(isinstance(text, str) for text in texts) else None


def _json(body: bytes) -> Json:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _count(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
