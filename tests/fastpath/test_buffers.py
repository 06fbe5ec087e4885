"""Buffers go round, and only when nobody reads them."""

from __future__ import annotations

import numpy as np

from ingestd.fastpath.buffers import HUGE, STEP, Buffers


def address(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


def test_a_buffer_comes_back_when_its_last_reader_goes() -> None:
    """While a memoryview of it lives a buffer is not lent again; then it is the next one."""
    buffers = Buffers(bytes_max=8 * STEP)
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
    buffers = Buffers(bytes_max=64 * STEP)
    buffers.take(16 * STEP)
    for size in (0, 1, STEP, STEP + 1, 5 * STEP):
        assert size <= len(buffers.take(size)) <= 2 * size + STEP


def test_what_does_not_fit_stays() -> None:
    """A small one that is asked for between two large ones, as an object's last block asks, costs no large one."""
    buffers = Buffers(bytes_max=64 * STEP)
    place = address(buffers.take(32 * STEP))
    small = buffers.take(STEP)
    assert address(small) != place
    assert address(buffers.take(31 * STEP)) == place


def test_size_of_huge_pages() -> None:
    """One that is made of huge pages begins where such a page may, and is written to its end."""
    lent = Buffers(bytes_max=0).take(3 * HUGE + 1)
    lent[:] = 7
    assert address(lent) % HUGE == 0
    assert len(lent) == 3 * HUGE + STEP
    assert int(lent.sum(dtype=np.int64)) == 7 * len(lent)


def test_limit() -> None:
    """No more than the limit rests."""
    buffers = Buffers(bytes_max=3 * STEP)
    lent = [buffers.take(STEP) for _ in range(5)]
    places = {address(array) for array in lent}
    lent.clear()
    again = [buffers.take(STEP) for _ in range(3)]
    assert {address(array) for array in again} == places & {address(array) for array in again}
    assert len(buffers._resting) == 0


def test_the_oldest_goes() -> None:
    """Where more comes back than may rest, what has rested longest makes room: what came back last is still in the caches."""
    buffers = Buffers(bytes_max=2 * STEP)
    lent = [buffers.take(STEP) for _ in range(3)]
    places = [address(array) for array in lent]
    while lent:
        del lent[0]
    assert [address(array) for array in [buffers.take(STEP), buffers.take(STEP)]] == [places[2], places[1]]
