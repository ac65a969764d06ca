"""A language model that says what a function makes of the question. Satisfies search.protocols.LanguageModel."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from search.protocols import Completion, Json


class FakeLanguageModel:
    """`say` gets the data of the question and gives the answer's text, a Completion, or raises."""

    def __init__(self, say: Callable[[Any], str | Completion], name: str = "fake-1") -> None:
        self.name = name
        self.asked: list[tuple[str, str, int, Json]] = []
        self._say = say
        self._lock = threading.Lock()

    def close(self) -> None:
        """Nothing is held."""

    def complete(self, system: str, user: str, max_tokens: int, schema: Json = None) -> Completion:
        with self._lock:
            self.asked.append((system, user, max_tokens, schema))
        said = self._say(json.loads(user))
        return said if isinstance(said, Completion) else Completion(said, False, len(user) // 4, len(said) // 4)
