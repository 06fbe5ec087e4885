"""The demo's live picture: a small table on a terminal, a line now and then where there is none."""

from __future__ import annotations

from collections import deque
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from ingestd.shell.telemetry import Stats

__all__ = ["Progress", "Reading"]

PLAIN_SECONDS = 2.0
RATE_SECONDS = 3.0  # the rate shown is that of the last moments, not of all the time


@dataclass(frozen=True, slots=True)
class Reading:
    """What there is to show at one moment; `lines` are those that the service has read, `settled` those that came to rest."""

    seconds: float
    objects_put: int
    lines: int
    settled: int
    documents: int
    dead_letters: int
    retried: int
    decoded_bytes: int
    in_flight_bytes: int

    @classmethod
    def of(cls, stats: Stats, seconds: float, objects_put: int) -> Reading:
        """From the service's telemetry."""
        return cls(
            seconds=seconds,
            objects_put=objects_put,
            lines=stats.total("lines_read"),
            settled=stats.total("lines"),
            documents=stats.outcome("lines", "accepted") + stats.outcome("lines", "duplicate"),
            dead_letters=stats.total("dead_letters"),
            retried=stats.total("retries"),
            decoded_bytes=stats.total("bytes", "decoded"),
            in_flight_bytes=int(sum(stats.gauges.get("in_flight_bytes", {}).values())),
        )


class Progress(AbstractContextManager["Progress"]):
    """Shows readings while it is open. `total`: lines to come, about."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._total = total
        self._recent: deque[Reading] = deque()
        self._said_at = 0.0
        self._live = Live(console=console, transient=True, auto_refresh=False) if console.is_terminal else None

    def __enter__(self) -> Progress:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def show(self, reading: Reading) -> None:
        """Take a new reading; on a terminal it is seen at once."""
        self._recent.append(reading)
        while reading.seconds - self._recent[0].seconds > RATE_SECONDS:
            self._recent.popleft()
        if self._live:
            self._live.update(self._table(reading), refresh=True)
        elif reading.seconds - self._said_at >= PLAIN_SECONDS:
            self._said_at = reading.seconds
            facts = ", ".join(f"{name} {value}" for name, value in self._facts(reading))
            self._console.print(f"{reading.seconds:5.1f} s  {facts}", highlight=False, soft_wrap=True)

    @property
    def megabytes_per_second(self) -> float:
        """Decoded bytes of log over the last moments."""
        first, last = self._recent[0], self._recent[-1]
        elapsed = last.seconds - first.seconds
        return (last.decoded_bytes - first.decoded_bytes) / elapsed / 1e6 if elapsed else 0.0

    def _facts(self, reading: Reading) -> list[tuple[str, str]]:
        return [
            ("objects put", f"{reading.objects_put:,}"),
            ("lines", f"{reading.lines:,}"),
            ("documents", f"{reading.documents:,}"),
            ("MB/s", f"{self.megabytes_per_second:.1f}"),
            ("in flight MB", f"{reading.in_flight_bytes / 1e6:.1f}"),
            ("retries", f"{reading.retried:,}"),
            ("dead letters", f"{reading.dead_letters:,}"),
        ]

    def _table(self, reading: Reading) -> Table:
        bar = ProgressBar(total=max(self._total, reading.settled, 1), completed=reading.settled, width=40)
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim")
        table.add_column(justify="right", min_width=12)
        table.add_row("", bar)
        for name, value in self._facts(reading):
            table.add_row(name, value)
        table.add_row("seconds", f"{reading.seconds:.1f}")
        return table
