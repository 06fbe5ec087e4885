"""What may be skipped after a restart is only what has ended, whatever the order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingestd.core.watermark import Watermark


@given(st.permutations(range(8)), st.integers(0, 8), st.permutations(range(8)))
def test_a_second_run_does_what_has_not_ended_and_nothing_else(order: list[int], count: int, again: list[int]) -> None:
    """Whichever keys have ended when the first run dies."""
    keys = [f"{number}" for number in range(8)]
    first = Watermark()
    assert all(first.begin(key) for key in keys)
    for number in order[:count]:
        first.end(keys[number])
    second = Watermark(first.after, first.beyond)
    left = [key for key in keys if key > second.after and second.begin(key)]
    assert left == [key for key in keys if int(key) not in order[:count]]
    for number in again:
        if keys[number] in left:
            second.end(keys[number])
    assert (second.after, second.beyond) == ("7", [])


def test_what_ended_behind_the_mark_is_remembered() -> None:
    """The mark stops before the first that has not ended."""
    mark = Watermark()
    for key in "abcd":
        mark.begin(key)
    mark.end("a")
    mark.end("c")
    assert (mark.after, mark.beyond) == ("a", ["c"])
    mark.end("b")
    assert (mark.after, mark.beyond) == ("c", [])
