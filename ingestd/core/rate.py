"""How often something may happen: a bucket that fills at a rate, up to a second's worth, and gives one at a time."""

from __future__ import annotations

__all__ = ["Rate"]


class Rate:
    """`now` is any clock that does not go back."""

    def __init__(self, per_second_max: float, now: float) -> None:
        self._per_second = per_second_max
        self._room = per_second_max
        self._since = now

    def allows(self, now: float) -> bool:
        """Whether one more may happen now; then it has."""
        self._room = min(self._room + (now - self._since) * self._per_second, max(self._per_second, 1.0))
        self._since = now
        if self._room < 1.0:
            return False
        self._room -= 1.0
        return True
