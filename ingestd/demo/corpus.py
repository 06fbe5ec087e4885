"""What is put: a day of ALB and CloudFront logs and of events of CloudWatch log groups, as AWS lays them out, and three objects
that hold no log to count.

The corpus knows its own truth, and from the bytes alone: where each log line begins in the decoded object, or, of an event, the
number that its id ends with, and how many lines are none (headers, comments, blanks, envelopes without events). Against that
the demo closes its books; the service is not asked.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from random import Random
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ingestd.demo.environment import ACCOUNT, REGION
from ingestd.formats.registry import formats
from ingestd.formats.table import Table
from ingestd.generate import lines as generated
from ingestd.generate_events import control_message, envelopes

__all__ = ["Corpus", "Entry", "LogObject", "Role"]

Role = Literal["log", "poison", "control", "empty"]

ALB_SHARE = 0.6
EVENTS_SHARE = 0.03  # of which each is read slowly
CARRIED = ("apigateway", "apigateway_execution", "lambda_logs")
OBJECT_LINES_MAX = 5000  # 3.5 MB of ALB log: what a busy balancer's node writes in its five minutes
OBJECTS_MIN = 4  # of each format, as far as there are lines
MEMBERS_MAX = 4
POISON_LINES = 200
SECONDS_A_DAY = 86400


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """What the books say of one object. `offsets`: where its log lines begin, or its events' numbers; `skipped`: how many lines
    are no log lines. `ids`: of events, all of them by number."""

    key: str
    role: Role
    offsets: NDArray[np.int64]
    skipped: int = 0
    decoded_bytes: int = 0
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class LogObject:
    """An object as it is put, and its entry."""

    entry: Entry
    body: bytes


@dataclass(frozen=True, slots=True)
class Corpus:
    """`lines` log lines and a few that are none, over all formats; the same objects for the same seed and day."""

    lines: int
    seed: int
    day: date

    def objects(self) -> Iterator[LogObject]:
        """The objects in the order in which they are put; each is made when it is asked for."""
        random = Random(self.seed)  # noqa: S311 - repeatable by design, no secret
        alb, events = round(self.lines * ALB_SHARE), round(self.lines * EVENTS_SHARE)
        yield _without_log(f"AWSLogs/{ACCOUNT}/ELBAccessLogTestFile", "control", b"Enable AccessLog for ELB: front-1\n")
        yield from self._of_format("alb", alb, random)
        yield self._poison(random)
        yield _without_log(_key("alb", self._at(1.0), random), "empty", b"")
        yield from self._of_format("cloudfront", self.lines - alb - events, random)
        for number, name in enumerate(CARRIED):
            count = events * (number + 1) // len(CARRIED) - events * number // len(CARRIED)
            if count:
                yield self._of_group(name, count, number)

    def _of_format(self, name: str, count: int, random: Random) -> Iterator[LogObject]:
        table = formats()[name]
        source = generated(table, count, self.seed, day=self.day)
        for first, last in _cuts(count, random):
            preamble = [line.encode() for line in table.preamble]
            entry, decoded = _lay_out(
                table, _key(name, self._at(first / count), random), "log", [*preamble, *islice(source, last - first)]
            )
            yield LogObject(entry, _gzipped(decoded, random.randint(2, MEMBERS_MAX) if name == "alb" else 1))

    def _of_group(self, name: str, count: int, number: int) -> LogObject:
        """Envelopes of a log group, as Firehose writes them to S3: each compressed by CloudWatch Logs, and all once more."""
        own = self.seed * len(CARRIED) + number  # another corpus' events are others
        made = list(envelopes(formats()[name], count, self.seed, day=self.day, number=own))
        texts = [line for envelope in made for line in envelope.lines]
        is_log = np.array([bool(line.strip(b" \t\r")) for line in texts], np.bool_)
        records = [control_message(), *(envelope.data for envelope in made)]
        at = self._at(0.5)
        entry = Entry(
            f"log groups/{name}/{at:%Y/%m/%d/%H}/to-s3-1-{at:%Y-%m-%d-%H-%M-%S}-{self.seed:08x}.gz",
            "log",
            np.flatnonzero(is_log).astype(np.int64),
            int((~is_log).sum()) + 1,
            sum(map(len, records)),
            tuple(name for envelope in made for name in envelope.ids),
        )
        return LogObject(entry, _gzipped(b"".join(_gzipped(record, 1) for record in records), 1))

    def _poison(self, random: Random) -> LogObject:
        """An object that lost its end on the way, in the middle of a gzip member."""
        table = formats()["alb"]
        source = generated(table, POISON_LINES, self.seed + 1, strange=0.0, day=self.day)
        entry, decoded = _lay_out(table, _key("alb", self._at(0.0), random), "poison", list(source))
        body = _gzipped(decoded, members=1)
        return LogObject(entry, body[: len(body) * 2 // 3])

    def _at(self, part: float) -> datetime:
        midnight = datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC)
        return midnight + timedelta(seconds=int(part * (SECONDS_A_DAY - 1)))


def _without_log(key: str, role: Role, body: bytes) -> LogObject:
    return LogObject(Entry(key, role, np.empty(0, np.int64), decoded_bytes=len(body)), body)


def _lay_out(table: Table, key: str, role: Role, lines: list[bytes]) -> tuple[Entry, bytes]:
    """The object's entry and its decoded bytes. Blank lines and comments are no log lines, in every format."""
    comments = tuple(comment.encode() for comment in table.comments)
    lengths = np.array([len(line) + 1 for line in lines], np.int64)
    is_log = np.array([bool(line.strip(b" \t\r")) and not line.startswith(comments) for line in lines], np.bool_)
    offsets = np.cumsum(lengths) - lengths
    entry = Entry(key, role, offsets[is_log], int((~is_log).sum()), int(lengths.sum()))
    return entry, b"".join(line + b"\n" for line in lines)


def _cuts(count: int, random: Random) -> Iterator[tuple[int, int]]:
    """Runs of lines, one an object, of uneven sizes."""
    most = max(min(OBJECT_LINES_MAX, count // OBJECTS_MIN), 1)
    first = 0
    while first < count:
        last = min(first + random.randint((most + 1) // 2, most), count)
        yield first, last
        first = last


def _gzipped(decoded: bytes, members: int) -> bytes:
    """Gzip in members that end anywhere, mid-line included, as load balancers write it."""
    size = -(-len(decoded) // members) or 1
    pieces = [decoded[at : at + size] for at in range(0, len(decoded), size)]
    return b"".join(gzip.compress(piece, compresslevel=1, mtime=0) for piece in pieces)


def _key(name: str, at: datetime, random: Random) -> str:
    """A key as AWS writes it. The prefix with a space is the user's own: notices encode it, and a service must decode it."""
    unique = random.getrandbits(32)
    if name == "cloudfront":
        return f"edge logs/E2EXAMPLE1DEMO.{at:%Y-%m-%d-%H}.{unique:08x}.gz"
    folder = f"AWSLogs/{ACCOUNT}/elasticloadbalancing/{REGION}/{at:%Y/%m/%d}"
    node = f"{ACCOUNT}_elasticloadbalancing_{REGION}_app.front-1.50dc6c495c0c9181"
    return f"{folder}/{node}_{at:%Y%m%dT%H%MZ}_10.0.{unique % 4}.{unique % 250}_{unique:08x}.log.gz"
