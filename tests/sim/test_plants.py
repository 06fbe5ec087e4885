"""The simulation sees what it is there to see: a fault planted in the service shows within a thousand seeds."""

from __future__ import annotations

from itertools import chain

import pytest

from tests.sim.planting import Plant, planted
from tests.sim.plants import PLANTS
from tests.sim.world import simulate

SEEDS_MAX = 1000


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_planted_fault_is_seen(plant: Plant) -> None:
    """At the seed that showed it last, or another; without it that seed passes."""
    with planted(plant):
        seen = next((seed for seed in chain([plant.seed], range(SEEDS_MAX)) if simulate(seed).complaints), None)
    assert seen is not None
    assert simulate(seen).complaints == ()


def test_a_plant_that_would_change_nothing_is_refused() -> None:
    """A text that the code does not have (any more), and one that stands in no function."""
    for before, after in (("no such text", ""), ('"""The way of documents', '"""The path of documents')):
        with pytest.raises(ValueError, match="nothing"), planted(Plant("nothing", 0, "shell.delivery", ((before, after),))):
            pass
