"""A stub of an OpenAI-compatible server: real HTTP on a port of its own, answers as the test wrote them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """`slow` seconds pass before it, `dribble` seconds between its bytes; `cut` promises more bytes than come."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    slow: float = 0.0
    dribble: float = 0.0
    cut: bool = False


@dataclass(frozen=True)
class Asked:
    path: str
    headers: Mapping[str, str]
    payload: Any


def says(text: str | None, finish: str = "stop", usage: Any = None) -> Reply:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    used = {"prompt_tokens": 100, "completion_tokens": 7} if usage is None else usage
    return Reply(body=json.dumps({"object": "chat.completion", "choices": [choice], "usage": used}).encode())


def refuses(status: int, message: str, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps({"error": {"message": message}}).encode(), named)


@dataclass
class LanguageModelServer:
    """`url` is its base. Gives the replies in turn, the last one for ever; or what `reply` makes of each request."""

    url: str
    asked: list[Asked]


@contextmanager
def serving(replies: Sequence[Reply] | Callable[[Any], Reply]) -> Iterator[LanguageModelServer]:
    asked: list[Asked] = []
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                turn = len(asked)
                asked.append(Asked(self.path, {name.lower(): value for name, value in self.headers.items()}, payload))
            reply = replies(payload) if callable(replies) else replies[min(turn, len(replies) - 1)]
            time.sleep(reply.slow)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(reply.body) + (100 if reply.cut else 0)))
            self.end_headers()
            try:
                if reply.dribble:
                    for byte in reply.body:
                        self.wfile.write(bytes([byte]))
                        time.sleep(reply.dribble)
                else:
                    self.wfile.write(reply.body)
            except OSError:  # the client had enough
                self.close_connection = True
            if reply.cut:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Not a word."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield LanguageModelServer(f"http://127.0.0.1:{server.server_address[1]}/v1", asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
