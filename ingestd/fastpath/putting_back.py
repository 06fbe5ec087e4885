"""Of which columns the kernel can tell whether a value fills something, as it has to in tables that catch (members.py).

It knows of columns whose values could not be read, and of columns that have values while one before them fills the same field.
"""

from __future__ import annotations

from ingestd.formats.table import Boolean, Column, Decimal, Integer, Ip, Items, Mapped, Moment, Reading, Table, Text

__all__ = ["can_put_back"]


def can_put_back(table: Table, number: int) -> bool:
    """Whether the kernel can take a value of this column."""
    readings = table.columns[number].readings
    if not readings or not all(map(_is_known, readings)) or (len(readings) > 1 and any(map(_may_fail, readings))):
        return False
    if not _always_fills(readings[0]) and not isinstance(readings[0], Ip | Items):
        return False
    others = (other for place, other in enumerate(table.columns) if place != number)
    return all(_can_share(readings, other) for other in others)


def _can_share(readings: tuple[Reading, ...], other: Column) -> bool:
    """Whether the kernel can tell which of two columns fills a field, if both can."""
    paths, theirs = _paths(readings), _paths(other.readings)
    if not paths & theirs:
        return True
    return "[" not in other.name and paths == theirs and all(map(_always_fills, (*readings, *other.readings)))


def _paths(readings: tuple[Reading, ...]) -> set[str]:
    return {leaf.path for reading in readings for leaf in reading.leaves()}


def _is_known(reading: Reading) -> bool:
    return _always_fills(reading) or isinstance(reading, Ip | Items | Mapped)


def _always_fills(reading: Reading) -> bool:
    """Whether a value that it can read fills its field."""
    if isinstance(reading, Integer | Decimal):
        return not reading.minus_one_absent
    return isinstance(reading, Text | Moment | Boolean)


def _may_fail(reading: Reading) -> bool:
    return isinstance(reading, Integer | Decimal | Moment)
