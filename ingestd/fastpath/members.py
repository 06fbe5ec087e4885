"""A record's members into leaves: what `formats/table.py` says of the JSON shape, slowly.

The columns' paths make a tree, along which the record is walked once. What belongs to nobody is held back on the way, and is
written where the nearest object above it that keeps JSON is, or to `extra`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from ingestd.core.mending import read_json
from ingestd.core.nested import below, dumped
from ingestd.fastpath.bounds import NESTED, bounded
from ingestd.fastpath.reading import Leaves, read, read_list
from ingestd.fastpath.selection import Selection, selection
from ingestd.fastpath.unreadable import Unreadable
from ingestd.formats.table import (
    DateTime,
    Epoch,
    IpList,
    Items,
    Json,
    Pairs,
    Reading,
    Table,
    Words,
)

__all__ = ["WHITESPACE", "Members"]

WHITESPACE = b" \t\n\r"
STRUCTURED = (Json, Pairs)
PAIR = frozenset(("name", "value"))
LISTS = (Items, Words, IpList)


class _Rest(dict[str, Any]):
    """Of an object that was walked: the members that belong to no column."""


@dataclass(slots=True)
class _Node:
    """A place in the columns' paths: the members below it, the column that is named so, or -1, and those that look into it."""

    members: dict[str, _Node] = field(default_factory=dict)
    column: int = -1
    selections: list[tuple[int, Selection]] = field(default_factory=list)

    def reach(self, path: str) -> _Node:
        """The place at a path below this one; it is made if it is new."""
        node = self
        for name in path.split("."):
            node = node.members.setdefault(name, _Node())
        return node


@dataclass(slots=True)
class _Walked:
    """Values by column, and where each of them would be held if it belonged to none."""

    values: dict[int, Any] = field(default_factory=dict)
    homes: dict[int, tuple[_Rest, str]] = field(default_factory=dict)


class Members:
    """Reads the records of one table."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._root = _Node()
        self._places = {column.name: place for place, column in enumerate(table.columns)}
        self._absent: tuple[Any, ...] = (None, "", {}, [], *["-"] * table.dashes)
        self._replaced = {  # columns in whose place others may be read
            place
            for place, column in enumerate(table.columns)
            if any(isinstance(reading, Epoch) and reading.instead for reading in column.readings)
        }
        self._sources = [tuple(map(self._source, column.readings)) for column in table.columns]
        self._keeps = [any(isinstance(reading, Json) for reading in column.readings) for column in table.columns]
        self._arrays, self._objects = (
            [not column.readings or any(isinstance(reading, kinds) for reading in column.readings) for column in table.columns]
            for kinds in ((*STRUCTURED, *LISTS), STRUCTURED)
        )  # whether the column takes one; one that is known, but not kept, does
        for place, column in enumerate(table.columns):
            if found := selection(column.name):
                self._root.reach(found.array).selections.append((place, found))
            else:
                self._root.reach(column.name).column = place

    def leaves(self, line: bytes) -> Leaves:
        """What the record fills. Raises Unreadable."""
        record, walked = _record(line), _Walked()
        rest = self._walk(self._root, record, walked)
        leaves = self._filled(walked)
        if rest := _pruned(rest):
            leaves[self._table.extra] = bounded(rest)
        return leaves

    def _walk(self, node: _Node, record: dict[str, Any], walked: _Walked) -> _Rest:
        """Give the columns below `node` their values; what is left of the object."""
        rest = _Rest()
        for name, value in record.items():
            if value in self._absent:
                continue
            child = _child(node, name)
            if child is not None and isinstance(value, NESTED):
                for place, selected in child.selections:
                    walked.values.setdefault(place, self._select(_items_for(selected, value), selected))
            if child is not None and child.members and isinstance(value, dict):
                inner = self._walk(child, value, walked)
                if child.column >= 0 and self._keeps[child.column] and child.column not in walked.values:
                    walked.values[child.column] = inner
                else:
                    rest[name] = inner
            elif child is not None and child.column not in walked.values and self._takes(child.column, value):
                walked.values[child.column] = value
                walked.homes[child.column] = rest, name
            else:
                rest[name] = value
        return rest

    def _source(self, reading: Reading) -> tuple[Reading, int, int]:
        """With the columns that are read in place of, or joined to, the reading's own; -1 for none."""
        instead = self._places[reading.instead] if isinstance(reading, Epoch) and reading.instead else -1
        return reading, instead, self._places[reading.time] if isinstance(reading, DateTime) else -1

    def _takes(self, place: int, value: Any) -> bool:
        """Whether there is a column that can read such a value."""
        if place < 0:
            return False
        return self._arrays[place] if isinstance(value, list) else not isinstance(value, dict) or self._objects[place]

    def _select(self, array: list[Any], selected: Selection) -> Any:
        if selected.name:
            items = [item for item in array if isinstance(item, dict)]
            named = (item for item in items if _lowered(item.get(selected.name)) == selected.value)
            return below(next(named, None), *selected.below)
        found: list[Any] = []
        for item in array:
            value = item if selected.takes_texts and isinstance(item, str) else below(item, *selected.below)
            found += value if isinstance(value, list) else [value]
        return [value for value in found if value not in self._absent]

    def _filled(self, walked: _Walked) -> Leaves:
        """The leaves of all columns; of tables that catch, what fills nothing goes back to where it came from."""
        leaves: Leaves = {}
        columns = sorted(walked.values.keys() | self._replaced)
        columns.sort(key=self._keeps.__getitem__)  # what keeps the rest comes last
        for place in columns:
            try:
                found = self._read(place, walked.values)
            except Unreadable as unreadable:
                if not self._table.catches:
                    raise Unreadable(unreadable.reason, self._table.columns[place].name) from None
                found = {}
            if self._table.catches and place in walked.homes and not found.keys() - leaves.keys():
                home, name = walked.homes[place]
                home[name] = walked.values[place]
            for path, text in found.items():
                leaves.setdefault(path, text)  # the first to fill a path keeps it
        return leaves

    def _read(self, place: int, values: dict[int, Any]) -> Leaves:
        leaves: Leaves = {}
        for reading, instead, joined in self._sources[place]:
            value = values.get(place)
            if instead >= 0 and value in self._absent:
                value = values.get(instead)
            elif joined >= 0:
                time = values.get(joined)
                value = f"{value}T{time}" if isinstance(value, str) and isinstance(time, str) else None
            if isinstance(value, _Rest):
                value = _pruned(value)
            if value not in self._absent:
                for path, text in _leaves(reading, value).items():
                    leaves.setdefault(path, text)
        return leaves


# values


def _record(line: bytes) -> dict[str, Any]:
    try:
        record = read_json(line)
    except orjson.JSONDecodeError:
        raise Unreadable("bad_json") from None
    if not isinstance(record, dict):
        raise Unreadable("bad_json")
    return record


def _leaves(reading: Reading, value: Any) -> Leaves:
    """What a value that is there fills."""
    if isinstance(reading, Json):
        return {reading.path: bounded(value)}
    if isinstance(reading, Pairs):
        return {reading.path: bounded(_paired(value))}
    if isinstance(value, list) and isinstance(reading, LISTS):
        return read_list(reading, [_text(item) for item in value])
    return {} if isinstance(value, NESTED) else read(reading, _text(value))


def _text(value: Any) -> bytes:
    """A string's content, nothing for null, and the JSON of all else."""
    if isinstance(value, str):
        return value.encode()
    return b"" if value is None else dumped(value)


def _paired(value: Any) -> Any:
    pairs: dict[str, list[Any]] = {}
    for item in _named(value) if isinstance(value, dict) else value if isinstance(value, list) else [None]:
        if not isinstance(item, dict) or not isinstance(item.get("name"), str) or item.keys() - PAIR:
            return value
        pairs.setdefault(item["name"].lower(), []).append(item.get("value"))
    return {name: values if len(values) > 1 else values[0] for name, values in pairs.items()}


def _items_for(selected: Selection, value: list[Any] | dict[str, Any]) -> list[Any]:
    """The items among which is selected, also where an object stands in the place of their array."""
    if isinstance(value, list):
        return value
    return _named(value) if selected.name else [value]


def _named(members: dict[str, Any]) -> list[dict[str, Any]]:
    """An object's members as objects of a name and a value."""
    return [
        {"name": name, "value": item}
        for name, value in members.items()
        for item in (value if isinstance(value, list) and value else [value])
    ]


def _child(node: _Node, name: str) -> _Node | None:
    """The place below that is named so; a name with dots leads further."""
    if (child := node.members.get(name)) is not None or "." not in name:
        return child
    for part in name.split("."):
        if (child := node.members.get(part)) is None:
            return None
        node = child
    return node


def _lowered(value: Any) -> str | None:
    return value.lower() if isinstance(value, str) and value.isascii() else None


def _pruned(rest: _Rest) -> _Rest:
    """Without the objects of which nothing is left."""
    for name, value in list(rest.items()):
        if isinstance(value, _Rest) and not _pruned(value):
            del rest[name]
    return rest
