"""Records out of whatever arrangement of JSON: nothing lost, nothing moved, nothing unbounded."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestd.fastpath.kernel.structure import scan_records
from ingestd.fastpath.record_cutter import RecordCutter, Scan
from ingestd.fastpath.structure import scan_records as plain
from ingestd.model import PAD, Block, Reject

Piece = tuple[Any, ...] | Reject  # a block's offset, its lines, and its joints


def drain(cutter: RecordCutter) -> Iterator[Piece]:
    while (found := cutter.next()) is not None:
        if isinstance(found, Block):
            assert len(found.data) >= found.size + PAD
            yield found.offset, bytes(found.data[: found.size]), *found.joints
        else:
            yield found


def used(size: int) -> memoryview:
    """A buffer that has held other records."""
    return memoryview(bytearray(b"}\n{" * size))[:size]


def cut(
    parts: Iterable[bytes],
    scan: Scan | None = None,
    block_bytes: int = 4096,
    line_bytes_max: int = 1000,
    wrapper: str = "Records",
) -> list[Piece]:
    cutter = RecordCutter(block_bytes, line_bytes_max, wrapper, raw_bytes_max=4, scan=scan or scan_records, room=used)
    found: list[Piece] = []
    for part in parts:
        cutter.push(part)
        found += drain(cutter)
    cutter.finish()
    return found + list(drain(cutter))


def lines(pieces: Iterable[Piece]) -> list[tuple[int, bytes]]:
    """Each line with its offset, without the spaces around it."""
    found = []
    for piece in pieces:
        assert not isinstance(piece, Reject)
        at, block, *joints = piece
        place = 0
        for line in block.removesuffix(b"\n").split(b"\n"):
            found.append((at + len(line) - len(line.lstrip()), line.strip()))
            place += len(line) + 1
            at += len(line) + (place - 1 not in joints)
    return found


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


A, B, C = b'{"a":1}', b'{"b":[2,{"c":"}"}]}', b'{"d":"\\"{[\\\\"}'
CASES: list[tuple[str, bytes, list[tuple[int, bytes]]]] = [
    ("nothing", b"", []),
    ("blanks", b" \n\r\n\t", []),
    ("one", A, [(0, A)]),
    ("one a line", A + b"\n" + B + b"\n" + C + b"\n", [(0, A), (8, B), (28, C)]),
    ("no last newline", A + b"\n" + B, [(0, A), (8, B)]),
    ("carriage returns and blank lines", b"\n\r\n" + A + b"\r\n\r\n" + B, [(3, A), (14, B)]),
    ("byte order mark", b"\xef\xbb\xbf" + A + b"\n\xef\xbb\xbf" + B, [(3, A), (14, B)]),
    ("several in a line", A + b" " + B + b",\t" + C, [(0, A), (8, B), (29, C)]),
    ("one right behind the other", A + A + B, [(0, A), (7, A), (14, B)]),
    ("array", b"[" + A + b"," + B + b"]", [(1, A), (9, B)]),
    ("array over lines", b"[\n  " + A + b",\n  " + B + b"\n]\n", [(4, A), (15, B)]),
    ("arrays", b"[" + A + b"][" + B + b"]\n[]\n[[" + C + b"]]", [(1, A), (10, B), (36, C)]),
    ("pretty", b'{\n  "a": 1,\n  "b": [\n  ]\n}\n' + A, [(0, b'{   "a": 1,   "b": [   ] }'), (27, A)]),
    ("wrapper", b'{"Records":[' + A + b"," + B + b"]}", [(12, A), (20, B)]),
    ("wrappers", b'\n{ "Records" :\n[\n' + A + b"\n]\n}" + b'{"Records":[]}\n{"Records":[' + B + b"]}", [(17, A), (55, B)]),
    ("wrapper of another name", b'{"records":[' + A + b"]}", [(0, b'{"records":[{"a":1}]}')]),
    ("wrapper in a record", b'{"x":{"Records":[1]}}', [(0, b'{"x":{"Records":[1]}}')]),
    ("wrapper that is none", b'{"Records":{"a":1}}', [(0, b'{"Records":{"a":1}}')]),
    ("text", b"text\n" + A + b"\nmore text", [(0, b"text"), (5, A), (13, b"more text")]),
    ("text with braces", b'GET {"a":1} {\n' + A, [(0, b'GET {"a":1} {'), (14, A)]),
    ("text behind a record", A + b"text\n" + A, [(0, A), (7, b"text"), (12, A)]),
    ("closed too often", A + b"}\n" + B, [(0, A), (7, b"}"), (9, B)]),
    ("scalars", b'1\n"{"\nnull\n' + A, [(0, b"1"), (2, b'"{"'), (6, b"null"), (11, A)]),
    ("broken in a string", b'{"a":"x\n' + A + b"\n", [(0, b'{"a":"x'), (8, A)]),
    ("broken between members", b'{"a":1,"b":[{}\n' + A + b"\n" + B, [(0, b'{"a":1,"b":[{}'), (15, A), (23, B)]),
    ("broken before a value", b'{"a":\n' + A + b"\n" + A + b"\n", [(0, b'{"a":'), (6, A), (14, A)]),
    ("broken by the other bracket", b'{"a":[1}\n' + A, [(0, b'{"a":[1}'), (9, A)]),
    ("broken over lines", b'{\n"a":1\n{"b"\n' + A, [(0, b"{"), (2, b'"a":1'), (8, b'{"b"'), (13, A)]),
    ("records in what is broken", b'{\n"a":\n' + A + b",\n" + A + A, [(0, b"{"), (2, b'"a":'), (7, A), (16, A), (23, A)]),
    ("open at the end", A + b'\n{"a":\n' + A + b"\n", [(0, A), (8, b'{"a":'), (14, A)]),
    ("open in a string at the end", A + b'\n{"a":"', [(0, A), (8, b'{"a":"')]),
    ("backslash before a newline", b'{"a":"\\\n' + A, [(0, b'{"a":"\\'), (8, A)]),
    ("backslash outside of strings", b'{"a":\\{"b":1}}\n' + A, [(0, b'{"a":\\{"b":1}}'), (15, A)]),
    ("deep", b'{"a":' * 100 + b"1" + b"}" * 100, [(0, b'{"a":' * 100 + b"1" + b"}" * 100)]),
]  # fmt: skip


@pytest.mark.parametrize("scan", [scan_records, plain], ids=["kernel", "plain"])
@pytest.mark.parametrize(("data", "wanted"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_records_are_lines_with_their_offsets(data: bytes, wanted: list[tuple[int, bytes]], scan: Scan) -> None:
    """Whole, byte by byte and cut at each place, the records are the same, and so are their places."""
    assert lines(cut([data], scan)) == wanted
    assert lines(cut(pieces(data, 1), scan)) == wanted
    for at in range(len(data)):
        assert lines(cut([data[:at], b"", data[at:]], scan)) == wanted


@pytest.mark.parametrize("scan", [scan_records, plain], ids=["kernel", "plain"])
@pytest.mark.parametrize(
    ("data", "limit", "wanted"),
    [
        (A + b"\n" + B, 10, [(0, A + b"\n"), Reject(8, "line_too_long", "", B[:4], 19)]),
        (B + A + A, 10, [Reject(0, "line_too_long", "", B[:4], 19), (19, A + b"\n" + A + b"\n", 7)]),
        (b'{"a":"' + b"x" * 99 + b"\n" + A, 10, [Reject(0, "line_too_long", "", b'{"a"', 105), (105, b" " + A + b"\n")]),
        (b"t" * 99 + b"\n" + A, 10, [Reject(0, "line_too_long", "", b"tttt", 99), (99, b" " + A + b"\n")]),
        (b'{"a":' + b" " * 9, 10, [Reject(0, "line_too_long", "", b'{"a"', 14)]),
        (b'{\n"a":\n' + A + b"}" + A, 12, [(0, b'{\n"a":\n' + A + b"\n", 14), (14, b"}" + A + b"\n")]),
        (A, 7, [(0, A + b"\n")]),
        (A + b"\n" + A, 6, [Reject(0, "line_too_long", "", A[:4], 7), Reject(8, "line_too_long", "", A[:4], 7)]),
    ],
)
def test_records_that_are_too_long(data: bytes, limit: int, wanted: list[Piece], scan: Scan) -> None:
    """A record over the limit is lines if it has some, and else a reject; what follows it is read."""
    for size in (1, 7, 1000):
        assert cut(pieces(data, size), scan, block_bytes=20, line_bytes_max=limit) == wanted


FRAGMENTS = [
    b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\n", b" ", b"x", b"\xef\xbb\xbf", b"\xe2\x80", b'{"Records":[',
    b'{"a":1}', b'{"a":{"b":[1,"}"]}}', b'{"s":"\\\\\\""}', b" " * 70,
    b'{"long":"' + b"y" * 90 + b'"}', b'{\n "a":\n [\n]\n}', b"\r\n",
]  # fmt: skip


@settings(max_examples=800)
@given(
    data=st.lists(st.sampled_from(FRAGMENTS), max_size=40).map(b"".join),
    block_bytes=st.integers(1, 300),
    line_bytes_max=st.integers(1, 200),
    cuts=st.lists(st.integers(0, 400), max_size=8),
    wrapper=st.sampled_from(["", "Records"]),
)
def test_twins_agree_however_the_input_is_cut(
    data: bytes, block_bytes: int, line_bytes_max: int, cuts: list[int], wrapper: str
) -> None:
    """For any bytes, limits and cuts the kernel gives what plain Python gives of the whole."""
    at = sorted({0, len(data), *(place for place in cuts if place < len(data))})
    parts = [data[begin:end] for begin, end in pairwise(at)]
    wanted = cut([data], plain, block_bytes, line_bytes_max, wrapper)
    assert cut([data], scan_records, block_bytes, line_bytes_max, wrapper) == wanted
    assert cut(parts, scan_records, block_bytes, line_bytes_max, wrapper) == wanted


@settings(max_examples=300)
@given(
    records=st.lists(
        st.dictionaries(
            st.text(max_size=5),
            st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
                         lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
                         max_leaves=8),
            max_size=4,
        ),
        max_size=12,
    ),
    form=st.sampled_from(["lines", "joined", "array", "wrapped", "pretty"]),
    block_bytes=st.integers(1, 500),
)  # fmt: skip
def test_every_record_comes_out(records: list[dict[str, object]], form: str, block_bytes: int) -> None:
    """In each arrangement all records come out as they went in, in their order."""
    dumped = [orjson.dumps(record, option=orjson.OPT_INDENT_2 if form == "pretty" else None) for record in records]
    data = {
        "lines": b"\n".join(dumped),
        "joined": b"".join(dumped),
        "array": b"[" + b",".join(dumped) + b"]",
        "wrapped": b'{"Records":[' + b", ".join(dumped) + b"]}",
        "pretty": b"\n".join(dumped),
    }[form]
    found = lines(cut([data], block_bytes=block_bytes, line_bytes_max=10_000))
    assert [orjson.loads(line) for _, line in found] == records
    assert all(orjson.loads(data[at : at + len(line)]) == orjson.loads(line) for at, line in found)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":[' * 400_000,
        b'{"a":\n' * 300_000,
        b"[" * 2_000_000,
        b'{"a":"' + b"x" * 3_000_000,
        (b'{"a":' + b" " * 90_000 + b"\n") * 20,
        b" " * 2_000_000 + A,
    ],
    ids=["nested", "nested lines", "brackets", "string", "long lines", "spaces"],
)
def test_hostile_objects_cost_bounded_memory(data: bytes) -> None:
    """Whatever never ends is cut out, with no more memory than buffers take."""
    cutter = RecordCutter(1 << 16, 1 << 16, scan=scan_records)
    cutter.push(b"")
    list(drain(cutter))
    gc.collect()
    tracemalloc.start()
    for piece in pieces(data, 1 << 16):
        cutter.push(piece)
        while cutter.next() is not None:
            pass
    cutter.finish()
    while cutter.next() is not None:
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 16
