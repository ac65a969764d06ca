"""The gate, top to bottom: make sure there is something to compare with, ask both versions, decide, refuse or let pass.

The live version is asked in the same run through the same code as the new one: a number kept from last month would
also measure what has changed in the engine, the judgements and the machine since.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.gate.asking import Answers, ask, keep, questions, reach, searching
from indexer.gate.decision import Version, decide
from indexer.gate.file import Asked, GateFile
from indexer.gate.wording import Circumstances, passed, refused
from indexer.progress import Progress
from indexer.staging import Difference
from search.bootstrap import preview
from search.domain import EncoderCard, Manifest
from search.errors import EncoderError, GateRefused
from search.protocols import Collection, Encoder, VectorStore
from search.settings import Settings

if TYPE_CHECKING:
    from indexer.reindex import EncoderSource

_PATIENT = 60.0
"""Seconds for a reranker: a busy machine must not look like a worse index."""

FindEncoder = Callable[[EncoderCard], "EncoderSource"]
"""The encoder that an older version was built with. Raises EncoderError where it is no longer to be had."""


class Gate:
    """For one reindex. `runs` is a folder to keep what both versions answered, as files for `eval`."""

    def __init__(
        self,
        file: GateFile,
        store: VectorStore,
        settings: Settings,
        progress: Progress,
        find_encoder: FindEncoder,
        runs: Path | None = None,
    ) -> None:
        self._file = file
        self._store = store
        self._settings = settings.model_copy(update={"reranker_seconds": _PATIENT})
        self._progress = progress
        self._find_encoder = find_encoder
        self._runs = runs
        self._of_live: Callable[[], Encoder] | None = None

    def prepare(self, live: Manifest | None, encoder: Encoder) -> None:
        """Called before anything is encoded. Raises GateRefused where the live version could not be asked later.

        A live version of another encoder is asked with that encoder. Where it is gone, checks with a floor can still
        be made; one without would let anything pass, and a gate that cannot tell must not look like one that can.
        """
        for note in self._file.notes:
            self._progress.say(f"Gate: {note}")
        if live is None:
            return
        if live.encoder.same_space(encoder.card):
            self._of_live = lambda: encoder
            return
        try:
            source = self._find_encoder(live.encoder)
            if source.files != live.encoder.files:
                raise EncoderError("its files are no longer those that the version was built with")
            self._of_live = source.load
        except EncoderError as error:
            why = (
                f"version {live.version} of index '{live.index}' was built with {live.encoder.model}, which cannot be "
                f"loaded ({error})"
            )
            if blind := [check.name for check in self._file.checks if check.floor is None]:
                raise GateRefused(
                    f"The gate could not compare a new version with the live one: {why}. Nothing has changed. Make "
                    f"that encoder available, or set a floor for {', '.join(blind)} in {self._file.path}, or leave out "
                    f"--gate."
                ) from error
            self._progress.say(f"Gate: {why}, so that only floors decide.")

    def check(self, new: Collection, live: Collection | None, encoder: Encoder, change: Difference) -> None:
        """Ask both, open versions of one index, and close them. Raises GateRefused with the figures and the reasons."""
        checks, alpha = self._file.checks, self._file.alpha
        manifest, of_live = live.manifest if live else None, self._of_live
        total = sum(len(question.queries) for question in questions(checks))
        with self._progress.items("Asking", total * (2 if live and of_live else 1), "queries") as advance:
            before = self._ask(live, of_live(), "live", advance) if live and of_live else None
            after = self._ask(new, encoder, "new", advance)
        findings = decide(checks, alpha, after.version, before.version if before else None)
        around = Circumstances(
            alpha, new.manifest, manifest, after.answers, before.answers if before else None, change
        )  # fmt: skip
        if any(finding.reasons for finding in findings):
            raise GateRefused(refused(findings, around))
        self._progress.say(passed(findings, around))

    def _ask(self, version: Collection, encoder: Encoder, name: str, advance: Callable[[int], None]) -> _Heard:
        """All questions, put to one version."""
        engine = preview(self._store, encoder, self._settings, version)
        try:
            answers = {}
            for number, question in enumerate(questions(self._file.checks), 1):
                search = searching(engine, version.manifest.index)
                answers[question.asked] = ask(search, question, f"{name} version", advance)
                if self._runs is not None:
                    file = self._runs / (f"{name}.trec" if number == 1 else f"{name}-{number}.trec")
                    keep(file, answers[question.asked], question, version)
            within = {one.name: reach(one.qrels, answers[one.asked], version) for one in self._file.checks}
            return _Heard(answers, Version({asked: one.run for asked, one in answers.items()}, within))
        finally:
            engine.close()


@dataclass(frozen=True, slots=True)
class _Heard:
    """What one version answered, in full and as the decision needs it."""

    answers: Mapping[Asked, Answers]
    version: Version
