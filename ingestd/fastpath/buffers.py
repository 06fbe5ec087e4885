"""Large buffers that go round: what holds a block, or its documents, is used again once nobody reads them.

Fresh memory costs a page fault for each 4 KiB, a third of the time that parsing itself takes. So a buffer is lent under a view:
whoever keeps the view, or a memoryview of it, keeps the buffer; when the last one goes, it comes back by itself. Each is a map
of its own, which takes what of it was written to, and goes back to the system whole: malloc would be left with holes.

What cannot be used again is made of huge pages, where the system gives them: measured, a fourteenth of the time for 8 MiB. They
are asked for only as far as whole ones fit, so that no more memory is taken than is written to.
"""

from __future__ import annotations

import mmap
import sys
import threading
import weakref
from collections import deque
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

__all__ = ["BUFFERS", "Buffers"]

STEP = 1 << 18  # sizes are rounded up to this, so that buffers fit again
LARGE = 1 << 24  # one of more bytes is rarely wanted again
HUGE = 1 << 21  # a huge page, of x86-64 and as a rule of arm64; elsewhere nothing comes of asking
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
        """At least `size` bytes, with whatever they hold; of those that fit, what came back last."""
        with self._lock:
            found = self._found(size)
            return self._lent(_mapped(size) if found is None else found)

    def room(self, size: int) -> memoryview:
        """Just `size` bytes, with whatever they hold."""
        return self.take(size).data[:size]

    def _found(self, size: int) -> NDArray[np.uint8] | None:
        """One of those at rest; what is passed over is the first to go from then on."""
        for _ in range(len(self._resting)):
            buffer = self._resting.pop()
            if size <= len(buffer) <= 2 * size + STEP:
                self._resting_bytes -= len(buffer)
                return buffer
            self._resting.appendleft(buffer)
        return None

    def _lent(self, buffer: NDArray[np.uint8]) -> NDArray[np.uint8]:
        view = buffer[:]
        weakref.finalize(view, self._give_back, buffer).atexit = False
        self._lent_bytes += len(buffer)
        self._lent_bytes_most = max(self._lent_bytes_most, self._lent_bytes)
        while self._resting and self._lent_bytes + self._resting_bytes > self._lent_bytes_most:
            self._resting_bytes -= len(self._resting.popleft())
        return view

    def _give_back(self, buffer: NDArray[np.uint8]) -> None:
        with self._lock:
            self._lent_bytes -= len(buffer)
            if len(buffer) <= LARGE:
                self._resting.append(buffer)
                self._resting_bytes += len(buffer)


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


BUFFERS = Buffers()  # all that go round in this process: memory that blocks held serves for documents next, and the other way
