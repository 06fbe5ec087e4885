"""Which stage limits the service now: the first of a list of questions that is answered with yes, and its share of a minute."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass

__all__ = ["STAGES", "Load", "Saturation", "limiting"]

CPU_FULL = 0.85  # of the cores that may be used
SAMPLES = 60

# In this order: a slow sink fills the budget, and a full budget empties the slots, so the later stage is asked first.
STAGES = ("sink", "cpu", "memory", "objects", "messages", "queue")


@dataclass(frozen=True, slots=True)
class Load:
    """One look. `cpu`: the share of its cores that the process used since the last one."""

    is_sink_behind: bool
    cpu: float
    is_budget_taken: bool
    are_slots_taken: bool
    is_full_of_messages: bool


def limiting(load: Load) -> str:
    """The stage that would have to be wider for more to go through; `queue`: nothing more comes."""
    answers = (load.is_sink_behind, load.cpu >= CPU_FULL, load.is_budget_taken, load.are_slots_taken, load.is_full_of_messages)
    return next((stage for stage, answer in zip(STAGES, answers, strict=False) if answer), STAGES[-1])


class Saturation:
    """Looks of the last minute, one a second."""

    def __init__(self) -> None:
        self._seen: deque[str] = deque(maxlen=SAMPLES)

    def look(self, load: Load) -> None:
        """One more look."""
        self._seen.append(limiting(load))

    def shares(self) -> dict[str, float]:
        """Stage -> part of the last minute in which it was the limit."""
        counts = Counter(self._seen)
        return {stage: counts[stage] / max(len(self._seen), 1) for stage in STAGES}

    @property
    def stage(self) -> str:
        """The one that was it most of the time."""
        shares = self.shares()
        return max(STAGES, key=lambda stage: shares[stage]) if self._seen else STAGES[-1]
