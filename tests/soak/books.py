"""The oracle of a soak: each line of each object that was put has one end, and no message is deleted before its lines have.

Told by the outside, from the bytes that were put; the service is not asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from ingestd.core.identity import OBJECT_ID_CHARS, object_id
from ingestd.model import DeadLetter, Source
from tests.soak.corpus import Template

__all__ = ["BUCKET", "Books"]

BUCKET = "soak-logs"
COMPLAINTS_MAX = 20
LOOKED_INTO_ONE_IN = 64


@dataclass(slots=True, eq=False)
class _Object:
    """`template` None: announced, and not there. `got`, `dead`: lines in the sink and among the dead letters."""

    key: str
    template: Template | None
    got: int = 0
    dead: int = 0
    reasons: set[str] = field(default_factory=set)

    @property
    def missing(self) -> str:
        """What has not come to rest, in words; empty if all has."""
        if self.template is None:
            return "" if "no_such_key" in self.reasons else "its dead letter no_such_key"
        if self.template.fate == "truncated":
            return "" if "truncated" in self.reasons else "its dead letter truncated"
        documents = (self.template.documents & ~self.got).bit_count()
        letters = ((self.template.rejects | self.template.cursed) & ~self.dead).bit_count()
        return f"{documents} documents and {letters} dead letters" if documents or letters else ""


class Books:
    """`put`, `settled`: lines so far. `ends`: of what the service did. `complaints`: rules that were broken, the first ones."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.ends: Counter[str] = Counter()
        self.put = 0
        self.settled = 0
        self._by_id: dict[str, _Object] = {}
        self._by_key: dict[str, _Object] = {}
        self._letters_of_messages: set[str] = set()
        self._poison: set[str] = set()
        self._deleted: set[str] = set()

    def object_put(self, key: str, template: Template | None) -> None:
        """An object is there, or its key is announced and nothing is there."""
        known = self._by_key[key] = _Object(key, template)
        if template is not None:
            self._by_id[object_id(Source(BUCKET, key, template.etag, 0.0))] = known
            self.put += template.lines

    def template_of(self, key: str) -> Template | None:
        """What lies under a key."""
        known = self._by_key.get(key)
        return known.template if known else None

    def create(self, index: str, name: str, document: bytes) -> int:
        """A document comes to the sink; the status that it answers for it."""
        known = self._by_id.get(name[:OBJECT_ID_CHARS])
        if known is None or known.template is None:
            return self._refused(f"a document of no object: {name}")
        template = known.template
        number = template.numbers.get(int(name[OBJECT_ID_CHARS:]))
        if number is None or template.rejects >> number & 1:
            return self._refused(f"{known.key}: a document of no line, {name}")
        if index != template.index:
            return self._refused(f"{known.key}: a document in {index}, and it belongs in {template.index}")
        if template.cursed >> number & 1:
            self.ends["refused"] += 1
            return 400
        if known.got >> number & 1:
            self.ends["duplicate"] += 1
            return 409
        if self.ends["created"] % LOOKED_INTO_ONE_IN == 0:
            self._look_into(known, int(name[OBJECT_ID_CHARS:]), document)
        known.got |= 1 << number
        self.ends["created"] += 1
        self.settled += template.fate == "whole"
        return 201

    def letter(self, letter: DeadLetter) -> None:
        """A dead letter is written; the same one may come again."""
        self.ends["letters"] += 1
        if letter.kind == "message":
            self._letters_of_messages.add(letter.place.message_id)
            return
        known = self._by_key.get(letter.place.key)
        if known is None:
            self._complain(f"a dead letter of no object: {letter.kind} {letter.reason}")
        elif letter.kind == "object":
            known.reasons.add(letter.reason)
        else:
            self._line_is_dead(known, letter)

    def message_deleted(self, message: str, keys: Sequence[str], *, is_poison: bool) -> None:
        """The queue has deleted a message: all of it must have come to rest."""
        for key in keys:
            if missing := self._by_key[key].missing:
                self._complain(f"{key}: its message is deleted, and it lacks {missing}")
        if is_poison and message not in self._letters_of_messages:
            self._complain("a message that is no notice is deleted without a dead letter")

    def close(self) -> list[str]:
        """At the end, with an empty queue: want == got. The complaints, of which there must be none."""
        for known in self._by_key.values():
            if missing := known.missing:
                self._complain(f"{known.key}: lost are {missing}")
            if known.got & known.dead:
                self._complain(f"{known.key}: lines are both in the sink and dead")
        if self.settled != self.put:
            self._complain(f"{self.put} lines were put, and {self.settled} came to rest")
        return self.complaints

    def _line_is_dead(self, known: _Object, letter: DeadLetter) -> None:
        template, offset = known.template, letter.place.offset
        number = template.numbers.get(offset) if template is not None and offset is not None else None
        if template is None or number is None:
            self._complain(f"{known.key}: a dead letter of no line, {letter.reason}")
            return
        due = template.cursed if letter.kind == "document" else template.rejects
        if not due >> number & 1:
            self._complain(f"{known.key}: line {number} is a dead letter that nobody owes, {letter.reason}")
        self.settled += template.fate == "whole" and not known.dead >> number & 1
        known.dead |= 1 << number

    def _look_into(self, known: _Object, offset: int, document: bytes) -> None:
        fields = orjson.loads(document)
        if fields["aws"]["s3"]["object"]["key"] != known.key or fields["log"]["offset"] != offset:
            self._complain(f"{known.key}: the document at {offset} says it is of another place")

    def _refused(self, complaint: str) -> int:
        self._complain(complaint)
        return 201

    def _complain(self, complaint: str) -> None:
        if len(self.complaints) < COMPLAINTS_MAX:
            self.complaints.append(complaint)
