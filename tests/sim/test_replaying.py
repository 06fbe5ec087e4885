"""A seed is the same story each time it is told, and a failed one is told as short as may be."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

import pytest

from tests.sim.shrinking import shrunk
from tests.sim.world import simulate

ROOT = Path(__file__).parents[2]
SEEDS = (3, 10, 162, 204)
DIGESTS = "import sys; from tests.sim.world import simulate; print(*(simulate(int(seed)).digest for seed in sys.argv[1:]))"


def test_a_seed_replays_identically_in_another_process() -> None:
    """Event by event, whatever the hashes of strings are, and whatever ran before it."""
    told = []
    for hash_seed, order in (("1", SEEDS), ("2", SEEDS[::-1])):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        arguments = [sys.executable, "-c", DIGESTS, *map(str, order)]
        answer = subprocess.run(arguments, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
        told.append(dict(zip(order, answer.stdout.split(), strict=True)))
    assert told[0] == told[1] == {seed: simulate(seed).digest for seed in SEEDS}


@pytest.mark.parametrize(
    ("faults", "needed", "wanted"),
    [
        ("abcdefgh", [{"c"}], "c"),
        ("abcdefgh", [{"b", "g"}], "bg"),
        ("abcdefgh", [set("abcdefgh")], "abcdefgh"),
        ("abcdefgh", [{"a", "d", "h"}, {"a", "e"}], "ae"),
        ("abc", [set[str]()], ""),
        ("a", [{"a"}], "a"),
    ],
)
def test_a_fault_list_is_shrunk_to_what_it_takes(faults: Sequence[str], needed: list[set[str]], wanted: str) -> None:
    """To a part none of whose faults can be left out."""

    def fails(chosen: Collection[str]) -> bool:
        return any(enough <= set(chosen) for enough in needed)

    assert shrunk(list(faults), fails) == list(wanted)
