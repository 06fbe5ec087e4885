"""What limits, by a table; and what was it most of the last minute."""

from __future__ import annotations

import pytest

from ingestd.core.saturation import STAGES, Load, Saturation, limiting

NOTHING = Load(False, 0.1, False, False, False)
ROWS = [
    (Load(True, 0.99, True, True, True), "sink"),
    (Load(False, 0.99, True, True, True), "cpu"),
    (Load(False, 0.84, True, True, True), "memory"),
    (Load(False, 0.1, False, True, True), "objects"),
    (Load(False, 0.1, False, False, True), "messages"),
    (NOTHING, "queue"),
]


@pytest.mark.parametrize(("load", "stage"), ROWS)
def test_the_later_stage_is_the_cause(load: Load, stage: str) -> None:
    """A sink that is behind fills the memory, which fills the slots."""
    assert limiting(load) == stage


def test_a_minute_is_remembered_and_no_more() -> None:
    """Shares add up; what was before is forgotten."""
    saturation = Saturation()
    assert saturation.stage == "queue"
    for load, _ in ROWS[:1] * 100 + ROWS[-1:] * 15 + ROWS[1:2] * 45:
        saturation.look(load)
    shares = saturation.shares()
    assert set(shares) == set(STAGES)
    assert (shares["sink"], shares["queue"], shares["cpu"]) == (0, 0.25, 0.75)
    assert saturation.stage == "cpu"
