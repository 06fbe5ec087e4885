"""A line into values: each `Shape` of formats/table.py, slowly. Nothing here knows what a column means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from ingestd.fastpath.unreadable import Unreadable
from ingestd.formats.patterns import compiled
from ingestd.formats.table import IGNORED, PADDED, Shape, Table

__all__ = ["Pieces", "split", "trim"]

# Quoted columns before a separator S or the line's end. Alternatives exclude each other and repetitions are possessive: no
# input makes the match go back over what it has read.
QUOTED = {
    Shape.SPACED: rb'"([^"\\]*+(?:(?:\\.|"(?!S|\Z))[^"\\]*+)*+)"(?=S|\Z)',
    Shape.SPACED_RAW: rb'"([^"]*+(?:"(?!S|\Z)[^"]*+)*+)"(?=S|\Z)',
    Shape.CSV: rb'"([^"]*+(?:""[^"]*+)*+)"(?=S|\Z)',
}
ESCAPE = re.compile(rb'\\(?:(["\\])|x000000([0-9A-Fa-f]{2})|x([0-9A-Fa-f]{2}))')


@dataclass(frozen=True, slots=True)
class Pieces:
    """A line's columns by position: values without quotes and escapes (empty where absent), and as the line has them."""

    values: list[bytes]
    raw: list[bytes]


def trim(line: bytes, *, padded: bool = False) -> bytes:
    """The line proper, out of what stands before a newline; `padded`: without blanks at its ends."""
    begin = (PADDED if padded else IGNORED).match(line)
    assert begin is not None
    return line[begin.end() :].rstrip(b" \t\r" if padded else b"\r")


def split(table: Table, line: bytes, named: int = 0) -> Pieces:
    """The columns of a line; `named`: how many its header names. Raises Unreadable for a quote that is not closed, and for a
    line that no pattern matches."""
    if table.shape is Shape.PATTERN:
        return _captured(table, line)
    if table.runs:
        line = line.strip(table.between)
    if table.shape is not Shape.TABBED:
        return _split_quoted(table, line)
    raw = line.split(table.between)
    if table.runs:
        raw = [value for value in raw if value]
    if table.padded and len(raw) == 1:
        words = [value for value in line.split(b" ") if value]
        raw = words if len(words) == named else raw
    return Pieces([b"" if value == b"-" else value for value in raw], raw)


def _captured(table: Table, line: bytes) -> Pieces:
    for pattern in table.patterns:
        if (groups := compiled(pattern).match(line)) is not None:
            raw = [groups.get(column.name, b"") for column in table.columns]
            return Pieces([b"" if value == b"-" else value for value in raw], raw)
    raise Unreadable("no_pattern")


def _split_quoted(table: Table, line: bytes) -> Pieces:
    pieces = Pieces([], [])
    shape, between = table.shape, table.between
    quoted, brackets = _quoted(shape, between), shape is not Shape.CSV
    start, bracket = 0, -1
    while start <= len(line):
        first = line[start : start + 1]
        if first == b'"':
            found = quoted.match(line, start)
            if found is None:
                raise Unreadable("unterminated_quote")
            end, value = found.end(), found[1]
        else:
            if brackets and first == b"[" and bracket < start:  # looked for once, however many columns begin so
                bracket = line.find(b"]", start) % (len(line) + 1)
            if brackets and first == b"[" and bracket < len(line) and line[bracket + 1 : bracket + 2] in (b"", between):
                end, value = bracket + 1, line[start + 1 : bracket]
            else:
                end = line.find(between, start) % (len(line) + 1)  # not found is -1, and so the line's end
                value = line[start:end]
        if value == b"-":
            value = b""
        elif first == b'"':
            value = _decoded(shape, value)
        pieces.values.append(value)
        pieces.raw.append(line[start:end])
        start = end + 1
        while table.runs and line[start : start + 1] == between:
            start += 1
    return pieces


@cache
def _quoted(shape: Shape, between: bytes) -> re.Pattern[bytes]:
    return re.compile(QUOTED[shape].replace(b"S", re.escape(between)), re.DOTALL)


def _decoded(shape: Shape, value: bytes) -> bytes:
    """A quoted value without its escapes."""
    if shape is Shape.CSV:
        return value.replace(b'""', b'"')
    return ESCAPE.sub(_unescape, value) if shape is Shape.SPACED and b"\\" in value else value


def _unescape(found: re.Match[bytes]) -> bytes:
    if found[1]:
        return found[1]
    return bytes([int(found[2] or found[3], 16)])
