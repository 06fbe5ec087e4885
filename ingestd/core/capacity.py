"""What a second of work carries, as measured; idle seconds tell nothing and do not count.

So a quiet night leaves the rate where the last busy minutes had it, and a backlog's drain time is known before it is begun.
"""

from __future__ import annotations

from math import exp

__all__ = ["Capacity"]

MEMORY_SECONDS = 60.0  # of work


class Capacity:
    """`per_second` of whatever is counted; None until something was."""

    def __init__(self) -> None:
        self.per_second: float | None = None
        self._total: float | None = None
        self._weight = 0.0

    def look(self, total: float, seconds: float, *, is_working: bool) -> None:
        """`total` so far; `seconds` since the last look, which is weighed by them."""
        done = 0.0 if self._total is None else total - self._total
        self._total = total
        if seconds <= 0 or not (is_working or done):
            return
        kept = self._weight * exp(-seconds / MEMORY_SECONDS)
        before = 0.0 if self.per_second is None else self.per_second
        self._weight = kept + seconds
        self.per_second = (before * kept + done) / self._weight
