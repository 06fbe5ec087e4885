"""The definition of correct: a table read slowly in plain Python. Whatever is faster is compared to this, byte by byte.

The semantics are written in formats/table.py; here is the way from a block to documents, and how a document is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

import numpy as np
import orjson

from ingestd.core.identity import document_id, index_names, index_window, object_id
from ingestd.fastpath.choosing import Choosing
from ingestd.fastpath.enrichment import NOTHING, Enrichment
from ingestd.fastpath.layout import ID, OFFSET, ORIGINAL, TIMESTAMP, fixed, paths, second
from ingestd.fastpath.members import WHITESPACE, Members
from ingestd.fastpath.order import Order, header_pattern
from ingestd.fastpath.portion import placed
from ingestd.fastpath.reading import SECONDS_MAX, Leaves, is_address, read, string
from ingestd.fastpath.splitting import Pieces, split, trim
from ingestd.fastpath.unreadable import Unreadable
from ingestd.formats.lookups import TEXT_BYTES_MAX
from ingestd.formats.table import DateTime, Epoch, Reading, Shape, Table
from ingestd.model import Block, Documents, Framing, Reject, Source

__all__ = ["ReferenceParser", "record_in"]

EPOCH_DAY = date(1970, 1, 1).toordinal()
Node = list[tuple[bytes, "str | Node"]]  # an object's members: `"name":`, and a leaf's path or the object below


@dataclass(frozen=True, slots=True)
class Line:
    """What stands before a newline, or an event.

    `id` is its document's, `time` the one that it has if it says none itself, `event` the event's id if it is one.
    """

    raw: bytes
    offset: int
    id: str
    time: bytes
    event: str = ""


class ReferenceParser:
    """A `Parser` (see parser.py). `order` is the column order that holds for the next line."""

    def __init__(
        self, table: Table, source: Source, framing: Framing, enrichment: Enrichment = NOTHING, *, tells: bool = False
    ) -> None:
        self.order = Order.documented(table)
        self._reach = 0  # the positions of the line being read of which that order is true
        self._table = table
        self._enrichment = enrichment
        self._framing = framing
        self._object = object_id(source)
        self._fixed = fixed(table, framing, source)
        self._named = {path: self._fixed.pop(path) for path in table.named if path in self._fixed}
        self._tree = _tree(paths(table, framing, carried=source.has_events))
        self._indices = _Indices.of_window(framing, *index_window(source, framing))
        self._object_time = string(second(source.modified_at)) if table.dated_by_object else b""
        self._header = header_pattern(table)
        self._comments = tuple(comment.encode() for comment in table.comments)
        self._places = {column.name: place for place, column in enumerate(table.columns)}
        self._members = Members(table) if table.shape is Shape.JSON else None
        self._choosing = Choosing(table, self._object, tells=tells)

    def parse(self, block: Block) -> Documents:
        out, starts, bodies, offsets = bytearray(), [0], [], []
        rejects: list[Reject] = []
        ids: list[str] = []
        dropped: Counter[str] = Counter()
        lines = skipped = drifted = 0
        self._choosing.told.clear()
        for line in self.lines(block):
            lines += 1
            text = line.raw if self._members else trim(line.raw, padded=self._table.padded)
            if self._skips(text):
                skipped += 1
                continue
            try:
                leaves = self._leaves(text, line.time) | self._named
            except Unreadable as unreadable:
                reason, column = unreadable.reason, unreadable.column
                rejects.append(Reject(line.offset, reason, column, line.raw, len(line.raw), line.event))
                continue
            if rule := self._choosing.dropped_by(leaves, line.offset, line.event):
                dropped[rule] += 1
                continue
            drifted += self._table.extra in leaves and not self._table.catches
            out += self._action(leaves, line.id)
            bodies.append(len(out))
            out += self._document(leaves, text, line)
            starts.append(len(out))
            offsets.append(line.offset)
            ids.append(line.event)
        return Documents(
            bytes(out),
            np.array(starts, np.int64),
            np.array(bodies, np.int64),
            np.array(offsets, np.int64),
            tuple(rejects),
            lines=lines,
            skipped=skipped,
            dropped=dropped.total(),
            drifted=drifted,
            ids=tuple(ids) if block.events else (),
            by_rule=tuple(sorted(dropped.items())),
            ruled=tuple(self._choosing.told),
        )

    def lines(self, block: Block) -> Iterator[Line]:
        """The lines of a block, or its events."""
        if block.events is None:
            for raw, at in placed(block):
                text = raw
                if self._members:
                    text, before = record_in(raw)
                    at += before
                yield Line(text, at, document_id(self._object, at), self._object_time)
            return
        data, begin, events = bytes(memoryview(block.data)[: block.size]), 0, block.events
        for end, event, time in zip(events.ends, events.ids, events.times_ms, strict=True):
            text = data[begin:end].rstrip(b"\n")
            text = record_in(text)[0] if self._members else text
            yield Line(text, block.offset, event, _millisecond(time) if self._table.dated_by_object else b"", event)
            begin = end

    def _skips(self, line: bytes) -> bool:
        """Whether the line is none to read; a header line takes effect here."""
        if not line.strip(b" \t"):
            return True
        if self._header and self._header.match(line):
            self.order = Order.of_header(self._table, line)
            return True
        return line.startswith(self._comments)

    def _leaves(self, line: bytes, time: bytes) -> Leaves:
        """What the line fills; `time` if it has none of its own. Raises Unreadable."""
        leaves = self._members.leaves(line) if self._members else self._of_columns(line)
        if TIMESTAMP not in leaves:
            if not time:
                raise Unreadable("missing_timestamp", _timestamp_column(self._table))
            leaves[TIMESTAMP] = time
        self._look_up(leaves)
        return leaves

    def _look_up(self, leaves: Leaves) -> None:
        """Fill what the table's lookups find."""
        for lookup in self._table.lookups:
            text = leaves.get(lookup.source, b"")
            if text[:1] != b'"' or len(text) - len(b'""') > TEXT_BYTES_MAX:
                continue
            if not lookup.by_address or is_address(text[1:-1]):
                for leaf, value in zip(lookup.leaves, self._enrichment.find(lookup, text[1:-1]), strict=True):
                    if value:
                        leaves.setdefault(leaf.path, value)

    def _of_columns(self, line: bytes) -> Leaves:
        pieces = split(self._table, line, len(self.order.names))
        if lacking := self.order.lacking(self._table, len(pieces.values)):
            raise Unreadable("too_few_columns", lacking)
        self._reach = self.order.reach(self._table, len(pieces.values))
        leaves: Leaves = {}
        for column in self._table.columns:
            for reading in column.readings:
                value = self._read_value(pieces, column.name, reading)
                try:
                    found = read(reading, value) if value else {}
                except Unreadable as unreadable:
                    raise Unreadable(unreadable.reason, column.name) from None
                for path, text in found.items():
                    leaves.setdefault(path, text)  # the first to fill a path keeps it
        if extra := self._extra(pieces):
            leaves[self._table.extra] = b"[" + b",".join(extra) + b"]"
        return leaves

    def _read_value(self, pieces: Pieces, column: str, reading: Reading) -> bytes:
        """The value that a reading of this column is about, which may be that of another column, or of two."""
        value = self._value(pieces, column)
        if isinstance(reading, DateTime):
            time = self._value(pieces, reading.time)
            return value + b"T" + time if value and time else b""
        if isinstance(reading, Epoch) and reading.instead:
            return value or self._value(pieces, reading.instead)
        return value

    def _value(self, pieces: Pieces, column: str) -> bytes:
        place = self._places.get(column, -1)  # a user's choice of columns may lack one that another would read
        position = self.order.positions[place] if place >= 0 else -1
        return pieces.values[position] if 0 <= position < min(len(pieces.values), self._reach) else b""

    def _extra(self, pieces: Pieces) -> list[bytes]:
        owners, names = self.order.owners, self.order.names
        extra = []
        for position, raw in enumerate(pieces.raw):
            if position < self._reach and owners[position] >= 0:
                continue
            if not names:
                extra.append(string(raw))
            elif pieces.values[position]:
                name = f"{names[position]}=".encode() if position < len(names) else b""
                extra.append(string(name + raw))
        return extra

    def _action(self, leaves: Leaves, name: str) -> bytes:
        """The line before the document, or nothing."""
        if not self._framing.action:
            return b""
        index = self._indices.of(leaves[TIMESTAMP])
        return b'{"create":{"_index":' + index + b',"_id":"' + name.encode() + b'"}}\n'

    def _document(self, leaves: Leaves, text: bytes, line: Line) -> bytes:
        leaves = leaves | self._fixed
        leaves[OFFSET] = b"%d" % line.offset
        leaves[ID] = string(line.id.encode())
        if self._framing.original:
            leaves[ORIGINAL] = string(text)
        return _object(self._tree, leaves) + b"\n"


class _Indices:
    """The index of an event's day."""

    def __init__(self, framing: Framing, first: int, last: int) -> None:
        self._first = first
        self._names = [orjson.dumps(name) for name in index_names(framing, first, last)]
        self._outlier = orjson.dumps(framing.outlier_index)

    @staticmethod
    @lru_cache(maxsize=256)
    def of_window(framing: Framing, first: int, last: int) -> _Indices:
        """The same for all objects of a day."""
        return _Indices(framing, first, last)

    def of(self, timestamp: bytes) -> bytes:
        """The index, as JSON, of an event at `timestamp`, a JSON string that begins with a date."""
        place = date.fromisoformat(timestamp[1:11].decode()).toordinal() - EPOCH_DAY - self._first
        return self._names[place] if 0 <= place < len(self._names) else self._outlier


def record_in(line: bytes) -> tuple[bytes, int]:
    """The record in what stands before a newline, and how many bytes stand before it."""
    text = trim(line)
    return text.strip(WHITESPACE), len(line.rstrip(b"\r")) - len(text.lstrip(WHITESPACE))


def _millisecond(at: int) -> bytes:
    """Epoch milliseconds as JSON; nothing for a year that is not kept (see Epoch)."""
    if not 0 <= at < SECONDS_MAX * 1000:
        return b""
    whole = datetime.fromtimestamp(at // 1000, UTC)
    return string(b"%s.%03dZ" % (whole.strftime("%Y-%m-%dT%H:%M:%S").encode(), at % 1000))


def _timestamp_column(table: Table) -> str:
    for column in table.columns:
        if any(leaf.path == TIMESTAMP for reading in column.readings for leaf in reading.leaves()):
            return column.name
    return ""


def _tree(layout: tuple[str, ...]) -> Node:
    root: Node = []
    objects = {"": root}
    for path in layout:
        prefix = ""
        *names, last = path.split(".")
        for name in names:
            below = f"{prefix}{name}."
            if below not in objects:
                objects[below] = []
                objects[prefix].append((_key(name), objects[below]))
            prefix = below
        objects[prefix].append((_key(last), path))
    return root


def _key(name: str) -> bytes:
    return orjson.dumps(name) + b":"


def _object(node: Node, leaves: Leaves) -> bytes:
    """The object as JSON; empty if nothing in it has a value."""
    members = []
    for key, below in node:
        value = leaves.get(below, b"") if isinstance(below, str) else _object(below, leaves)
        if value:
            members.append(key + value)
    return b"{" + b",".join(members) + b"}" if members else b""
