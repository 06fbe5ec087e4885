"""A table compiled to the arrays that the kernel reads: what each column fills, and every joint between two fields.

A joint is all that stands between two values that follow each other in a document: a closing quote, braces, a comma, the
objects that open, the key, an opening quote, and the table's constants if they lie between. It is made here for each pair of
slots, so that writing a field is two copies and an absent one costs nothing. A plan hangs on (table, framing, order of columns)
alone; what an object adds (its ids, its place) comes beside it, see `compiled.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import orjson
from numpy.typing import NDArray

from ingestd.fastpath.kernel import codes
from ingestd.fastpath.kernel.codes import (
    COLUMNS_MAX,
    DATETIME,
    DECIMAL,
    ENDPOINT,
    ESCAPE,
    HOSTS,
    INSTANT,
    IP,
    PARAMETERS,
    PERCENT,
    REQUEST,
    SLOTS_MAX,
    SPACED,
    SPACED_RAW,
    STATUS,
    TABBED,
    TEXT,
    TLS,
    VERSION,
    WHOLE,
    WORDS,
)  # fmt: skip
from ingestd.fastpath.layout import ID, OFFSET, ORIGINAL, fixed, paths
from ingestd.fastpath.order import Order
from ingestd.formats.table import (
    DateTime,
    Decimal,
    Endpoint,
    Instant,
    Integer,
    Ip,
    IpList,
    Reading,
    Request,
    Shape,
    Status,
    Table,
    Text,
    Tls,
    Version,
    Words,
)  # fmt: skip
from ingestd.model import PAD, Framing, Source

__all__ = ["OBJECT_PATHS", "Plan", "compile_plan"]

OBJECT_PATHS = ("cloud", "aws.s3", "aws.firehose")  # the values that an object, or a record, brings
BARE = {"long", "double"}  # types that JSON writes without quotes
SHAPES = {Shape.TABBED: TABBED, Shape.SPACED: SPACED, Shape.SPACED_RAW: SPACED_RAW}
CODES: dict[type, int] = {
    Text: TEXT, Integer: WHOLE, Decimal: DECIMAL, Status: STATUS, Ip: IP, Endpoint: ENDPOINT, Instant: INSTANT,
    DateTime: DATETIME, Words: WORDS, IpList: HOSTS, Tls: TLS, Version: VERSION, Request: REQUEST,
}  # fmt: skip
COPIES = {IpList: 2, Request: 2}  # how often a byte of the column may come to stand in the document; else once
NAME_MAX = 256
LONGEST = 8  # bytes that a byte of a line may take in scratch or in a document, for each copy
SLACK = 256  # what wide copies may write past an end, and an action line's id

NO_SOURCE = Source("", "", "", 0.0)

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The kernel's arrays for one (table, framing, order). Spans are packed: position in `text` << 16 | size."""

    rows: Numbers
    texts: Numbers
    owned: Numbers
    names: Numbers
    strings: Numbers
    joints: Numbers
    prefixes: Numbers
    text: NDArray[np.uint8]
    params: Numbers
    slots: dict[str, int]
    columns: tuple[str, ...]  # of each row, for rejects: its column,
    is_time: tuple[bool, ...]  # and whether what it reads is a time


@lru_cache(maxsize=256)
def compile_plan(table: Table, framing: Framing, order: Order) -> Plan | None:
    """The plan; None if the kernel does not know all that the table asks for, and the reference has to read it."""
    if _asks_too_much(table) or len(order.owners) > COLUMNS_MAX or any(len(name) > NAME_MAX for name in order.names):
        return None
    body = _body(table, framing)
    text = bytearray(body.text)
    rows, texts, owners = _operations(table, order, body.slots)
    if any(row is None for row in rows) or _mixed(table) or len(body.slots) > SLOTS_MAX:
        return None
    names = [_pack(text, orjson.dumps(f"{name}=")[1:-1]) for name in order.names] or [0] * len(order.owners)
    beginnings = ([table.header] if table.header else []) + list(table.comments)
    prefixes = [_pack(text, prefix.encode()) for prefix in beginnings]
    reach = [order.positions[column] + 1 for column in range(table.required)]
    params = np.zeros(PARAMETERS, np.int64)
    copies = 2 + framing.original + max(sum(COPIES.get(type(reading), 1) for reading in c.readings) for c in table.columns)
    for parameter, value in (
        (codes.P_SHAPE, SHAPES[table.shape]),
        (codes.P_POSITIONS, len(order.owners)),
        (codes.P_NEEDED, max(reach, default=0)),
        (codes.P_LOOSE, -1 in order.owners),
        (codes.P_NAMED, bool(order.names)),
        (codes.P_SLOTS, len(body.slots)),
        (codes.P_TEXTS, len(texts) // 2),
        (codes.P_OPERATIONS, len(rows)),
        (codes.P_PREFIXES, len(prefixes)),
        (codes.P_HEADER, bool(table.header)),
        (codes.P_S_EXTRA, body.slots[table.extra]),
        (codes.P_S_OFFSET, body.slots[OFFSET]),
        (codes.P_S_ORIGINAL, body.slots.get(ORIGINAL, -1)),
        (codes.P_FIXED, body.longest + sum(name & 0xFFFF for name in names) + 64 * (len(rows) + 4) + SLACK),
        (codes.P_FACTOR, LONGEST * copies),
        (codes.P_ACTION, framing.action),
    ):
        params[parameter] = value
    return Plan(
        rows=np.array([number for row in rows if row for number in row] or [0], np.int64),
        texts=np.array(texts or [0], np.int64),
        owned=np.array([int(owner >= 0) for owner in order.owners] or [0], np.int64),
        names=np.array(names or [0], np.int64),
        strings=body.strings,
        joints=body.joints,
        prefixes=np.array(prefixes or [0], np.int64),
        text=np.frombuffer(text + bytes(PAD), np.uint8),
        params=params,
        slots=body.slots,
        columns=tuple(owners),
        is_time=tuple(row is not None and row[0] in (INSTANT, DATETIME) for row in rows),
    )


def _asks_too_much(table: Table) -> bool:
    """Whether the table has what the kernel knows nothing of, other than readings."""
    return table.shape not in SHAPES or table.header == "" or table.runs or table.dated_by_object or bool(table.separator)


def _pack(text: bytearray, piece: bytes) -> int:
    """Append a piece and say where it is."""
    at = len(text)
    text += piece
    return at << 16 | len(piece)


# operations


def _operations(table: Table, order: Order, slots: dict[str, int]) -> tuple[list[list[int] | None], list[int], list[str]]:
    """(rows of operations in documented order; columns that are one string, as position and slot; the rows' columns)."""
    rows: list[list[int] | None] = []
    texts: list[int] = []
    owners: list[str] = []
    counts: dict[str, int] = {}
    for column in table.columns:
        for reading in column.readings:
            for leaf in reading.leaves():
                counts[leaf.path] = counts.get(leaf.path, 0) + 1
    places = {column.name: order.positions[index] for index, column in enumerate(table.columns)}
    nowhere = len(slots)  # a slot that is filled and never written: a leaf that the object's own values cover
    for column in table.columns:
        position = places[column.name]
        for reading in column.readings if position >= 0 else ():
            filled = [slots.get(leaf.path, nowhere) for leaf in reading.leaves()]
            if type(reading) is Text and not reading.percent and counts[reading.path] == 1 and filled[0] != nowhere:
                texts += [position, filled[0]]
            else:
                rows.append(_row(reading, position, filled, places))
                owners.append(column.name)
    return rows, texts, owners


def _row(reading: Reading, position: int, filled: list[int], places: dict[str, int]) -> list[int] | None:
    code, argument, time = CODES.get(type(reading), -1), 0, -1
    match reading:
        case Text(percent=percent):
            code, argument = (PERCENT, int(percent)) if percent else (TEXT, 0)
        case Integer(minus_one_absent=absent) | Decimal(minus_one_absent=absent):
            argument = int(absent)
        case Tls(loose=True):
            return None
        case Words(separator=separator, percent=percent):
            if len(separator.encode()) != 1 or percent:
                return None
            argument = ord(separator)
        case DateTime(time=name):
            time = places[name]
    if code < 0:
        return None
    row: list[int] = [code, position, *filled]
    return [*row, *[0] * (codes.R_ARGUMENT - len(row)), argument, time]


# the document


@dataclass(frozen=True, slots=True, eq=False)
class _Body:
    slots: dict[str, int]
    strings: Numbers
    joints: Numbers
    text: bytes
    longest: int


@lru_cache(maxsize=256)
def _body(table: Table, framing: Framing) -> _Body:
    """Slots and joints; the same for each order of columns."""
    constants = {path: value for path, value in fixed(table, framing, NO_SOURCE).items() if path not in OBJECT_PATHS}
    members = paths(table, framing)
    slots = {path: slot for slot, path in enumerate(path for path in members if path not in constants)}
    quoted = _quoted(table) | {ID, ORIGINAL}
    text, pieces = bytearray(), {b"": 0}
    joints = np.zeros((len(slots) + 1, len(slots) + 1), np.int64)
    longest = [0] * (len(slots) + 1)
    for before, first in enumerate([None, *slots]):
        for slot, joint in enumerate(_joints(first, members, constants, quoted), before):
            if joint not in pieces:
                pieces[joint] = _pack(text, joint)
            joints[before, slot] = pieces[joint]
            longest[slot] = max(longest[slot], len(joint))
    strings = np.array([ESCAPE if path in quoted else 0 for path in slots], np.int64)
    return _Body(slots, strings, joints.ravel(), bytes(text), sum(longest))


def _joints(first: str | None, members: tuple[str, ...], constants: dict[str, bytes], quoted: set[str]) -> Iterator[bytes]:
    """From the slot `first` (None: the beginning) to each slot after it, and last to the document's end."""
    text = b'"' if first in quoted else b""
    last = first
    for member in members[members.index(first) + 1 if first else 0 :]:
        if member in constants:
            text += _between(last, member) + constants[member]
            last = member
        else:
            yield text + _between(last, member) + (b'"' if member in quoted else b"")
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


def _mixed(table: Table) -> bool:
    """Whether some path is a string by one reading and something else by another: a joint is one of them."""
    kinds: dict[str, set[bool]] = {}
    for column in table.columns:
        for reading in column.readings:
            for leaf in reading.leaves():
                kinds.setdefault(leaf.path, set()).add(leaf.type not in BARE and not isinstance(reading, Words | IpList))
    return any(len(found) > 1 for found in kinds.values())


def _quoted(table: Table) -> set[str]:
    """The paths whose values are strings, and not numbers or lists."""
    return {
        leaf.path
        for column in table.columns
        for reading in column.readings
        for leaf in reading.leaves()
        if leaf.type not in BARE and not isinstance(reading, Words | IpList)
    }
