"""When to try again: a decision, never a wait. Full jitter: anywhere between nothing and a ceiling that doubles.

Full jitter spreads a crowd of clients best (Brooker, "Exponential Backoff And Jitter", AWS architecture blog, 2015).
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Backoff"]


@dataclass(frozen=True, slots=True)
class Backoff:
    """`first_seconds` is the ceiling of the first wait; it doubles with each attempt up to `ceiling_seconds`."""

    first_seconds: float
    ceiling_seconds: float

    def delay(self, attempt: int, rand: float, wish_seconds: float | None = None) -> float:
        """Seconds before attempt number `attempt + 1`; `rand` is uniform in [0, 1); never less than the other side's wish."""
        ceiling = min(self.ceiling_seconds, self.first_seconds * 2.0 ** min(attempt - 1, 40))
        return max(rand * ceiling, wish_seconds or 0.0)
