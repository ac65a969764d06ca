"""Who may do what: without keys this machine alone, with keys whoever bears one.

Without keys the server trusts the machine it runs on, so it must make sure that a request comes from there and from
no web page: the client's address is loopback, no proxy passed it on, the Host is this machine's name (a page that
rebinds its DNS name to 127.0.0.1 sends its own name), and a browser's Origin is this server or a listed one.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import ApiError, error_response
from search.errors import SettingsError
from search.settings import Settings

Access = Literal["open", "search", "admin"]

_OPEN = re.compile(r"/|/health|/livez|/readyz|/docs|/openapi\.json|/page/[^/]*")
_SEARCH = re.compile(
    r"/multi-search|/events|/indexes/[^/]+/(?:search|similar|facet-search|suggest|recommendations|goes-with|explain)"
)
_SETS_KEYS = "Set DAOGOU_ADMIN_KEY, and DAOGOU_SEARCH_KEY for shop front ends, to serve other machines."


def access_to(path: str) -> Access:
    """What a path asks for. Whatever is not named here is for the admin key alone."""
    if _OPEN.fullmatch(path):
        return "open"
    return "search" if _SEARCH.fullmatch(path) else "admin"


@dataclass(frozen=True, slots=True)
class Keys:
    """Digests of the keys, so that comparing takes the same time whatever is sent, of whatever length."""

    admin: frozenset[bytes]
    search: frozenset[bytes]

    @classmethod
    def of(cls, settings: Settings) -> Keys:
        admin = settings.admin_key.get_secret_value() if settings.admin_key else None
        search = settings.search_key.get_secret_value() if settings.search_key else None
        return cls(_digests(admin), _digests(search))

    @property
    def exist(self) -> bool:
        return bool(self.admin or self.search)

    def allow(self, sent: bytes, access: Access) -> bool:
        digest = hashlib.sha256(sent).digest()
        admin = _among(digest, self.admin)
        search = _among(digest, self.search)
        return admin or (search and access == "search")


class Guard:
    """Lets through what may pass and answers the rest."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._keys = Keys.of(settings)
        self._origins = frozenset(settings.allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            error = self._by_key(scope) if self._keys.exist else self._by_place(scope)
            if error is not None:
                await error_response(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _by_key(self, scope: Scope) -> ApiError | None:
        access = access_to(scope["path"])
        if access == "open":
            return None
        header = _header(scope, b"authorization")
        if header is None:
            message = "The Authorization header is missing. It must use the bearer authorization method."
            return ApiError("missing_authorization_header", message)
        scheme, _, sent = header.partition(b" ")
        if scheme.lower() == b"bearer" and self._keys.allow(sent.strip(), access):
            return None
        return ApiError("invalid_api_key", "The provided API key is invalid.")

    def _by_place(self, scope: Scope) -> ApiError | None:
        client = scope.get("client")
        if client is None or not is_loopback(client[0]):
            return ApiError("forbidden_client", f"Without keys only this machine is served. {_SETS_KEYS}")
        if _header(scope, b"x-forwarded-for") is not None or _header(scope, b"forwarded") is not None:
            return ApiError(
                "forbidden_client", f"A proxy passed this request on; without keys none is served. {_SETS_KEYS}"
            )
        host = (_header(scope, b"host") or b"").decode("latin-1")
        if not _names_loopback(f"//{host}"):
            return ApiError("forbidden_host", "Without keys the server answers to localhost and 127.0.0.1 only.")
        origin = _header(scope, b"origin")
        if origin is not None and not self._knows(origin.decode("latin-1"), host):
            return ApiError("forbidden_host", "Web pages of this origin may not call; list it in DAOGOU_CORS_ORIGINS.")
        return None

    def _knows(self, origin: str, host: str) -> bool:
        return origin in self._origins or origin.lower() == f"http://{host}".lower()


def check_exposure(host: str, settings: Settings) -> None:
    """Raises SettingsError when the server would be reachable from elsewhere, or by any web page, without a key."""
    if Keys.of(settings).exist:
        return
    if "*" in settings.allowed_origins:
        raise SettingsError("DAOGOU_CORS_ORIGINS=* lets every web page in, so it needs keys. Name the origins instead.")
    if not _only_loopback(host):
        raise SettingsError(f"Without keys the server binds to this machine only, not to {host}. {_SETS_KEYS}")


def is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_loopback)


def _only_loopback(host: str) -> bool:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return is_loopback(host)
    return bool(found) and all(is_loopback(str(entry[4][0])) for entry in found)


def _names_loopback(url: str) -> bool:
    try:
        name = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return name == "localhost" or name.endswith(".localhost") or is_loopback(name)


def _header(scope: Scope, name: bytes) -> bytes | None:
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return None


def _digests(key: str | None) -> frozenset[bytes]:
    """A key with letters beyond ASCII may arrive in either of two encodings: HTTP never settled which."""
    if not key:
        return frozenset()
    forms = {key.encode()}
    with contextlib.suppress(UnicodeEncodeError):
        forms.add(key.encode("latin-1"))
    return frozenset(hashlib.sha256(form).digest() for form in forms)


def _among(digest: bytes, known: frozenset[bytes]) -> bool:
    return any(hmac.compare_digest(digest, one) for one in known)
