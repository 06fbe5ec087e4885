"""Buffers go round, and only when nobody reads them."""

from __future__ import annotations

import numpy as np

from ingestd.fastpath.buffers import HUGE, LARGE, STEP, Buffers


def address(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


def test_a_buffer_comes_back_when_its_last_reader_goes() -> None:
    """While a memoryview of it lives a buffer is not lent again; then it is the next one."""
    buffers = Buffers()
    first = buffers.take(10)
    place, kept = address(first), memoryview(first.data)[3:5]
    del first
    assert address(buffers.take(10)) != place
    kept.release()
    del kept
    places = {address(array) for array in [buffers.take(10), buffers.take(10)]}
    assert place in places


def test_size() -> None:
    """What is lent is large enough, and not wastefully large."""
    buffers = Buffers()
    buffers.take(16 * STEP)
    for size in (0, 1, STEP, STEP + 1, 5 * STEP):
        assert size <= len(buffers.take(size)) <= 2 * size + STEP


def test_what_does_not_fit_stays() -> None:
    """A small one that is asked for between two large ones, as an object's last block asks, costs no large one."""
    buffers = Buffers()
    large, small = buffers.take(32 * STEP), buffers.take(STEP)
    places = [address(large), address(small)]
    for _ in range(3):
        del large, small
        small, large = buffers.take(STEP), buffers.take(31 * STEP)
        assert [address(large), address(small)] == places


def test_size_of_huge_pages() -> None:
    """One that is made of huge pages begins where such a page may, and is written to its end."""
    lent = Buffers().take(3 * HUGE + 1)
    lent[:] = 7
    assert address(lent) % HUGE == 0
    assert len(lent) == 3 * HUGE + STEP
    assert int(lent.sum(dtype=np.int64)) == 7 * len(lent)


def test_as_many_rest_as_were_lent_at_once() -> None:
    """What was lent at once is kept whole; what is wanted beside it takes the place of what came back first."""
    buffers = Buffers()
    lent = [buffers.take(STEP) for _ in range(5)]
    places = [address(array) for array in lent]
    while lent:
        del lent[0]
    larger = buffers.take(3 * STEP)
    assert address(larger) not in places
    assert {address(array) for array in [buffers.take(STEP), buffers.take(STEP)]} == set(places[3:])
    assert len(buffers._resting) == 2


def test_a_rare_giant_does_not_stay() -> None:
    """A buffer that is larger than any usual block's goes back to the system."""
    buffers = Buffers()
    buffers.take(LARGE + 1)
    assert not buffers._resting
