"""Where the server of a language model is, and the key to it, as the settings give them."""

from __future__ import annotations

from urllib.parse import urlsplit

from search.errors import SettingsError


def base_of(url: str) -> str:
    """Without a trailing slash; the whole endpoint is taken for its base too. Raises SettingsError."""
    try:
        base = urlsplit(url.strip())
        host, _ = base.hostname, base.port
    except (ValueError, AttributeError):
        base, host = urlsplit(""), None
    if base.scheme not in ("http", "https") or not host:
        raise SettingsError(
            "DAOGOU_LLM_URL is no web address. Give the base of the server, as http://localhost:11434/v1"
        )
    if base.username is not None or base.password is not None:
        raise SettingsError("DAOGOU_LLM_URL holds a user or password. Put the key into DAOGOU_LLM_API_KEY instead.")
    if base.query:
        # It would be written into logs, and is where some put their key.
        raise SettingsError(
            "DAOGOU_LLM_URL has a part after '?'. Give the base alone, and the key as DAOGOU_LLM_API_KEY."
        )
    path = base.path.rstrip("/").removesuffix("/chat/completions")
    return base._replace(path=path, fragment="").geturl()


def checked_key(key: str | None) -> str | None:
    """A key with a line break or an umlaut would come back in the HTTP library's complaint: refused here, unsaid."""
    key = (key or "").strip()
    if not key.isascii() or any(sign <= " " or sign == "\x7f" for sign in key):
        raise SettingsError("DAOGOU_LLM_API_KEY holds spaces or other signs that no key has. Copy it anew.")
    return key or None
