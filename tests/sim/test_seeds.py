"""The simulation, some seeds in each run: none fails, and a seed is the same story each time it is told."""

from __future__ import annotations

import os
from os import sched_getaffinity

from tests.sim.__main__ import search
from tests.sim.world import simulate

SEEDS = int(os.environ.get("INGESTD_SIM_SEEDS", "150"))


def test_no_seed_fails() -> None:
    """What fails is printed with the command that replays it; `make sim` runs as many as one likes."""
    assert search(range(SEEDS), len(sched_getaffinity(0))) == 0


def test_a_seed_replays_identically() -> None:
    """Event by event."""
    for seed in range(5):
        assert simulate(seed, None).digest == simulate(seed, None).digest
