"""Large buffers that go round: what holds a block's documents is used again once nobody reads them.

Fresh memory costs a page fault for each 4 KiB, a third of the time that parsing itself takes. So a buffer is lent under a view:
whoever keeps the view, or a memoryview of it, keeps the buffer; when the last one goes, it comes back by itself. Each is a map
of its own, which takes what of it was written to, and goes back to the system whole: malloc would be left with holes.

What cannot be used again is made of huge pages, where the system gives them: measured, a fourteenth of the time for 8 MiB. They
are asked for only as far as whole ones fit, so that no more memory is taken than is written to.
"""

from __future__ import annotations

import mmap
import sys
import weakref
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

__all__ = ["Buffers"]

STEP = 1 << 18  # sizes are rounded up to this, so that buffers fit again
HUGE = 1 << 21  # a huge page, of x86-64 and as a rule of arm64; elsewhere nothing comes of asking
PRIVATE = {} if sys.platform == "win32" else {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS}


class Buffers:
    """Buffers at rest, `bytes_max` of them at most; of more the oldest go to the system. Any thread may take and return."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._resting: list[NDArray[np.uint8]] = []

    def take(self, size: int) -> NDArray[np.uint8]:
        """At least `size` bytes, with whatever they hold; of those that fit, what came back last."""
        found, passed = None, []
        while found is None and self._resting:
            try:
                buffer = self._resting.pop()
            except IndexError:  # another thread took it
                break
            if size <= len(buffer) <= 2 * size + STEP:
                found = buffer
            else:
                passed.append(buffer)
        self._resting += reversed(passed)
        return self._lent(_mapped(size) if found is None else found)

    def _lent(self, buffer: NDArray[np.uint8]) -> NDArray[np.uint8]:
        view = buffer[:]
        weakref.finalize(view, self._give_back, buffer).atexit = False
        return view

    def _give_back(self, buffer: NDArray[np.uint8]) -> None:
        self._resting.append(buffer)
        while sum(map(len, self._resting)) > self._bytes_max:
            with suppress(IndexError):  # another thread took it
                self._resting.pop(0)


def _mapped(size: int) -> NDArray[np.uint8]:
    """Fresh memory, from where a huge page may begin."""
    size = max(-(-size // STEP), 1) * STEP
    if size < HUGE or not hasattr(mmap, "MADV_HUGEPAGE"):
        return np.frombuffer(mmap.mmap(-1, size, **PRIVATE), np.uint8)
    memory = mmap.mmap(-1, size + HUGE, **PRIVATE)
    buffer = np.frombuffer(memory, np.uint8)
    begin = -buffer.ctypes.data % HUGE
    with suppress(OSError):  # a system without them
        memory.madvise(mmap.MADV_HUGEPAGE, begin, size // HUGE * HUGE)
    return buffer[begin : begin + size]
