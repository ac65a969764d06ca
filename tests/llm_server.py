"""A stub of an OpenAI-compatible server: real HTTP on a port of its own, answers as the test wrote them, or worse."""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """`slow` seconds pass before it, `dribble` seconds between its bytes; `cut` promises more bytes than come.

    With `parts` it is sent in pieces of unknown number, with pauses where there are numbers (seconds). `hang`: after
    the last it waits until the client has left. `silent` waits so in place of answering, `drop` hangs up.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    slow: float = 0.0
    dribble: float = 0.0
    cut: bool = False
    parts: Iterable[bytes | float] | None = None
    hang: bool = False
    silent: bool = False
    drop: bool = False


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


def event(data: Any) -> bytes:
    """One server-sent event; a str goes out as it is."""
    return b"data: " + (data if isinstance(data, str) else json.dumps(data)).encode() + b"\n\n"


def piece(text: str | None = None, finish: str | None = None) -> bytes:
    delta = {} if text is None else {"content": text}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return event({"object": "chat.completion.chunk", "choices": [choice]})


def counted(prompt: Any, completion: Any) -> bytes:
    """The last event of a stream, where tokens are asked for."""
    return event({"choices": [], "usage": {"prompt_tokens": prompt, "completion_tokens": completion}})


DONE = event("[DONE]")
EVENTS = {"Content-Type": "text/event-stream"}


def streams(*parts: bytes | float | str, **how: Any) -> Reply:
    """Pieces of text, or raw bytes, or pauses; nothing is added to them."""
    return Reply(headers=EVENTS, parts=[piece(each) if isinstance(each, str) else each for each in parts], **how)


def well(*texts: str, finish: str = "stop") -> Reply:
    """A whole stream, as servers send it."""
    return streams(piece(""), *texts, piece(finish=finish), counted(100, 7), DONE)


@dataclass
class LanguageModelServer:
    """`url` is its base. Gives the replies in turn, the last one for ever; or what `reply` makes of each request.

    `left` counts clients that went away before all was said; `connected` the connections that are open, `opened` all.
    """

    url: str
    asked: list[Asked]
    left: int = 0
    connected: int = 0
    opened: int = 0


@contextmanager
def serving(replies: Sequence[Reply] | Callable[[Any], Reply]) -> Iterator[LanguageModelServer]:
    asked: list[Asked] = []
    lock = threading.Lock()
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            with lock:
                here.connected += 1
                here.opened += 1

        def finish(self) -> None:
            with lock:
                here.connected -= 1
            try:
                super().finish()
            except OSError:
                self.close_connection = True

        def do_POST(self) -> None:
            payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                turn = len(asked)
                asked.append(Asked(self.path, {name.lower(): value for name, value in self.headers.items()}, payload))
            reply = replies(payload) if callable(replies) else replies[min(turn, len(replies) - 1)]
            time.sleep(reply.slow)
            try:
                self._send(reply)
            except OSError:  # the client had enough
                self.close_connection = True
                with lock:
                    here.left += 1

        def _send(self, reply: Reply) -> None:
            if reply.silent or reply.drop:
                self.close_connection = True
                if reply.silent:
                    self._until_it_leaves()
                return
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            if reply.parts is None:
                self.send_header("Content-Length", str(len(reply.body) + (100 if reply.cut else 0)))
            else:
                self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            if reply.parts is not None:
                self._in_parts(reply)
            elif reply.dribble:
                for byte in reply.body:
                    self.wfile.write(bytes([byte]))
                    time.sleep(reply.dribble)
            else:
                self.wfile.write(reply.body)
            if reply.cut:
                self.close_connection = True

        def _in_parts(self, reply: Reply) -> None:
            for part in reply.parts or ():
                if over.is_set():
                    return
                if isinstance(part, bytes):
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                else:
                    time.sleep(part)
            if reply.hang:
                self._until_it_leaves()
            if not reply.cut:
                self.wfile.write(b"0\r\n\r\n")

        def _until_it_leaves(self) -> None:
            while not over.is_set():
                if select.select([self.connection], [], [], 0.02)[0]:
                    if not self.connection.recv(1, socket.MSG_PEEK):
                        raise ConnectionAbortedError
                    time.sleep(0.02)

        def log_message(self, *_: object) -> None:
            """Not a word."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Clients that reset their connection are what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    here = LanguageModelServer(f"http://127.0.0.1:{server.server_address[1]}/v1", asked)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield here
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()
