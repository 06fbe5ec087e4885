"""Generated logs: as many lines as wanted, the same for the same seed, most of them readable."""

from __future__ import annotations

from datetime import date

import orjson
import pytest

from ingestd.fastpath.parser import open_parser
from ingestd.formats.registry import formats
from ingestd.formats.table import Shape, Table
from ingestd.generate import chunks, lines
from ingestd.model import Block, Documents, Framing, Source

TABLES = list(formats().values())
ALWAYS_DATED = [table for table in TABLES if table.shape is not Shape.PATTERN or not table.dated_by_object]
DAY = date(2025, 2, 28)


def parse(table: Table, data: bytes) -> Documents:
    parser = open_parser(table, Source("bucket", "key", "etag", 0.0), Framing(table.dataset, action=False))
    return parser.parse(Block(bytearray(data), len(data), 0))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_same_seed_same_lines(table: Table) -> None:
    """A seed gives the same lines again, another seed others."""
    first, again, other = (list(lines(table, 300, seed, strange=0.2)) for seed in (1, 1, 2))
    assert first == again != other
    assert len(first) == 300
    assert not any(b"\n" in line for line in first)


@pytest.mark.parametrize("table", ALWAYS_DATED, ids=lambda table: table.name)
def test_plausible_lines(table: Table) -> None:
    """Without strange lines each becomes a document, with times that ascend through the day in seconds."""
    data = b"".join(line + b"\n" for line in lines(table, 2500, 3, strange=0, day=DAY))
    result = parse(table, data)
    seconds = [orjson.loads(result.body(index))["@timestamp"][:19] for index in range(len(result))]
    assert len(result) == 2500
    assert seconds == sorted(seconds)
    assert {second[:10] for second in seconds} == {"2025-02-28"}
    assert (seconds[0][11:], seconds[-1][11:13]) == ("00:00:00", "23")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_strange_lines(table: Table) -> None:
    """Most strange lines become documents; some are rejected, some skipped, some have columns that are new."""
    result = parse(table, b"".join(line + b"\n" for line in lines(table, 4000, 4, strange=1)))
    assert result.lines == 4000 == len(result) + len(result.rejects) + result.skipped
    assert len(result) > 3200
    assert bool(result.drifted) == (table.shape is not Shape.PATTERN and not table.catches)
    assert result.skipped > 0
    assert result.rejects or table.name == "cloudwatch_logs"  # which takes whatever there is


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
@pytest.mark.parametrize("count", [0, 1, 1024, 1025])
def test_chunks(table: Table, count: int) -> None:
    """An object has its preamble and its lines, each with a newline."""
    data = b"".join(chunks(table, count, 5, strange=0))
    expected = [*(line.encode() for line in table.preamble), *lines(table, count, 5, strange=0)]
    assert data == b"".join(line + b"\n" for line in expected)
