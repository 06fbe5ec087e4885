"""Of which columns the kernel can tell whether a value fills something, as it has to in tables that catch (members.py).

It knows of columns whose values could not be read, and of columns that have values while one before them fills the same field.
"""

from __future__ import annotations

from ingestd.formats.table import Boolean, Decimal, Integer, Ip, Items, Mapped, Moment, Reading, Table, Text

__all__ = ["can_put_back"]


def can_put_back(table: Table, number: int) -> bool:
    """Whether the kernel can take a value of this column."""
    readings = table.columns[number].readings
    if not readings or not all(map(_is_known, readings)) or (len(readings) > 1 and any(map(_may_fail, readings))):
        return False
    if not _always_fills(readings[0]) and not isinstance(readings[0], Ip | Items):
        return False
    paths = _paths(readings)
    for place, other in enumerate(table.columns):
        shared = paths & _paths(other.readings)
        if (
            place != number
            and shared
            and not (
                "[" not in other.name
                and paths == _paths(other.readings)
                and all(map(_always_fills, (*readings, *other.readings)))
            )
        ):
            return False
    return True


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
