"""Says once an hour which formats have columns that their tables do not know: AWS adds them unannounced, and no line fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

__all__ = ["Drift"]

log = structlog.get_logger()

HOUR_SECONDS = 3600.0


@dataclass(slots=True)
class Drift:
    """Lines with unknown columns since the last word about their format. `clock` in seconds, monotonic."""

    clock: Callable[[], float]
    _lines: dict[str, int] = field(default_factory=dict)
    _said_at: dict[str, float] = field(default_factory=dict)

    def saw(self, form: str, lines: int) -> None:
        """So many more lines of a format have such columns. The first ones are told at once."""
        if not lines:
            return
        self._lines[form] = self._lines.get(form, 0) + lines
        now = self.clock()
        if now - self._said_at.get(form, -HOUR_SECONDS) >= HOUR_SECONDS:
            self._said_at[form] = now
            log.warning("lines have columns that the format does not know", format=form, lines=self._lines.pop(form))
