"""`python -m tests.sim --seed N` replays one seed; `--seeds 0:10000` runs many, on all cores, and shrinks what fails."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from os import sched_getaffinity

from tests.sim.plan import plan
from tests.sim.world import Result, simulate

CHUNK_SEEDS = 25


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--seed", type=int, help="one seed, and what happened in it")
    parser.add_argument("--only", help="only these of its faults, with commas; empty for none")
    parser.add_argument("--quiet", action="store_true", help="not what happened")
    parser.add_argument("--seeds", default="0:1000", help="BEGIN:END")
    parser.add_argument("--jobs", type=int, default=len(sched_getaffinity(0)))
    chosen = parser.parse_args(arguments)
    if chosen.seed is not None:
        return replay(chosen.seed, None if chosen.only is None else chosen.only.split(","), chosen.quiet)
    begin, end = (int(number) for number in chosen.seeds.split(":"))
    return search(range(begin, end), chosen.jobs)


def replay(seed: int, only: Sequence[str] | None, is_quiet: bool) -> int:
    """One seed, told."""
    story: list[str] = []
    result = simulate(seed, only, story)
    if not is_quiet:
        print(*story, sep="\n")
    print(f"seed {seed}: {result.events} events in {result.seconds:.0f} s, digest {result.digest}")
    print("faults:", ",".join(result.faults) or "none")
    print(*(result.complaints or ("passed",)), sep="\n")
    return bool(result.complaints)


def search(seeds: range, jobs: int) -> int:
    """Many seeds; the first few that fail are shrunk to the faults that they need."""
    begun = time.monotonic()
    failed: list[Result] = []
    for results in _run(seeds, jobs):
        failed += [result for result in results if result.complaints]
    seconds = time.monotonic() - begun
    for result in failed[:5]:
        only = shrink(result)
        print(f"seed {result.seed}: {result.complaints[0]}")
        print(f"  python -m tests.sim --seed {result.seed} --only {','.join(only) or chr(39) * 2}")
    print(f"{len(seeds)} seeds, {len(failed)} failed, {seconds:.0f} s, {len(seeds) / seconds:.0f} seeds/s on {jobs} cores")
    return bool(failed)


def shrink(result: Result) -> list[str]:
    """As few of a failed seed's faults as still make it fail, the way or another."""
    kept = list(plan(result.seed).faults)
    for fault in tuple(kept):
        fewer = [name for name in kept if name != fault]
        if simulate(result.seed, fewer).complaints:
            kept = fewer
    return kept


def _run(seeds: range, jobs: int) -> Iterator[list[Result]]:
    chunks = [seeds[begin : begin + CHUNK_SEEDS] for begin in range(0, len(seeds), CHUNK_SEEDS)]
    if jobs == 1:
        yield from map(_chunk, chunks)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(_chunk, chunks)


def _chunk(seeds: range) -> list[Result]:
    return [simulate(seed) for seed in seeds]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
