"""Opens the search page as a visitor does, and writes down whatever should not be on a page without trouble."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from api_service import listening
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, expect

WAIT = 15_000
"""Milliseconds that an expectation may take on a busy machine; on a calm one it takes none of them."""

_WATCH_POLICY = """document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});"""

Trouble = list[str]


class Visits:
    """`visit` opens a page in a context of its own. `trouble` collects, over all of them: console messages that are
    errors or warnings, errors nobody caught, requests that fail or are refused, requests to any other server, and
    violations of the page's Content-Security-Policy."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.address = address
        self.trouble: Trouble = []
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._servers = ExitStack()
        expect.set_options(timeout=WAIT)

    def visit(self, path: str = "/", base: str = "", allow: str = "", **options: Any) -> Page:
        """`allow` is a pattern of trouble that the test means to make."""
        base = base or self.address
        settings = {"locale": "en-GB", "viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}
        context = self._browser.new_context(**{**settings, **options})
        context.set_default_timeout(WAIT)
        context.add_init_script(_WATCH_POLICY)
        self._contexts.append(context)
        self._watch(context, base, re.compile(allow) if allow else None)
        page = context.new_page()
        page.goto(base + path)
        return page

    def serve(self, app: FastAPI) -> str:
        """The address of a server of the test's own. It outlives the pages, for one that is still asking for something
        when its server goes has trouble, as it should."""
        return self._servers.enter_context(listening(app))

    def close(self) -> None:
        with self._servers:
            for context in self._contexts:
                context.close()

    def _watch(self, context: BrowserContext, base: str, allowed: re.Pattern[str] | None) -> None:
        def note(text: str) -> None:
            if allowed is None or not allowed.search(text):
                self.trouble.append(text)

        def said(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                note(f"console: {message.type}: {message.text}")

        def asked(request: Request) -> None:
            if not request.url.startswith(base):
                note(f"third party: {request.url}")

        def failed(request: Request) -> None:
            # A search that the next letter overtakes is called off: that is meant.
            if "ERR_ABORTED" not in (request.failure or ""):
                note(f"failed: {request.url}: {request.failure}")

        def answered(response: Response) -> None:
            if response.status >= 400:
                note(f"refused: {response.url}: {response.status}")

        context.on("console", said)
        context.on("weberror", lambda error: note(f"error: {error.error}"))
        context.on("request", asked)
        context.on("requestfailed", failed)
        context.on("response", answered)


@contextmanager
def visiting(browser: Browser, address: str) -> Iterator[Visits]:
    """Every trouble that no test asked for fails it."""
    visits = Visits(browser, address)
    try:
        yield visits
    finally:
        visits.close()
    assert visits.trouble == []
