"""From a block to documents and rejects, by the reference."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import orjson
import pytest

from ingestd.core.identity import object_id
from ingestd.fastpath.reference import ReferenceParser
from ingestd.formats.table import Column, DateTime, Decimal, Epoch, Instant, Integer, Shape, Table, Text, Version
from ingestd.model import PAD, Block, Documents, Framing, Source

DAY = 86400.0
SOURCE = Source(bucket="b", key="k", etag="e", modified_at=20_000 * DAY + 5, region="eu-west-1", account="1")  # 2024-10-04
FRAMING = Framing("toy", action=False)
BULK = Framing("toy", action=True, index='i"x', outlier_index="odd", days_past=2, days_ahead=1)


def unused(random: Random) -> str:
    return ""


def toy(*columns: Column, required: int = 1, shape: Shape = Shape.SPACED, header: str | None = None) -> Table:
    return Table(
        name="toy",
        dataset="toy",
        service="toy",
        shape=shape,
        columns=columns,
        required=required,
        key="",
        content="",
        sample=unused,
        header=header,
        comments=("#", "Enable "),
        constants=(("event.kind", "event"), ("event.category", ("web",))),
    )


TOY = toy(Column("time", Instant("@timestamp")), Column("n", Integer("x.n")), Column("t", Text("x.t")), Column("unread"))


def parse(table: Table, lines: bytes, framing: Framing = FRAMING, offset: int = 0) -> Documents:
    block = Block(bytearray(lines) + bytearray(b"not of the block\n" * 4)[:PAD], len(lines), offset)
    return ReferenceParser(table, SOURCE, framing).parse(block)


def test_document() -> None:
    """A document has its fields in the layout's order, nested, without those that have no value, and ends with a newline."""
    result = parse(TOY, b'2024-10-04T00:00:00Z - "a b" x\n')
    assert bytes(result.data) == (
        b'{"@timestamp":"2024-10-04T00:00:00Z","x":{"t":"a b"},"event":{"kind":"event","category":["web"],"dataset":"toy"},'
        b'"aws":{"s3":{"bucket":{"name":"b"},"object":{"key":"k"}}},'
        b'"cloud":{"provider":"aws","account":{"id":"1"},"region":"eu-west-1"},"log":{"offset":0}}\n'
    )
    assert (result.starts.tolist(), result.bodies.tolist(), result.offsets.tolist()) == ([0, len(result.data)], [0], [0])
    assert {array.dtype for array in (result.starts, result.bodies, result.offsets)} == {np.dtype(np.int64)}


def test_empty_block() -> None:
    """A block without lines becomes nothing."""
    result = parse(TOY, b"")
    assert (len(result), result.lines, result.starts.tolist(), bytes(result.data)) == (0, 0, [0], b"")


def test_offsets() -> None:
    """A line's offset is its place in the decoded object, marks and skipped lines counted."""
    result = parse(TOY, b"\xef\xbb\xbf2024-10-04T00:00:00Z 1\r\n\n#\nbad\n2024-10-04T00:00:00Z 2\n", offset=1000)
    assert result.offsets.tolist() == [1000, 1034]
    assert [orjson.loads(result.body(index))["log"]["offset"] for index in range(2)] == result.offsets.tolist()
    assert [(reject.offset, reject.raw, reject.length) for reject in result.rejects] == [(1030, b"bad", 3)]
    assert (result.lines, result.skipped) == (5, 2)


@pytest.mark.parametrize(
    ("day", "index"),
    [("2024-10-01", "odd"), ("2024-10-02", 'i"x-2024.10.02'), ("2024-10-05", 'i"x-2024.10.05'), ("2024-10-06", "odd")],
)
def test_action_line(day: str, index: str) -> None:
    """The action line names the index of the event's day, or the outlier index, and the id by the offset."""
    result = parse(TOY, f"{day}T23:59:59Z 1\n".encode(), BULK, offset=7)
    action = bytes(result.data)[: result.bodies[0]]
    assert action == b'{"create":{"_index":%b,"_id":"%b000000000007"}}\n' % (orjson.dumps(index), object_id(SOURCE).encode())
    assert b"event.id" not in bytes(result.data)


def test_id_and_original_stand_in_the_document() -> None:
    """Where the framing asks for them, the id and the line itself are part of the document."""
    framing = Framing("toy", action=False, id_field=True, original=True)
    result = parse(TOY, b'\xef\xbb\xbf2024-10-04T00:00:00Z 1 "\\x22\xff" \r\r\n', framing)
    event = orjson.loads(result.body(0))["event"]
    assert event["id"] == f"{object_id(SOURCE)}000000000000"
    assert event["original"] == '2024-10-04T00:00:00Z 1 "\\x22\ufffd" '


@pytest.mark.parametrize("line", [b"", b" ", b"\t \t", b"\r", b"\xef\xbb\xbf", b"# x", b"Enable AccessLog", b"\xef\xbb\xbf#"])
def test_skipped(line: bytes) -> None:
    """Blank lines and comments are skipped and counted."""
    result = parse(TOY, line + b"\n")
    assert (result.lines, result.skipped, len(result), len(result.rejects)) == (1, 1, 0, 0)


STRICT = toy(
    Column("n", Integer("n")),
    Column("time", Instant("@timestamp")),
    Column("m", Decimal("m")),
    Column("later", Instant("event.start")),
    required=2,
)


@pytest.mark.parametrize(
    ("line", "reason", "column"),
    [
        (b'x "', "unterminated_quote", ""),
        (b'1 2024-10-04T00:00:00Z "a', "unterminated_quote", ""),
        (b"x", "too_few_columns", "time"),
        (b"x y", "bad_number", "n"),
        (b"1 y z", "bad_timestamp", "time"),
        (b"1 2024-10-04T00:00:00Z z", "bad_number", "m"),
        (b"1 -", "missing_timestamp", "time"),
        (b'- "" 5', "missing_timestamp", "time"),
        (b"1 - z", "bad_number", "m"),
    ],
)
def test_rejects(line: bytes, reason: str, column: str) -> None:
    """A line is rejected for the first reason in the defined order, with its bytes as they came."""
    (reject,) = parse(STRICT, line + b"\r\n").rejects
    assert (reject.reason, reject.column, reject.raw, reject.length) == (reason, column, line + b"\r", len(line) + 1)


def test_other_times_do_not_reject() -> None:
    """A time that is none is left out where it is not the event's own."""
    assert b"start" not in bytes(parse(STRICT, b"1 2024-10-04T00:00:00Z 1 soon\n").data)


def test_extra_without_header() -> None:
    """Values behind the known columns are kept as they stand, absent ones too, and counted by line."""
    result = parse(TOY, b'2024-10-04T00:00:00Z 1 t - "a \\"b" - [c d] \n2024-10-04T00:00:00Z\n')
    assert orjson.loads(result.body(0))["aws"]["toy"]["extra"] == ['"a \\"b"', "-", "[c d]", ""]
    assert "toy" not in orjson.loads(result.body(1))["aws"]
    assert result.drifted == 1


HEADED = toy(
    Column("date", DateTime("@timestamp", "time")),
    Column("time"),
    Column("a", Text("a")),
    Column("b", Text("b")),
    shape=Shape.TABBED,
    header="#Fields:",
    required=2,
)


def test_extra_with_header() -> None:
    """Values that a header calls by names not known are kept with them; absent ones are not."""
    lines = b"#Fields: x date time y b\n1\t2024-10-04\t00:00:00\t-\tB\t\t-\tmore\n-\t2024-10-04\t00:00:00\t-\tB\n"
    result = parse(HEADED, lines)
    first, second = (orjson.loads(result.body(index)) for index in range(2))
    assert (first["@timestamp"], first["b"], first["aws"]["toy"]["extra"]) == ("2024-10-04T00:00:00Z", "B", ["x=1", "more"])
    assert "toy" not in second["aws"]
    assert (result.drifted, result.skipped) == (1, 1)


def test_header_holds_until_the_next() -> None:
    """A header counts for the lines behind it, over blocks, until another comes."""
    parser = ReferenceParser(HEADED, SOURCE, FRAMING)

    def values(lines: bytes) -> list[str | None]:
        result = parser.parse(Block(bytearray(lines), len(lines), 0))
        return [orjson.loads(result.body(index)).get("a") for index in range(len(result))]

    assert values(b"2024-10-04\t00:00:00\tA\tB\n") == ["A"]
    assert values(b"#Fields: date time b a\n") == []
    assert values(b"2024-10-04\t00:00:00\tB\tA\n#Fields: date time\n2024-10-04\t00:00:00\tB\n") == ["A", None]
    assert values(b"#Fields:\n2024-10-04\t00:00:00\tA\tB\n") == ["A"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"2024-10-04\t-", "missing_timestamp"),
        (b"-\t00:00:00", "missing_timestamp"),
        (b"2024-10-04\t00:00", "bad_timestamp"),
        (b"2024-02-30\t00:00:00", "bad_timestamp"),
        (b"2024-10-04", "too_few_columns"),
    ],
)
def test_date_and_time(line: bytes, reason: str) -> None:
    """A date and a time make the event's time together, and the line is rejected in the date's name."""
    (reject,) = parse(HEADED, line + b"\n").rejects
    assert (reject.reason, reject.column) == (reason, "time" if reason == "too_few_columns" else "date")


FLOWS = replace(
    toy(
        Column("start", Epoch("event.start")),
        Column("end", Epoch("@timestamp", instead="start"), Epoch("event.end")),
        Column("a", Text("a")),
        shape=Shape.SPACED_RAW,
        header="",
        required=2,
    ),
    runs=True,
)


@pytest.mark.parametrize(
    ("line", "timestamp"),
    [
        (b"1700000000 1700000060 x", "2023-11-14T22:14:20Z"),
        (b"1700000000 - x", "2023-11-14T22:13:20Z"),
        (b"- 1700000060 x", "2023-11-14T22:14:20Z"),
        (b"a start\nx 1700000000", "2023-11-14T22:13:20Z"),
        (b"end a\n 1700000060  x", "2023-11-14T22:14:20Z"),
    ],
)
def test_time_of_another_column(line: bytes, timestamp: str) -> None:
    """Where a time is absent, or has no column at all, the other column's is read."""
    assert orjson.loads(parse(FLOWS, line + b"\n").body(0))["@timestamp"] == timestamp


@pytest.mark.parametrize(
    ("line", "reason", "column"),
    [
        (b"- -", "missing_timestamp", "end"),
        (b"1700000000 x", "bad_timestamp", "end"),
        (b"x -", "bad_timestamp", "end"),
        (b"a\nx", "missing_timestamp", "end"),
        (b"a start\nx", "too_few_columns", "start"),
    ],
)
def test_no_time_in_either_column(line: bytes, reason: str, column: str) -> None:
    """A line without a time is rejected in the name of the column that was to have it."""
    (reject,) = parse(FLOWS, line + b"\n").rejects
    assert (reject.reason, reject.column) == (reason, column)


def test_time_of_the_object() -> None:
    """Where a table says so, lines without a time have that of their object, and those with a wrong one are rejected."""
    result = parse(replace(FLOWS, dated_by_object=True), b"- - x\na\ny\nstart\nz\n")
    assert [orjson.loads(result.body(index))["@timestamp"] for index in range(2)] == 2 * ["2024-10-04T00:00:05Z"]
    assert [reject.reason for reject in result.rejects] == ["bad_timestamp"]


def test_first_to_fill_a_path_keeps_it() -> None:
    """Of two columns that fill one path the first in documented order wins, if it has a value; both are checked."""
    table = toy(
        Column("t", Instant("@timestamp")), Column("v", Version("v")), Column("w", Text("v")), Column("n", Integer("v"))
    )
    values = [b"HTTP/1 two 3", b"HTTP two 3", b"HTTP - 3", b"HTTP - -"]
    result = parse(table, b"".join(b"2024-10-04T00:00:00Z %b\n" % value for value in values))
    assert [orjson.loads(result.body(index)).get("v") for index in range(4)] == ["1", "two", 3, None]
    assert parse(table, b"2024-10-04T00:00:00Z HTTP/1 two x\n").rejects[0].reason == "bad_number"
