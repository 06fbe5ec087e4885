"""A line into values: each `Shape` of formats/table.py, slowly. Nothing here knows what a column means."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingestd.fastpath.unreadable import Unreadable
from ingestd.formats.table import Shape

__all__ = ["Pieces", "split", "trim"]

IGNORED_FIRST = (b"\xef\xbb\xbf", b"\xe2\x80\x8b")  # byte order mark, zero-width space
ENDS = rb"(?= |\Z)"
# Alternatives exclude each other and repetitions are possessive: no input makes the match go back over what it has read.
BRACKETED_OR_BARE = rb"|\[([^\]]*+)\]" + ENDS + rb'|((?!")[^ ]*+)'
SPACED = re.compile(rb'"([^"\\]*+(?:(?:\\.|"(?! |\Z))[^"\\]*+)*+)"' + ENDS + BRACKETED_OR_BARE, re.DOTALL)
SPACED_RAW = re.compile(rb'"([^"]*+(?:"(?! |\Z)[^"]*+)*+)"' + ENDS + BRACKETED_OR_BARE)
ESCAPE = re.compile(rb'\\(?:(["\\])|x000000([0-9A-Fa-f]{2})|x([0-9A-Fa-f]{2}))')


@dataclass(frozen=True, slots=True)
class Pieces:
    """A line's columns by position: values without quotes and escapes (empty where absent), and as the line has them."""

    values: list[bytes]
    raw: list[bytes]


def trim(line: bytes) -> bytes:
    """The line proper, out of what stands before a newline."""
    line = line.rstrip(b"\r")
    while line.startswith(IGNORED_FIRST):
        line = line[3:]
    return line


def split(shape: Shape, line: bytes) -> Pieces:
    """The columns of a line. Raises Unreadable for a quote that is not closed."""
    if shape is Shape.TABBED:
        raw = line.split(b"\t")
        return Pieces([b"" if value == b"-" else value for value in raw], raw)
    return _split_spaced(SPACED if shape is Shape.SPACED else SPACED_RAW, line)


def _split_spaced(column: re.Pattern[bytes], line: bytes) -> Pieces:
    values: list[bytes] = []
    raw: list[bytes] = []
    position = 0
    while position <= len(line):
        found = column.match(line, position)
        if found is None:
            raise Unreadable("unterminated_quote")
        value = found[found.lastindex or 0]
        if value == b"-":
            value = b""
        elif found.lastindex == 1 and column is SPACED and b"\\" in value:
            value = ESCAPE.sub(_unescape, value)
        values.append(value)
        raw.append(found[0])
        position = found.end() + 1
    return Pieces(values, raw)


def _unescape(found: re.Match[bytes]) -> bytes:
    if found[1]:
        return found[1]
    return bytes([int(found[2] or found[3], 16)])
