"""A rate of work: idle time does not count, and of late counts most."""

from __future__ import annotations

import pytest

from ingestd.core.capacity import Capacity


def test_nothing_is_known_of_what_never_worked() -> None:
    """Not 0, which would say that it takes for ever."""
    capacity = Capacity()
    for _ in range(10):
        capacity.look(0, 1.0, is_working=False)
    assert capacity.per_second is None


def test_a_quiet_night_changes_nothing() -> None:
    """Ten a second while there is work, then hours without."""
    capacity = Capacity()
    for second in range(100):
        capacity.look(second * 10, 1.0, is_working=True)
    for _ in range(10_000):
        capacity.look(990, 1.0, is_working=False)
    assert capacity.per_second == pytest.approx(10, rel=0.05)


def test_what_changes_is_learnt_in_a_few_minutes_of_work() -> None:
    """From ten to a hundred a second."""
    capacity, total = Capacity(), 0.0
    for second in range(600):
        total += 10 if second < 300 else 100
        capacity.look(total, 1.0, is_working=True)
    assert capacity.per_second == pytest.approx(100, rel=0.02)


def test_work_without_an_end_is_slow_not_unknown() -> None:
    """A stalled sink brings the rate down."""
    capacity = Capacity()
    capacity.look(0, 1.0, is_working=True)
    for _ in range(600):
        capacity.look(100, 1.0, is_working=True)
    assert capacity.per_second is not None
    assert capacity.per_second < 0.1
