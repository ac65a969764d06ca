"""The outermost layer: security headers, access log, request metrics, and the answer when everything else failed."""

from __future__ import annotations

import logging
import time
import traceback

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import ApiError, error_response
from api.metrics import Metrics

log = logging.getLogger("daogou.access")
failures = logging.getLogger("daogou.api")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
_POLICY = b"default-src 'none'; frame-ancestors 'none'"

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", _POLICY),
)


class Front:
    """Wraps the whole application. Its own failure modes are few on purpose: it builds no text from the request."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message.get("headers", []))
                present = {name for name, _ in headers}
                message["headers"] = headers + [pair for pair in _HEADERS if pair[0] not in present]
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        except ClientDisconnect:
            status = status or 499  # as nginx logs it; there is nobody to answer
        except Exception as error:
            _log_failure(error)
            if status == 0:
                answer = error_response(ApiError("internal", "Something went wrong here; the server's log says what."))
                await answer(scope, receive, send_on)
        finally:
            self._record(scope, status, time.perf_counter() - began)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        route = getattr(scope.get("route"), "path", "none")
        self._metrics.request(method, route, status, seconds)
        client = scope["client"][0] if scope.get("client") else "-"
        log.info('%s "%s %s" %d %.1f ms', client, method, _told(scope), status, seconds * 1000)


def _told(scope: Scope) -> str:
    """The path as it is logged: as it stood in the request line, percent-encoded, without the query string. So there
    are no line breaks, and neither what shoppers typed nor who they are."""
    path: str = scope["path"]
    place = path.lower().find("users/")  # of whatever prefix and spelling: a mistyped path names them, too
    if place >= 0:
        kept = path[:place].encode("ascii", "backslashreplace").decode()
        return "".join(char for char in kept if char.isprintable())[:500] + "users/…"
    raw: bytes = scope.get("raw_path") or path.encode("ascii", "backslashreplace")
    return raw.split(b"?")[0].decode("ascii", "replace")[:500]


def _log_failure(error: Exception) -> None:
    """Where it happened and what kind it was. Its message may quote the request, so only debugging shows that."""
    where = "".join(traceback.format_tb(error.__traceback__))
    failures.error("unexpected %s\n%s", type(error).__name__, where)
    failures.debug("its message: %s", error)
