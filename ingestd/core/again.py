"""Dead letters back to what they came from: which objects to read again, for which lines, and to which sinks.

* A line, and a document that a sink refused, is read from its object once more by the code of today: so it gets what a fix has
  changed, and the same id. An object's own dead letter has it read whole. A message is not read here: it goes to the queue.
* Whoever can write dead letters can name any object, so that the allow-list of notices holds for them too.
* What nothing can be done about stays a dead letter, which is said by giving it back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from ingestd.core.record import Allowed
from ingestd.model import Again, DeadLetter, Notice, ObjectRef

__all__ = ["again"]


def again(letters: Iterable[DeadLetter], allowed: Allowed, sinks: Collection[str], to_sink: str | None = None) -> Notice:
    """What is to be read again. `sinks`: those that there are; `to_sink`: where everything goes instead of where it went."""
    whole: dict[Again, None] = {}
    lines: dict[Again, dict[int, DeadLetter]] = {}
    kept: list[DeadLetter] = []
    for letter in letters:
        sink = to_sink or letter.place.sink
        if not letter.place.key or not allowed.has_bucket(letter.place.bucket) or (sink and sink not in sinks):
            kept.append(letter)
            continue
        found = Again(_ref(letter), letter.place.message_id, letter.receive_count, sinks=(sink,) if sink else ())
        if letter.kind == "object":
            whole[found] = None
        elif letter.kind in ("line", "document") and letter.place.offset is not None:
            lines.setdefault(found, {})[letter.place.offset] = letter
        else:
            kept.append(letter)
    some = (replace(found, letters=by_offset) for found, by_offset in lines.items())
    return Notice((), again=(*whole, *some), kept=tuple(kept))


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
