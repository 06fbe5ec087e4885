"""A document's slots, and every joint between two of them.

A joint is all that stands between two values that follow each other in a document: a closing quote, braces, a comma, the
objects that open, the key, an opening quote, and the table's constants if they lie between. It is made here for each pair of
slots, so that writing a field is two copies and an absent one costs nothing.

A slot is one field, and either a string or not. A field that is a string by one reading and something else by another has a
slot for each of its readings, one behind the other in documented order: twins, of which the kernel keeps the first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import orjson
from numpy.typing import NDArray

from ingestd.fastpath.kernel.codes import ESCAPE
from ingestd.fastpath.layout import CLOUDWATCH, FIREHOSE, ID, ORIGINAL, TIMESTAMP, fixed, paths
from ingestd.formats.table import IpList, Items, Json, Mapped, Pairs, Table, Words
from ingestd.model import Framing, Source

__all__ = ["OBJECT_PATHS", "Body", "compile_body", "pack"]

OBJECT_PATHS = ("cloud", "aws.s3", FIREHOSE, CLOUDWATCH)  # the values that an object, a record or a log stream brings
BARE = {"long", "double", "boolean", "geo_point"}  # types that JSON writes without quotes
FINISHED = Words | IpList | Mapped | Items | Json | Pairs  # readings whose results are JSON as they are
STRINGS = {TIMESTAMP, ID, ORIGINAL}  # where no column fills them
NO_SOURCE = Source("", "", "", 0.0)

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """Slots by path, of twins the first; how many there are; and what is written between them (spans of `text`, see `pack`)."""

    slots: dict[str, int]
    twins: dict[str, int]  # how many slots a path has, where it has several
    alone: frozenset[int]  # slots that one reading fills
    count: int
    strings: Numbers
    joints: Numbers
    text: bytes
    longest: int

    def without(self, paths: Collection[str]) -> Body:
        """The same where nothing fills these paths: slots that a line would only pass over are left out."""
        kept = [
            slot
            for path, first in self.slots.items()
            if path not in paths
            for slot in range(first, first + self.twins.get(path, 1))
        ]
        places = {slot: place for place, slot in enumerate(kept)}
        joints = self.joints.reshape(self.count + 1, self.count + 1)
        return replace(
            self,
            slots={path: places[slot] for path, slot in self.slots.items() if slot in places},
            twins={path: count for path, count in self.twins.items() if path not in paths},
            alone=frozenset(places[slot] for slot in self.alone if slot in places),
            count=len(kept),
            strings=self.strings[kept],
            joints=joints[np.ix_([0, *(slot + 1 for slot in kept)], [*kept, self.count])].ravel(),
        )


@dataclass(frozen=True, slots=True)
class _Member:
    path: str
    is_string: bool = False
    constant: bytes | None = None


def pack(text: bytearray, piece: bytes) -> int:
    """Append a piece and say where it is: position << 16 | size."""
    at = len(text)
    text += piece
    return at << 16 | len(piece)


@lru_cache(maxsize=256)
def compile_body(table: Table, framing: Framing, covered: frozenset[str] = frozenset()) -> Body:
    """The same for each order of columns. `covered`: of events, the paths that their log stream fills, whatever they hold."""
    kinds = _kinds(table, covered)
    members = list(_members(table, framing, kinds, bool(covered)))
    places = [place for place, member in enumerate(members) if member.constant is None]  # of each slot
    slots: dict[str, int] = {}
    counts: dict[str, int] = {}
    for slot, place in enumerate(places):
        slots.setdefault(members[place].path, slot)
        counts[members[place].path] = counts.get(members[place].path, 0) + 1
    text, pieces = bytearray(), {b"": 0}
    joints = np.zeros((len(places) + 1, len(places) + 1), np.int64)
    longest = [0] * (len(places) + 1)
    for before, first in enumerate([-1, *places]):
        for slot, joint in enumerate(_joints(first, members), before):
            if joint not in pieces:
                pieces[joint] = pack(text, joint)
            joints[before, slot] = pieces[joint]
            longest[slot] = max(longest[slot], len(joint))
    strings = np.array([ESCAPE if members[place].is_string else 0 for place in places], np.int64)
    twins = {path: count for path, count in counts.items() if count > 1}
    alone = frozenset(slot for path, slot in slots.items() if len(kinds.get(path, ())) == 1)
    return Body(slots, twins, alone, len(places), strings, joints.ravel(), bytes(text), sum(longest))


def _kinds(table: Table, covered: frozenset[str]) -> dict[str, list[bool]]:
    """By path, whether it is a string by each of the readings and lookups that fill it; but for paths that are covered."""
    kinds: dict[str, list[bool]] = {}
    for reading in table.readings():
        for leaf in (leaf for leaf in reading.leaves() if leaf.path not in covered):
            kinds.setdefault(leaf.path, []).append(leaf.type not in BARE and not isinstance(reading, FINISHED))
    for leaf in (leaf for lookup in table.lookups for leaf in lookup.leaves):
        kinds.setdefault(leaf.path, []).append(leaf.type not in BARE)
    return kinds


def _members(table: Table, framing: Framing, kinds: dict[str, list[bool]], carried: bool) -> Iterator[_Member]:
    """What a document has, in its order."""
    constants = {path: value for path, value in fixed(table, framing, NO_SOURCE).items() if path not in OBJECT_PATHS}
    for path in paths(table, framing, carried):
        if path in constants:
            yield _Member(path, constant=constants[path])
        else:
            kind = kinds.get(path, [path in STRINGS])
            for is_string in kind if len(set(kind)) > 1 else kind[:1]:
                yield _Member(path, is_string)


def _joints(first: int, members: Sequence[_Member]) -> Iterator[bytes]:
    """From the member at `first` (-1: the beginning) to each slot after it, and last to the document's end."""
    text = b'"' if first >= 0 and members[first].is_string else b""
    last = members[first].path if first >= 0 else None
    for member in members[first + 1 :]:
        if member.constant is not None:
            text += _between(last, member.path) + member.constant
            last = member.path
        else:
            yield text + _between(last, member.path) + (b'"' if member.is_string else b"")
    yield text + b"}" * (last or "").count(".") + b"}\n"


def _between(first: str | None, then: str) -> bytes:
    """From the end of one member to the beginning of the next one's value."""
    *objects, name = then.split(".")
    if first is None:
        shared, text = 0, b"{"
    else:
        open_objects = first.split(".")[:-1]
        shared = next((i for i, (a, b) in enumerate(zip(open_objects, objects, strict=False)) if a != b), len(open_objects))
        shared = min(shared, len(objects))
        text = b"}" * (len(open_objects) - shared) + b","
    return text + b"".join(orjson.dumps(below) + b":{" for below in objects[shared:]) + orjson.dumps(name) + b":"
