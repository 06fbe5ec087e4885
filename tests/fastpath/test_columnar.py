"""A Parquet file becomes the lines that its rows would have been as text, header line first."""

from __future__ import annotations

import io
from typing import Any

import orjson
import pyarrow as pa
import pytest
from pyarrow import parquet

from ingestd.errors import Poison
from ingestd.fastpath.columnar import text
from ingestd.formats.registry import detect, formats

FLOWS = {
    "version": pa.array([2, 2], pa.int32()),
    "account_id": ["123456789012", "unknown"],
    "interface_id": ["eni-0a", "eni-0b"],
    "srcaddr": ["192.0.2.1", None],
    "dstaddr": ["10.0.0.2", ""],
    "srcport": pa.array([443, None], pa.int32()),
    "dstport": pa.array([55555, None], pa.int32()),
    "protocol": pa.array([6, None], pa.int32()),
    "packets": pa.array([7, None], pa.int64()),
    "bytes": pa.array([700, None], pa.int64()),
    "start": pa.array([1_793_534_400, 1_793_534_400], pa.int64()),
    "end": pa.array([1_793_534_460, 1_793_534_460], pa.int64()),
    "action": ["ACCEPT", None],
    "log_status": ["OK", "NODATA"],
}
FLOW_LINES = (
    b"version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n"
    b"2 123456789012 eni-0a 192.0.2.1 10.0.0.2 443 55555 6 7 700 1793534400 1793534460 ACCEPT OK\n"
    b"2 unknown eni-0b - - - - - - - 1793534400 1793534460 - NODATA\n"
)


def file(columns: dict[str, Any], **options: Any) -> bytes:
    out = io.BytesIO()
    parquet.write_table(pa.table(columns), out, **options)
    return out.getvalue()


def lines(data: bytes, bytes_max: int = 1 << 30) -> bytes:
    return b"".join(text(data, formats().values(), bytes_max))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "gzip"},
        {"compression": "zstd", "row_group_size": 1},
        {"use_dictionary": False, "data_page_version": "2.0"},
        {"compression": "none", "version": "1.0"},
    ],
)
def test_flows(options: dict[str, Any]) -> None:
    """Flow logs are the same text however the file is laid out, and it is recognised as theirs."""
    assert lines(file(FLOWS, **options)) == FLOW_LINES
    assert detect("any/key.parquet", FLOW_LINES) is formats()["vpcflow"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("date", "time", "cs_uri_stem", "cs_user_agent"), "date time cs-uri-stem cs(User-Agent)"),  # CloudFront's in Parquet
        (("date", "time", "cs-uri-stem", "cs(User-Agent)"), "date time cs-uri-stem cs(User-Agent)"),
        (("date", "time", "c-ip", "a new one"), "date time c-ip anewone"),
    ],
)
def test_names(names: tuple[str, ...], expected: str) -> None:
    """Names are matched by letters and digits; one that no column has stands without what would part it."""
    assert lines(file({name: ["x"] for name in names})).decode() == f"#Fields: {expected}\nx\tx\tx\tx\n"


@pytest.mark.parametrize("names", [("time",), ("time", "what"), ("start", "end"), ("status", "time", "date", "host")])
def test_common_words_are_no_format(names: tuple[str, ...]) -> None:
    """Rows whose names many a table has, and none is known by, are events of applications."""
    data = lines(file({name: ["x"] for name in names}))
    assert data == orjson.dumps(dict.fromkeys(names, "x")) + b"\n"
    assert detect("any/key.parquet", data) is formats()["events"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a b", "a b"), ("a\tb", "a%09b"), ("a\nb\r", "a%0Ab%0D"), ("", "-"), (None, "-"), ('"', '"'), ("é\0", "é\0")],
)
def test_values(value: str | None, expected: str) -> None:
    """What would end a column or a line is written as %HH; null and empty are absent; all else stands."""
    columns = {"date": ["d"], "time": ["t"], "cs(User-Agent)": pa.array([value], pa.string())}
    assert lines(file(columns)) == f"#Fields: date time cs(User-Agent)\nd\tt\t{expected}\n".encode()


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (pa.array([1_793_534_400_123], pa.timestamp("ms")), "1793534400123"),
        (pa.array([1_793_534_400_123_456], pa.timestamp("us", "UTC")), "1793534400123456"),
        (pa.array([b"1793534400"], pa.binary()), "1793534400"),
        (pa.array(["1793534400"]).dictionary_encode(), "1793534400"),
    ],
)
def test_types(start: pa.Array, expected: str) -> None:
    """Times are counts since 1970, texts may be bytes or dictionaries."""
    assert lines(file({"srcaddr": ["192.0.2.1"], "start": start})) == f"srcaddr start\n192.0.2.1 {expected}\n".encode()


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"who": ["me"], "what": [{"deep": [1, 2]}]}, b'{"who":"me","what":{"deep":[1,2]}}\n'),
        ({"who": ["me", None], "raw": [b"\xff", b"a"]}, b'{"who":"me","raw":"\xef\xbf\xbd"}\n{"who":null,"raw":"a"}\n'),
    ],
)
def test_other_rows(columns: dict[str, Any], expected: bytes) -> None:
    """Rows of no table with a header line are JSON objects, a line each."""
    assert lines(file(columns)) == expected


def test_pieces() -> None:
    """A large file comes in pieces of whole lines."""
    many = {name: list(values) * 9000 for name, values in (("srcaddr", ["192.0.2.1"]), ("dstaddr", ["192.0.2.2"]))}
    pieces = list(text(file(many), formats().values(), 1 << 30))
    assert len(pieces) > 2
    assert all(piece.endswith(b"\n") for piece in pieces)
    assert b"".join(pieces) == b"srcaddr dstaddr\n" + b"192.0.2.1 192.0.2.2\n" * 9000


@pytest.mark.parametrize(
    "data", [b"PAR1", b"PAR1" + bytes(99) + b"PAR1", file(FLOWS)[:-20], file(FLOWS)[:200] + file(FLOWS)[230:]]
)
def test_broken(data: bytes) -> None:
    """What is no whole Parquet file is Poison, and says no more than that."""
    with pytest.raises(Poison) as caught:
        lines(data)
    assert caught.value.reason == "corrupt"


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_bombs(compression: str) -> None:
    """A file whose rows are too many bytes is Poison, before they are read where its footer admits it."""
    many = file({"srcaddr": ["192.0.2.1"] * 100_000, "dstaddr": ["x" * 500] * 100_000}, compression=compression)
    with pytest.raises(Poison) as caught:
        lines(many, 1 << 20)
    assert caught.value.reason == "too_large"
