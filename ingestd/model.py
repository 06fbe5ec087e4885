"""The types on the edges between stages (DESIGN.md section 1). Frozen; each names one thing that travels.

Units: bytes unless a name says otherwise; offsets count bytes of the decoded object from 0; times are epoch seconds, UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "PAD",
    "Again",
    "Batch",
    "BatchLimits",
    "Block",
    "Call",
    "Carrier",
    "DeadLetter",
    "Depth",
    "Documents",
    "Events",
    "Facts",
    "Framing",
    "Ignored",
    "Message",
    "Notice",
    "ObjectRef",
    "Outcome",
    "Part",
    "Period",
    "Place",
    "RecordOrigin",
    "Refusal",
    "Reject",
    "Run",
    "Source",
    "Spot",
    "Verdict",
    "Way",
]

PAD = 64  # bytes behind a block's last line that a vector load may read (and nothing reads for meaning)

Facts = tuple[tuple[str, str | int], ...]  # what Firehose says of a record that it could not deliver, by name
Spot = tuple[int, str]  # where a line is in its object: its offset, and its event's id if it is one; else an empty string
Period = Literal["daily", "weekly", "monthly", "none"]


@dataclass(frozen=True, slots=True)
class Message:
    """One SQS message as received. `receipt` is the handle of this very receipt; an older one deletes nothing."""

    id: str
    receipt: str
    body: str
    receive_count: int = 1
    sent_at: float = 0.0


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """An S3 object that a notice names. The key is as S3 has it (decoded); `etag` has no quotes."""

    bucket: str
    key: str
    version_id: str | None = None
    etag: str | None = None
    size: int | None = None
    region: str | None = None
    owner: str | None = None
    event_at: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """Records that their sender brings itself and waits to be answered for: what a message and its objects are together.

    `id` is the sender's, and the same whenever it tries again; `stream` the name of the stream that it puts them on, `arn` the
    whole of that where it says so. `at`: when it says that it began. `parameters` go with each of the records.
    """

    id: str
    stream: str
    records: tuple[bytes, ...]
    at: float
    arn: str = ""
    parameters: tuple[tuple[str, str], ...] = ()

    @property
    def bytes(self) -> int:
        return sum(map(len, self.records))


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Records [first, last) of a call that are read in one piece, as an object would be: a compressed one alone, or the
    text of several of one format, each ended by a newline. With an `offset` it is one line of them, which was there.

    `etag`: what names it, where its own bytes do not: of a line or document that is read from its dead letter."""

    call: Call
    first: int
    last: int
    data: bytes
    offset: int = 0
    etag: str = ""

    def __len__(self) -> int:
        return self.last - self.first

    @property
    def event_at(self) -> float:
        return self.call.at


@dataclass(frozen=True, slots=True)
class Depth:
    """What a queue holds, by its own estimate: `waiting`, and `in_flight` with all who receive from it."""

    waiting: int
    in_flight: int

    @property
    def messages(self) -> int:
        return self.waiting + self.in_flight


@dataclass(frozen=True, slots=True)
class Ignored:
    """A record in a notice that is not read, and the reason.

    In `Notice.ignored` it needs no reading: test_event, deleted, other_event, folder, control_object. In `Notice.refused` it
    cannot be believed: bad_record, foreign_bucket, foreign_owner.
    """

    reason: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a message body says: objects to read and records that need none. Both empty is impossible.

    `refused` are records that are to be dead-lettered (with the message's body) while the others are read: one bad record does
    not cost the good ones. A message with nothing but refused records is Poison and no Notice. `again` and `kept` are a
    redrive's: objects to read once more, and dead letters that stay dead.
    """

    objects: tuple[ObjectRef, ...]
    ignored: tuple[Ignored, ...] = ()
    refused: tuple[Ignored, ...] = ()
    again: tuple[Again, ...] = ()
    kept: tuple[DeadLetter, ...] = ()


@dataclass(frozen=True, slots=True)
class Carrier:
    """The log group and stream from which CloudWatch Logs has sent events in an envelope, and the filters that chose them."""

    group: str
    stream: str
    filters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordOrigin:
    """What a document says of the call that its line came in; `record` is the first of those that were read in one piece."""

    stream: str
    arn: str
    request_id: str
    record: int
    parameters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Where an object's lines come from, as known once S3 has answered; part of every document made of it.

    `etag` and `modified_at` are S3's answer to the GET, not the notice's word: they are the same for each delivery of the same
    bytes, by event, backfill or redrive, and so ids and indices are too. `carrier` is of lines that came in an envelope,
    `failure` of those in a record that Firehose could not deliver.

    Lines that came in a call have a `record`; then there is no bucket, `key` is the stream, `etag` names record and content,
    and `modified_at` is the call's own time.
    """

    bucket: str
    key: str
    etag: str
    modified_at: float
    region: str | None = None
    account: str | None = None
    record: RecordOrigin | None = None
    carrier: Carrier | None = None
    failure: Facts = ()

    @property
    def has_events(self) -> bool:
        """Whether its lines are events, which have ids of their own."""
        return self.carrier is not None or bool(self.failure)


@dataclass(frozen=True, slots=True)
class Framing:
    """How a sink wants documents encoded, for one dataset.

    `action`: a bulk action line (`create`, `_index`, `_id`) before each document; the index is `index` and the event's own
    date by `period`, or `outlier_index` when that date is more than `days_past` before or `days_ahead` after the object's
    last modification (never the wall clock: a redelivery must choose the same index). `id_field`: the id also stands in the
    document as `event.id`, for sinks that have no id of their own.
    """

    dataset: str
    action: bool
    id_field: bool = False
    index: str = ""
    period: Period = "daily"
    outlier_index: str = ""
    days_past: int = 400
    days_ahead: int = 2
    original: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """Where documents of one format go that are encoded alike: `sinks` by name, each of which wants them by `framing`.

    Lines that go several ways count in one of them, where `counted_by` names the sink whose answers are their outcomes; in the
    others it is empty.
    """

    format: str
    framing: Framing
    sinks: tuple[str, ...]
    counted_by: str = ""


@dataclass(frozen=True, slots=True)
class Events:
    """What the lines of a block are, one by one, where each is an event that has an id and a time of its own.

    Line i ends at `ends[i]` of the block's data, where the next begins; it may hold newlines. `ids[i]` is its document's id,
    letters, digits, `_` and `-`, and the same whenever the event comes; `times_ms[i]` its time since 1970, in milliseconds.
    """

    ends: tuple[int, ...]
    ids: tuple[str, ...]
    times_ms: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of a decoded object: `data[:size]`, each line ended by a newline, then at least PAD bytes of room.

    `offset` is where the block begins in the decoded object. The buffer belongs to the reader again once parsing returns.
    With `events` the lines are these, without newlines between them, and `offset` is that of the envelope that held them all.
    `joints` are the places of newlines that the object itself has not, in their order: no offset counts them.
    """

    data: bytearray | memoryview
    size: int
    offset: int
    events: Events | None = None
    joints: tuple[int, ...] = ()

    @classmethod
    def of_events(cls, texts: Iterable[bytes], ids: Iterable[str], times_ms: Iterable[int], offset: int) -> Block:
        """A block of the events that have these texts, one by one."""
        data, ends = bytearray(), []
        for text in texts:
            data += text
            ends.append(len(data))
        return cls(data + bytes(PAD), len(data), offset, Events(tuple(ends), tuple(ids), tuple(times_ms)))


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that could not become a document: its place, why, and its bytes (cut to `bytes_max` of the setting).

    `id` is that of the event that the line was, if it was one.
    """

    offset: int
    reason: str
    column: str
    raw: bytes
    length: int
    id: str = ""


@dataclass(frozen=True, slots=True)
class Ruled:
    """What a rule did with one line: it was dropped, or kept as one of a sample, by the rule named `rule`; or, of the document
    that it became, `field` was redacted. `id` is that of the event that the line was, if it was one."""

    outcome: Literal["dropped", "kept", "redacted"]
    rule: str
    field: str
    offset: int
    id: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Documents:
    """What a block became. `data` holds the documents back to back, each ended by a newline, ready for the sink's wire.

    Document i is `data[starts[i]:starts[i + 1]]`, its action line first if the framing has one; the document proper begins
    at `bodies[i]`. `starts` has one element more than there are documents. `offsets[i]` is the line's offset in the object,
    and `ids[i]` its event's id, if the lines are events. `way` says where they go, once that is known.
    Conservation: lines == len(self) + len(rejects) + skipped + dropped.
    `by_rule`: how many of the dropped each rule dropped, and `ruled` all that rules did, line by line, if the parser was asked
    to tell it. `masked`: secrets that were masked in the lines.
    """

    data: bytes | memoryview
    starts: NDArray[np.int64]
    bodies: NDArray[np.int64]
    offsets: NDArray[np.int64]
    rejects: tuple[Reject, ...] = ()
    lines: int = 0
    skipped: int = 0
    dropped: int = 0
    fallback: int = 0
    drifted: int = 0
    ids: tuple[str, ...] = ()
    by_rule: tuple[tuple[str, int], ...] = ()
    ruled: tuple[Ruled, ...] = ()
    masked: int = 0
    way: Way | None = None

    def __len__(self) -> int:
        return len(self.bodies)

    @property
    def counts(self) -> bool:
        """Whether the numbers here are those of lines, and not of lines that count elsewhere."""
        return self.way is None or bool(self.way.counted_by)

    def body(self, index: int) -> memoryview:
        """Document `index` alone, without its action line and without the newline."""
        return memoryview(self.data)[self.bodies[index] : self.starts[index + 1] - 1]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Documents [first, last) of one object, inside a batch. `receipt` is the ledger's name for that object."""

    documents: Documents
    first: int
    last: int
    receipt: int

    def __len__(self) -> int:
        return self.last - self.first

    @property
    def bytes(self) -> int:
        return int(self.documents.starts[self.last] - self.documents.starts[self.first])

    @property
    def data(self) -> memoryview:
        """They as they go over the wire: action lines and documents."""
        return memoryview(self.documents.data)[self.documents.starts[self.first] : self.documents.starts[self.last]]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """A sealed request: parts in order; item i of a verdict is the i-th document counted over the parts."""

    parts: tuple[Part, ...]
    attempt: int = 1

    def __len__(self) -> int:
        return sum(len(part) for part in self.parts)

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in self.parts)

    def items(self) -> Iterator[tuple[Part, int]]:
        """(part, index into part.documents) of each item, in order."""
        for part in self.parts:
            for index in range(part.first, part.last):
                yield part, index


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """What a sink takes in one request, in encoded bytes, and how long a batch may wait to be filled.

    `slow_seconds`: a request that the sink works on for longer had better been smaller.
    """

    count_max: int
    bytes_max: int
    seconds: float
    slow_seconds: float = float("inf")


class Outcome(Enum):
    """How a line can end; the conservation law counts these. One that was given back is read again, by another receipt."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    DEAD_LETTERED = "dead_lettered"
    DROPPED = "dropped"
    SKIPPED = "skipped"
    GIVEN_BACK = "given_back"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An item that the sink will never take as it is, with the sink's own type of reason."""

    item: int
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the sink said of each item of a batch. An item in no tuple was accepted; one in `duplicates` was there.

    `throttled`: the sink asked for less. `paused`: the fault is of the index, the credentials or the cluster, not of
    documents: stop sending, alarm, keep everything. `split`: the request was too large; halve and remember.
    `took_seconds`: how long the sink says that it worked on the request; two verdicts may differ in it and say the same.
    """

    items: int
    retry: tuple[int, ...] = ()
    refused: tuple[Refusal, ...] = ()
    duplicates: tuple[int, ...] = ()
    throttled: bool = False
    paused: str | None = None
    split: bool = False
    after_seconds: float | None = None
    reason: str = ""
    took_seconds: float | None = field(default=None, compare=False)

    @property
    def accepted(self) -> int:
        return self.items - len(self.retry) - len(self.refused) - len(self.duplicates)

    @classmethod
    def nothing_settled(
        cls,
        items: int,
        reason: str,
        *,
        throttled: bool = False,
        paused: str | None = None,
        split: bool = False,
        after_seconds: float | None = None,
    ) -> Verdict:
        """The whole request failed or its answer was lost: every item is to be sent again."""
        return cls(
            items,
            retry=tuple(range(items)),
            throttled=throttled,
            paused=paused,
            split=split,
            after_seconds=after_seconds,
            reason=reason,
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a dead letter comes from; empty where it does not apply. `region` and `owner`: the bucket's, as far as told;
    `modified_at`: the object's, once S3 has answered.

    What came in a call has all from `stream` on, and no bucket; its `etag` names what was read in one piece.
    """

    bucket: str = ""
    key: str = ""
    version_id: str = ""
    etag: str = ""
    region: str = ""
    owner: str = ""
    offset: int | None = None
    event_id: str = ""
    message_id: str = ""
    sink: str = ""
    modified_at: float | None = None
    stream: str = ""
    arn: str = ""
    request_id: str = ""
    record: int | None = None
    sent_at: float | None = None
    parameters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One thing that could not be delivered. `raw` is its bytes (perhaps cut: `length` is the whole length).

    What came in a call is whole, for it is nowhere else."""

    kind: Literal["line", "object", "message", "document"]
    reason: str
    detail: str
    place: Place
    raw: bytes
    length: int
    at: float = field(default=0.0)
    receive_count: int = 1


@dataclass(frozen=True, slots=True)
class Again:
    """An object, or a run of records, that is read once more because of its dead letters.

    `letters`: those of single lines, by the lines' spots; nothing else of the object is delivered then, and only if its etag
    is still that of `ref`. None: the object itself was the dead letter. `sinks`: where to, by name; none: as its route says.
    """

    ref: ObjectRef | Run
    message_id: str
    receive_count: int
    letters: Mapping[Spot, DeadLetter] | None = None
    sinks: tuple[str, ...] = ()
