"""Standard error for a service that must not wait: whoever is to read the log may be slow, or stand still for ever.

Lines are kept for a thread that writes them. Where more wait than `LINES_MAX`, later ones are dropped, and their number is told
once there is room. A process that ends gives what is still there a second.
"""

from __future__ import annotations

import atexit
import os
import threading
from queue import Full, Queue

import orjson

__all__ = ["LogStream"]

LINES_MAX = 10_000  # some megabytes
EXIT_SECONDS = 1.0


class LogStream:
    """A text stream, as far as loggers use one, to a file descriptor."""

    def __init__(self, descriptor: int, lines_max: int = LINES_MAX) -> None:
        self.dropped = 0
        self._descriptor = descriptor
        self._lines: Queue[bytes | None] = Queue(lines_max)
        self._writer = threading.Thread(target=self._run, name="log", daemon=True)
        self._writer.start()
        atexit.register(self.close)

    def write(self, text: str) -> int:
        """Take a line, or some; never waits."""
        try:
            self._lines.put_nowait(text.encode("utf-8", "backslashreplace"))
        except Full:
            self.dropped += 1
        return len(text)

    def flush(self) -> None:
        """Whatever was taken is on its way already."""

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def close(self, seconds: float = EXIT_SECONDS) -> None:
        """Wait a little for what was taken to be written."""
        atexit.unregister(self.close)
        try:
            self._lines.put_nowait(None)
        except Full:
            return
        self._writer.join(seconds)

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            self._write(line)
            if self._lines.empty():
                self._tell()
        self._tell()

    def _tell(self) -> None:
        """How many lines were dropped, if any."""
        if self.dropped:
            dropped, self.dropped = self.dropped, 0
            self._write(orjson.dumps({"event": "log lines dropped", "level": "warning", "lines": dropped}) + b"\n")

    def _write(self, data: bytes) -> None:
        """All of it; a reader that is gone is no reason to stop."""
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            pass
