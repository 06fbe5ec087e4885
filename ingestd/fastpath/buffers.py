"""Large buffers that go round: what holds a block's documents is used again once nobody reads them.

Fresh memory costs a page fault for each 4 KiB, a third of the time that parsing itself takes. So a buffer is lent under a view:
whoever keeps the view, or a memoryview of it, keeps the buffer; when the last one goes, it comes back by itself. Each is a map
of its own, which takes what of it was written to, and goes back to the system whole: malloc would be left with holes.
"""

from __future__ import annotations

import mmap
import sys
import weakref

import numpy as np
from numpy.typing import NDArray

__all__ = ["Buffers"]

STEP = 1 << 18  # sizes are rounded up to this, so that buffers fit again
PRIVATE = {} if sys.platform == "win32" else {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS}


class Buffers:
    """Buffers at rest, `bytes_max` of them at most; more are given back to the system. Any thread may take and return."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._resting: list[NDArray[np.uint8]] = []

    def take(self, size: int) -> NDArray[np.uint8]:
        """At least `size` bytes, with whatever they hold."""
        for _ in range(len(self._resting)):
            try:
                buffer = self._resting.pop()
            except IndexError:  # another thread took it
                break
            if size <= len(buffer) <= 2 * size + STEP:
                return self._lent(buffer)
        return self._lent(np.frombuffer(mmap.mmap(-1, max(-(-size // STEP), 1) * STEP, **PRIVATE), np.uint8))

    def _lent(self, buffer: NDArray[np.uint8]) -> NDArray[np.uint8]:
        view = buffer[:]
        weakref.finalize(view, self._give_back, buffer).atexit = False
        return view

    def _give_back(self, buffer: NDArray[np.uint8]) -> None:
        if sum(map(len, self._resting)) + len(buffer) <= self._bytes_max:
            self._resting.append(buffer)
