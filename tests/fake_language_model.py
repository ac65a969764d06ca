"""A language model that says what a function makes of the question. Satisfies search.protocols.LanguageModel."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

from search.errors import LanguageModelError
from search.protocols import Completion, Json


class FakeLanguageModel:
    """`say` gets the data of the question and gives the answer's text, a Completion, or raises.

    A stream gives the same text word by word (signs of Chinese one by one). `breaks` is raised after so many pieces
    instead of the next one, as by a server that hangs up. `closed` counts streams that were closed before their end.
    """

    def __init__(
        self,
        say: Callable[[Any], str | Completion],
        name: str = "fake-1",
        breaks: tuple[int, LanguageModelError] | None = None,
    ) -> None:
        self.name = name
        self.asked: list[tuple[str, str, int, Json]] = []
        self.closed = 0
        self._say = say
        self._breaks = breaks
        self._lock = threading.Lock()

    def close(self) -> None:
        """Nothing is held."""

    def complete(self, system: str, user: str, max_tokens: int, schema: Json = None) -> Completion:
        with self._lock:
            self.asked.append((system, user, max_tokens, schema))
        said = self._say(json.loads(user))
        return said if isinstance(said, Completion) else Completion(said, False, len(user) // 4, len(said) // 4)

    def stream(self, system: str, user: str, max_tokens: int) -> Iterator[str]:
        text = self.complete(system, user, max_tokens).text
        try:
            for number, piece in enumerate(re.findall(r"\s*(?:[一-鿿]|[^\s一-鿿]+)|\s+$", text)):
                if self._breaks is not None and number == self._breaks[0]:
                    raise self._breaks[1]
                yield piece
        except GeneratorExit:
            with self._lock:
                self.closed += 1
            raise
