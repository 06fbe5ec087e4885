"""An object (or a run of records) under way, and the dead letters that can come of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ingestd.core.batch import chosen, spots
from ingestd.core.sources import SourceName
from ingestd.core.span import stem_of
from ingestd.errors import Poison
from ingestd.fastpath.decoding import Decoding
from ingestd.fastpath.reader import Reader
from ingestd.model import Again, Call, DeadLetter, Documents, Message, ObjectRef, Place, Refusal, Reject, Run, Source, Spot

__all__ = ["UNKNOWN", "Letters", "Opened"]

UNKNOWN = "unknown"

Kind = Literal["line", "object", "message", "document"]


@dataclass(slots=True)
class Opened:
    """What lines are counted and dead letters are placed by.

    `sinks` and `unseen` are a redrive's: where alone its documents go, and the dead letters whose lines have not been met yet.
    `format`: what it is, and its lines are counted by where nothing else is known of them.
    """

    received: Message | Call
    ref: ObjectRef | Run
    sinks: tuple[str, ...] = ()
    unseen: dict[Spot, DeadLetter] | None = None
    source: Source | None = None
    decoding: Decoding | None = None  # while it is read
    held_bytes: int = 0  # what the budget counts for it
    format: str = UNKNOWN
    newest_at: float = 0.0  # of its events, so far

    @classmethod
    def again(cls, message: Message, again: Again) -> Opened:
        """For a redrive: dead letters that come of it are the next attempt of those that it is read for."""
        message = replace(message, id=again.message_id, receive_count=again.receive_count + 1)
        return cls(message, again.ref, again.sinks, None if again.letters is None else dict(again.letters))

    @property
    def place(self) -> Place:
        if isinstance(self.ref, Run):
            call = self.ref.call
            return Place(
                etag=self.source.etag if self.source else "",
                stream=call.stream,
                arn=call.arn,
                request_id=call.id,
                record=self.ref.first,
                sent_at=call.at,
                parameters=call.parameters,
            )
        etag = self.source.etag if self.source else self.ref.etag or ""
        return Place(
            bucket=self.ref.bucket,
            key=self.ref.key,
            version_id=self.ref.version_id or "",
            etag=etag,
            region=self.ref.region or "",
            owner=self.ref.owner or "",
            message_id=self.received.id,
            modified_at=self.source.modified_at if self.source else None,
        )

    @property
    def offset(self) -> int:
        """Where what is read begins in what came."""
        return self.ref.offset if isinstance(self.ref, Run) else 0

    @property
    def source_name(self) -> SourceName:
        """Where it comes from, with others of its kind."""
        place = ("", self.ref.call.stream) if isinstance(self.ref, Run) else (self.ref.bucket, stem_of(self.ref.key))
        return SourceName(*place, self.format)

    def read_by(self, reader: Reader) -> Reader:
        """It is known what the object is."""
        self.format = reader.name
        return reader

    def held_more(self) -> int:
        """How many bytes more its decoding keeps than when this was asked last; none without one."""
        before, self.held_bytes = self.held_bytes, self.decoding.held_bytes if self.decoding else 0
        return self.held_bytes - before

    def wanted(self, parsed: Sequence[Documents]) -> Sequence[Documents]:
        """What is to be delivered of a block: all; in a redrive the lines that are looked for, which are seen by that."""
        if self.unseen is None:
            return parsed
        found = [chosen(documents, self.unseen) for documents in parsed]
        for documents in found:
            for spot in (*spots(documents), *((reject.offset, reject.id) for reject in documents.rejects)):
                self.unseen.pop(spot, None)
        return found


class Letters:
    """Makes dead letters. `raw_bytes_max`: how much of a line is kept where the object has the rest; `now`: epoch seconds."""

    def __init__(self, raw_bytes_max: int, now: Callable[[], float]) -> None:
        self._raw_bytes_max = raw_bytes_max
        self._now = now

    def of_message(self, opened: Opened, body: str, poison: Poison) -> DeadLetter:
        return self._letter(opened, "message", poison.reason, str(poison), body.encode(errors="replace"))

    def of_object(self, opened: Opened, poison: Poison) -> DeadLetter:
        head = opened.decoding.head if opened.decoding else b""
        raw = opened.ref.data if isinstance(opened.ref, Run) else head
        return self._letter(opened, "object", poison.reason, str(poison), raw)

    def of_line(self, opened: Opened, reject: Reject) -> DeadLetter:
        is_cut = len(reject.raw) < reject.length
        raw = opened.ref.data if isinstance(opened.ref, Run) and is_cut else reject.raw
        place = replace(opened.place, offset=opened.offset + reject.offset, event_id=reject.id)
        return self._letter(opened, "line", reject.reason, reject.column, raw, place, reject.length)

    def of_document(self, opened: Opened, sink: str, documents: Documents, index: int, why: Refusal) -> DeadLetter:
        """Of a document that `sink` has refused."""
        event = documents.ids[index] if documents.ids else ""
        place = replace(opened.place, offset=opened.offset + int(documents.offsets[index]), event_id=event, sink=sink)
        return self._letter(opened, "document", why.reason, why.detail, bytes(documents.body(index)), place)

    def once_more(self, letter: DeadLetter) -> DeadLetter:
        """The same, as dead as before, after another attempt."""
        return replace(letter, at=self._now(), receive_count=letter.receive_count + 1)

    def _letter(
        self,
        opened: Opened,
        kind: Kind,
        reason: str,
        detail: str,
        raw: bytes,
        place: Place | None = None,
        length: int | None = None,
    ) -> DeadLetter:
        """What a record brought is kept whole, for it is nowhere else; of an object's line the object has the rest.

        `length`: of what was more than `raw`.
        """
        received = opened.received
        return DeadLetter(
            kind=kind,
            reason=reason,
            detail=detail,
            place=place or opened.place,
            raw=raw if isinstance(opened.ref, Run) else raw[: self._raw_bytes_max],
            length=len(raw) if length is None else length,
            at=self._now(),
            receive_count=received.receive_count if isinstance(received, Message) else 1,
        )
