"""Real processes under load with all that can go wrong, for as long as one likes: `make soak`, or python -m tests.soak.

Two processes share the queue: one lives through all of it, the other is killed or stopped now and then. Each call may be
refused, lost, applied without an answer, or never end; bodies are cut, messages come twice, deletions do not last, objects are
truncated or missing, documents refused; and now and then all of S3, SQS or the sink is ill for seconds. At the end everything
is well, the queue must become empty, and want == got. Writes soak.png, soak.json and the logs into the
report folder; exits with 1 if a rule is broken.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

import aiohttp

from ingestd.core.announcement import announcement
from ingestd.fastpath.parser import unavailable
from tests.fakes.faulty_proxy import faulty_proxy
from tests.soak.books import BUCKET, Books
from tests.soak.corpus import Template, templates
from tests.soak.dice import Dice
from tests.soak.outside import Outside
from tests.soak.plot import Account, draw
from tests.soak.queue import Queued, SoakQueue
from tests.soak.services import Watched, deaths, environment, free_port
from tests.soak.watch import MIB, Sample, slope_mib
from tests.soak.weather import Episode, storms

__all__ = ["soak"]

BACKLOG_MESSAGES = 200
PUT_SECONDS = 0.1
REST_SECONDS = 300.0
WARM_SHARE = 0.2  # of the run: until then memory may grow, by caches and by what was first needed
MISSING_ONE_IN, POISON_ONE_IN = 60, 80


class Putter:
    """Puts objects and their messages, at most so many lines a second, and not more than a backlog of them."""

    def __init__(
        self, books: Books, queue: SoakQueue, random: Random, objects: Sequence[Template], lines_per_second: float
    ) -> None:
        self._books = books
        self._queue = queue
        self._random = random
        self._rate = lines_per_second
        self._templates = objects
        self._number = 0

    async def run(self) -> None:
        """Until cancelled."""
        began = monotonic()
        while True:
            while len(self._queue) < BACKLOG_MESSAGES and self._books.put < (monotonic() - began + 1) * self._rate:
                self._put()
            await asyncio.sleep(PUT_SECONDS)

    def _put(self) -> None:
        if self._random.randrange(POISON_ONE_IN) == 0:
            self._queue.send("no notice at all", (), is_poison=True)
            return
        template: Template | None = self._random.choice(self._templates)
        if self._random.randrange(MISSING_ONE_IN) == 0:
            template = None
        self._number += 1
        key = f"soak/{self._number}.log.gz"
        self._books.object_put(key, template)
        self._queue.send(announcement(BUCKET, key), (key,))


async def soak(seconds: float, lines_per_second: float, seed: int, report: Path) -> dict[str, Any]:
    """Run it; what came of it."""
    random, books = Random(seed), Books()
    objects = templates(random)
    dice = Dice(Random(random.random()))

    def deleted(message: Queued) -> None:
        books.message_deleted(message.id, message.keys, is_poison=message.is_poison)

    queue = SoakQueue(Random(random.random()), dice, deleted)
    accounts: list[Account] = []
    episodes: list[Episode] = []
    deaths_by_kind: Counter[str] = Counter()
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(Outside(books, queue, dice).serving())
        proxies = {name: await stack.enter_async_context(faulty_proxy(port)) for name in ("S3", "SQS", "bulk")}
        urls = {name: proxy.url for name, proxy in proxies.items()}
        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)))
        began = monotonic()
        services: dict[str, Watched] = {}
        for name in ("lives on", "dies now and then"):
            http_port = free_port()
            services[name] = Watched(report / name.replace(" ", "-"), environment(urls, http_port), http_port, began)
            stack.callback(services[name].close)
        immortal, mortal = services.values()
        async with running(*(each.watch(session) for each in services.values()), keep_account(books, began, accounts)):
            await immortal.ready()
            first, last = monotonic() - began, monotonic() - began + seconds
            async with running(
                Putter(books, queue, Random(random.random()), objects, lines_per_second).run(),
                storms(proxies, Random(random.random()), began, episodes),
                deaths(mortal, Random(random.random()), deaths_by_kind),
            ):
                while monotonic() - began < last:
                    await asyncio.sleep(1.0)
                    assert immortal.service.is_running, immortal.service.log.read_text()[-2000:]
            dice.rest()
            came_to_rest = await at_rest(queue)
            await asyncio.sleep(3.0)  # one more look, at nothing under way
        codes = [await asyncio.to_thread(each.service.stop) for each in services.values()]
    complaints = books.close()
    complaints += [] if came_to_rest else [f"the queue does not become empty: {len(queue)} messages are left"]
    complaints += [f"a process ended with {code}" for code in codes if code]
    complaints += unbalanced(services)
    result = {
        "verdict": "broken" if complaints else "want == got",
        "complaints": complaints,
        "seconds": seconds,
        "seed": seed,
        "lines": {"put": books.put, "came_to_rest": books.settled, "per_second": round(books.put / seconds)},
        "ends": dict(books.ends),
        "faults_felt": dict(sorted(dice.fired.items())),
        "network_ills": dict(Counter(f"{each.service} {each.ill}" for each in episodes)),
        "deaths": dict(deaths_by_kind),
        "the_process_that_lives_on": figures(immortal.lives[0], first + seconds * WARM_SHARE, last),
    }
    write(report, result, accounts, services, episodes)
    return result


def write(
    report: Path, result: dict[str, Any], accounts: list[Account], services: dict[str, Watched], episodes: list[Episode]
) -> None:
    """The figures and the picture."""
    (report / "soak.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    lines = result["lines"]
    title = f"{result['seconds'] / 60:.0f} minutes, {lines['put']:,} lines put, {lines['came_to_rest']:,} came to rest"
    draw(report / "soak.png", f"{title}: {result['verdict']}", accounts, services, episodes)


@asynccontextmanager
async def running(*loops: Any) -> AsyncIterator[None]:
    """Beside the body; a fault in one ends all, and behind the body they are cancelled."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(loop) for loop in loops]
        yield
        for task in tasks:
            task.cancel()


async def keep_account(books: Books, began: float, accounts: list[Account]) -> None:
    while True:
        accounts.append((monotonic() - began, books.put, books.settled))
        await asyncio.sleep(1.0)


async def at_rest(queue: SoakQueue) -> bool:
    """Whether the queue becomes empty."""
    with suppress(TimeoutError):
        async with asyncio.timeout(REST_SECONDS):
            while len(queue):  # noqa: ASYNC110 - it is no matter of milliseconds
                await asyncio.sleep(0.2)
    return not len(queue)


def unbalanced(services: dict[str, Watched]) -> list[str]:
    """The law of conservation, by the service's own counters: at rest each line that was read has had one end."""
    found = []
    for name, watched in services.items():
        last = next((each for each in reversed(watched.lives[-1]) if each.lines_read is not None), None)
        if last is None or last.lines_read != last.lines_rested:
            found.append(f"the process that {name} read {last and last.lines_read} lines, {last and last.lines_rested} ended")
    return found


def figures(life: Sequence[Sample], warm_at: float, last: float) -> dict[str, Any]:
    """Memory, descriptors and tasks of a process: at most, and at the end, when it has nothing to do."""
    slope = slope_mib([each for each in life if warm_at <= each.at <= last])
    return {
        "memory_mib": {
            "most": round(max(each.resident_bytes for each in life) / MIB, 1),
            "last": round(life[-1].resident_bytes / MIB, 1),
            "slope_in_10_minutes": None if slope is None else round(slope, 2),
        },
        "descriptors": {"most": max(each.descriptors for each in life), "last": life[-1].descriptors},
        "tasks": {"most": max(each.tasks or 0 for each in life), "last": life[-1].tasks},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1800.0)
    parser.add_argument("--lines-per-second", type=float, default=8000.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, default=Path("report"))
    options = parser.parse_args()
    unavailable()  # compiles the kernel, if that has not been done: it takes longer than a short soak
    shutil.rmtree(options.report, ignore_errors=True)
    result = asyncio.run(soak(options.seconds, options.lines_per_second, options.seed, options.report))
    print(json.dumps(result, indent=1))
    sys.exit(1 if result["complaints"] else 0)


if __name__ == "__main__":
    main()
