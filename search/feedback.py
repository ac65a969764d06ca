"""Pages of results that somebody then clicked on: what a ranker learns from (`python -m indexer train-ranker`).

Most pages are never acted on, and such a page teaches nothing (docs/learning-to-rank.md). So what was shown waits in
memory, in a ring with an end, and goes to the shoppers' store with the first click, cart or purchase that names its
queryID. A page holds the numbers that ranked it: no words, no documents.
"""

from __future__ import annotations

import logging
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

import numpy as np

from search.domain import Hit, SearchRequest, SearchResult
from search.errors import DaogouError
from search.events import Event, EventType
from search.personalization.model import FEATURES
from search.protocols import ShopperStore
from search.shopper import Floats, Shown

log = logging.getLogger(__name__)

UNMET = "unmet"
"""How many conditions of the query a product is not known to meet. No part of the score, but of the order."""

RECORDED = (*FEATURES, UNMET)
"""The features of every page that is kept."""

TELLING: tuple[EventType, ...] = ("view", "click", "cart", "purchase")
"""The event types that say that a product on a page was wanted."""

MOST_BYTES = 64 * 2**20
"""Of pages that wait: about 18,000 pages of 20 products."""

_HELD = 900
"""Bytes that it takes to hold a page, and `_HELD_ID` each of its ids, besides their characters and numbers."""

_HELD_ID = 65


class Feedback:
    """Safe to use from several threads. Costs a search about 0.1 ms and, of a shopper, a read of the record; an event a
    look into a dict."""

    def __init__(
        self,
        store: ShopperStore,
        known: Callable[[str], bool] = lambda _: True,
        most_bytes: int = MOST_BYTES,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`known` says whether a shopper may be known; `now` is the clock, for tests."""
        self._store = store
        self._known = known
        self._most = most_bytes
        self._now = now
        self._lock = threading.Lock()  # for moments; searches wait for it
        self._keeping = threading.Lock()  # while pages are written; taken before the other
        self._waiting: OrderedDict[str, Shown] = OrderedDict()
        self._bytes = 0

    @property
    def waiting(self) -> int:
        """Pages in memory."""
        return len(self._waiting)

    def served(self, query_id: str, index: str, request: SearchRequest, result: SearchResult) -> None:
        """A page was shown. Only those teach that were ranked by relevance as everybody's are: not what somebody had
        sorted or weighed in another way, nor what a product code found, nor shelves that were browsed. Of shoppers who
        bring their history with the request nothing is kept, nor of those who may not be known.
        """
        hits = result.hits
        if len(hits) < 2 or request.recent or not result.query.text or any("code" in hit.parts for hit in hits):
            return
        if request.sort or result.query.sort or request.semantic_ratio is not None:
            return
        if not self._may_be_known(request.shopper):
            return
        page = Shown(
            query_id=query_id,
            index=index,
            version=result.version,
            timestamp=self._now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            products=tuple(str(hit.document["id"]) for hit in hits),
            features=RECORDED,
            parts=_parts(hits),
            offset=request.offset,
            shopper=request.shopper,
            base_ranks=tuple(hit.receipt.base_rank if hit.receipt else hit.rank for hit in hits),
        )
        with self._lock:
            self._put(page)

    def events(self, events: Iterable[Event]) -> None:
        """What shoppers did, after it was kept itself. Pages that it was done on are kept, each once. Raises nothing:
        that a page is lost harms nobody."""
        with self._keeping:
            kept = self._acted([event for event in events if event.query_id is not None and event.type in TELLING])
            if not kept:
                return
            try:
                self._store.add_shown(kept)
            except DaogouError as error:
                log.error("%d pages of results could not be kept for training: %s", len(kept), error)
                with self._lock:
                    for page in kept:
                        self._put(page)

    def pages_of(self, shopper: str) -> list[Shown]:
        """The pages that are kept of a shopper, for their export; those that wait are not kept yet."""
        return self._store.pages_of(shopper)

    def forget(self, shopper: str) -> None:
        """Let go of all pages of this shopper that wait. Call it before what is kept is erased: then whatever is being
        kept now is there to be erased."""
        with self._keeping, self._lock:
            for query_id in [key for key, page in self._waiting.items() if page.shopper == shopper]:
                self._take(query_id)

    def _acted(self, events: Iterable[Event]) -> list[Shown]:
        """The pages that were acted on, if they may be kept; they wait no longer."""
        found: list[Shown] = []
        known: dict[str | None, bool] = {}
        for event in events:
            with self._lock:
                page = self._waiting.get(str(event.query_id))
                # Somebody else's queryID is a mistake of the shop front, or mischief.
                theirs = page is None or None in (event.shopper, page.shopper) or event.shopper == page.shopper
                if page is None or not theirs or event.product not in page.products:
                    continue
                self._take(page.query_id)
            for name in {event.shopper, page.shopper} - known.keys():
                known[name] = self._may_be_known(name)
            if known[event.shopper] and known[page.shopper]:
                found.append(page)
        return found

    def _may_be_known(self, shopper: str | None) -> bool:
        try:
            return shopper is None or self._known(shopper)
        except DaogouError:  # whoever cannot be asked has not agreed; what this is about goes on
            return False

    def _put(self, page: Shown) -> None:
        if page.query_id in self._waiting:
            self._take(page.query_id)
        self._waiting[page.query_id] = page
        self._bytes += _size(page)
        while self._bytes > self._most and self._waiting:
            self._take(next(iter(self._waiting)))

    def _take(self, query_id: str) -> Shown:
        page = self._waiting.pop(query_id)
        self._bytes -= _size(page)
        return page


def _parts(hits: Sequence[Hit]) -> Floats:
    """Shape (hits, len(RECORDED)); NaN where a hit lacks a part."""
    rows = [
        # The score is that of the words alone: taste changes none.
        [hit.score, *(hit.parts.get(name, math.nan) for name in FEATURES[1:]), _unmet(hit)]
        for hit in hits
    ]
    return np.array(rows, dtype=np.float32)


def _unmet(hit: Hit) -> int:
    return sum(each.verdict != "satisfied" for each in hit.evidence)


def _size(page: Shown) -> int:
    return _HELD + page.parts.nbytes + sum(_HELD_ID + len(each) for each in page.products)
