"""What room a block's documents are given follows what the blocks before it became."""

from __future__ import annotations

from ingestd.fastpath.expansion import FIRST, MARGIN, Expansion


def test_before_any_block() -> None:
    assert Expansion().of(1000) == int(1000 * FIRST)


def test_it_rises_at_once() -> None:
    """The next block like one that grew has room."""
    expansion = Expansion()
    expansion.saw(1000, 9000)
    assert 9000 < expansion.of(1000) <= 9000 * MARGIN


def test_it_sinks_slowly() -> None:
    """An odd block among others changes little; many of its kind count."""
    expansion = Expansion()
    for _ in range(3):
        expansion.saw(1000, 6000)
    expansion.saw(1000, 0)
    assert expansion.of(1000) >= 4500
    for _ in range(30):
        expansion.saw(1000, 1000)
    assert 1000 <= expansion.of(1000) <= 1050
