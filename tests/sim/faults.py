"""The ways in which the outside goes wrong, and which of them a seed has armed, how often, and when.

A fault is a point in the fakes that asks `hits` (now and then) or `holds` (for a while). Each has randomness of its own, so
that leaving one out disturbs the others little, and none outlives `until`: after it the run must come to rest.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from random import Random

__all__ = ["FAULTS", "Faults", "armed"]

SERVICES = ("sqs", "s3", "put", "bulk", "firehose")
FAULTS: Mapping[str, str] = {
    **{f"{service}.refused": "a call is answered by an error of the service" for service in SERVICES},
    **{f"{service}.lost_request": "a call never arrives" for service in SERVICES},
    **{f"{service}.lost_answer": "a call is applied, its answer is lost" for service in SERVICES},
    **{f"{service}.late": "a call arrives after the caller has given up" for service in SERVICES},
    **{f"{service}.strange": "a 200 that is not the service's own answer" for service in ("sqs", "bulk", "firehose")},
    **{f"{service}.slow": "for a while: answers take seconds" for service in SERVICES},
    **{f"{service}.down": "for a while: nothing arrives" for service in SERVICES},
    **{f"{service}.denied": "for a while: the credentials are not good" for service in SERVICES},
    "sqs.duplicate": "a message is received again while it is invisible",
    "sqs.back": "a deleted message comes back",
    "sqs.stale_deletes": "deletion with an older receipt does delete",
    "sqs.item_failed": "entries of a batch call fail",
    "sqs.limit": "for a while: a message's time is up soon, as it is after twelve hours in truth",
    "s3.cut": "a body ends early",
    "s3.stall": "a body stops for ever",
    "s3.damaged": "a body does not have the checksum that was sent with it",
    "s3.replaced": "an object is replaced, also while it is read",
    "bulk.item_busy": "items fail with 429",
    "bulk.item_failed": "items fail with 503 or 500",
    "bulk.busy": "for a while: 429 to everything",
    "bulk.blocked": "for a while: an index is read-only",
    "bulk.small": "for a while: requests above some size are too large",
    "firehose.item_failed": "records fail, none to all",
    "firehose.busy": "for a while: ServiceUnavailableException",
    "firehose.small": "for a while: requests above some size are too large",
    "worker.slow": "workers take their time",
    "worker.failed": "a worker runs out of memory",
    "worker.cancelled": "a worker's call is cancelled by its pool",
    "process.crash": "the process dies as a call arrives, is done, or is answered",
    "process.dies": "the process dies between any two steps of its tasks",
    "process.frozen": "the process stands still for a while, perhaps for longer than its leases",
    "process.clock": "the clock on the wall is set, by seconds or by days",
    "process.stop": "the process is told to stop, and another starts",
    "process.two": "two processes share the queue",
}
WHILES = ("slow", "down", "denied", "busy", "blocked", "small", "replaced", "two", "limit")
SHARE_ARMED = 0.22  # of all faults: a swarm of few at a time finds what all at once would hide
RATES = (0.01, 0.05, 0.2, 0.5)
WHILE_SECONDS = (3.0, 15.0, 60.0, 150.0)


def armed(random: Random) -> dict[str, float]:
    """The faults of one seed, each with a number in [0, 1) from which its rate or its times are made."""
    share = random.choice((0.0, SHARE_ARMED / 3, SHARE_ARMED, SHARE_ARMED, SHARE_ARMED * 2))
    return {name: random.random() for name in FAULTS if random.random() < share}


class Faults:
    """What is armed, and how often it has made itself felt (`fired`)."""

    def __init__(self, seed: int, chosen: Mapping[str, float | Sequence[float]], until: float) -> None:
        """`chosen`: as `armed` gives them, or the share of times it hits, from 1 on, or the moments when it begins, ends, …"""
        self.until = until
        self.names: Collection[str] = tuple(chosen)
        self.fired: Counter[str] = Counter()
        self._felt_at: dict[str, float] = {}
        self._rates: dict[str, tuple[Random, float]] = {}
        self._whiles: dict[str, list[float]] = {}
        for name, number in chosen.items():
            random = Random(f"{seed}/{name}")
            if not isinstance(number, float):
                self._whiles[name] = list(number)
            elif number >= 1:
                self._rates[name] = (random, number - 1)
            elif name.partition(".")[2] in WHILES:
                self._whiles[name] = _changes(random, WHILE_SECONDS[int(number * len(WHILE_SECONDS))], until)
            else:
                self._rates[name] = (random, RATES[int(number * len(RATES))])

    def has(self, *names: str) -> bool:
        """Whether any of these (or of this service, by `sqs.`) is armed at all."""
        return any(name.startswith(prefix) for prefix in names for name in self.names)

    def hits(self, name: str, now: float) -> bool:
        """Whether it happens this time."""
        if name not in self._rates or now >= self.until:
            return False
        random, rate = self._rates[name]
        return self._seen(name, random.random() < rate, now)

    def holds(self, name: str, now: float) -> bool:
        """Whether it is so at the moment."""
        return name in self._whiles and self._seen(name, bool(bisect_right(self._whiles[name], now) % 2), now)

    def was_felt(self, service: str, since: float) -> bool:
        """Whether any fault of this service was."""
        return self._felt_at.get(service, -1.0) >= since

    def random(self, name: str) -> Random | None:
        """The randomness of a fault that decides for itself when it happens, and calls `happened`; None if it is not armed."""
        return self._rates[name][0] if name in self._rates else None

    def happened(self, name: str) -> None:
        """It did."""
        self.fired[name] += 1

    def _seen(self, name: str, is_so: bool, now: float) -> bool:
        if is_so:
            self.fired[name] += 1
            self._felt_at[name.partition(".")[0]] = now
        return is_so

    def share(self, name: str) -> float:
        """A random share in [0, 1], for a fault that has just been found to hit."""
        random, _ = self._rates[name]
        return random.choice((0.0, 1.0, random.random(), random.random()))

    def pick(self, name: str, count: int) -> int:
        """One of so many forms of a fault that has just hit."""
        random, _ = self._rates[name]
        return random.randrange(count)


def _changes(random: Random, seconds: float, until: float) -> list[float]:
    """Ascending moments: it begins, ends, begins, … and has ended at `until`."""
    changes: list[float] = []
    now = random.random() * seconds * 2
    while now < until:
        changes += [now, min(now + seconds * (0.2 + random.random()), until)]
        now = changes[-1] + seconds * (0.5 + 3 * random.random())
    return changes
