"""Parts of a block. A line's place is where it begins in the block, or, where the lines are events, which of them it is."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from ingestd.model import Block, Events

__all__ = ["line_of", "place_of", "placed", "rest_of", "text_of"]

LOOKED_AT = 4096  # bytes at a time: most lines end in them


def line_of(block: Block, place: int) -> Block:
    """One line alone, with its newline, or one event."""
    if block.events is not None:
        return _events(block, place, place + 1)
    return _lines(block, place, _end(block, place))


def text_of(block: Block, place: int) -> tuple[bytes, int, str]:
    """One line without its newline, and its offset in the object; or one event with its id, and the offset of all of them."""
    if block.events is None:
        return bytes(block.data[place : _end(block, place) - 1]), _offset(block, place), ""
    ends = block.events.ends
    text = bytes(block.data[ends[place - 1] if place else 0 : ends[place]])
    return text.rstrip(b"\n"), block.offset, block.events.ids[place]


def _end(block: Block, place: int) -> int:
    """Behind the newline of the line at a place: not looked for in all of the block, which would be copied for it."""
    for at in range(place, block.size, LOOKED_AT):
        if (found := bytes(block.data[at : at + LOOKED_AT]).find(b"\n")) >= 0:
            return at + found + 1
    raise ValueError("a block that does not end with a newline")


def rest_of(block: Block, place: int) -> Block:
    """All from a line on."""
    if block.events is not None:
        return _events(block, place, len(block.events.ids))
    return _lines(block, place, block.size)


def place_of(block: Block, offset: int) -> int:
    """Where the line at an offset of the object begins in the block."""
    at = offset - block.offset
    return at + bisect_right([joint - before for before, joint in enumerate(block.joints)], at)


def placed(block: Block) -> Iterator[tuple[bytes, int]]:
    """Each line of the block, without its newline, and its offset in the object; the last one may have none."""
    lines = bytes(memoryview(block.data)[: block.size]).split(b"\n")
    place, offset, joints = 0, block.offset, frozenset(block.joints)
    for line in lines if lines[-1] else lines[:-1]:
        yield line, offset
        place += len(line) + 1
        offset += len(line) + (place - 1 not in joints)


def _lines(block: Block, at: int, stop: int) -> Block:
    first, last = (bisect_left(block.joints, place) for place in (at, stop))
    joints = tuple(joint - at for joint in block.joints[first:last])
    return Block(block.data[at:stop], stop - at, _offset(block, at), joints=joints)


def _offset(block: Block, place: int) -> int:
    return block.offset + place - bisect_left(block.joints, place)


def _events(block: Block, first: int, last: int) -> Block:
    assert block.events is not None
    ends, ids, times = block.events.ends, block.events.ids[first:last], block.events.times_ms[first:last]
    begin = ends[first - 1] if first else 0
    moved = tuple(end - begin for end in ends[first:last])
    size = moved[-1] if moved else 0
    return Block(block.data[begin : begin + size], size, block.offset, Events(moved, ids, times))
