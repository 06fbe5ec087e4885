"""What room a block's documents are given follows what the blocks before it became."""

from __future__ import annotations

from ingestd.fastpath.room import FIRST, MARGIN, Room


def test_before_any_block() -> None:
    assert Room().of(1000) == int(1000 * FIRST)


def test_it_rises_at_once() -> None:
    """The next block like one that grew has room."""
    room = Room()
    room.saw(1000, 9000)
    assert 9000 < room.of(1000) <= 9000 * MARGIN


def test_it_sinks_slowly() -> None:
    """An odd block among others changes little; many of its kind count."""
    room = Room()
    for _ in range(3):
        room.saw(1000, 6000)
    room.saw(1000, 0)
    assert room.of(1000) >= 4500
    for _ in range(30):
        room.saw(1000, 1000)
    assert 1000 <= room.of(1000) <= 1050
