"""Logs to try things with: plausible lines of a format in any number, a share of them strange, the same ones for the same seed.

A line's rest is drawn from a pool of samples that is larger than a compressor's window, its times are set: they ascend through
one day. So a line costs a choice and a join.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random

from ingestd.formats.table import SAMPLE_TIME, Shape, Table
from ingestd.strange import Strange
from ingestd.strange_records import StrangeRecords

__all__ = ["DAY", "SECONDS_A_DAY", "STRANGE_SHARE", "chunks", "lines"]

DAY = date(2026, 11, 1)
STRANGE_SHARE = 0.02
POOL_LINES = 4096
CHUNK_LINES = 1024
SECONDS_A_DAY = 86400
FORMS = (
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d\t%H:%M:%S",
    '%Y-%m-%d","time":"%H:%M:%S',
    "%d/%b/%Y:%H:%M:%S",
)  # how logs write a second; else as epoch seconds


def lines(table: Table, count: int, seed: int, strange: float = STRANGE_SHARE, day: date = DAY) -> Iterator[bytes]:
    """`count` lines, without newlines and without the table's preamble."""
    random = Random(seed)  # noqa: S311 - repeatable by design, no secret
    samples = [table.sample(random) for _ in range(POOL_LINES)]
    form = next((form for form in FORMS if any(SAMPLE_TIME.strftime(form) in sample for sample in samples)), "")
    moment = _written(SAMPLE_TIME, form)
    pool = [sample.encode().split(moment) for sample in samples]
    odd = StrangeRecords(table) if table.shape is Shape.JSON else Strange(table)
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    second = -1
    for first in range(0, count, CHUNK_LINES):
        chosen = random.choices(pool, k=min(CHUNK_LINES, count - first))
        for number, pieces in enumerate(chosen, first):
            if number * SECONDS_A_DAY // count != second:
                second = number * SECONDS_A_DAY // count
                moment = _written(start + timedelta(seconds=second), form)
            line = moment.join(pieces)
            yield odd.line(line, random) if random.random() < strange else line


def chunks(table: Table, count: int, seed: int, strange: float = STRANGE_SHARE, day: date = DAY) -> Iterator[bytes]:
    """A whole object, preamble and `count` lines, each with its newline, in pieces of some hundred KB."""
    yield b"".join(line.encode() + b"\n" for line in table.preamble)
    held: list[bytes] = []
    for line in lines(table, count, seed, strange, day):
        held.append(line)
        if len(held) == CHUNK_LINES:
            yield b"\n".join([*held, b""])
            held.clear()
    yield b"\n".join([*held, b""])


def _written(at: datetime, form: str) -> bytes:
    return (at.strftime(form) if form else str(int(at.timestamp()))).encode()
