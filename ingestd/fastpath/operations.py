"""What the columns of a table fill, as rows of numbers that the kernel works off in documented order (`kernel/readings.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import orjson

from ingestd.fastpath.joints import Body, pack
from ingestd.fastpath.kernel.codes import (
    ANY_TIME,
    CLF,
    CUT,
    DATETIME,
    DECIMAL,
    ENDPOINT,
    EPOCH,
    HASH,
    HASH_BITS,
    HASH_SHIFT,
    HOSTS,
    INSTANT,
    IP,
    LOOKUP_ROW,
    MAPPED,
    MEANING_ROW,
    PERCENT,
    R_ARGUMENT,
    R_DATE,
    R_LABEL,
    R_LAST,
    R_MASK,
    R_OTHER,
    R_SEPARATOR,
    REQUEST,
    ROW,
    STATUS,
    TEXT,
    TLS,
    VERSION,
    WHOLE,
    WORDS,
)  # fmt: skip
from ingestd.fastpath.order import Order
from ingestd.formats.lookups import TEXT_BYTES_MAX, VALUE_BYTES_MAX
from ingestd.formats.table import (
    Boolean,
    ClfTime,
    Column,
    Cut,
    DateTime,
    Decimal,
    Endpoint,
    Epoch,
    Instant,
    Integer,
    Ip,
    IpList,
    Items,
    Json,
    Leaf,
    Mapped,
    Moment,
    Pairs,
    Reading,
    Request,
    Status,
    Table,
    Text,
    Tls,
    Version,
    Words,
)  # fmt: skip

__all__ = ["Operations", "compile_operations"]

CODES: dict[type, int] = {
    Text: TEXT, Integer: WHOLE, Decimal: DECIMAL, Status: STATUS, Ip: IP, Endpoint: ENDPOINT, Instant: INSTANT,
    DateTime: DATETIME, Epoch: EPOCH, ClfTime: CLF, Mapped: MAPPED, Cut: CUT, Words: WORDS, IpList: HOSTS, Tls: TLS,
    Version: VERSION, Request: REQUEST, Moment: ANY_TIME, Boolean: TEXT,
}  # fmt: skip
TIMES = {INSTANT, DATETIME, EPOCH, CLF, ANY_TIME}
ELSEWHERE = Items | Json | Pairs  # filled where a record is cut, or read by the reference


@dataclass(slots=True)
class Operations:
    """The kernel's numbers; what they name stands in the plan's text."""

    catches: bool  # the table's
    rows: list[int] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)  # of each row, for rejects: its column,
    is_time: list[bool] = field(default_factory=list)  # and whether what it reads is a time
    texts: list[int] = field(default_factory=list)  # columns that are one string in a slot of their own: position, slot
    meanings: list[int] = field(default_factory=list)
    lookups: list[int] = field(default_factory=list)
    longest: int = 0  # bytes that a document may have of meanings and of what is looked up


def compile_operations(
    table: Table, order: Order, body: Body, text: bytearray, covered: frozenset[str] = frozenset()
) -> Operations | None:
    """The operations of a table in this order of columns; None if the kernel does not know one of its readings."""
    made = Operations(table.catches)
    places = {column.name: order.positions[index] for index, column in enumerate(table.columns)}
    seen: dict[str, int] = {}
    for column, reading, slots in _slotted(table, body, seen, covered):
        if isinstance(reading, ELSEWHERE):
            continue
        if type(reading) not in CODES:
            return None
        position = places[column.name]
        if position < 0 and isinstance(reading, Epoch) and reading.instead:
            position = places.get(reading.instead, -1)
        if position < 0:
            continue
        if slots[0] in body.alone and (type(reading) is Boolean or (type(reading) is Text and not reading.percent)):
            made.texts += [position, slots[0]]
            continue
        for row in _rows(reading, [CODES[type(reading)], position], slots, places, text, made):
            made.rows += row
            made.columns.append(column.name)
            made.is_time.append(row[0] in TIMES)
    return made if _add_lookups(table, body, seen, made) else None


def _slotted(
    table: Table, body: Body, seen: dict[str, int], covered: frozenset[str]
) -> Iterator[tuple[Column, Reading, list[int]]]:
    """Each reading with the slots of its leaves."""
    for column in table.columns:
        for reading in column.readings:
            yield column, reading, _slots(reading.leaves(), body, seen, covered)


def _slots(leaves: Iterable[Leaf], body: Body, seen: dict[str, int], covered: frozenset[str] = frozenset()) -> list[int]:
    """The slots of leaves: of twins each time the next. `seen`: how often a path came before."""
    slots = []
    nowhere = body.count  # a slot that is filled and never written: a leaf that the object's own values cover
    for leaf in leaves:
        slot = nowhere if leaf.path in covered else body.slots.get(leaf.path, nowhere)
        slots.append(slot + (seen.get(leaf.path, 0) if leaf.path in body.twins else 0))
        seen[leaf.path] = seen.get(leaf.path, 0) + 1
    return slots


def _add_lookups(table: Table, body: Body, seen: dict[str, int], made: Operations) -> bool:
    """Append the rows of the table's lookups; False if one of their texts is not one that the kernel sees as it is written."""
    filling = [(leaf.path, reading) for reading in table.readings() for leaf in reading.leaves()]
    for lookup in table.lookups:
        if not all(isinstance(reading, Text | Ip | Endpoint) for path, reading in filling if path == lookup.source):
            return False
        slots = _slots(lookup.leaves, body, seen)
        row = [lookup.number, int(lookup.by_address), body.slots[lookup.source], len(slots), *slots]
        made.lookups += row + [0] * (LOOKUP_ROW - len(row))
        made.longest += TEXT_BYTES_MAX + VALUE_BYTES_MAX * len(slots)
    return True


def _rows(
    reading: Reading, head: list[int], slots: list[int], places: dict[str, int], text: bytearray, made: Operations
) -> Iterator[list[int]]:
    match reading:
        case Text(percent=percent) if percent:
            yield _row([PERCENT, *head[1:], *slots], {R_ARGUMENT: percent})
        case Moment():
            yield _row([*head, *slots], {R_ARGUMENT: int(made.catches)})  # whether what is no time goes back
        case Integer(minus_one_absent=flag) | Decimal(minus_one_absent=flag) | Tls(loose=flag):
            yield _row([*head, *slots], {R_ARGUMENT: int(flag)})
        case Words(separator=separator, percent=percent):
            yield _row([*head, *slots], {R_SEPARATOR: pack(text, separator.encode()), R_ARGUMENT: percent})
        case DateTime(time=other) | Epoch(instead=other):
            yield _row([*head, *slots], {R_OTHER: places.get(other, -1)})
        case Mapped():
            table, mask = len(made.meanings) // MEANING_ROW, _add_meanings(reading, text, made)
            yield _row([*head, *slots], {R_ARGUMENT: table, R_MASK: mask})
        case Cut(separator=separator, pieces=pieces):
            span = pack(text, separator.encode())
            for number, (piece, slot) in enumerate(zip(pieces, slots, strict=True)):
                numbers = {R_ARGUMENT: number, R_SEPARATOR: span, R_LABEL: pack(text, piece.label.encode())}
                yield _row([*head, slot], numbers | {R_LAST: piece is pieces[-1], R_DATE: piece.type == "date"})
        case _:
            yield _row([*head, *slots], {})


def _row(head: list[int], numbers: dict[int, int]) -> list[int]:
    row = head + [0] * (ROW - len(head))
    for place, number in numbers.items():
        row[place] = number
    return row


def _add_meanings(reading: Mapped, text: bytearray, made: Operations) -> int:
    """Append the table of meanings, at least half of it empty, as the kernel searches it; returns the mask of its places."""
    known = {value.encode(): orjson.dumps(meaning) for value, meaning in reading.values if value}
    mask = (1 << (2 * len(known)).bit_length()) - 1
    table = [[0] * MEANING_ROW for _ in range(mask + 1)]
    for value, meaning in known.items():
        first, last = value[:8].ljust(8, b"\0"), value[-8:].ljust(8, b"\0")
        place = _hash(int.from_bytes(first, "little"), int.from_bytes(last, "little")) & mask
        while table[place][2]:
            place = (place + 1) & mask
        words = [int.from_bytes(word, "little", signed=True) for word in (first, last)]
        table[place] = [*words, pack(text, value), pack(text, meaning)]
    made.meanings += [number for row in table for number in row]
    made.longest += max((len(meaning) for meaning in known.values()), default=0)
    return mask


def _hash(first: int, last: int) -> int:
    """As `kernel/meanings.py` has it."""
    folded = (first ^ first >> 32 ^ last >> 8 ^ last >> 40) & HASH_BITS
    return (folded * HASH) >> HASH_SHIFT
