"""The paths of a record's columns as the tree that the kernel walks along (`kernel/members.py`): places, and names in a table.

A name with dots leads further than one without: it stands in the table too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ingestd.fastpath.joints import Body, pack
from ingestd.fastpath.kernel.codes import (
    HASH,
    HASH_BITS,
    HASH_SHIFT,
    NAME_ROW,
    PLACE_BOOLEAN,
    PLACE_KEPT,
    PLACE_KNOWN,
    PLACE_LEFT,
    PLACE_LIST,
    PLACE_LOOSE,
    PLACE_NONE,
    PLACE_PAIRS,
    PLACE_PLAIN,
    SELECTION_PATH,
    SELECTION_ROW,
)
from ingestd.fastpath.putting_back import can_put_back
from ingestd.fastpath.selection import Selection, selection
from ingestd.formats.table import Boolean, Column, DateTime, Epoch, IpList, Items, Json, Pairs, Reading, Shape, Table, Words

__all__ = ["Tree", "compile_tree"]

STRUCTURED = Items | Json | Pairs  # what is made of arrays and objects


@dataclass(slots=True)
class Tree:
    """The kernel's numbers: rows of places, of names and of selections, and the slot of each column that is kept as JSON."""

    places: list[int] = field(default_factory=list)
    members: list[int] = field(default_factory=lambda: [0] * NAME_ROW)
    selections: list[int] = field(default_factory=list)
    kept_slots: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Place:
    number: int
    above: _Place | None = None
    column: int = -1
    kind: int = PLACE_NONE
    ring: int = -1
    below: dict[str, _Place] = field(default_factory=dict)
    selections: list[tuple[int, Selection]] = field(default_factory=list)


def compile_tree(table: Table, body: Body, text: bytearray) -> Tree:
    """The tree of a table of records; of any other there is none."""
    tree = Tree()
    if table.shape is not Shape.JSON:
        return tree
    places = [_Place(0)]
    readings = list(table.readings())
    joined = {reading.time for reading in readings if isinstance(reading, DateTime)}  # columns that others' readings take
    joined |= {reading.instead for reading in readings if isinstance(reading, Epoch)}
    for number, column in enumerate(table.columns):
        if found := selection(column.name):
            _reach(places, found.array).selections.append((number, found))
            continue
        place = _reach(places, column.name)
        place.column = number
        place.kind = PLACE_LOOSE if column.name in joined and not column.readings else _kind(column, body)
    tree.kept_slots = [_slot(column, body) for column in table.columns]
    if table.catches:
        for place in places:
            if place.column >= 0 and not can_put_back(table, place.column):
                place.kind = PLACE_LEFT
        _join_rings(table, places)
    left = {place.column for place in places if place.kind == PLACE_LEFT}
    for place in places:
        ring = place.ring if place.ring >= 0 else place.number
        first = len(tree.selections) // SELECTION_ROW
        tree.places += [place.column, place.kind, int(bool(place.below)), ring, first, len(place.selections)]
        for number, found in place.selections:
            tree.selections += _row(number, _kind_selected(table, number, found, body, left), found, text)
    tree.members = _table([entry for place in places for entry in _names(place)], text)
    return tree


def _reach(places: list[_Place], path: str) -> _Place:
    """The place at a path; it is made if it is new."""
    place = places[0]
    for name in path.split("."):
        if name not in place.below:
            place.below[name] = _Place(len(places), place)
            places.append(place.below[name])
        place = place.below[name]
    return place


def _kind(column: Column, body: Body) -> int:
    if not column.readings:
        return PLACE_KNOWN
    match column.readings:
        case (Json(),):
            return PLACE_KEPT
        case (Items(path=path),) if body.slots[path] in body.alone:
            return PLACE_LIST
        case (Pairs(path=path),) if body.slots[path] in body.alone:
            return PLACE_PAIRS
    return _kind_plain(column.readings)


def _kind_plain(readings: tuple[Reading, ...]) -> int:
    if all(isinstance(reading, Boolean) for reading in readings):
        return PLACE_BOOLEAN
    if any(isinstance(reading, STRUCTURED | Boolean) for reading in readings):
        return PLACE_LEFT
    return PLACE_LOOSE if any(isinstance(reading, Words | IpList) for reading in readings) else PLACE_PLAIN


def _kind_selected(table: Table, number: int, found: Selection, body: Body, left: set[int]) -> int:
    """`left`: columns of which no record that the kernel takes has a value."""
    readings = table.columns[number].readings
    paths = [leaf.path for reading in readings for leaf in reading.leaves()]
    alone = all(body.slots.get(path) in body.alone or _fills_alone(table, path, left | {number}, body) for path in paths)
    if len(found.below) > SELECTION_ROW - SELECTION_PATH or (table.catches and not alone):
        return PLACE_LEFT
    if found.name:
        return _kind_plain(readings)
    match readings:
        case (Items() | Words(percent=0),) if alone:
            return PLACE_LIST
    return PLACE_LEFT


def _fills_alone(table: Table, path: str, ours: set[int], body: Body) -> bool:
    """Whether only these columns fill a field, which is one slot."""
    filling = {
        place for place, column in enumerate(table.columns) for reading in column.readings for leaf in reading.leaves()
        if leaf.path == path
    }  # fmt: skip
    is_looked_up = any(leaf.path == path for lookup in table.lookups for leaf in lookup.leaves)
    return filling <= ours and path not in body.twins and not is_looked_up


def _row(number: int, kind: int, found: Selection, text: bytearray) -> list[int]:
    row = [number, kind, int(found.takes_texts), 0]
    if found.name:
        row[2:] = pack(text, found.name.encode()), pack(text, found.value.encode())
    row += [pack(text, name.encode()) for name in found.below[: SELECTION_ROW - SELECTION_PATH]]
    return row + [0] * (SELECTION_ROW - len(row))


def _slot(column: Column, body: Body) -> int:
    """Of the field that a column fills with what it keeps."""
    kept = column.readings and isinstance(column.readings[0], Items | Json | Pairs | Words)
    return body.slots[column.readings[0].leaves()[0].path] if kept else 0


def _join_rings(table: Table, places: list[_Place]) -> None:
    """Columns whose first field is the same: of those that have values the first keeps it, the others' go back."""
    fields: dict[str, list[_Place]] = {}
    for place in places:
        if place.column >= 0 and (readings := table.columns[place.column].readings):
            fields.setdefault(readings[0].leaves()[0].path, []).append(place)
    for ring in fields.values():
        for place, following in zip(ring, [*ring[1:], ring[0]], strict=True):
            place.ring = following.number


def _names(place: _Place) -> Iterator[tuple[int, bytes, int]]:
    """(place above, name, place) of all that can be reached from a place in one step."""
    waiting = [(name, below) for name, below in place.below.items()]
    while waiting:
        name, below = waiting.pop()
        yield place.number, name.encode(), below.number
        waiting += [(f"{name}.{further}", beyond) for further, beyond in below.below.items()]


def _table(entries: list[tuple[int, bytes, int]], text: bytearray) -> list[int]:
    """The names as the kernel searches them, at least half of the table empty."""
    mask = (1 << (2 * len(entries)).bit_length()) - 1
    rows = [[0] * NAME_ROW for _ in range(mask + 1)]
    for above, name, number in entries:
        word = int.from_bytes(name[:8].ljust(8, b"\0"), "little")
        row = _hash(word, len(name), above) & mask
        while rows[row][1]:
            row = (row + 1) & mask
        rows[row] = [word - (1 << 64) * (word >> 63), pack(text, name), above, number]
    return [number for row in rows for number in row]


def _hash(word: int, size: int, place: int) -> int:
    """As `kernel/members.py` has it."""
    folded = (word ^ word >> 29 ^ (size * 31 + place * 1021)) & HASH_BITS
    return (folded * HASH) >> HASH_SHIFT & HASH_BITS
