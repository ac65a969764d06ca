"""Reads what a chat completion server sends back, trusting none of it."""

from __future__ import annotations

import json
import re
from email.utils import parsedate_to_datetime

from search.protocols import Completion, Json

SHOWN = 300
"""Characters of a server's own words that a message of ours quotes."""

# Reasoning models of some servers think aloud before they answer.
_THOUGHT = re.compile(r"\A\s*<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL)


def completion_of(body: bytes) -> Completion | None:
    """None where this is no chat completion. An empty text is one: the model had nothing to say, or only thoughts."""
    data = _json(body)
    try:
        choice = data["choices"][0]
        text = choice["message"].get("content")
        finish = choice.get("finish_reason")
    except (TypeError, LookupError, AttributeError):
        return None
    if text is not None and not isinstance(text, str):
        return None
    usage = data.get("usage")
    used = usage if isinstance(usage, dict) else {}
    return Completion(
        well_formed(_THOUGHT.sub("", text or "").strip()),
        finish == "length",
        _count(used.get("prompt_tokens")),
        _count(used.get("completion_tokens")),
    )


def explanation_of(body: bytes, key: str | None) -> str:
    """What an error answer says, on one line, cut, and without the key should the server repeat it."""
    data = _json(body)
    error = data.get("error", data) if isinstance(data, dict) else None
    said = error.get("message") or error.get("detail") if isinstance(error, dict) else error
    text = said if isinstance(said, str) else body[: 4 * SHOWN].decode("utf-8", "replace")
    if key:
        text = text.replace(key, "***")
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


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


def well_formed(text: str) -> str:
    """Without lone surrogates, which JSON can carry and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _json(body: bytes) -> Json:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _count(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
