"""Searches as the running experiments have them: who takes part, what they are shown, and the line that tells of it."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from search.domain import SearchRequest, SearchResult
from search.engine import Engine
from search.errors import DaogouError, EncoderMismatch, StoreError
from search.experiments.assignment import takes_part, variant_of
from search.experiments.definitions import Experiment, Variant
from search.experiments.interleaving import can_be_drafted, interleave
from search.experiments.records import Impression
from search.facets import FacetHit
from search.terms import fold

if TYPE_CHECKING:
    from search.explanation import Explained

log = logging.getLogger(__name__)

REST = 30.0
"""Seconds for which an index that could not be opened is not tried again: trying can take seconds, of everybody."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Part:
    """A search that takes part in an experiment. `variant` is None where the shopper sees both, interleaved.

    `teams` names for each hit the variant that drafted it, as in `Impression`. `fell_back` says that the variant could
    not be searched and the baseline was shown in its place.
    """

    experiment: Experiment
    shopper: str
    variant: Variant | None
    teams: tuple[str, ...] = ()
    fell_back: bool = False


@dataclass(frozen=True, slots=True)
class Served:
    """What is shown. `part` is None for everybody outside an experiment.

    `missed` is the part that an interleaved search would have had if its challenger could have been searched. It is
    there to be counted: what is shown is the baseline as outside the experiment.
    """

    result: SearchResult
    part: Part | None = None
    missed: Part | None = None

    @property
    def as_outside(self) -> bool:
        """Whether this is what everybody outside the experiment is shown, too."""
        part = self.part
        return part is None or (part.variant is not None and (part.fell_back or not part.variant.options))

    def impression(self, index: str, request: SearchRequest, query_id: str, timestamp: str) -> Impression | None:
        """The line of the log; None outside experiments and where no page was asked for, or one after the last.

        That nothing was found is worth a line: it may be due to the variant.
        """
        if self.part is None or not request.limit or (request.offset and not self.result.hits):
            return None
        return Impression(
            query_id=query_id,
            experiment=self.part.experiment.name,
            index=index,
            shopper=self.part.shopper,
            products=tuple(str(hit.document["id"]) for hit in self.result.hits),
            timestamp=timestamp,
            offset=request.offset,
            variant=self.part.variant.name if self.part.variant else "",
            teams=self.part.teams,
        )


class Experiments:
    """Safe to use from several threads. Without experiments every search goes straight to the engine."""

    def __init__(
        self,
        running: Sequence[Experiment],
        known: Callable[[str], bool],
        most: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`known` tells whether a shopper may be known at all, `most` is how many candidates a search has at most,
        `clock` tells seconds."""
        self.running = tuple(running)
        self._by_index = {one.index: one for one in running}
        self._known = known
        self._most = most
        self._clock = clock
        self._resting: dict[str, float] = {}  # indexes that could not be opened, and until when they are left alone
        self._told: set[tuple[str, str]] = set()
        self._telling = threading.Lock()

    def search(self, engine: Engine, index: str, request: SearchRequest) -> Served:
        """What the engine finds, or what the experiment on this index has this shopper see. Raises what the engine
        raises."""
        part = self._part(index, request)
        if part is None:
            return Served(engine.search(index, request))
        if part.variant is None:
            return self._interleaved(engine, index, request, part)
        found, fell_back = self._with(part, index, request, engine.search)
        return Served(found, replace(part, fell_back=fell_back))

    def facet_search(
        self, engine: Engine, index: str, request: SearchRequest, field: str, typed: str | None
    ) -> tuple[FacetHit, ...]:
        """Counts over the candidates that `search` shows: of the shopper's variant; interleaved, of the baseline."""
        part = self._part(index, request)
        if part is None or part.variant is None:
            return engine.facet_search(index, request, field, typed)
        return self._with(part, index, request, lambda at, asked: engine.facet_search(at, asked, field, typed))[0]

    def explained(
        self, engine: Engine, index: str, request: SearchRequest, ids: Sequence[str] | None
    ) -> tuple[Explained, ...]:
        """Why products are where `search` shows them: in the shopper's variant; interleaved, in the baseline."""
        part = self._part(index, request)
        if part is None or part.variant is None:
            return engine.explained(index, request, ids)
        return self._with(part, index, request, lambda at, asked: engine.explained(at, asked, ids))[0]

    def _part(self, index: str, request: SearchRequest) -> Part | None:
        """Nobody takes part who is not known, types nothing, or asks for something in which the variants differ."""
        experiment = self._by_index.get(index)
        shopper = request.shopper
        if experiment is None or shopper is None or not request.text.strip() or experiment.settled_by(request):
            return None
        if not takes_part(experiment.name, experiment.share, shopper) or not self._may_be_known(shopper):
            return None
        if experiment.method == "interleave":
            return Part(experiment, shopper, None)
        return Part(experiment, shopper, experiment.variant(variant_of(experiment.name, experiment.shares, shopper)))

    def _may_be_known(self, shopper: str) -> bool:
        try:
            return self._known(shopper)
        except DaogouError:  # whoever cannot be asked has not agreed; the search goes on
            return False

    def _interleaved(self, engine: Engine, index: str, request: SearchRequest, part: Part) -> Served:
        """Both rankings from the top to the end of the page, so that every page is cut from one list."""
        if request.sort or not request.limit:
            return Served(engine.search(index, request))
        reach = min(request.offset + request.limit, self._most)
        whole = replace(request, offset=0, limit=reach)
        baseline = engine.search(index, whole)
        missed = None
        if can_be_drafted(baseline):
            challenger = replace(part, variant=part.experiment.variants[1])
            asked = replace(whole, facets=())
            other, fell_back = self._with(challenger, index, asked, engine.search, otherwise=baseline)
            if fell_back:
                missed = replace(part, fell_back=True)
            elif can_be_drafted(other):
                words = " ".join(fold(baseline.query.text).split())
                seed = "\0".join((part.experiment.name, part.shopper, words))
                drafted = interleave(baseline, other, seed, request.offset, request.limit, self._most)
                variants = part.experiment.variants
                teams = tuple("" if team is None else variants[team].name for team in drafted.teams)
                return Served(drafted.result, replace(part, teams=teams))
        return Served(baseline if whole == request else engine.search(index, request), missed=missed)

    def _with(
        self,
        part: Part,
        index: str,
        request: SearchRequest,
        find: Callable[[str, SearchRequest], _T],
        otherwise: _T | None = None,
    ) -> tuple[_T, bool]:
        """What the variant finds and False; where it cannot be searched, what the baseline finds (or `otherwise`) and
        True: an experiment must not take a search away from a shopper."""
        variant = part.variant or part.experiment.baseline
        if not variant.options:
            return find(index, request), False
        error = None
        if not self._rests(variant):
            try:
                return find(variant.index or index, variant.applied(request)), False
            except DaogouError as raised:
                error = raised
        # Where the request is at fault, the baseline refuses it as well.
        found = find(index, request) if otherwise is None else otherwise
        if error is not None:
            if variant.index is not None and isinstance(error, StoreError | EncoderMismatch):
                self._resting[variant.index] = self._clock() + REST
            self._tell(part.experiment, variant, error)
        return found, True

    def _rests(self, variant: Variant) -> bool:
        return variant.index is not None and self._clock() < self._resting.get(variant.index, -math.inf)

    def _tell(self, experiment: Experiment, variant: Variant, error: DaogouError) -> None:
        """Once for each variant and kind of error."""
        with self._telling:
            key = (f"{experiment.name}\0{variant.name}", type(error).__name__)
            if key in self._told:
                return
            self._told.add(key)
        log.error(
            "experiment %s: variant %s cannot be searched, the baseline is served instead: %s",
            experiment.name, variant.name, error,
        )  # fmt: skip
