"""`python -m api serve` and `python -m api settings`.

Exit status: 0 stopped or shown, 1 cannot serve, 2 wrong usage or a setting that cannot be.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from search.errors import DaogouError, SettingsError
from search.settings import Settings, describe

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

_SHUTDOWN_SECONDS = 15


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    try:
        settings = Settings.load()
        if arguments.command == "settings":
            return _show(settings, arguments.json)
        return _serve(settings, arguments.host, arguments.port)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except DaogouError as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m api", description="The search-box HTTP endpoint.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve searches and the search page")
    serve.add_argument(
        "--host", default="127.0.0.1", help="address to bind to (default: %(default)s, this machine only)"
    )
    serve.add_argument("--port", type=_port, default=8000, help="port, 0 for any free one (default: %(default)s)")
    table = commands.add_parser("settings", help="list every setting with its value and where that comes from")
    table.add_argument("--json", action="store_true", help="as a JSON array")
    return parser


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 0 to 65535")
    return int(text)


def _show(settings: Settings, as_json: bool) -> int:
    rows = describe(settings)
    if as_json:
        print(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2))
        return 0
    name = max(len(row.variable) for row in rows)
    value = max(len(row.value) for row in rows)
    for row in rows:
        print(f"{row.variable:<{name}}  {row.value:<{value}}  {row.origin:<11}  {row.help}")
    return 0


def _serve(settings: Settings, host: str, port: int) -> int:
    from api.security import check_exposure

    check_exposure(host, settings)
    try:
        listener = _listen(host, port)
    except OSError as error:
        print(_why_not(host, port, error), file=sys.stderr)
        return 1
    with listener:
        logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        for ours in ("api", "search", "daogou"):
            logging.getLogger(ours).setLevel(logging.INFO)
        print("Loading the encoder and opening the index…", flush=True)
        from api.app import create_app
        from search.bootstrap import open_service

        app = create_app(open_service(settings), settings)
        # A second Ctrl-C, or one that uvicorn passes on after it has shut down in order.
        with contextlib.suppress(KeyboardInterrupt):
            _server(app, _address(host, listener)).run(sockets=[listener])
    return 0


def _server(app: FastAPI, address: str) -> uvicorn.Server:
    import uvicorn

    class Announcing(uvicorn.Server):
        """Prints the address of the page once requests are taken."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                print(f"Search page: {address}/   API: {address}/docs   Stop with Ctrl-C.", flush=True)

    return Announcing(
        uvicorn.Config(
            app,
            workers=1,
            # Our own log leaves out query strings, and with them what shoppers type.
            access_log=False,
            log_level="warning",
            server_header=False,
            # Whoever may speak for others is decided by api/security.py, not by a header.
            proxy_headers=False,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )
    )


def _listen(host: str, port: int) -> socket.socket:
    """Before the encoder is loaded: that the port is taken should not take ten seconds to learn."""
    family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    # By its protocol asyncio knows a connection that may not wait (TCP_NODELAY): else an answer in two parts, or the
    # next event of a stream, lies about until the one before is acknowledged, 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def _why_not(host: str, port: int, error: OSError) -> str:
    import errno

    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is taken. Stop what uses it, or choose another: --port {port + 1}"
    if error.errno == errno.EACCES:
        return f"Port {port} is not for ordinary users; choose one above 1023."
    return f"Cannot listen on {host}:{port}: {error.strerror or error}"


def _address(host: str, listener: socket.socket) -> str:
    port = listener.getsockname()[1]
    shown = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)  # noqa: S104 (shown, not bound)
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


if __name__ == "__main__":
    sys.exit(main())
