"""How large a request may be: what a server takes, and no more than it is done with in good time.

* A request that was too large (413) is a limit of the server's, which is not asked for: half of it is remembered for good.
* An answer that the server worked on for longer than is good halves the size, at most once a round trip; each full request that
  is answered in time gives a sixteenth of the most back. It is the server's own time (`took`) that counts, not ours: a slow
  network or a busy process of ours is no reason for small requests.
"""

from __future__ import annotations

__all__ = ["Pace"]

BYTES_MIN = 64 * 1024
STEPS = 16


class Pace:
    """The size of one sink's requests, in encoded bytes. `now` is any clock that does not go back."""

    def __init__(self, bytes_max: int, slow_seconds: float) -> None:
        self.bytes_max = bytes_max
        self._most = bytes_max
        self._slow_seconds = slow_seconds
        self._cut_at = float("-inf")

    def too_large(self, size: int) -> bool:
        """The server does not take so many bytes; whether that is news."""
        half = max(min(size // 2, self._most), BYTES_MIN)
        is_news = half < self._most
        self._most = min(self._most, half)
        self.bytes_max = min(self.bytes_max, self._most)
        return is_news

    def answered(self, size: int, took_seconds: float | None, sent_at: float, now: float) -> bool:
        """The server has done a request of so many bytes; whether it was in good time. A server that tells no time is."""
        if took_seconds is not None and took_seconds > self._slow_seconds:
            if sent_at >= self._cut_at:
                self._cut_at = now
                self.bytes_max = max(self.bytes_max // 2, min(BYTES_MIN, self._most))
            return False
        if 2 * size >= self.bytes_max:  # a small one says nothing of a large one
            self.bytes_max = min(self._most, self.bytes_max + self._most // STEPS)
        return True
