"""What a block may become: generous at first, then the most that was seen lately."""

from __future__ import annotations

from ingestd.core.expansion import FIRST, LEAST, Expansion


def test_the_first_guess_is_generous() -> None:
    """Short lines become many times their size, and nothing is known yet."""
    assert Expansion(1000).bytes == FIRST * 1000


def test_the_guess_follows_what_is_seen_and_forgets_slowly() -> None:
    """Up at once, down by and by, never below the least."""
    expansion = Expansion(1000)
    expansion.seen(20_000)
    assert expansion.bytes == 20_000
    expansion.seen(100)
    assert 19_000 < expansion.bytes < 20_000
    for _ in range(500):
        expansion.seen(100)
    assert expansion.bytes == LEAST * 1000
