"""Settings → engine. The only place that names concrete classes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from search.encoding.load import load
from search.encoding.sources import LANGUAGE_MODEL, locate
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
    from search.language_models.local import Generator
    from search.language_models.patience import Patience
    from search.narration import Narrator

LOCAL = "local:"
"""How the name of a language model begins that runs in this process."""


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
    """The language model of the settings; None where none is set.

    One on a server is not connected to yet. One in this process is found and verified, and loaded in the background:
    what is wrong then is raised by the first question, as LanguageModelError. Raises SettingsError, EncoderNotFound,
    EncoderUntrusted.
    """
    if settings.llm_model is not None and settings.llm_model.startswith(LOCAL):
        if settings.llm_url is not None:
            raise SettingsError(
                f"DAOGOU_LLM_MODEL={settings.llm_model} runs in this process, and DAOGOU_LLM_URL names a server. "
                f"Unset DAOGOU_LLM_URL, or set DAOGOU_LLM_MODEL to a model that the server has."
            )
        return _local_language_model(settings.llm_model.removeprefix(LOCAL), settings.device, patience)
    if settings.llm_url is None and settings.llm_model is None:
        return None
    if settings.llm_url is None:
        raise SettingsError("DAOGOU_LLM_MODEL is set, but no server: set DAOGOU_LLM_URL, as http://localhost:11434/v1")
    if settings.llm_model is None:
        raise SettingsError("DAOGOU_LLM_URL is set, but no model: set DAOGOU_LLM_MODEL to one that the server has.")
    from search.language_models.openai_compatible import OpenAICompatible
    from search.language_models.patience import PATIENT

    key = settings.llm_api_key.get_secret_value() if settings.llm_api_key else None
    return OpenAICompatible(settings.llm_url, settings.llm_model, key, patience or PATIENT)


def _local_language_model(name: str, device: str, patience: Patience | None) -> LanguageModel:
    from search.language_models.local import LocalModel
    from search.language_models.patience import HERE

    model, _, revision = (name, "", "") if Path(name).expanduser().is_dir() else name.partition("@")
    if not model:
        raise SettingsError(f"DAOGOU_LLM_MODEL={LOCAL}{name} names no model. Write {LOCAL}NAME or {LOCAL}FOLDER.")
    folder = locate(model, revision or None, "DAOGOU_LLM_MODEL", LANGUAGE_MODEL)

    def load() -> Generator:
        from search.encoding.generation import CausalModel

        return CausalModel(folder, device)

    return LocalModel(LOCAL + (folder.path.name if Path(name).expanduser().is_dir() else name), load, patience or HERE)


def load_narrator(settings: Settings) -> Narrator | None:
    """What words explanations with the language model of the settings, in time or not at all; None where none is set.

    Raises SettingsError, and for a model in this process what `load_language_model` raises.
    """
    if settings.llm_url is None and settings.llm_model is None:
        return None
    from search.language_models.careful import Careful
    from search.language_models.patience import once
    from search.narration import Narrator

    model = load_language_model(settings, once(settings.llm_seconds))
    if model is None:
        return None
    return Narrator(Careful(model, settings.llm_seconds, settings.llm_tokens_per_day))


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
    narrator: Narrator | None = None

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
        if self.narrator is not None:
            self.narrator.close()
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
    narrator = load_narrator(settings)
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
    return Service(engine, runner, shoppers, experiments, log, profiles, recorder, others, feedback, past, narrator)


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
