"""The comparison with the SDK runs, and sends what it says."""

from __future__ import annotations

from ingestd.bench.firehose import FirehoseFigures, compare


async def test_both_ways_are_measured() -> None:
    """Each way takes some CPU time for its calls, and every record of them is accepted."""
    figures = await compare(rounds=1, calls=1)
    assert figures.records == 500
    assert figures.sink_seconds > 0
    assert figures.stock_seconds > 0


def test_the_ratio_is_the_sdks_time_to_the_sinks() -> None:
    """Four times faster is a ratio of four."""
    assert FirehoseFigures(500, 0.002, 0.008).ratio == 4.0
