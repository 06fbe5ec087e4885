"""What has been counted of late: totals are kept a minute apart, and the oldest forgotten."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

__all__ = ["MINUTES", "Recent"]

MINUTES = 15

Totals = Mapping[str, Mapping[str, int]]  # counter -> labels -> since the start


class Recent:
    """`minute` once a minute with all totals; then differences of any number of minutes up to MINUTES can be had."""

    def __init__(self) -> None:
        self._marks: deque[Totals] = deque([{}], maxlen=MINUTES + 1)

    def minute(self, totals: Totals) -> None:
        """A minute is over."""
        self._marks.append(totals)

    def since(self, minutes: int, now: Totals, counter: str) -> dict[str, int]:
        """What was added to a counter in the last minutes, the one under way besides; by labels, without those of nothing."""
        then = self._marks[max(len(self._marks) - 1 - minutes, 0)].get(counter, {})
        rows = {labels: total - then.get(labels, 0) for labels, total in now.get(counter, {}).items()}
        return {labels: added for labels, added in rows.items() if added}

    def covers(self, minutes: int) -> bool:
        """Whether so many minutes have been seen at all."""
        return len(self._marks) > minutes
