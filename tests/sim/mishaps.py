"""What befalls processes from outside of their calls: told to stop, killed, frozen, their clock set."""

from __future__ import annotations

from heapq import heappop, heappush
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sim.process import Process
    from tests.sim.world import World

__all__ = ["Mishaps"]

LOOK_SECONDS = 5.0
STEPS = (100, 1000)  # between two mishaps of the kind that comes between any two steps: the mean, as a seed has it
FROZEN_SECONDS = (3.0, 40.0, 200.0)
CLOCK_SECONDS = (-86_400.0 * 30, -3600.0, 0.5, 86_400.0 * 30)


class Mishaps:
    """`clock_seconds`: how wrong the clock on the wall is."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._random = Random(f"{world.plan.seed}/mishaps")
        self._steps: list[tuple[int, str, Random, int]] = []
        self.clock_seconds = 0.0

    def begin(self) -> None:
        """From now on."""
        if self._world.faults.has("process.stop", "process.clock"):
            self._world.loop.call_later(LOOK_SECONDS, self._look)
        for name in ("process.dies", "process.frozen"):
            if (random := self._world.faults.random(name)) is not None:
                self._after_steps(name, random, random.choice(STEPS))
        self._world.loop.interrupt = self._interrupt

    def _look(self) -> None:
        faults, now = self._world.faults, self._world.now
        running = [process for process in self._world.running() if process.stopping_at is None]
        if running and self._world.may_lose_one and faults.hits("process.stop", now):
            self._random.choice(running).tell_to_stop()
        if faults.hits("process.clock", now):
            self.clock_seconds += self._random.choice(CLOCK_SECONDS)
        if now < faults.until:
            self._world.loop.call_later(LOOK_SECONDS, self._look)

    def _after_steps(self, name: str, random: Random, mean: int) -> None:
        step = self._world.loop.steps + 1 + int(random.expovariate(1 / mean))
        heappush(self._steps, (step, name, random, mean))
        self._world.loop.interrupt_at = self._steps[0][0]

    def _interrupt(self) -> None:
        """Between two steps of the loop."""
        while self._steps and self._steps[0][0] <= self._world.loop.steps:
            _, name, random, mean = heappop(self._steps)
            if self._world.now < self._world.faults.until:
                if running := self._world.running():
                    self._befall(name, random, random.choice(running))
                self._after_steps(name, random, mean)
        self._world.loop.interrupt_at = self._steps[0][0] if self._steps else None

    def _befall(self, name: str, random: Random, process: Process) -> None:
        if name == "process.dies" and self._world.may_lose_one:
            process.crash()
        elif name == "process.frozen" and not any(each.frozen_at is not None for each in self._world.processes):
            process.freeze(random.choice(FROZEN_SECONDS) * random.random())
        else:
            return
        self._world.faults.happened(name)
