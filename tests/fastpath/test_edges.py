"""What stands at lines' ends and is no part of them, in any mix, comes out the same from the kernel and the reference."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestd.formats.table import Shape, Table
from tests.fastpath import test_compiled_events as events
from tests.fastpath.test_compiled import COMPILED, EXAMPLES, FRAMINGS, TOYS, named, same, samples
from tests.fastpath.test_compiled_records import TOYS as RECORD_TOYS

TABLES = [*COMPILED, *TOYS.values(), *RECORD_TOYS]
IDS = [*map(named, COMPILED), *TOYS, *(f"records {number}" for number in range(len(RECORD_TOYS)))]
MARKS = [b"\xef\xbb\xbf", b"\xe2\x80\x8b"]
CUT_MARKS = [mark[:size] for mark in MARKS for size in (1, 2)] + [mark[1:] for mark in MARKS]
EDGES = st.lists(st.sampled_from([b" ", b" ", b"\t", b"\r", *MARKS, *MARKS, b"\x0b", b"\xc2\xa0", *CUT_MARKS]), max_size=6)


def middles(table: Table) -> list[bytes]:
    """What may stand between the edges: nothing, little, headers, comments, and lines that are read and that are not."""
    made = [b"", b"", b"-", b'"', b'""', b"#", b"x", b"[", b"]", b"\xff"]
    made += [comment.encode() for comment in table.comments] + [line.encode() for line in table.preamble]
    made += [b"#Fields: date time", b"version account-id end", table.columns[0].name.encode()]
    if table in COMPILED:
        return made + samples(table)[:12]
    if table.shape is Shape.JSON:
        return [*made, b"{}", b'{"t":"2026-11-01T12:00:00Z"}', b'{"t":1793534400,"new":" "}', b"{} {}", b"null", b"{"]
    return [*made, b"2026-11-01T00:00:00Z", table.between.join([b"2026-11-01T00:00:00Z", *[b"-"] * 25])]


@st.composite
def texts(draw: st.DrawFn, table: Table) -> list[bytes]:
    """Lines without their newlines, each with edges before and behind."""
    middle, found = st.sampled_from(middles(table)), []
    for _ in range(draw(st.integers(1, 5))):
        found.append(b"".join([*draw(EDGES), draw(middle), *draw(EDGES)]))
    return found


@pytest.mark.parametrize("table", TABLES, ids=IDS)
@settings(max_examples=EXAMPLES // 6 or 1)
@given(data=st.data(), size=st.sampled_from([1, 64, 1 << 20]))
def test_lines(table: Table, data: st.DataObject, size: int) -> None:
    """As lines, however the object is cut into blocks."""
    same(table, b"".join(line + b"\n" for line in data.draw(texts(table))), FRAMINGS["with all"], size)


@pytest.mark.parametrize("table", TABLES, ids=IDS)
@settings(max_examples=EXAMPLES // 6 or 1)
@given(data=st.data(), ending=st.sampled_from([b"", b"\n", b"\r\n", b"\n\r", b"\n \n"]), size=st.sampled_from([1, 9]))
def test_events(table: Table, data: st.DataObject, ending: bytes, size: int) -> None:
    """As events, which may have newlines at their ends and in them."""
    events.same(table, [text + ending for text in data.draw(texts(table))], FRAMINGS["with all"], size=size)
