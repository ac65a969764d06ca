"""Bulk reindex, top to bottom: stage the catalogue, compare, encode what changed, build beside, verify, judge, switch.

The live version is never written to. Whatever stops a run, searches go on as before, and the next run takes up the
vectors that were already encoded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from indexer.carrying import carry_over
from indexer.catalogue import CatalogueReader
from indexer.fields import FieldCensus, FieldChoice
from indexer.learning import LEARNING, calibrated, learn
from indexer.problems import Problem, ProductRow
from indexer.progress import Progress
from indexer.staging import Difference, StagedRow, Staging
from indexer.verification import verify
from search.codes import codes
from search.documents import RECIPE
from search.domain import LANES, Document, EncoderCard, IndexState, Manifest, Point
from search.errors import GateRefused, IndexNotFound, ReindexError, ReindexRunning, ShrinkRefused, StoreError
from search.journal import Journal
from search.lanes import LaneMaker
from search.protocols import Collection, Encoder, VectorStore
from search.storage.payload import point_id
from search.writing import Prepared, prepare

if TYPE_CHECKING:  # it brings the whole of evaluation along, which most runs do without
    from indexer.gate.gate import Gate

ENCODE_BLOCK = 1024
"""Texts encoded and saved at once: what an interrupted run loses at most."""

WRITE_BATCH = 500
SHRINK_LIMIT = 0.5


@dataclass(frozen=True, slots=True)
class EncoderSource:
    """An encoder that is known by its files before the seconds are spent to load it."""

    files: str
    load: Callable[[], Encoder]


@dataclass(frozen=True, slots=True)
class Job:
    """What to do. `sources` names the catalogue files for the record."""

    index: str
    sources: tuple[str, ...]
    full: bool = False
    allow_shrink: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """The counts of a run; `version` is the live one afterwards. read = indexed + unchanged + rejected."""

    index: str
    version: int
    read: int
    indexed: int
    unchanged: int
    removed: int
    rejected: int
    warnings: int
    encoded: int
    seconds: float

    @property
    def products_per_second(self) -> float:
        return self.read / self.seconds if self.seconds else 0.0


class Reindexer:
    def __init__(self, store: VectorStore, encoder: EncoderSource, data_dir: Path, progress: Progress) -> None:
        self._store = store
        self._encoder = encoder
        self._data_dir = data_dir
        self._progress = progress

    def run(
        self, job: Job, rows: CatalogueReader, report: Callable[[Problem], None], gate: Gate | None = None
    ) -> Outcome:
        """Bring the index in line with the catalogue. Every rejected row and every warning goes to `report`.

        A `gate` is asked about the new version before the switch. Raises ReindexRunning, ShrinkRefused,
        VerificationFailed, GateRefused, CatalogueError, EncoderError, StoreError; whichever it is, the live version is
        as it was.
        """
        started = time.monotonic()
        with only_one_reindex(self._data_dir, job.index), ExitStack() as stack:
            journal_uid = _journal_position(self._data_dir, job.index)
            staging = Staging(self._data_dir / "staging" / f"{job.index}.sqlite")
            stack.callback(staging.close)
            staging.keep_vectors_of(self._encoder.files)
            if job.full:
                staging.forget_vectors()

            census = FieldCensus()
            counts = self._stage(staging, rows, census, report)
            state = self._state(job.index)
            live = self._open_live(state, staging, stack)
            change = staging.difference()
            _refuse_loss(job, counts, change)

            choice = census.choose()
            unchanged = 0 if job.full else change.unchanged
            outcome = Outcome(
                index=job.index,
                version=state.live.version if state else 0,
                read=counts.read,
                indexed=change.total - unchanged,
                unchanged=unchanged,
                removed=change.removed,
                rejected=counts.rejected,
                warnings=counts.warnings,
                encoded=0,
                seconds=0.0,
            )
            if state and not job.full and self._up_to_date(state.live, change, choice):
                asked = "" if gate is None else " There is nothing for the gate to look at."
                self._progress.say(f"Nothing has changed: version {state.live.version} stays.{asked}")
                return _timed(outcome, started)
            if job.dry_run:
                asked = "" if gate is None else " The gate looks at versions that are built, so it was not asked."
                self._progress.say(f"Dry run: nothing is encoded, built or switched.{asked}")
                return _timed(outcome, started)

            encoder = self._encoder.load()
            if gate is not None:
                gate.prepare(state.live if state else None, encoder)
            reuse = live is not None and not job.full and live.manifest.encoder.same_space(encoder.card)
            encoded = self._encode(staging, encoder, reuse)
            manifest = self._manifest(job, encoder.card, choice, change.total, journal_uid)
            self._build(manifest, staging, encoder, live if reuse else None)
            if gate is not None:
                self._pass(gate, manifest, live, encoder, change)
            # A snapshot of the live version may be gone once another becomes live.
            stack.pop_all().close()
            carried = carry_over(self._store, state.live, manifest, self._progress.say) if state else {}
            self._store.publish(job.index, manifest.version)
            if state:
                carry_over(self._store, state.live, manifest, self._progress.say, carried)
            _forget_old_writes(self._data_dir, job.index, manifest, state)
            staging.remove()
            self._progress.say(f"Version {manifest.version} of index '{job.index}' is live.")
            return _timed(replace(outcome, version=manifest.version, encoded=encoded), started)

    def _stage(
        self, staging: Staging, rows: CatalogueReader, census: FieldCensus, report: Callable[[Problem], None]
    ) -> _Counts:
        counts = _Counts()
        batch: list[Prepared] = []
        with self._progress.bytes("Reading", rows.bytes_total) as advance:
            for row in rows:
                counts.read += 1
                if isinstance(row, ProductRow):
                    for warning in row.warnings:
                        counts.warnings += 1
                        report(warning)
                    item = prepare(row.product)
                    census.add(item.document)
                    batch.append(item)
                else:
                    counts.rejected += 1
                    report(row.problem)
                if len(batch) >= WRITE_BATCH:
                    staging.add_rows(batch)
                    batch = []
                    advance(rows.bytes_read)
            staging.add_rows(batch)
            advance(rows.bytes_read)
        for warning in rows.file_warnings:
            counts.warnings += 1
            report(warning)
        return counts

    def _state(self, index: str) -> IndexState | None:
        try:
            return self._store.state(index)
        except IndexNotFound:
            return None

    def _open_live(self, state: IndexState | None, staging: Staging, stack: ExitStack) -> Collection | None:
        """A snapshot of the live version, to compare with and to take vectors from."""
        if state is None:
            return None
        live = self._store.open(state.index, state.live.version, snapshot=True)
        stack.callback(live.close)
        staging.add_live(live.scroll(vectors=False))
        return live

    def _up_to_date(self, live: Manifest, change: Difference, choice: FieldChoice) -> bool:
        """Of an index that began with documents sent to the server nothing was learnt: it is built even so."""
        same_products = change.unchanged == change.total and not change.removed
        same_making = live.encoder.files == self._encoder.files and live.recipe == RECIPE and live.learning == LEARNING
        return same_products and same_making and set(choice.fields.items()) <= set(live.fields.items())

    def _encode(self, staging: Staging, encoder: Encoder, reuse: bool) -> int:
        missing = staging.count_missing(reuse)
        if not missing:
            return 0
        with self._progress.items("Encoding", missing) as advance:
            for block in staging.missing(reuse, ENCODE_BLOCK):
                vectors = encoder.encode_documents([text for _, text in block], advance)
                staging.save_vectors([key for key, _ in block], vectors)
        return missing

    def _manifest(self, job: Job, card: EncoderCard, choice: FieldChoice, products: int, journal: int) -> Manifest:
        self._store.discard_unpublished(job.index)
        return Manifest(
            index=job.index,
            version=self._store.next_version(job.index),
            encoder=card,
            recipe=RECIPE,
            fields=choice.fields,
            unfiltered=choice.unfiltered,
            products=products,
            journal=journal,
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            sources=job.sources,
            lanes=LANES,
            learning=LEARNING,
        )

    def _build(self, manifest: Manifest, staging: Staging, encoder: Encoder, live: Collection | None) -> None:
        """Write, optimise and verify the new version. If that fails it stays unseen, and the next run clears it."""
        with self._progress.items("Learning", manifest.products) as advance:
            learnt = learn(_documents(staging, advance), manifest.fields, encoder, live)
        collection = self._store.create(manifest)
        try:
            with self._progress.items("Writing", manifest.products) as advance:
                for batch in staging.rows(WRITE_BATCH):
                    collection.upsert(_points(batch, staging, live, learnt.lanes))
                    advance(len(batch))
            for name, data in learnt.artefacts.items():
                collection.save_artefact(name, data)
            self._progress.say("Building the search graph …")
            collection.optimize()
            self._progress.say("Verifying …")
            verify(collection, manifest)
            collection.save_manifest(calibrated(collection, manifest, encoder, learnt))
        finally:
            collection.close()

    def _pass(
        self, gate: Gate, manifest: Manifest, live: Collection | None, encoder: Encoder, change: Difference
    ) -> None:
        """A version that is refused is removed; the texts that were encoded for it stay in the staging."""
        new = self._store.open(manifest.index, manifest.version)
        try:
            gate.check(new, live, encoder, change)
        except GateRefused:
            new.close()
            # What cannot be removed now stays unseen, and the next run clears it: the reasons matter more.
            with suppress(StoreError):
                self._store.discard_unpublished(manifest.index)
            raise
        finally:
            new.close()


def _documents(staging: Staging, advance: Callable[[int], None]) -> Iterator[Document]:
    for batch in staging.rows(WRITE_BATCH):
        yield from (row.document for row in batch)
        advance(len(batch))


@dataclass(slots=True)
class _Counts:
    read: int = 0
    rejected: int = 0
    warnings: int = 0


@contextmanager
def only_one_reindex(data_dir: Path, index: str) -> Iterator[None]:
    """Held by one process at a time and let go by the system when that process dies. Raises ReindexRunning."""
    folder = data_dir / "staging"
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{index}.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise ReindexRunning(
            f"Another process is changing index '{index}' right now. Wait until it is done, then start again."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _points(batch: Sequence[StagedRow], staging: Staging, live: Collection | None, lanes: LaneMaker) -> list[Point]:
    """Vectors of unchanged texts come from the live version, the others from this run or the one it resumes."""
    vectors: dict[str, Sequence[float]] = staging.vectors([row.text_hash for row in batch])
    wanted = {point_id(row.product_id): row.text_hash for row in batch if row.text_hash not in vectors}
    if live is not None:
        vectors |= {point.text_hash: point.vector for point in live.retrieve(list(wanted))}
    return [
        Point(
            row.product_id,
            vectors[row.text_hash],
            row.document,
            row.text_hash,
            row.document_hash,
            lanes.lanes(row.document),
            codes(row.document),
        )
        for row in batch
    ]


def _refuse_loss(job: Job, counts: _Counts, change: Difference) -> None:
    if change.total == 0:
        raise ReindexError(
            f"None of the {counts.read} rows is a product, so index '{job.index}' is left as it is. "
            f"See the reasons above, or with --report FILE.jsonl; often a --mapping is missing."
        )
    if change.total < SHRINK_LIMIT * change.live and not job.allow_shrink:
        raise ShrinkRefused(
            f"The catalogue has {change.total} products where index '{job.index}' has {change.live}: less than half. "
            f"If that is meant, add --allow-shrink. The index is left as it is."
        )


def _journal_position(data_dir: Path, index: str) -> int:
    """The last document write that the live version has; those that come later are replayed on the new version."""
    journal = Journal(data_dir)
    try:
        return journal.last_done(index)
    finally:
        journal.close()


def _forget_old_writes(data_dir: Path, index: str, new: Manifest, old: IndexState | None) -> None:
    """Payloads of writes that both the new version and the one kept for rollback have are of no more use."""
    journal = Journal(data_dir)
    try:
        kept = max(old.live.journal, journal.applied(index, old.live.version)) if old else new.journal
        journal.forget_payloads(index, min(new.journal, kept))
    finally:
        journal.close()


def _timed(outcome: Outcome, started: float) -> Outcome:
    return replace(outcome, seconds=time.monotonic() - started)
