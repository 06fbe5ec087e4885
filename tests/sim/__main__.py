"""`python -m tests.sim --seed N` replays one seed; `--seeds 0:10000` runs many, on all cores, and shrinks what fails.

With `--plant NAME` a fault of plants.py is planted in the service first: what fails then shows what the simulation sees.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from functools import partial
from os import sched_getaffinity

from tests.sim.plan import plan
from tests.sim.planting import planted
from tests.sim.plants import PLANTS
from tests.sim.shrinking import shrunk
from tests.sim.world import Result, simulate

CHUNK_SEEDS = 25
TOLD_MAX = 5  # failed seeds that are shrunk
COMMAND = "python -m tests.sim"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--seed", type=int, help="one seed, and what happened in it")
    parser.add_argument("--only", help="only these of its faults, with commas; empty for none")
    parser.add_argument("--quiet", action="store_true", help="not what happened")
    parser.add_argument("--seeds", default="0:1000", help="BEGIN:END")
    parser.add_argument("--jobs", type=int, default=len(sched_getaffinity(0)))
    parser.add_argument("--plant", choices=[each.name for each in PLANTS], help="with this fault in the service")
    chosen = parser.parse_args(arguments)
    if chosen.seed is not None:
        only = None if chosen.only is None else [name for name in chosen.only.split(",") if name]
        return replay(chosen.seed, only, chosen.plant, chosen.quiet)
    begin, end = (int(number) for number in chosen.seeds.split(":"))
    return search(range(begin, end), chosen.jobs, chosen.plant)


def replay(seed: int, only: Sequence[str] | None, plant: str | None, is_quiet: bool) -> int:
    """One seed, told."""
    story: list[str] = []
    result = _simulate(plant, seed, only, story)
    if not is_quiet:
        print(*story, sep="\n")
    print(f"seed {seed}: {result.events} events in {result.seconds:.0f} s, digest {result.digest}")
    print("faults:", ",".join(result.faults) or "none")
    print(*(result.complaints or ("passed",)), sep="\n")
    return bool(result.complaints)


def search(seeds: range, jobs: int, plant: str | None = None) -> int:
    """Many seeds; the first few that fail are shrunk to the faults that they need."""
    begun = time.monotonic()
    failed: list[Result] = []
    fired: Counter[str] = Counter()
    count = 0
    for result in results(seeds, jobs, plant):
        count += 1
        fired += result.fired
        if result.complaints:
            failed.append(result)
            if len(failed) <= TOLD_MAX:
                print(f"seed {result.seed}: {result.complaints[0]}\n  {command(result, plant)}", flush=True)
    seconds = time.monotonic() - begun
    print(f"{fired.total():,} faults of {len(fired)} kinds in {seconds:.0f} s, {count / seconds:.0f} seeds/s on {jobs} cores")
    print(f"{count - len(failed)} passed, {len(failed)} failed")
    return bool(failed)


def command(result: Result, plant: str | None = None) -> str:
    """What replays a failed seed, with as few of its faults as still make it fail."""
    only = shrunk(list(plan(result.seed).faults), lambda faults: bool(_simulate(plant, result.seed, faults).complaints))
    return f"{COMMAND}{f' --plant {plant}' if plant else ''} --seed {result.seed} --only {','.join(only) or repr('')}"


def results(seeds: Sequence[int], jobs: int, plant: str | None = None) -> Iterator[Result]:
    """Of each seed in order, a few at a time on each core."""
    chunks = [seeds[begin : begin + CHUNK_SEEDS] for begin in range(0, len(seeds), CHUNK_SEEDS)]
    if jobs == 1 or len(chunks) == 1:
        yield from (_simulate(plant, seed) for seed in seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        for chunk in pool.map(partial(_chunk, plant), chunks):
            yield from chunk


def _chunk(plant: str | None, seeds: Sequence[int]) -> list[Result]:
    return [_simulate(plant, seed) for seed in seeds]


def _simulate(plant: str | None, seed: int, only: Collection[str] | None = None, story: list[str] | None = None) -> Result:
    chosen = next((each for each in PLANTS if each.name == plant), None)
    with planted(chosen) if chosen else nullcontext():
        return simulate(seed, only, story)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
