"""Logs of lines that AWS also delivers as JSON, each column a member: how the table of one follows from the other's."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

import orjson

from ingestd.formats.table import Column, Reading, Shape, Table, Text, Words

__all__ = ["as_records", "record"]

NONE: Mapping[str, str] = {}
QUOTED = '","'  # between the items of a list that is quoted in a line
VALUE = re.compile(r'"([^"]*)"(?= |$)|(\S+)')  # of a sample line


def as_records(
    table: Table, renamed: Mapping[str, str] = NONE, *, name: str, content: str, sample: Callable[[Random], str]
) -> Table:
    """The table of the same columns as members, by their names with `_` for `:`, or those of `renamed`.

    Users choose among them, so that a record may have no time: it has the object's, or the event's, then.
    """
    return replace(
        table,
        name=name,
        shape=Shape.JSON,
        columns=tuple(Column(_member(column.name, renamed), *map(_of_member, column.readings)) for column in table.columns),
        required=0,
        padded=False,
        comments=(),
        dashes=True,
        dated_by_object=True,
        rest=f"aws.{table.service}.extra_members",  # `extra` is a list of strings in the indices that both write to
        key="",
        content=content,
        control=None,
        sample=sample,
    )


def record(table: Table, line: str, renamed: Mapping[str, str] = NONE) -> str:
    """A sample line of the table as such a record."""
    values = (found[1] or found[2] or "" for found in VALUE.finditer(line))
    names = (_member(column.name, renamed) for column in table.columns)
    return orjson.dumps(dict(zip(names, values, strict=False))).decode()


def _member(column: str, renamed: Mapping[str, str]) -> str:
    return renamed.get(column, column.replace(":", "_"))


def _of_member(reading: Reading) -> Reading:
    """What is quoted twice stays as it is."""
    if isinstance(reading, Words) and reading.separator == QUOTED:
        return Text(reading.path)
    return reading
