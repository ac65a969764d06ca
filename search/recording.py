"""What shoppers do and say, written down in every place that keeps some of it, and forgotten in every one.

Events are in the shoppers' store, which profiles are made of, and while experiments run in their log, with the pages
that were shown in one.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from search.domain import Json
from search.events import Event
from search.experiments.log import RecordLog
from search.experiments.records import Impression
from search.feedback import Feedback
from search.profiles.keeping import Export, Profiles
from search.protocols import Collection
from search.shopper import Shopper, Shown


@dataclass(frozen=True, slots=True)
class Kept:
    """All that is kept of a shopper: `export` is that of the store, None where it has nothing; `pages` are pages of
    results that they acted on; `log` are the lines of the log of experiments, in the order in which they were written.
    """

    export: Export | None
    pages: tuple[Shown, ...]
    log: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much was forgotten: points of the store, lines of the log."""

    points: int
    lines: int


class Recorder:
    """Safe to use from several threads."""

    def __init__(
        self, profiles: Profiles, log: RecordLog, logging: bool = True, feedback: Feedback | None = None
    ) -> None:
        """`logging` false: no experiment runs, and events are not written to the log, where nobody needs them.
        `feedback` is told of what was kept."""
        self._profiles = profiles
        self._log = log
        self._logging = logging
        self._feedback = feedback
        # Held while it is asked whether shoppers may be known, and until that is written which depends on the answer.
        self._asking = threading.Lock()

    def record(self, events: Sequence[Event]) -> bool:
        """Keep what shoppers did, as far as they may be known, all or none: False when there is no room for it now.

        Durable in the store on return, and in the log about a second later. Raises StoreError: where the disk fills up
        in the middle, what came before is kept, and each counts once that has an `id` or a time when it is sent again.
        """
        if self._logging and not self._log.has_room():
            return False
        if self._logging:
            self._record_and_log(events)
        else:
            self._profiles.record(events)
        if self._feedback is not None:
            self._feedback.events(events)
        return True

    def _record_and_log(self, events: Sequence[Event]) -> None:
        with self._asking:
            kept = self._profiles.admitted(events)
            self._profiles.record(kept)
            logged = self._log.append(kept)
        if not logged:  # others were faster to fill it; the store has the events
            self._log.give_up(len(kept))

    def log_shown(self, shown: Sequence[Impression]) -> None:
        """Without waiting: what finds no room is lost, and counted."""
        if not shown:
            return
        with self._asking:
            known = {name: self._profiles.known(name) for name in {one.shopper for one in shown}}
            kept = [one for one in shown if known[one.shopper]]
            logged = self._log.append(kept)
        if not logged:
            self._log.give_up(len(kept))

    def declare(self, shopper: str, change: Callable[[Shopper], Shopper]) -> Shopper:
        """As `Profiles.declare`; of somebody who may not be known any more nothing is left but a no."""
        record = self._profiles.declare(shopper, change)
        if not self._profiles.known(shopper):
            if record.consent is None:  # taken back where it is required
                self._profiles.erase(shopper)
            self._forget_lines(shopper)
        return record

    def kept(self, shopper: str, collections: Sequence[Collection] = ()) -> Kept | None:
        """None: nothing is kept. With the profiles for these indexes."""
        export = self._profiles.export(shopper, collections)
        lines = tuple(json.loads(line) for line in self._log.lines_of(shopper))
        pages = tuple(self._feedback.pages_of(shopper)) if self._feedback is not None else ()
        return Kept(export, pages, lines) if export is not None or pages or lines else None

    def forget(self, shopper: str) -> Forgotten:
        """Everything, in every place, the word on consent included. Raises StoreError; what was forgotten before stays
        so, and whoever asks again goes on. Bytes in the files of the store go with its next purge."""
        return Forgotten(self._profiles.erase(shopper), self._forget_lines(shopper))

    def _forget_lines(self, shopper: str) -> int:
        with self._asking:  # whoever was told before that the shopper may be known has written by now
            pass
        return self._log.forget(shopper)
