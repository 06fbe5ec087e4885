"""How many requests a sink may have under way: additive increase, multiplicative decrease, and a pause that probes.

open      up to `limit` requests; each contented answer adds 1/limit (one more permit a round of answers), a slow one nothing
held      a throttled answer halves the limit, at most once a round trip (an answer to a request that was sent before the cut
          says nothing new), and nothing is sent before `not_before`: some seconds at most, unless the sink asks for more,
          for how seldom it is asked is how late it is found to be well again
paused    the fault is of the index, the credentials or the cluster: one request at a time, each after a longer wait, until one
          is answered
"""

from __future__ import annotations

from dataclasses import replace

from ingestd.core.retry import Backoff

__all__ = ["Throttle"]

HELD_SECONDS_MAX = 10.0


class Throttle:
    """The permits of one sink. `now` is any clock that does not go back; `rand` is uniform in [0, 1)."""

    def __init__(self, first: int, most: int, backoff: Backoff) -> None:
        self.limit = float(first)
        self.most = most
        self.not_before = 0.0
        self.paused: str | None = None
        self.paused_at: float | None = None
        self._backoff, self._hold = backoff, _at_most(backoff, HELD_SECONDS_MAX)
        self._cut_at = float("-inf")
        self._setbacks = 0

    def change(self, most: int, backoff: Backoff) -> None:
        """Other bounds from now on; what was learnt within them stays."""
        self.most, self._backoff, self._hold = most, backoff, _at_most(backoff, HELD_SECONDS_MAX)
        self.limit = min(self.limit, float(most))

    def permits(self) -> int:
        """How many requests may be under way at once."""
        return 1 if self.paused else max(1, int(self.limit))

    def may_send(self, under_way: int, now: float) -> bool:
        """Whether one more request may go now."""
        return under_way < self.permits() and now >= self.not_before

    def answered(self, now: float, *, is_in_time: bool = True) -> None:
        """A request came back and the sink is content with the load; out of time, more of it would only wait there."""
        self.paused = self.paused_at = None
        self._setbacks = 0
        if not is_in_time:
            return
        self.limit = min(float(self.most), self.limit + 1.0 / max(self.limit, 1.0))

    def throttled(self, sent_at: float, now: float, rand: float, wish_seconds: float | None = None) -> None:
        """The sink asked for less, or did not answer; `sent_at` is when that request went."""
        if sent_at < self._cut_at:
            return
        self._cut_at = now
        self._setbacks += 1
        self.limit = max(1.0, self.limit / 2.0)
        self.not_before = now + self._hold.delay(self._setbacks, rand, wish_seconds)

    def pause(self, reason: str, now: float, rand: float) -> None:
        """Nothing but a probe now and then until a request is answered."""
        if self.paused is None:
            self.paused_at = now
            self._setbacks = 0
        self.paused = reason
        self.limit = 1.0
        self._setbacks += 1
        self.not_before = now + max(self._backoff.delay(self._setbacks, rand), self._backoff.first_seconds / 2)


def _at_most(backoff: Backoff, ceiling_seconds: float) -> Backoff:
    return replace(backoff, ceiling_seconds=min(backoff.ceiling_seconds, ceiling_seconds))
