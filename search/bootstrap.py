"""Settings → engine. The only place that names concrete classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from search.encoding.load import load
from search.encoding.sources import locate
from search.engine import Engine
from search.errors import SettingsError
from search.events import Event
from search.experiments.definitions import load_experiments
from search.experiments.log import FOLDER, RecordLog, on_log
from search.experiments.serving import Experiments
from search.journal import Journal
from search.live import LiveIndexes
from search.past_queries import PastQueries
from search.protocols import Collection, Encoder, LanguageModel, Reranker, VectorStore
from search.reranking import InTime
from search.settings import Settings
from search.shoppers import Shoppers
from search.tasks import TaskRunner

if TYPE_CHECKING:
    from search.language_models.openai_compatible import Patience


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


def load_language_model(settings: Settings, patience: Patience | None = None) -> LanguageModel | None:
    """The language model of the settings; None where none is set. Connects to nothing yet. Raises SettingsError."""
    if settings.llm_model is not None and settings.llm_model.startswith("local:"):
        raise SettingsError(
            f"DAOGOU_LLM_MODEL={settings.llm_model}: models in this process are not there yet. Serve it with an "
            f"OpenAI-compatible server (vLLM, llama.cpp, Ollama), and set DAOGOU_LLM_URL to its address."
        )
    if settings.llm_url is None and settings.llm_model is None:
        return None
    if settings.llm_url is None:
        raise SettingsError("DAOGOU_LLM_MODEL is set, but no server: set DAOGOU_LLM_URL, as http://localhost:11434/v1")
    if settings.llm_model is None:
        raise SettingsError("DAOGOU_LLM_URL is set, but no model: set DAOGOU_LLM_MODEL to one that the server has.")
    from search.language_models.openai_compatible import PATIENT, OpenAICompatible

    key = settings.llm_api_key.get_secret_value() if settings.llm_api_key else None
    return OpenAICompatible(settings.llm_url, settings.llm_model, key, patience or PATIENT)


@dataclass(frozen=True, slots=True)
class Service:
    """What the serving process holds: the engine that reads, the runner that writes, and what shoppers are part of."""

    engine: Engine
    tasks: TaskRunner
    shoppers: Shoppers
    experiments: Experiments
    log: RecordLog
    past: PastQueries | None = None

    def record(self, events: Sequence[Event]) -> bool:
        """Take note of what shoppers did, all or none: False when there is no room for it now."""
        return self.log.append(events)

    def log_dropped(self) -> int:
        """Lines of the log that were lost since the start."""
        return self.log.dropped

    def save_past_queries(self) -> None:
        """Called about once a second."""
        if self.past is not None:
            self.past.save_if_due()

    def close(self) -> None:
        self.tasks.stop()
        self.engine.close()
        if self.past is not None:
            self.past.close()
        self.log.close()


def open_engine(settings: Settings) -> Engine:
    """An engine to read with, on private snapshots of the live indexes: it disturbs no server that runs beside it."""
    store = open_store(settings)
    encoder = load_encoder(settings)
    return _engine(store, encoder, LiveIndexes(store, encoder.card, snapshot=True), settings)


def preview(store: VectorStore, encoder: Encoder, settings: Settings, version: Collection) -> Engine:
    """An engine that searches this open version of an index in place of the live one, just as it would be served.

    Closing the engine closes the version. Raises EncoderMismatch, and what `load_reranker` raises.
    """
    live = LiveIndexes(store, encoder.card)
    engine = _engine(store, encoder, live, settings)
    live.hold(version)
    return engine


def open_service(settings: Settings) -> Service:
    """The engine and writer of the one serving process. The indexes are opened when first asked for."""
    load_experiments(settings.experiments)  # what is wrong there is told before the encoder takes its seconds
    return serve(open_store(settings), load_encoder(settings), settings)


def serve(store: VectorStore, encoder: Encoder, settings: Settings) -> Service:
    """`open_service` for a store and an encoder that are there already."""
    # What can be wrong with files and settings first: nothing runs yet that would have to be stopped.
    running = load_experiments(settings.experiments)
    shoppers = Shoppers.of(settings)
    log = RecordLog(settings.data_dir / FOLDER, settings.experiment_days)
    if running:
        log.check()
    runner = TaskRunner(Journal(settings.data_dir), store, encoder)
    live = LiveIndexes(store, encoder.card, catch_up=runner.catch_up)
    runner.start(live)
    past = PastQueries(settings.data_dir) if settings.past_queries else None
    experiments = Experiments(running, shoppers, settings.max_total_hits)
    log.append([one.started(on_log(log.now())) for one in running])
    return Service(_engine(store, encoder, live, settings), runner, shoppers, experiments, log, past)


def _engine(store: VectorStore, encoder: Encoder, live: LiveIndexes, settings: Settings) -> Engine:
    return Engine(store, encoder, live, settings.max_total_hits, load_reranker(settings), settings.reranker_top)
