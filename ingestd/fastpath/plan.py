"""A table compiled to the arrays that the kernel reads: what each column fills, and what stands between a document's fields.

A plan hangs on (table, framing, order of columns) alone; what an object adds (its ids, its place) comes beside it, see
`compiled.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import orjson
from numpy.typing import NDArray

from ingestd.fastpath.joints import OBJECT_PATHS, Body, compile_body, pack
from ingestd.fastpath.kernel import codes
from ingestd.fastpath.kernel.codes import COLUMNS_MAX, CSV, PARAMETERS, RECORD, SLOTS_MAX, SPACED, SPACED_RAW, TABBED
from ingestd.fastpath.layout import ID, OFFSET, ORIGINAL, TIMESTAMP
from ingestd.fastpath.operations import Operations, compile_operations
from ingestd.fastpath.order import Order, header_beginnings
from ingestd.fastpath.room import Room
from ingestd.fastpath.rule_numbers import compile_rules
from ingestd.fastpath.selection import selection
from ingestd.fastpath.tree import compile_tree
from ingestd.formats.lookups import TEXT_BYTES_MAX
from ingestd.formats.table import Epoch, IpList, Json, Reading, Request, Shape, Table, Words
from ingestd.model import PAD, Framing

__all__ = ["Plan", "compile_plan"]

SHAPES = {Shape.TABBED: TABBED, Shape.SPACED: SPACED, Shape.SPACED_RAW: SPACED_RAW, Shape.CSV: CSV, Shape.JSON: RECORD}
MARKS = b'"\\[]'  # bytes with a meaning of their own in most shapes: not to be told from a separator at a glance
NAME_MAX = 256
LONGEST = 8  # bytes that a byte of a line may take in scratch or in a document, for each copy
SLACK = 256  # what wide copies may write past an end, and an action line's id

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
    twins: Numbers
    meanings: Numbers
    prefixes: Numbers
    lookups: Numbers
    places: Numbers
    members: Numbers
    selections: Numbers
    kept_slots: Numbers
    choices: Numbers
    redacted: Numbers
    text: NDArray[np.uint8]
    params: Numbers
    slots: dict[str, int]
    columns: tuple[str, ...]  # of each row, for rejects: its column,
    is_time: tuple[bool, ...]  # and whether what it reads is a time
    room: Room


@lru_cache(maxsize=256)
def compile_plan(table: Table, framing: Framing, order: Order, covered: frozenset[str] = frozenset()) -> Plan | None:
    """The plan; None if the kernel does not know all that the table asks for, and the reference has to read it.

    `covered`: of events, the paths that their log stream fills.
    """
    if table.shape not in SHAPES or len(order.owners) > COLUMNS_MAX or any(len(name) > NAME_MAX for name in order.names):
        return None
    if table.catches and any(isinstance(reading, Json) for reading in table.readings()):
        return None  # the kernel puts back what a column does not take, but not into what another one keeps
    body = compile_body(table, framing, covered).without(_unfilled(table, order) - covered)
    text = bytearray(body.text)
    operations = compile_operations(table, order, body, text, covered)
    if operations is None or body.count > SLOTS_MAX:
        return None
    names = [pack(text, orjson.dumps(f"{name}=")[1:-1]) for name in order.names]
    prefixes = [text.encode() for text in (*header_beginnings(table), *table.comments)]
    spans = [pack(text, prefix) for prefix in prefixes]
    tree = compile_tree(table, body, text)
    rules = compile_rules(table, body, text)
    if len(tree.selections) > codes.SELECTIONS_MAX * codes.SELECTION_ROW:
        return None
    params = np.zeros(PARAMETERS, np.int64)
    for parameter, value in (
        *_of_table(table, order, prefixes),
        *_of_document(table, framing, body, operations),
        (codes.P_NAMES_MASK, len(tree.members) // codes.NAME_ROW - 1),
        (codes.P_CHOICES, len(table.rules.choices)),
        (codes.P_REDACTED, len(rules.redacted) // 2),
        (codes.P_FIXED, _fixed_room(body, operations, names)),
    ):
        params[parameter] = value
    return Plan(
        rows=_numbers(operations.rows),
        texts=_numbers(operations.texts),
        owned=_numbers([int(owner >= 0) for owner in order.owners]),
        names=_numbers(names or [0] * len(order.owners)),
        strings=body.strings,
        joints=body.joints,
        twins=_numbers([number for path, count in body.twins.items() for number in (body.slots[path], count)]),
        meanings=_numbers(operations.meanings),
        prefixes=_numbers(spans),
        lookups=_numbers(operations.lookups),
        places=_numbers(tree.places),
        members=_numbers(tree.members),
        selections=_numbers(tree.selections),
        kept_slots=_numbers(tree.kept_slots),
        choices=_numbers(rules.choices),
        redacted=_numbers(rules.redacted),
        text=np.frombuffer(text + bytes(PAD), np.uint8),
        params=params,
        slots=body.slots,
        columns=tuple(operations.columns),
        is_time=tuple(operations.is_time),
        room=Room(),
    )


def _numbers(numbers: list[int]) -> Numbers:
    return np.array(numbers or [0], np.int64)


def _unfilled(table: Table, order: Order) -> set[str]:
    """The paths that only columns fill which this order has not, and that nothing looks up or is looked up by."""
    there = {column.name for column, position in zip(table.columns, order.positions, strict=True) if position >= 0}
    filled = {TIMESTAMP, OFFSET, ID, ORIGINAL, table.extra, *OBJECT_PATHS}  # by other things than columns
    for lookup in table.lookups:
        filled |= {lookup.source, *(leaf.path for leaf in lookup.leaves)}
    paths = set()
    for column in table.columns:
        for reading in column.readings:
            named = {leaf.path for leaf in reading.leaves()}
            paths |= named
            if column.name in there or (isinstance(reading, Epoch) and reading.instead in there):
                filled |= named
    return paths - filled


def _of_table(table: Table, order: Order, prefixes: list[bytes]) -> Iterator[tuple[int, int]]:
    """What the kernel must know to skip lines and to cut the others."""
    separator = table.between[0] if table.between else 0
    yield codes.P_SHAPE, SHAPES[table.shape]
    yield codes.P_SEPARATOR, separator
    yield codes.P_RUN, separator if table.runs else -1
    yield codes.P_PADDED, table.padded
    yield codes.P_UNTABBED, table.padded and table.shape is Shape.TABBED and len(order.names) > 1
    yield codes.P_SURE, separator not in MARKS
    yield codes.P_POSITIONS, len(order.owners)
    yield codes.P_NEEDED, max((order.positions[column] + 1 for column in range(table.required)), default=0)
    yield codes.P_LOOSE, -1 in order.owners
    generations = () if order.names else table.generations
    yield codes.P_FEWEST, min(generations, default=0)
    yield codes.P_GENERATIONS, sum(1 << count for count in generations)
    yield codes.P_NAMED, bool(order.names)
    yield codes.P_PREFIXES, len(prefixes)
    yield codes.P_HEADERS, len(header_beginnings(table))
    yield codes.P_NAME, table.header == ""
    yield codes.P_DATED, table.dated_by_object
    yield codes.P_DASHES, table.dashes
    yield codes.P_CATCHES, table.catches
    firsts = range(256) if b"" in prefixes else {prefix[0] for prefix in prefixes}
    for number in range(8):
        yield codes.P_FIRSTS + number, sum(1 << first % 32 for first in firsts if first // 32 == number)


def _of_document(table: Table, framing: Framing, body: Body, operations: Operations) -> Iterator[tuple[int, int]]:
    """What it must know to fill and to write documents, and how large they become."""
    yield codes.P_SLOTS, body.count
    yield codes.P_TEXTS, len(operations.texts) // 2
    yield codes.P_OPERATIONS, len(operations.columns)
    yield codes.P_TWINS, len(body.twins)
    yield codes.P_LOOKUPS, len(table.lookups)
    yield codes.P_LOOKUP_TEXT_MAX, TEXT_BYTES_MAX
    yield codes.P_S_EXTRA, body.slots[table.extra]
    yield codes.P_S_OFFSET, body.slots[OFFSET]
    yield codes.P_S_ORIGINAL, body.slots.get(ORIGINAL, -1)
    yield codes.P_S_ID, body.slots.get(ID, -1)
    yield codes.P_ACTION, framing.action
    yield codes.P_FACTOR, LONGEST * (2 + framing.original + _most_copies(table) + bool(table.lookups))


def _most_copies(table: Table) -> int:
    """The same of a byte anywhere: several columns may look into one array."""
    copies: dict[str, int] = {}
    for column in table.columns:
        found = selection(column.name) if table.shape is Shape.JSON else None
        place = found.array if found else column.name
        copies[place] = copies.get(place, int(found is not None)) + sum(map(_copies, column.readings))
    return max(copies.values())


def _copies(reading: Reading) -> int:
    """How often a byte of the column may come to stand in the document or, for a moment, in scratch."""
    return 2 if isinstance(reading, IpList | Request) or (isinstance(reading, Words) and reading.percent) else 1


def _fixed_room(body: Body, operations: Operations, names: list[int]) -> int:
    """The bytes that a document may take, in `out` or in scratch, however short its line is."""
    wrapped = 16 * body.count  # what is kept as JSON though it is no object
    named = sum(name & 0xFFFF for name in names)
    event = 2 * (codes.EVENT_ID_MAX + 64) + 64  # its id, twice, and its time
    return body.longest + operations.longest + named + 64 * (len(operations.columns) + 4) + wrapped + event + SLACK
