"""Buffers go round, and only when nobody reads them."""

from __future__ import annotations

import numpy as np

from ingestd.fastpath.buffers import LARGE, STEP, Buffers


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


def test_as_many_rest_as_were_lent_at_once() -> None:
    """What was lent at once is kept whole, and what is wanted beside it takes the place of what was not wanted for longest."""
    buffers = Buffers()
    lent = [buffers.take(STEP) for _ in range(5)]
    places = {address(array) for array in lent}
    lent.clear()
    lent = [buffers.take(STEP) for _ in range(5)]
    assert {address(array) for array in lent} == places
    lent.clear()
    larger = buffers.take(4 * STEP)
    assert len(buffers._resting) == 1
    assert address(larger) not in places
    assert address(buffers.take(STEP)) in places


def test_another_size_between_costs_no_buffer() -> None:
    """Buffers that do not fit are passed over, and serve whom they fit."""
    buffers = Buffers()
    small, large = buffers.take(STEP), buffers.take(8 * STEP)
    places = address(small), address(large)
    for _ in range(3):
        del small, large
        small, large = buffers.take(STEP), buffers.take(8 * STEP)
        assert (address(small), address(large)) == places


def test_a_rare_giant_does_not_stay() -> None:
    """A buffer that is larger than any usual block's goes back to the system."""
    buffers = Buffers()
    buffers.take(LARGE + 1)
    assert not buffers._resting
