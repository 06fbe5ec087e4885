"""The rows of DESIGN.md's table of reliability that need no real sockets: each scene ends as its row demands, in virtual time.

That nothing is lost or twice in an index, and that nothing is deleted too early, the books see in every scene.
"""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import orjson
import pytest

from ingestd.service import END_SECONDS
from tests.sim.content import Version
from tests.sim.plan import Arrival, Plan
from tests.sim.process import Process
from tests.sim.scenes import Chosen, announced, objects, scene, whole
from tests.sim.wire import Refused
from tests.sim.world import Result, World, play

SOME = range(5)


@dataclass
class Watch:
    """What a scene's world was, and what the fake cluster was asked: (when, how many items, whether they were taken)."""

    world: World | None = None
    requests: list[tuple[float, int, bool]] = field(default_factory=list)

    def __call__(self, world: World) -> None:
        self.world = world
        bulk = world.bulk.bulk

        def seen(process: Process, pairs: Sequence[tuple[bytes, bytes]], size: int) -> object:
            answer = bulk(process, pairs, size)
            self.requests.append((world.now, len(pairs), answer.status == 200))
            return answer

        world.bulk.bulk = seen  # type: ignore[method-assign,assignment]

    @property
    def letters(self) -> dict[tuple[str, str], int]:
        """How many dead letters were written, by kind and reason."""
        counts: Counter[tuple[str, str]] = Counter()
        for (kind, reason, _, _), count in self.world.books.letters.items() if self.world else ():
            counts[kind, reason] += count
        return dict(counts)

    def taken(self, begin: float, end: float) -> int:
        """Documents that the cluster took in this time."""
        return sum(count for at, count, is_taken in self.requests if is_taken and begin <= at < end)


def passed(plan: Plan, begin: Callable[[World], None] = lambda world: None) -> Result:
    result = play(plan, begin=begin)
    assert result.complaints == ()
    return result


@pytest.mark.parametrize("seed", SOME)
def test_r05_a_storm_of_429_costs_few_requests_and_little_time(seed: int) -> None:
    """At most 1.3 times the requests that are needed after the first back-off; 30 s after the healing the rest is made up."""
    storm, healed, end = 40.0, 100.0, 140.0
    random = Random(seed)
    arrivals = [announced(random, at / 4, whole(random, 1, "os", at)) for at in range(int(end * 4))]
    watch = Watch()
    faults = {"bulk.busy": (storm, healed)}
    passed(scene(arrivals, seed=seed, faults=faults, until=healed, sink={"batch_seconds": 0.5}), watch)
    first_refusal = next(at for at, _, is_taken in watch.requests if not is_taken)
    later = [is_taken for at, _, is_taken in watch.requests if at > first_refusal + 1.0]
    assert len(later) <= 1.3 * sum(later)
    put = sum(line.kind == "document" for each in arrivals if each.at < healed + 30.0 for line in each.puts[0].lines)
    assert watch.taken(0.0, healed + 30.0) >= 0.9 * put


@pytest.mark.parametrize("seed", SOME)
def test_r06_only_records_that_failed_are_sent_again(seed: int) -> None:
    """Whatever share of a request's records fails, mixed with refusals of whole requests: each is taken exactly once."""
    random = Random(seed)
    arrivals = [announced(random, random.random() * 20, objects(random, 2, "fh", 2 * number)) for number in range(10)]
    faults: Chosen = {"firehose.item_failed": 1.7, "firehose.refused": 1.2}
    watch = Watch()
    result = passed(scene(arrivals, seed=seed, faults=faults, until=60.0), watch)
    assert watch.world is not None
    assert set(watch.world.books.arrived["firehose"].values()) == {1}
    assert result.fired["firehose.item_failed"] > 0


@pytest.mark.parametrize("seed", SOME)
def test_r07_mixed_answers_give_each_item_one_end(seed: int) -> None:
    """201, 409, 429, 503 and 400 in one answer, and answers lost after the request was applied: 0 lost, 0 duplicates."""
    random = Random(seed)
    found = [each for each in objects(random, 24, "os") if each.fate == "whole"]
    arrivals = [announced(random, number / 2, [each]) for number, each in enumerate(found)]
    faults = {"bulk.item_busy": 1.2, "bulk.item_failed": 1.2, "bulk.lost_answer": 1.3}
    watch = Watch()
    result = passed(scene(arrivals, seed=seed, faults=faults, until=60.0, sink={"timeout_seconds": 5.0}), watch)
    assert watch.world is not None
    assert set(watch.world.books.arrived["opensearch"].values()) == {1}
    read = sum(amount for name, amount in result.ends.items() if name.startswith("lines "))
    assert read == sum(len(each.lines) for each in found)
    assert all(result.ends[f"requests opensearch,{each}"] for each in ("throttled", "timeout", "answered"))


def test_r08_leases_outlive_a_sink_that_is_ten_times_slower() -> None:
    """A request takes twelve times as long as a lease; another service waits for the message all the while, in vain."""
    random = Random(8)
    arrivals = [announced(random, 0.0, whole(random, 3, "os"))]
    faults: Chosen = {"process.two": 0.5, "bulk.slow": (0.0, 5000.0)}
    plan = scene(
        arrivals,
        faults=faults,
        until=6000.0,
        queue={"visibility_seconds": 30},
        sink={"timeout_seconds": 600.0, "batch_count_max": 1},
    )
    result = passed(plan)
    assert result.seconds > 10 * 30
    assert result.ends["messages received"] == result.ends["messages deleted"] == 1


@pytest.mark.parametrize("seed", SOME)
def test_r08_who_loses_a_lease_stops_within_a_second(seed: int) -> None:
    """Two services are given the same messages over and over: none lost, and nothing is sent without a lease for long."""
    random = Random(seed)
    arrivals = [announced(random, number * 3, whole(random, 2, "os", 2 * number)) for number in range(6)]
    faults: Chosen = {"process.two": 0.5, "sqs.duplicate": 1.2, "bulk.busy": (5.0, 90.0)}
    watch = Holders()
    result = passed(scene(arrivals, seed=seed, faults=faults, until=120.0, queue={"visibility_seconds": 30}), watch)
    assert result.ends["messages lost"] > 0
    assert watch.longest <= 1.0


@dataclass
class Holders:
    """`longest`: for how long a process that had lost a message went on to send what is in it."""

    longest: float = 0.0
    _held_at: dict[tuple[Process, str], float] = field(default_factory=dict)

    def __call__(self, world: World) -> None:
        sending = world.books.sending

        def look() -> None:
            for process in world.running():
                for lease in process.service.consumer.leases._held.values() if process.service.consumer else ():
                    for key in world.sqs.messages[lease.message.id].objects:
                        self._held_at[process, key] = world.now
            world.loop.call_later(0.05, look)

        def seen(process: Process, sink: str, documents: Sequence[bytes]) -> object:
            for key in {world.books.key_of(document) for document in documents}:
                self.longest = max(self.longest, world.now - self._held_at[process, key])
            return sending(process, sink, documents)

        world.books.sending = seen  # type: ignore[method-assign,assignment]
        world.loop.call_soon(look)


@pytest.mark.parametrize("others", range(4))
@pytest.mark.parametrize("reason", ["no_such_key", "unknown_format", "truncated", "foreign_bucket"])
def test_r09_a_message_with_one_bad_object_waits_for_the_others(others: int, reason: str) -> None:
    """It is deleted when all have settled, and the bad one is dead-lettered once, by its reason."""
    random = Random(f"{others}/{reason}")
    puts = whole(random, others, "os")
    if reason == "foreign_bucket":
        arrival = _with_foreign_record(puts)
    else:
        bad = bad_object(random, reason, f"os/{others}")
        deletes = (bad.key,) if reason == "no_such_key" else ()
        arrival = replace(announced(random, 0.0, [*puts, bad]), deletes=deletes)
    watch = Watch()
    result = passed(scene([arrival]), watch)
    assert watch.letters == {("message" if reason == "foreign_bucket" else "object", reason): 1}
    assert result.ends["messages deleted"] == result.ends["messages received"] == 1


def bad_object(random: Random, reason: str, key: str) -> Version:
    """What is dead-lettered as a whole, and no line of it for itself."""
    if reason == "unknown_format":
        return Version(key, "alb", b"nothing known", (), "unknown")
    (sound,) = whole(random, 1, key.partition("/")[0], int(key.partition("/")[2]))
    body = gzip.compress(b"".join(line.raw + b"\n" for line in sound.lines), 1, mtime=0)
    return replace(sound, body=body[:-5], fate="truncated") if reason == "truncated" else sound


def _with_foreign_record(puts: Sequence[Version]) -> Arrival:
    places = [("logs", each.key) for each in puts] + [("foreign", "k")]
    records = [
        {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": bucket}, "object": {"key": key}}} for bucket, key in places
    ]
    body = orjson.dumps({"Records": records}).decode()
    return Arrival(0.0, tuple(puts), (), body, tuple(each.key for each in puts), ("foreign_bucket",))


@pytest.mark.parametrize("seed", SOME)
@pytest.mark.parametrize("silent", [[], ["bulk.down"], ["s3.down"], ["s3.down", "sqs.down"]], ids=", ".join)
def test_r10_a_service_that_is_told_to_stop_leaves_nothing_half(silent: list[str], seed: int) -> None:
    """Under load it has ended within 25 s, with time left for the process to end; what it delivered is deleted, and the rest
    can be seen by others at once, unless the queue itself cannot be told."""
    random = Random(seed)
    arrivals = [announced(random, number / 4, whole(random, 1, "os", number)) for number in range(160)]
    faults = {name: (15.0 if name == "bulk.down" else 19.0, 100.0) for name in silent}
    stopped: list[tuple[float, list[str]]] = []

    def begin(world: World) -> None:
        def stop() -> None:
            first = world.processes[0]
            first._main.add_done_callback(lambda _: stopped.append((world.now, _invisible(world))))
            first.tell_to_stop()

        world.loop.call_later(20.0, stop)

    passed(scene(arrivals, seed=seed, faults=faults, until=100.0), begin)
    ((at, invisible),) = stopped
    assert at <= 20.0 + 25.0 - END_SECONDS
    assert invisible == [] or "sqs.down" in silent


def _invisible(world: World) -> list[str]:
    return [each.id for each in world.sqs.messages.values() if not each.is_deleted and each.visible_at > world.now]


@pytest.mark.parametrize("seed", SOME)
def test_r11_an_object_is_whole_or_it_is_not_there(seed: int) -> None:
    """Bodies are cut anywhere, objects are replaced while they are read, gzip ends early: each is read in the end as it is."""
    random = Random(seed)
    puts = whole(random, 8, "os")
    arrivals = [announced(random, number, [each]) for number, each in enumerate(puts)]
    arrivals += [announced(random, number + random.random() * 3, [again(random, each)]) for number, each in enumerate(puts)]
    truncated = [bad_object(random, "truncated", f"os/{number}") for number in range(20, 24)]
    arrivals += [announced(random, 3.0, [each]) for each in truncated]
    watch = Watch()
    faults: Chosen = {"s3.cut": 1.5, "s3.slow": (0.0, 40.0)}
    result = passed(scene(arrivals, seed=seed, faults=faults, until=60.0), watch)
    assert result.fired["s3.cut"] > 5
    assert watch.letters == {("object", "truncated"): 4}


def again(random: Random, found: Version) -> Version:
    """Another object under the same key."""
    (other,) = whole(random, 1, "os", 100 + int(found.key.partition("/")[2]))
    return replace(other, key=found.key)


@pytest.mark.parametrize(
    ("refusal", "outcome", "requests_max"),
    [
        ((403, "AccessDenied"), "access_denied", 4),
        ((400, "ExpiredToken"), "credentials", 4),
        ((503, "SlowDown"), "throttled", 18),
        ((404, "NoSuchKey"), "no_such_key", 1),
    ],
)
def test_r16_what_s3_refuses_is_kept_but_for_what_is_gone(refusal: tuple[int, str], outcome: str, requests_max: int) -> None:
    """For three minutes every GET is refused: what may pass is seen, asked for seldom, and delivered when it has passed."""
    random = Random(16)
    (put,) = whole(random, 1, "os")
    watch = Watch()
    asked: list[float] = []

    def begin(world: World) -> None:
        watch(world)
        get = world.s3.get

        def refused(request: Mapping[str, Any]) -> dict[str, Any]:
            asked.append(world.now)
            if world.now < 180.0:
                raise Refused(*refusal)
            return get(request)

        world.s3.get = refused  # type: ignore[method-assign]

    arrival = announced(random, 0.0, [put])
    arrival = replace(arrival, deletes=(put.key,)) if outcome == "no_such_key" else arrival
    result = passed(scene([arrival]), begin)
    assert len([at for at in asked if at < 180.0]) <= requests_max
    assert result.ends[f"objects {outcome}"] >= 1
    is_gone = outcome == "no_such_key"
    assert watch.letters == ({("object", outcome): 1} if is_gone else {})
    assert result.ends["objects read"] == (0 if is_gone else 1)
