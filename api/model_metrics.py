"""What Prometheus may ask of the language model: how it answers, what it costs, and what was not shown of it."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from search.language_models.careful import Careful
from search.narration import Narrator

_STATES = ("closed", "half-open", "open")


class NarratorCollector(Collector):
    """Reads the narrator's own counts when somebody asks; nothing is counted twice."""

    def __init__(self, narrator: Narrator) -> None:
        self._narrator = narrator

    def collect(self) -> Iterator[Metric]:
        yield from self._of_words()
        if isinstance(self._narrator.model, Careful):
            yield from _of_calls(self._narrator.model)

    def _of_words(self) -> Iterator[Metric]:
        counts = self._narrator.counts()
        texts = CounterMetricFamily(
            "daogou_narrations",
            "Texts asked of the language model: told; remembered and not asked for again; failed or broken off; "
            "ungrounded, so that nothing was left; left, since nobody waited.",
            labels=["outcome"],
        )
        for outcome in ("told", "remembered", "failed", "ungrounded", "left"):
            texts.add_metric([outcome], getattr(counts, outcome))
        yield texts
        dropped = CounterMetricFamily(
            "daogou_narration_dropped",
            "Sentences of the language model that were not shown, by fault.",
            labels=["fault"],
        )
        for fault, count in counts.faults.items():
            dropped.add_metric([fault], count)
        yield dropped


def _of_calls(model: Careful) -> Iterator[Metric]:
    counters = model.counters()
    calls = CounterMetricFamily(
        "daogou_llm_calls",
        "Calls of the language model by what came of them. Left: closed before the end, mostly with enough said. "
        "Refused ones were not made: the circuit is open, the day's tokens are spent, or too many run.",
        labels=["outcome"],
    )
    for outcome in ("answered", "failed", "left", "retried", "refused_open", "refused_spent", "refused_full"):
        calls.add_metric([outcome], getattr(counters, outcome))
    yield calls
    yield GaugeMetricFamily("daogou_llm_tokens_today", "Tokens spent on it today (UTC).", value=counters.tokens)
    yield GaugeMetricFamily("daogou_llm_running", "Calls of it under way.", value=counters.running)
    circuit = GaugeMetricFamily(
        "daogou_llm_circuit", "1 for the state that the circuit breaker is in.", labels=["state"]
    )
    for state in _STATES:
        circuit.add_metric([state], float(model.state() == state))
    yield circuit
