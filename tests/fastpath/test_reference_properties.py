"""Whatever bytes come: every line has one outcome, every document is JSON with an id of its own."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestd.fastpath.reference import ReferenceParser
from ingestd.formats.registry import formats
from ingestd.formats.table import Shape, Table
from ingestd.generate import lines
from ingestd.model import Block, Documents, Framing, Source

TABLES = list(formats().values())
SOURCE = Source("bucket", "key", "etag", 1.7e9)
FRAMING = Framing("dataset", action=True, id_field=True, index="i", outlier_index="o", original=True)
NOISE = st.binary(max_size=300)
PIECES = st.sampled_from(
    [b" ", b"\t", b'"', b"\\", b"[", b"]", b"-", b"%2", b"#Fields:", b"\xff", b"\r", b"\xef\xbb\xbf", b":", b"/", b"9"]
)


def parse(table: Table, data: bytes) -> Documents:
    return ReferenceParser(table, SOURCE, FRAMING).parse(Block(bytearray(data), len(data), 0))


def check(table: Table, data: bytes) -> None:
    result = parse(table, data)
    assert result.lines == data.count(b"\n")
    assert result.lines == len(result) + len(result.rejects) + result.skipped + result.dropped
    wire = bytes(result.data).split(b"\n")
    assert len(wire) == 2 * len(result) + 1
    actions = [orjson.loads(action)["create"] for action in wire[:-1:2]]
    documents = [orjson.loads(document) for document in wire[1::2]]
    assert [action["_id"] for action in actions] == [document["event"]["id"] for document in documents]
    assert len({action["_id"] for action in actions}) == len(result)
    assert all(action["_index"] == "o" or action["_index"].startswith("i-") for action in actions)
    places = sorted([*result.offsets.tolist(), *(reject.offset for reject in result.rejects)])
    blank = b" \t\r\xef\xbb\xbf\xe2\x80\x8b" if table.shape is Shape.JSON else b""  # a record's place is behind them, and marks
    assert not any(data[:place].rpartition(b"\n")[2].strip(blank) for place in places)
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
@settings(max_examples=50)
@given(noise=st.lists(NOISE, max_size=8))
def test_noise(table: Table, noise: list[bytes]) -> None:
    """Arbitrary bytes are survived."""
    check(table, b"".join(line + b"\n" for line in noise))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
@settings(max_examples=100)
@given(
    seed=st.integers(0, 50),
    edits=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 3), st.one_of(PIECES, NOISE)), max_size=12),
)
def test_damaged_lines(table: Table, seed: int, edits: list[tuple[int, int, bytes]]) -> None:
    """Plausible and strange lines, cut and spliced anywhere, are survived."""
    data = b"".join(line + b"\n" for line in samples(table)[seed : seed + 6])
    for place, length, piece in edits:
        place %= len(data)
        data = data[:place] + piece + data[place + length :]
    check(table, data + b"\n")


def samples(table: Table) -> list[bytes]:
    if table.name not in SAMPLES:
        SAMPLES[table.name] = list(lines(table, 60, seed=5, strange=0.5))
    return SAMPLES[table.name]


SAMPLES: dict[str, list[bytes]] = {}
