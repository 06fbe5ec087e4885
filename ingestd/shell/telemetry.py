"""What is counted: one place, read by `/metrics`, `/stats`, the demo and the page. Labels are bounded; no key, no bucket.

The conservation law is visible here, once at rest: lines read = accepted + duplicate + dead_lettered + dropped + skipped +
given_back; messages received = deleted + given_back + lost + expired; calls received = settled + spooled + given_back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import structlog
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from ingestd.errors import IngestdError
from ingestd.model import Outcome

__all__ = ["Stats", "Telemetry"]

log = structlog.get_logger()

STAGE_BUCKETS = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0)
LAG_BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
END_TO_END_BUCKETS = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 21600.0)
EVENT_BUCKETS = (*END_TO_END_BUCKETS, 86400.0)

_COUNTERS = {
    "lines_read": ("lines read, by format", ("format",)),
    "lines": ("lines that came to rest", ("format", "outcome")),
    "documents": ("documents answered for by a sink", ("sink", "outcome")),
    "bytes": ("bytes through a stage", ("stage",)),
    "objects": ("objects", ("outcome",)),
    "messages": ("messages", ("outcome",)),
    "calls": ("calls that bring records, taken or refused", ("outcome",)),
    "records": ("records that calls brought", ("outcome",)),
    "requests": ("requests to a sink", ("sink", "outcome")),
    "healed": ("documents changed so that the sink would take them", ("sink", "reason")),
    "retries": ("documents to be sent again", ("sink", "reason")),
    "dead_letters": ("dead letters written", ("reason",)),
    "rejects": ("lines that could not become documents", ("format", "reason")),
    "fallback_lines": ("lines read by the reference", ("format",)),
    "masked_values": ("secrets that were masked in lines", ("format",)),
    "rule_lines": ("lines that a rule dropped", ("rule",)),
    "format_drift": ("lines with columns that the format does not know", ("format",)),
    "lease_lost": ("leases lost", ()),
    "reloads": ("configurations that were to be taken while running", ("outcome",)),
    "queue_errors": ("calls to the queue that failed", ("reason",)),
}


@dataclass(frozen=True, slots=True)
class Stats:
    """The counters at one moment, for `/stats` and the demo: name -> labels joined by commas -> value."""

    counters: dict[str, dict[str, int]]
    gauges: dict[str, dict[str, float]]

    def total(self, name: str, *labels: str) -> int:
        """The sum of a counter over the label values that begin with `labels`."""
        wanted = ",".join(labels)
        rows = self.counters.get(name, {})
        return sum(value for key, value in rows.items() if key == wanted or not wanted or key.startswith(wanted + ","))

    def outcome(self, name: str, outcome: str) -> int:
        """The sum of a counter whose last label is `outcome`."""
        return sum(value for key, value in self.counters.get(name, {}).items() if key.rsplit(",", 1)[-1] == outcome)


class Latest:
    """The largest of what was seen in this minute and the one before."""

    def __init__(self) -> None:
        self._before, self._now = 0.0, 0.0

    def saw(self, seconds: float) -> None:
        self._now = max(self._now, seconds)

    def next_minute(self) -> None:
        """Forget what is of two minutes ago."""
        self._before, self._now = self._now, 0.0

    @property
    def seconds(self) -> float:
        return max(self._before, self._now)


class Telemetry:
    """Counters as plain integers; gauges are asked for when somebody looks.

    `notes` are for `/stats` alone, which has a password where the page has one: only there may a bucket be named.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._counts: dict[str, Counter[tuple[str, ...]]] = {name: Counter() for name in _COUNTERS}
        self._gauges: dict[str, tuple[str, Callable[[], dict[str, float]]]] = {}
        self.late, self.event_late = Latest(), Latest()  # of objects that came to rest: since they were put, since their events
        self.notes: dict[str, Callable[[], object]] = {}
        self.stage_seconds = Histogram(
            "ingestd_stage_seconds", "time in a stage", ["stage"], buckets=STAGE_BUCKETS, registry=self.registry
        )
        self.end_to_end_seconds = Histogram(
            "ingestd_end_to_end_seconds", "object's event to settled", buckets=END_TO_END_BUCKETS, registry=self.registry
        )
        self.event_to_settled_seconds = Histogram(
            "ingestd_event_to_settled_seconds",
            "newest event of an object to all of it settled",
            buckets=EVENT_BUCKETS,
            registry=self.registry,
        )
        self.loop_lag_seconds = Histogram(
            "ingestd_loop_lag_seconds", "how late the event loop is", buckets=LAG_BUCKETS, registry=self.registry
        )
        self.registry.register(self)

    def count(self, name: str, amount: int, *labels: str) -> None:
        """Add to a counter; its name and number of labels are those of the table above."""
        if amount:
            self._counts[name][labels] += amount

    def counted(self, name: str, *labels: str) -> int:
        """One counter as it stands."""
        return self._counts[name][labels]

    def settled_after(self, seconds: float) -> None:
        """An object came to rest so long after it was put."""
        self.end_to_end_seconds.observe(seconds)
        self.late.saw(seconds)

    def event_settled_after(self, seconds: float) -> None:
        """An object came to rest so long after its newest event."""
        self.event_to_settled_seconds.observe(seconds)
        self.event_late.saw(seconds)

    def next_minute(self) -> None:
        """Forget how late was what came to rest two minutes ago."""
        self.late.next_minute()
        self.event_late.next_minute()

    def gauge(self, name: str, label: str, read: Callable[[], dict[str, float]]) -> None:
        """A gauge that is read when looked at: label value -> value (the empty label for one without)."""
        self._gauges[name] = (label, read)

    def lines(self, form: str, outcome: Outcome, amount: int) -> None:
        """Lines of a format that came to rest."""
        self.count("lines", amount, form, outcome.value)

    def message_ended(self, outcome: str) -> None:
        """A message was deleted, given back or lost; expired: the queue could not be told before the lease ran out."""
        self.count("messages", 1, outcome)

    def lease_lost(self) -> None:
        """A lease ran out or was taken away."""
        self.count("lease_lost", 1)
        self.message_ended("lost")

    def queue_failed(self, error: IngestdError) -> None:
        """A call to the queue failed; it will be tried again."""
        self.count("queue_errors", 1, error.reason)
        log.warning("queue call failed", reason=error.reason, **error.fields)

    def snapshot(self) -> Stats:
        """Everything now."""
        counters = {name: {",".join(labels): value for labels, value in rows.items()} for name, rows in self._counts.items()}
        return Stats(counters, {name: read() for name, (_, read) in self._gauges.items()})

    def timings(self) -> dict[str, dict[str, float]]:
        """How often and how long: stage, end_to_end, event_to_settled, loop_lag -> {count, seconds}, since the start."""
        timings: dict[str, dict[str, float]] = {}
        for name, histogram in (
            ("end_to_end", self.end_to_end_seconds),
            ("event_to_settled", self.event_to_settled_seconds),
            ("loop_lag", self.loop_lag_seconds),
            ("", self.stage_seconds),
        ):
            for sample in (each for metric in histogram.collect() for each in metric.samples):
                part = {"count": "count", "sum": "seconds"}.get(sample.name.rsplit("_", 1)[-1])
                if part:
                    timings.setdefault(name or sample.labels["stage"], {})[part] = sample.value
        return timings

    def collect(self) -> Iterator[Metric]:
        """For the Prometheus registry."""
        for name, (text, labels) in _COUNTERS.items():
            counter = CounterMetricFamily(f"ingestd_{name}", text, labels=labels)
            for values, amount in self._counts[name].items():
                counter.add_metric(values, amount)
            yield counter
        for name, (label, read) in self._gauges.items():
            gauge = GaugeMetricFamily(f"ingestd_{name}", name.replace("_", " "), labels=[label] if label else [])
            for value, reading in read().items():
                gauge.add_metric([value] if label else [], reading)
            yield gauge
