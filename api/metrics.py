"""What Prometheus may ask for. One registry for each application: nothing is registered when a module is imported."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

if TYPE_CHECKING:
    from search.narration import Narrator

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counts by route template, never by address: products and queries do not become labels."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "daogou_http_requests", "Requests answered.", ("method", "route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "daogou_http_request_seconds",
            "Seconds from the first byte of a request to the last of its answer.",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._stages = Histogram(
            "daogou_search_stage_seconds",
            "Seconds of a search by stage.",
            ("stage",),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._searches = Counter(
            "daogou_searches", "Searches by index and by whether anything was found.", ("index", "outcome"),
            registry=self._registry,
        )  # fmt: skip

        self._suggestions = Counter(
            "daogou_suggestions", "Completions, by index and by whether there were any.", ("index", "outcome"),
            registry=self._registry,
        )  # fmt: skip

        self._experiments = Counter(
            "daogou_experiment_searches",
            "Searches in an experiment by variant (none: both, interleaved), and whether it could be searched.",
            ("experiment", "variant", "outcome"),
            registry=self._registry,
        )

        self._explanations = Counter(
            "daogou_explanations", "Texts of POST /explain, by who worded them in the end: evidence or model.",
            ("source",), registry=self._registry,
        )  # fmt: skip

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def search(self, index: str, found: int, timings: dict[str, float]) -> None:
        """`timings` are milliseconds by stage."""
        self._searches.labels(index, "hits" if found else "empty").inc()
        for stage, milliseconds in timings.items():
            self._stages.labels(stage).observe(milliseconds / 1000)

    def suggestion(self, index: str, found: int) -> None:
        self._suggestions.labels(index, "hits" if found else "empty").inc()

    def experiment(self, name: str, variant: str, fell_back: bool) -> None:
        self._experiments.labels(name, variant, "baseline instead" if fell_back else "shown").inc()

    def explanation(self, source: str, count: int = 1) -> None:
        self._explanations.labels(source).inc(count)

    def watch_narrator(self, narrator: Narrator) -> None:
        """What the language model does, read when somebody asks."""
        from api.model_metrics import NarratorCollector

        self._registry.register(NarratorCollector(narrator))

    def watch(self, name: str, help_text: str, value: Callable[[], float]) -> None:
        """A gauge that is read when somebody asks."""
        Gauge(name, help_text, registry=self._registry).set_function(value)

    def render(self) -> bytes:
        return generate_latest(self._registry)
