"""Settings → engine. The only place that names concrete classes."""

from __future__ import annotations

from dataclasses import dataclass

from search.encoding.load import load
from search.encoding.sources import locate
from search.engine import Engine
from search.journal import Journal
from search.live import LiveIndexes
from search.past_queries import PastQueries
from search.protocols import Encoder, Reranker, VectorStore
from search.reranking import InTime
from search.settings import Settings
from search.tasks import TaskRunner


def open_store(settings: Settings) -> VectorStore:
    """The Qdrant server of the settings, or Qdrant Edge in the data folder. Raises StoreUnavailable."""
    if settings.qdrant_url:
        from search.storage.server import connect

        key = settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else None
        return connect(settings.qdrant_url, key)
    from search.storage.edge import EdgeStore

    return EdgeStore(settings.data_dir)


def load_encoder(settings: Settings) -> Encoder:
    """Find, verify and load the encoder of the settings. Raises EncoderError, SettingsError. Takes seconds."""
    folder = locate(settings.encoder, settings.revision)
    return load(folder, settings.encoder_backend, settings.device, settings.batch_size, settings.data_dir)


def load_reranker(settings: Settings) -> Reranker | None:
    """Find, verify and load the reranker of the settings; None where none is set. Raises as `load_encoder`."""
    if settings.reranker is None:
        return None
    folder = locate(settings.reranker, settings.reranker_revision, setting="DAOGOU_RERANKER")
    from search.encoding.reranker import CrossEncoderReranker

    reranker = CrossEncoderReranker(folder, settings.device, settings.batch_size)
    return InTime(reranker, settings.reranker_seconds)


@dataclass(frozen=True, slots=True)
class Service:
    """What the serving process holds: the engine that reads and the runner that writes."""

    engine: Engine
    tasks: TaskRunner
    past: PastQueries | None = None

    def save_past_queries(self) -> None:
        """Called about once a second."""
        if self.past is not None:
            self.past.save_if_due()

    def close(self) -> None:
        self.tasks.stop()
        self.engine.close()
        if self.past is not None:
            self.past.close()


def open_engine(settings: Settings) -> Engine:
    """An engine to read with, on private snapshots of the live indexes: it disturbs no server that runs beside it."""
    store = open_store(settings)
    encoder = load_encoder(settings)
    return _engine(store, encoder, LiveIndexes(store, encoder.card, snapshot=True), settings)


def open_service(settings: Settings) -> Service:
    """The engine and writer of the one serving process. The indexes are opened when first asked for."""
    return serve(open_store(settings), load_encoder(settings), settings)


def serve(store: VectorStore, encoder: Encoder, settings: Settings) -> Service:
    """`open_service` for a store and an encoder that are there already."""
    runner = TaskRunner(Journal(settings.data_dir), store, encoder)
    live = LiveIndexes(store, encoder.card, catch_up=runner.catch_up)
    runner.start(live)
    past = PastQueries(settings.data_dir) if settings.past_queries else None
    return Service(_engine(store, encoder, live, settings), runner, past)


def _engine(store: VectorStore, encoder: Encoder, live: LiveIndexes, settings: Settings) -> Engine:
    return Engine(store, encoder, live, settings.max_total_hits, load_reranker(settings), settings.reranker_top)
