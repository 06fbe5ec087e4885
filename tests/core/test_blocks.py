"""Blocks of whole lines: nothing lost, nothing moved, nothing unbounded."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterable, Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestd.core.blocks import BlockCutter
from ingestd.model import PAD, Block, Reject

Piece = tuple[int, bytes] | Reject


def drain(cutter: BlockCutter) -> Iterator[Piece]:
    while (found := cutter.next()) is not None:
        if isinstance(found, Block):
            assert len(found.data) >= found.size + PAD
            yield found.offset, bytes(found.data[: found.size])
        else:
            yield found


def used(size: int) -> memoryview:
    """A buffer that has held other lines."""
    return memoryview(bytearray(b"x\n" * size))[:size]


def cut(parts: Iterable[bytes], block_bytes: int, line_bytes_max: int, raw_bytes_max: int = 4) -> list[Piece]:
    cutter = BlockCutter(block_bytes, line_bytes_max, raw_bytes_max=raw_bytes_max, room=used)
    found: list[Piece] = []
    for part in parts:
        cutter.push(part)
        found += drain(cutter)
    cutter.finish()
    return found + list(drain(cutter))


def slowly(data: bytes, block_bytes: int, line_bytes_max: int, raw_bytes_max: int = 4) -> list[Piece]:
    """The definition, line by line."""
    capacity = max(block_bytes, line_bytes_max + 1)
    found: list[Piece] = []
    block, offset, at = b"", 0, 0
    for line in data.split(b"\n")[: None if not data.endswith(b"\n") else -1] if data else []:
        too_long = len(line) > line_bytes_max
        if block and (too_long or len(block) + len(line) + 1 > capacity):
            found.append((offset, block))
            block = b""
        if too_long:
            found.append(Reject(at, "line_too_long", "", line[: min(raw_bytes_max, line_bytes_max)], len(line)))
        else:
            offset = offset if block else at
            block += line + b"\n"
        at += len(line) + 1
    return [*found, (offset, block)] if block else found


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


CASES: list[tuple[bytes, int, int, list[Piece]]] = [
    (b"", 10, 5, []),
    (b"\n", 10, 5, [(0, b"\n")]),
    (b"a\nbb\n", 10, 5, [(0, b"a\nbb\n")]),
    (b"a\nbb", 10, 5, [(0, b"a\nbb\n")]),
    (b"a\r\nb\rc\n", 10, 5, [(0, b"a\r\nb\rc\n")]),
    (b"aaaa\nbbbb\ncccc\n", 10, 5, [(0, b"aaaa\nbbbb\n"), (10, b"cccc\n")]),
    (b"aaaa\nbbbbb\n", 10, 5, [(0, b"aaaa\n"), (5, b"bbbbb\n")]),
    (b"aaaaa\n", 1, 5, [(0, b"aaaaa\n")]),
    (b"aaaaa", 1, 5, [(0, b"aaaaa\n")]),
    (b"aaaaaa\n", 10, 5, [Reject(0, "line_too_long", "", b"aaaa", 6)]),
    (b"aaaaaa", 10, 5, [Reject(0, "line_too_long", "", b"aaaa", 6)]),
    (b"a\nbbbbbb\nc", 10, 5, [(0, b"a\n"), Reject(2, "line_too_long", "", b"bbbb", 6), (9, b"c\n")]),
    (
        b"aaaaaaa\nbbbbbbbbb\n\n",
        10,
        5,
        [Reject(0, "line_too_long", "", b"aaaa", 7), Reject(8, "line_too_long", "", b"bbbb", 9), (18, b"\n")],
    ),
    (b"\n\n\n", 2, 1, [(0, b"\n\n"), (2, b"\n")]),
    (b"aa\n", 8, 1, [Reject(0, "line_too_long", "", b"a", 2)]),
]


@pytest.mark.parametrize(("data", "block_bytes", "line_bytes_max", "wanted"), CASES)
def test_cuts_whole_lines_with_their_offsets(data: bytes, block_bytes: int, line_bytes_max: int, wanted: list[Piece]) -> None:
    """Whole, byte by byte and cut at each place, the blocks and rejects are the same."""
    assert slowly(data, block_bytes, line_bytes_max) == wanted
    assert cut([data], block_bytes, line_bytes_max) == wanted
    assert cut(pieces(data, 1), block_bytes, line_bytes_max) == wanted
    for at in range(len(data)):
        assert cut([data[:at], b"", data[at:]], block_bytes, line_bytes_max) == wanted


@settings(max_examples=500)
@given(
    data=st.lists(st.sampled_from([b"a", b"b", b"\n", b"\r", b"cccc", b"d" * 30]), max_size=60).map(b"".join),
    block_bytes=st.integers(1, 60),
    line_bytes_max=st.integers(1, 40),
    cuts=st.lists(st.integers(0, 200), max_size=8),
)
def test_agrees_with_the_definition(data: bytes, block_bytes: int, line_bytes_max: int, cuts: list[int]) -> None:
    """For any bytes, limits and cuts, blocks and rejects are those of the line by line definition."""
    at = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    parts = [data[begin:end] for begin, end in pairwise(at)]
    assert cut(parts, block_bytes, line_bytes_max) == slowly(data, block_bytes, line_bytes_max)


def test_conserves_every_byte_of_a_large_object() -> None:
    """Blocks and rejects together cover the object without gap or overlap, in order."""
    rnd = random.Random(5)
    lines = [bytes(rnd.choices(b"abcdef", k=rnd.choice([0, 1, 80, 700, 3000]))) for _ in range(2000)]
    data = b"\n".join(lines) + b"\n"
    found = cut(pieces(data, 4096), 10_000, 1000, raw_bytes_max=16)
    assert found == slowly(data, 10_000, 1000, raw_bytes_max=16)
    at = 0
    for piece in found:
        if isinstance(piece, Reject):
            assert data[piece.offset : piece.offset + 16] == piece.raw
            assert piece.offset == at
            at += piece.length + 1
        else:
            assert piece[0] == at
            at += len(piece[1])
    assert at == len(data)


def test_a_block_stands_until_the_next_is_asked_for() -> None:
    """Its lines and the unfinished one behind it share the buffer, which is one for all, and is what the cutter holds."""
    cutter = BlockCutter(6, 3)
    cutter.push(b"aaa\nbbb\n")
    first = cutter.next()
    assert isinstance(first, Block)
    assert bytes(first.data[: first.size]) == b"aaa\n"
    buffers = {id(first.data)}
    assert cutter.next() is None
    cutter.push(b"ccc\nddd\n")
    assert cutter.held_bytes == len(first.data) + 8
    while (block := cutter.next()) is not None:
        assert isinstance(block, Block)
        buffers.add(id(block.data))
    assert len(buffers) == 1


def test_a_gibibyte_without_newline_costs_no_memory() -> None:
    """A line of 1 GiB becomes one reject with its head and length, within the buffer."""
    cutter = BlockCutter(1 << 20, 1 << 20)
    mebibyte = b"x" * (1 << 20)
    tracemalloc.start()
    cutter.push(b"before\n" + mebibyte)
    block = cutter.next()
    assert isinstance(block, Block)
    assert bytes(block.data[: block.size]) == b"before\n"
    for _ in range(1023):
        assert cutter.next() is None
        cutter.push(mebibyte)
    assert cutter.next() is None
    cutter.push(b"\nafter\n")
    assert cutter.next() == Reject(7, "line_too_long", "", b"x" * 4096, 1 << 30)
    assert cutter.next() is None
    cutter.finish()
    last = cutter.next()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(last, Block)
    assert (last.offset, bytes(last.data[: last.size])) == ((1 << 30) + 8, b"after\n")
    assert cutter.next() is None
    assert peak < 4 << 20


def test_push_before_all_was_taken_is_a_mistake_of_the_caller() -> None:
    """Bytes that wait are never overwritten in silence."""
    cutter = BlockCutter(2, 1)
    cutter.push(b"a\nb\nc\n")
    assert cutter.next() is not None
    with pytest.raises(ValueError, match="before all was taken"):
        cutter.push(b"d\n")
    with pytest.raises(ValueError, match="before all was taken"):
        cutter.finish()
