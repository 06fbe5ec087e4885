"""The live picture shows what the service counts, on a terminal and where there is none."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from ingestd.demo.progress import Progress, Reading
from ingestd.model import Outcome
from ingestd.shell.telemetry import Telemetry


def reading(seconds: float, decoded_bytes: int = 0) -> Reading:
    return Reading(
        seconds,
        objects_put=4,
        lines=1200,
        settled=1000,
        documents=990,
        dead_letters=7,
        retried=3,
        decoded_bytes=decoded_bytes,
        in_flight_bytes=2_500_000,
    )


def test_a_reading_is_taken_from_the_telemetry() -> None:
    """Each number is a counter or a gauge of the service."""
    telemetry = Telemetry()
    telemetry.count("lines_read", 10, "alb")
    telemetry.lines("alb", Outcome.ACCEPTED, 6)
    telemetry.lines("alb", Outcome.DUPLICATE, 1)
    telemetry.lines("alb", Outcome.DEAD_LETTERED, 2)
    telemetry.count("dead_letters", 2, "bad_number")
    telemetry.count("retries", 4, "demo", "throttled")
    telemetry.count("bytes", 500, "decoded")
    telemetry.count("bytes", 100, "received")
    telemetry.gauge("in_flight_bytes", "", lambda: {"": 64.0})
    assert Reading.of(telemetry.snapshot(), 1.5, 3) == Reading(1.5, 3, 10, 9, 7, 2, 4, 500, 64)


def test_without_a_terminal_a_line_appears_now_and_then() -> None:
    """Lines are plain text and come seconds apart, however often there is something new."""
    out = StringIO()
    with Progress(Console(file=out, force_terminal=False, width=80), 2000) as progress:
        for tenth in range(45):
            progress.show(reading(tenth / 10, decoded_bytes=tenth * 1_000_000))
    first, second = out.getvalue().splitlines()
    assert first.startswith("  2.0 s  objects put 4, lines 1,200, documents 990, MB/s 10.0, in flight MB 2.5, retries 3")
    assert second.startswith("  4.0 s")
    assert "\x1b" not in out.getvalue()


def test_on_a_terminal_a_table_is_drawn() -> None:
    """The numbers stand in a table that is drawn over and over, and gone at the end."""
    out = StringIO()
    with Progress(Console(file=out, force_terminal=True, width=80), 2000) as progress:
        progress.show(reading(0.1))
        drawn = out.getvalue()
    assert "dead letters" in drawn
    assert "1,200" in drawn


@pytest.mark.parametrize(("seconds", "rate"), [((0.0,), 0.0), ((0.0, 1.0), 1.0), ((0.0, 1.0, 10.0), 0.0)])
def test_the_rate_is_that_of_the_last_moments(seconds: tuple[float, ...], rate: float) -> None:
    """Megabytes a second over what is recent; nothing is known of a single moment."""
    progress = Progress(Console(file=StringIO()), 10)
    for moment in seconds:
        progress.show(reading(moment, decoded_bytes=int(moment * 1e6)))
    assert progress.megabytes_per_second == rate
