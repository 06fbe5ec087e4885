"""Every table of every format is sound in itself."""

from __future__ import annotations

import re
from datetime import date
from importlib import import_module
from random import Random
from typing import Any

import orjson
import pytest

from ingestd.fastpath.layout import ID, OFFSET, ORIGINAL, TIMESTAMP, fixed, paths
from ingestd.fastpath.parser import open_parser
from ingestd.formats.patterns import compiled
from ingestd.formats.registry import formats
from ingestd.formats.table import DateTime, Epoch, Shape, Table
from ingestd.model import Block, Documents, Framing, Source

TABLES = list(formats().values())
OPEN = ("cloudwatch_logs", "events")  # whatever comes: AWS documents no fields of theirs
SOURCE = Source("bucket", "key", "etag", 0.0)


def named(table: Table) -> str:
    return table.name


@pytest.mark.parametrize("table", TABLES, ids=named)
def test_leaf_is_never_an_object(table: Table) -> None:
    """No path of a document lies below another, and none comes twice."""
    found = paths(table, Framing(table.dataset, action=True, id_field=True, original=True))
    assert len(found) == len(set(found))
    assert not [(one, other) for one in found for other in found if other.startswith(f"{one}.")]


@pytest.mark.parametrize("table", TABLES, ids=named)
def test_lines_fill_no_path_of_the_house(table: Table) -> None:
    """What a line fills is never what every document carries."""
    house = {*fixed(table, Framing(table.dataset, action=False), SOURCE), ID, OFFSET, ORIGINAL, table.extra}
    assert not house & {leaf.path for leaf in table.leaves()}


@pytest.mark.parametrize("table", TABLES, ids=named)
def test_one_type_a_path(table: Table) -> None:
    """A path that two columns fill has one type."""
    types: dict[str, str] = {}
    for column in table.columns:
        for reading in column.readings:
            for leaf in reading.leaves():
                assert types.setdefault(leaf.path, leaf.type) == leaf.type


@pytest.mark.parametrize("table", [table for table in TABLES if table.name not in OPEN], ids=named)
def test_it_says_when_its_fields_were_checked(table: Table) -> None:
    """The docstring of a format that AWS documents names the page and the day on which it was read."""
    told = " ".join((import_module(f"ingestd.formats.{table.name}").__doc__ or "").split())
    found = re.search(r"Source: AWS, .+?, as of (\d{4}-\d\d-\d\d)[.:;,]", told)
    assert found, told
    assert date(2026, 11, 1) <= date.fromisoformat(found[1])


@pytest.mark.parametrize("dataset", sorted({table.dataset for table in TABLES}))
def test_one_type_a_path_in_a_dataset(dataset: str) -> None:
    """Formats of one dataset share indices: they agree on each path's type, and on what is an object."""
    types: dict[str, str] = {}
    for table in TABLES:
        for leaf in table.leaves() if table.dataset == dataset else ():
            assert types.setdefault(leaf.path, leaf.type) == leaf.type
    assert not [(one, other) for one in types for other in types if other.startswith(f"{one}.")]


@pytest.mark.parametrize("table", TABLES, ids=named)
def test_columns(table: Table) -> None:
    """Column names are unique, what is required exists, and so does a time and each time column that is joined to a date."""
    names = [column.name for column in table.columns]
    readings = [reading for column in table.columns for reading in column.readings]
    assert len(set(names if table.shape is Shape.JSON else map(str.lower, names))) == len(
        names
    )  # headers say names in any case
    assert table.required == 0 if table.shape is Shape.JSON else 0 < table.required <= len(names)
    assert not (table.padded and table.shape is Shape.JSON)
    assert TIMESTAMP in {leaf.path for leaf in table.leaves()} or table.dated_by_object
    others = {reading.time for reading in readings if isinstance(reading, DateTime)}
    others |= {reading.instead for reading in readings if isinstance(reading, Epoch) and reading.instead}
    assert others <= set(names)
    assert table.headless is None or table.required <= table.headless < len(names)
    first, *later = table.generations or (table.required,)
    assert table.required <= first
    assert sorted(later) == later
    assert (table.headless or len(names)) in (table.generations or (table.headless or len(names),))
    assert not table.generations or later[-1] < 63  # the kernel has a bit for each


@pytest.mark.parametrize("table", TABLES, ids=named)
def test_patterns(table: Table) -> None:
    """Tables of one shape have patterns, whose groups are columns of the table."""
    captured = {group for pattern in table.patterns for group in compiled(pattern).groups}
    assert bool(table.patterns) == (table.shape is Shape.PATTERN)
    assert captured <= {column.name for column in table.columns}
    assert re.compile(table.group).groups == len(table.named)


PADDING = ((b"", b" "), (b"", b" \t  "), (b"", b" \r"), (b"  ", b""), (b"\t", b"\t\r"), (b"\xef\xbb\xbf ", b""))


@pytest.mark.parametrize(("before", "behind"), PADDING)
@pytest.mark.parametrize("table", [table for table in TABLES if table.padded], ids=named)
def test_blanks_around_a_line(table: Table, before: bytes, behind: bytes) -> None:
    """What editors and shells leave around the lines that AWS writes changes nothing but where they stand."""
    lines = [text.encode() for text in (*table.preamble, table.sample(Random(7)))]
    padded, bare = _read(table, [before + line + behind for line in lines]), _read(table, lines)
    assert padded.drifted == 0
    assert _documents(padded) == _documents(bare)
    assert len(padded) == 1


def _read(table: Table, lines: list[bytes]) -> Documents:
    data = b"".join(line + b"\n" for line in lines)
    assert table.recognises("", data) == 2
    return open_parser(table, SOURCE, Framing(table.dataset, action=False)).parse(Block(bytearray(data), len(data), 0))


def _documents(read: Documents) -> list[dict[str, Any]]:
    documents = [orjson.loads(read.body(index)) for index in range(len(read))]
    return [document | {"log": None, "event": document["event"] | {"id": None}} for document in documents]


@pytest.mark.parametrize("table", TABLES, ids=named)
def test_samples_are_of_the_format(table: Table) -> None:
    """Sample lines are recognised and become documents, without columns that the table does not know."""
    random = Random(7)
    lines = [*table.preamble, *(table.sample(random) for _ in range(50))]
    data = "".join(f"{line}\n" for line in lines).encode()
    documents = open_parser(table, SOURCE, Framing(table.dataset, action=False)).parse(Block(bytearray(data), len(data), 0))
    assert (len(documents), documents.skipped, documents.drifted) == (50, len(table.preamble), 0)
    assert table.recognises("", data) == {"events": 1, "cloudwatch_logs": 0}.get(table.name, 2)
    assert table.recognises_events("", data) == (1 if table.name in ("events", "cloudwatch_logs") else 2)
