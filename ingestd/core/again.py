"""Dead letters back to what they came from: which objects to read again, for which lines, and to which sinks.

* A line, and a document that a sink refused, is read from its object once more by the code of today: so it gets what a fix has
  changed, and the same id. An object's own dead letter has it read whole. A message is not read here: it goes to the queue.
* What came in a call is in the letter itself: a whole record, a line of one, or a document that a sink refused. So are lines
  and documents of an object that is gone by now. The text of an event stays dead, without the envelope that said what it is.
* Whoever can write dead letters can name any object, so that the allow-list of notices holds for them too.
* What nothing can be done about stays a dead letter, which is said by giving it back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from ingestd.core.record import Allowed
from ingestd.model import Again, Call, DeadLetter, Notice, ObjectRef, Run, Spot

__all__ = ["again"]


def again(letters: Iterable[DeadLetter], allowed: Allowed, sinks: Collection[str], to_sink: str | None = None) -> Notice:
    """What is to be read again. `sinks`: those that there are; `to_sink`: where everything goes instead of where it went."""
    whole: dict[ObjectRef, Again] = {}
    lines: dict[tuple[ObjectRef, str], dict[Spot, DeadLetter]] = {}
    records: dict[tuple[object, ...], Again] = {}
    kept: list[DeadLetter] = []
    for letter in letters:
        ref, offset, sink = _ref(letter), letter.place.offset, to_sink or letter.place.sink
        if sink and sink not in sinks:
            kept.append(letter)
        elif letter.place.stream and (found := _of_record(letter, sink)):
            records[letter.kind, replace(letter.place, sink=sink), letter.raw if letter.kind == "object" else b""] = found
        elif not ref.key or not allowed.has_bucket(ref.bucket):
            kept.append(letter)
        elif letter.kind == "object":
            whole[ref] = Again(ref, letter.place.message_id, letter.receive_count, sinks=(sink,) if sink else ())
        elif letter.kind in ("line", "document") and offset is not None:
            lines.setdefault((ref, sink), {})[offset, letter.place.event_id] = letter
        else:
            kept.append(letter)
    of_lines = (_of_lines(*key, found) for key, found in lines.items())
    return Notice((), again=(*whole.values(), *of_lines, *records.values()), kept=tuple(kept))


def _of_lines(ref: ObjectRef, sink: str, letters: dict[Spot, DeadLetter]) -> Again:
    """One reading for all of them, so that a line of which there are two dead letters is sent once."""
    message_id = next(iter(letters.values())).place.message_id
    return Again(ref, message_id, max(each.receive_count for each in letters.values()), letters, (sink,) if sink else ())


def _of_record(letter: DeadLetter, sink: str) -> Again | None:
    """By the id that it has already: a sender's retry makes no second document. None: neither is in the letter."""
    place, offset = letter.place, letter.place.offset
    call = Call(place.request_id, place.stream, (letter.raw,), place.sent_at or letter.at, place.arn, place.parameters)
    run = Run(call, place.record or 0, (place.record or 0) + 1, letter.raw)
    whole = Again(run, place.message_id, letter.receive_count, None, (sink,) if sink else ())
    if letter.kind == "object":
        return whole
    if letter.kind == "message" or offset is None:
        return None
    alone = replace(whole, letters={(offset, place.event_id): letter})
    if len(letter.raw) != letter.length:  # of a line that was too long the whole run is kept
        return alone
    if letter.kind == "line" and place.event_id:
        return None
    if place.etag:
        return replace(alone, ref=replace(run, data=b"", etag=place.etag))
    return replace(whole, ref=replace(run, data=letter.raw + b"\n", offset=offset)) if letter.kind == "line" else None


def _ref(letter: DeadLetter) -> ObjectRef:
    place = letter.place
    return ObjectRef(
        place.bucket,
        place.key,
        version_id=place.version_id or None,
        etag=place.etag or None,
        region=place.region or None,
        owner=place.owner or None,
    )
