"""Document writes of the serving process: accepted at once, done in order by one worker, durable from acceptance on."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from search import documents
from search.domain import CORE_KINDS, LANES, Document, Filter, Json, Manifest
from search.errors import DaogouError, DocumentError, FilterError, IndexNotFound, StoreUnavailable
from search.filters import parse_filter
from search.journal import Journal, Kind, Task
from search.live import LiveIndexes
from search.protocols import Collection, Encoder, VectorStore
from search.writing import Writer

log = logging.getLogger(__name__)

_RETRY_SECONDS = 2.0


class TaskRunner:
    """Owner of the journal and of the one thread that writes."""

    def __init__(self, journal: Journal, store: VectorStore, encoder: Encoder) -> None:
        self._journal = journal
        self._store = store
        self._encoder = encoder
        self._writer = Writer(encoder)
        self._live: LiveIndexes | None = None
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def journal(self) -> Journal:
        return self._journal

    def start(self, live: LiveIndexes) -> None:
        """Take up the work, beginning with what an earlier process left undone."""
        self._live = live
        self._journal.requeue_interrupted()
        self._thread = threading.Thread(target=self._work, name="daogou-writer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the task in hand and rest; what waits is done after the next start."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        self._journal.close()

    def put(self, index: str, sent: Sequence[Document], merge: bool = False) -> Task:
        return self._submit(
            index,
            "documentAdditionOrUpdate",
            {"do": "put", "documents": list(sent), "merge": merge},
            {"receivedDocuments": len(sent), "indexedDocuments": None},
        )

    def delete(self, index: str, product_ids: Sequence[str]) -> Task:
        details: dict[str, Json] = {"providedIds": len(product_ids), "originalFilter": None, "deletedDocuments": None}
        return self._submit(index, "documentDeletion", {"do": "delete", "ids": list(product_ids)}, details)

    def delete_matching(self, index: str, expression: Json) -> Task:
        """`expression` in the filter language. Raises FilterError at once where it is wrong."""
        if parse_filter(expression) is None:
            raise FilterError(
                "A filter that asks nothing would delete every document; to do so, use DELETE …/documents."
            )
        details: dict[str, Json] = {"providedIds": 0, "originalFilter": expression, "deletedDocuments": None}
        return self._submit(index, "documentDeletion", {"do": "delete", "filter": expression}, details)

    def clear(self, index: str) -> Task:
        details: dict[str, Json] = {"providedIds": 0, "originalFilter": None, "deletedDocuments": None}
        return self._submit(index, "documentDeletion", {"do": "clear"}, details)

    def catch_up(self, collection: Collection) -> None:
        """Replay on a version what it missed: the writes that came while it was built or while another was live."""
        index, version = collection.manifest.index, collection.manifest.version
        since = max(collection.manifest.journal, self._journal.applied(index, version))
        for task, payload in self._journal.succeeded_after(index, since):
            self._replay(collection, payload)
            self._journal.mark_applied(index, version, task.uid)
            log.info("index %s: task %d replayed on version %d", index, task.uid, version)

    def _replay(self, collection: Collection, payload: Mapping[str, Json]) -> None:
        """A change to a product that the new catalogue lacks may make no product; that must not hold up the others."""
        try:
            self._apply(collection, payload)
        except DocumentError:
            for document in payload["documents"]:
                with contextlib.suppress(DocumentError):
                    self._writer.put(collection, [document], payload["merge"])

    def _submit(self, index: str, kind: Kind, payload: Mapping[str, Json], details: dict[str, Json]) -> Task:
        task = self._journal.append(index, kind, payload, details)
        self._wake.set()
        return task

    def _work(self) -> None:
        while not self._stopping.is_set():
            found = self._journal.start_next()
            if found is None:
                self._wake.wait(timeout=1.0)
                self._wake.clear()
                continue
            self._run(*found)

    def _run(self, task: Task, payload: Mapping[str, Json]) -> None:
        if self._live is None:
            return
        try:
            if payload["do"] == "put":
                self._ensure_index(task.index)
            with self._live.writing(task.index) as collection:
                details = {**task.details, **self._apply(collection, payload)}
                self._journal.succeed(task.uid, details, task.index, collection.manifest.version)
        except StoreUnavailable:
            log.warning("task %d waits: the vector store does not answer", task.uid)
            self._journal.requeue_interrupted()
            self._stopping.wait(_RETRY_SECONDS)
        except DaogouError as error:
            self._journal.fail(task.uid, task.details, _error(error))
            log.warning("task %d failed: %s", task.uid, type(error).__name__)
        except Exception:
            self._journal.fail(
                task.uid, task.details, _error(DaogouError("Something went wrong here; the log says what."))
            )
            log.exception("task %d failed", task.uid)

    def _apply(self, collection: Collection, payload: Mapping[str, Json]) -> dict[str, Json]:
        if payload["do"] == "put":
            return {"indexedDocuments": self._writer.put(collection, payload["documents"], payload["merge"])}
        before = collection.count()
        if payload["do"] == "clear":
            collection.delete([point.product_id for point in collection.scroll(vectors=False)])
        elif "ids" in payload:
            collection.delete(payload["ids"])
        else:
            collection.delete(_matching(collection, parse_filter(payload["filter"])))
        return {"deletedDocuments": before - collection.count()}

    def _ensure_index(self, index: str) -> None:
        """The first write to an unknown index makes it, empty, as Meilisearch does."""
        try:
            self._store.state(index)
        except IndexNotFound:
            manifest = Manifest(
                index=index,
                version=self._store.next_version(index),
                encoder=self._encoder.card,
                recipe=documents.RECIPE,
                fields=dict(CORE_KINDS),
                journal=self._journal.last_done(index),  # writes to an index of this name that was dropped
                created_at=datetime.now(UTC).isoformat(timespec="seconds"),
                lanes=LANES,
            )
            self._store.create(manifest).close()
            self._store.publish(index, manifest.version)


def _matching(collection: Collection, filter: Filter | None) -> list[str]:
    found = collection.browse(collection.count(filter), filter, fields=("id",))
    return [str(candidate.values["id"]) for candidate in found]


def _error(error: DaogouError) -> dict[str, str]:
    """In Meilisearch's shape."""
    codes = {
        IndexNotFound: "index_not_found",
        FilterError: "invalid_document_filter",
        DocumentError: "invalid_document_fields",
    }
    code = codes.get(type(error), "internal")
    kind = "internal" if code == "internal" else "invalid_request"
    return {"message": str(error), "code": code, "type": kind, "link": ""}
