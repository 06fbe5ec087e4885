"""Which column stands where in a line: the documented order, or the one that an object's header line gives."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingestd.formats.table import Table

__all__ = ["Order", "header_beginnings", "header_pattern"]

INVISIBLE = str.maketrans("", "", "\ufeff\u200b")  # byte order mark and zero-width space, from editors and copied pages


@dataclass(frozen=True, slots=True)
class Order:
    """`owners[p]` is the documented column at position p of a line, `positions[c]` the position of column c; -1: none.

    `names` are the header's, by position, and empty without a header.
    """

    owners: tuple[int, ...]
    positions: tuple[int, ...]
    names: tuple[str, ...] = ()

    @classmethod
    def documented(cls, table: Table) -> Order:
        """The order of a line before any header."""
        named = len(table.columns) if table.headless is None else table.headless
        later = len(table.columns) - named
        return cls(owners=tuple(range(named)), positions=(*range(named), *later * (-1,)))

    @classmethod
    def of_header(cls, table: Table, line: bytes) -> Order:
        """The order that a header line gives; `line` begins with the table's `header`."""
        text = line.removeprefix((table.header or "").encode()).decode("utf-8", "replace").translate(INVISIBLE)
        names = tuple(text.replace("\t", " ").replace("\r", " ").split(" "))
        names = tuple(name for name in names if name)
        if not names:
            return cls.documented(table)
        free = {column.name.lower(): index for index, column in reversed(list(enumerate(table.columns)))}
        owners = tuple(_taken(free, name.lower()) for name in names)
        positions = tuple(owners.index(index) if index in owners else -1 for index in range(len(table.columns)))
        return cls(owners, positions, names)

    def reach(self, table: Table, count: int) -> int:
        """How many positions of a line of `count` columns are what this order says of them."""
        positions = len(self.owners)
        if self.names or not table.generations or count in table.generations or count > positions:
            return positions
        return table.generations[0]

    def lacking(self, table: Table, count: int) -> str | None:
        """The name of the first required column that a line of `count` columns does not reach, of those with a position."""
        for column, position in zip(table.columns[: table.required], self.positions, strict=False):
            if position >= count:
                return column.name
        return None


def _taken(free: dict[str, int], name: str) -> int:
    """The column of this name that no name before it is of; -1: none."""
    return next((free.pop(each) for each in (name, name.replace("_", "-"), name.replace("_", ":")) if each in free), -1)


def header_beginnings(table: Table) -> list[str]:
    """What a header line begins with; none where there are none, and names where a name alone makes a header line."""
    if table.header is None:
        return []
    if table.header:
        return [table.header]
    names = [column.name for column in table.columns]
    return [*names, *(name.replace("-", "_") for name in names if "-" in name)]


def header_pattern(table: Table) -> re.Pattern[bytes] | None:
    """What a header line matches at its beginning; None where there are none."""
    beginnings = "|".join(re.escape(text) for text in header_beginnings(table))
    if not beginnings:
        return None
    return re.compile((beginnings if table.header else rf"(?:{beginnings})(?: |\Z)").encode())
