"""Parts of a block. A line's place is where it begins in the block, or, where the lines are events, which of them it is."""

from __future__ import annotations

from ingestd.model import Block, Events

__all__ = ["line_of", "rest_of"]


def line_of(block: Block, place: int) -> Block:
    """One line alone, with its newline, or one event."""
    if block.events is not None:
        return _events(block, place, place + 1)
    return _lines(block, place, block.data.index(b"\n", place) + 1)


def rest_of(block: Block, place: int) -> Block:
    """All from a line on."""
    if block.events is not None:
        return _events(block, place, len(block.events.ids))
    return _lines(block, place, block.size)


def _lines(block: Block, at: int, stop: int) -> Block:
    return Block(block.data[at:stop], stop - at, block.offset + at)


def _events(block: Block, first: int, last: int) -> Block:
    assert block.events is not None
    ends, ids, times = block.events.ends, block.events.ids[first:last], block.events.times_ms[first:last]
    begin = ends[first - 1] if first else 0
    moved = tuple(end - begin for end in ends[first:last])
    size = moved[-1] if moved else 0
    return Block(block.data[begin : begin + size], size, block.offset, Events(moved, ids, times))
