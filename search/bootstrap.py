"""Settings → engine. The only place that names concrete classes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from search.encoding.load import load
from search.encoding.sources import locate
from search.engine import Engine
from search.errors import NothingKept, SettingsError
from search.experiments.definitions import load_experiments
from search.experiments.log import FOLDER, RecordLog, on_log
from search.experiments.serving import Experiments
from search.feedback import Feedback
from search.journal import Journal
from search.live import LiveIndexes
from search.past_queries import PastQueries
from search.profiles.keeping import Profiles
from search.protocols import Collection, Encoder, LanguageModel, Reranker, ShopperStore, VectorStore
from search.recommendations.others import Others
from search.recording import Recorder
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


def open_shoppers(settings: Settings, dimension: int, writable: bool = True) -> ShopperStore:
    """What is kept of shoppers: on the Qdrant server of the settings, or in the data folder.

    `dimension` is that of the encoder; profiles that were kept with another one are dropped, and made anew when they
    are asked for. In the data folder there is one opener, the serving process; whoever only reads asks for a private
    copy (`writable` False). Raises StoreError and its kinds: StoreUnavailable, IndexInUse, IndexDamaged.
    """
    if settings.qdrant_url:
        from search.storage.server import connection_to
        from search.storage.shopper_server import ServerShoppers

        key = settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else None
        return ServerShoppers(connection_to(settings.qdrant_url, key), dimension, keeps_profiles=writable)
    from search.storage.shopper_edge import EdgeShoppers

    return EdgeShoppers.open(settings.data_dir, dimension) if writable else EdgeShoppers.snapshot(settings.data_dir)


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
    profiles: Profiles
    recorder: Recorder
    others: Others
    feedback: Feedback
    past: PastQueries | None = None

    def log_dropped(self) -> int:
        """Lines of the log that were lost since the start."""
        return self.log.dropped

    def save_past_queries(self) -> None:
        """Called about once a second."""
        if self.past is not None:
            self.past.save_if_due()

    def close(self) -> None:
        self.tasks.stop()
        self.others.close()
        self.profiles.close()  # before the indexes, which it reads in the background
        self.engine.close()
        if self.past is not None:
            self.past.close()
        self.log.close()


def open_engine(settings: Settings) -> Engine:
    """An engine to read with, on private snapshots of the live indexes: it disturbs no server that runs beside it."""
    store = open_store(settings)
    encoder = load_encoder(settings)
    return _engine(store, encoder, LiveIndexes(store, encoder.card, snapshot=True), settings)


@dataclass(frozen=True, slots=True)
class Reader:
    """An engine to read with that knows the shoppers as they were when it was opened; None where nobody is kept."""

    engine: Engine
    profiles: Profiles | None
    store: ShopperStore | None


@contextmanager
def open_reader(settings: Settings) -> Iterator[Reader]:
    """`open_engine` with a private copy of what is kept of shoppers: it answers them as the server would now.

    Raises as `open_engine` and `open_shoppers`.
    """
    store, encoder = open_store(settings), load_encoder(settings)
    with ExitStack() as stack:
        profiles = others = kept = None
        with suppress(NothingKept):
            kept = open_shoppers(settings, encoder.card.dimension, writable=False)
            stack.callback(kept.close)
            profiles, others = Profiles(kept, encoder, settings, working=False), Others(kept, working=False)
            others.look(at_once=True)
        live = LiveIndexes(store, encoder.card, snapshot=True)
        engine = _engine(store, encoder, live, settings, profiles, others)
        stack.callback(engine.close)
        yield Reader(engine, profiles, kept)


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


def serve(store: VectorStore, encoder: Encoder, settings: Settings, kept: ShopperStore | None = None) -> Service:
    """`open_service` for a store and an encoder that are there already; `kept` is what is kept of shoppers, opened by
    the settings where it is None."""
    # What can be wrong with files and settings first: nothing runs yet that would have to be stopped.
    running = load_experiments(settings.experiments)
    shoppers = Shoppers.of(settings)
    log = RecordLog(settings.data_dir / FOLDER, settings.experiment_days)
    if running:
        log.check()
    kept = kept or open_shoppers(settings, encoder.card.dimension)
    profiles, others = Profiles(kept, encoder, settings), Others(kept)
    profiles.when_recorded(others.changed)
    runner = TaskRunner(Journal(settings.data_dir), store, encoder)
    live = LiveIndexes(store, encoder.card, catch_up=runner.catch_up)
    profiles.make_missing(live.lease)
    runner.start(live)
    past = PastQueries(settings.data_dir) if settings.past_queries else None
    experiments = Experiments(running, profiles.known, settings.max_total_hits)
    log.append([one.started(on_log(log.now())) for one in running])
    engine = _engine(store, encoder, live, settings, profiles, others)
    feedback = Feedback(kept, profiles.known)
    profiles.when_forgotten(feedback.forget)
    recorder = Recorder(profiles, log, logging=bool(running), feedback=feedback)
    return Service(engine, runner, shoppers, experiments, log, profiles, recorder, others, feedback, past)


def _engine(
    store: VectorStore,
    encoder: Encoder,
    live: LiveIndexes,
    settings: Settings,
    profiles: Profiles | None = None,
    others: Others | None = None,
) -> Engine:
    most, top = settings.max_total_hits, settings.reranker_top
    return Engine(store, encoder, live, most, load_reranker(settings), top, profiles, others)
