"""What arrived, read back from where it arrived: each document and each dead letter by the place of the line that it was.

Nothing here comes from the service's own counting. A document says where its line stood (`aws.s3.object.key`, `log.offset`),
and so does a dead letter; that is enough to call every line by name. An event, of which an envelope has many, has its id, which
ends with its number in the object.
"""

from __future__ import annotations

import gzip
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ingestd.demo.cloud import DEAD_LETTERS, Cloud
from ingestd.generate_events import EVENT_DIGITS
from ingestd.sinks.deadletter import decode

__all__ = ["Arrivals", "read_dead_letters"]


@dataclass(slots=True)
class Arrivals:
    """Offsets of lines by the key of their object, in any order, repetitions and all.

    `documents`: those found in the sink, and `ids` their ids without repetition. `letters`: the dead letters of lines and
    documents. `objects` (by key) and `messages` (by reason): the other dead letters. `reasons`: all dead letters, for show.
    `found`: how many documents the sink itself says it has, where it can say.
    """

    documents: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    ids: set[str] = field(default_factory=set)
    letters: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    objects: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    found: int | None = None

    def add_document(self, document: Mapping[str, Any], name: str) -> None:
        """A document as its sink has it, and the id it has there."""
        place = int(name[-EVENT_DIGITS:]) if "cloudwatch" in document["aws"] else document["log"]["offset"]
        self.documents[document["aws"]["s3"]["object"]["key"]].append(place)
        self.ids.add(name)

    def add_letter(self, line: bytes) -> None:
        """A dead letter as it was written."""
        letter = decode(line)
        self.reasons[letter.reason] += 1
        if letter.place.event_id:
            self.letters[letter.place.key].append(int(letter.place.event_id[-EVENT_DIGITS:]))
        elif letter.place.offset is not None:
            self.letters[letter.place.key].append(letter.place.offset)
        elif letter.kind == "object":
            self.objects[letter.place.key] += 1
        else:
            self.messages[letter.reason] += 1


async def read_dead_letters(cloud: Cloud, arrivals: Arrivals) -> None:
    """Add the dead letters."""
    async for body in cloud.contents(DEAD_LETTERS):
        for line in gzip.decompress(body).splitlines():
            arrivals.add_letter(line)
