"""Large buffers that go round: what holds a block's documents is used again once nobody reads them.

Fresh memory costs a page fault for each 4 KiB, a third of the time that parsing itself takes. So a buffer is lent under a view:
whoever keeps the view, or a memoryview of it, keeps the buffer; when the last one goes, it comes back by itself. Each is a map
of its own, which takes what of it was written to, and goes back to the system whole: malloc would be left with holes.
"""

from __future__ import annotations

import mmap
import sys
import threading
import weakref
from collections import deque

import numpy as np
from numpy.typing import NDArray

__all__ = ["DOCUMENTS", "Buffers"]

STEP = 1 << 18  # sizes are rounded up to this, so that buffers fit again
LARGE = 1 << 24  # one of more bytes is rarely wanted again
PRIVATE = {} if sys.platform == "win32" else {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS}


class Buffers:
    """As many as were ever lent at once; there are no more, so keeping them costs no memory that was not needed before.

    Any thread may take and return.
    """

    def __init__(self) -> None:
        self._lent_bytes = self._lent_bytes_most = self._resting_bytes = 0
        self._resting: deque[NDArray[np.uint8]] = deque()
        self._lock = threading.RLock()  # a buffer may come back while its own thread takes one: the collector runs anywhere

    def take(self, size: int) -> NDArray[np.uint8]:
        """At least `size` bytes, with whatever they hold."""
        with self._lock:
            return self._lent(self._found(size) or _mapped(size))

    def _found(self, size: int) -> mmap.mmap | None:
        """The one of those at rest that was lent last, of those that fit; the others are the first to go from then on."""
        for _ in range(len(self._resting)):
            buffer = self._resting.pop()
            if size <= len(buffer) <= 2 * size + STEP:
                self._resting_bytes -= len(buffer)
                return buffer
            self._resting.appendleft(buffer)
        return None

    def _lent(self, buffer: mmap.mmap) -> NDArray[np.uint8]:
        view = np.frombuffer(buffer, np.uint8)
        weakref.finalize(view, self._give_back, buffer).atexit = False
        self._lent_bytes += len(buffer)
        self._lent_bytes_most = max(self._lent_bytes_most, self._lent_bytes)
        self._make_room()
        return view

    def _give_back(self, buffer: mmap.mmap) -> None:
        with self._lock:
            self._lent_bytes -= len(buffer)
            if len(buffer) <= LARGE:
                self._resting.append(buffer)
                self._resting_bytes += len(buffer)

    def _make_room(self) -> None:
        while self._resting and self._lent_bytes + self._resting_bytes > self._lent_bytes_most:
            self._resting_bytes -= len(self._resting.popleft())


def _mapped(size: int) -> mmap.mmap:
    return mmap.mmap(-1, max(-(-size // STEP), 1) * STEP, **PRIVATE)
