"""A line into values: each `Shape` of formats/table.py, slowly. Nothing here knows what a column means."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingestd.fastpath.unreadable import Unreadable
from ingestd.formats.table import Shape

__all__ = ["Pieces", "split", "trim"]

IGNORED_FIRST = (b"\xef\xbb\xbf", b"\xe2\x80\x8b")  # byte order mark, zero-width space
# Alternatives exclude each other and repetitions are possessive: no input makes the match go back over what it has read.
QUOTED = re.compile(rb'"([^"\\]*+(?:(?:\\.|"(?! |\Z))[^"\\]*+)*+)"(?= |\Z)', re.DOTALL)
QUOTED_RAW = re.compile(rb'"([^"]*+(?:"(?! |\Z)[^"]*+)*+)"(?= |\Z)')
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
    return _split_spaced(line, escapes=shape is Shape.SPACED)


def _split_spaced(line: bytes, *, escapes: bool) -> Pieces:
    pieces = Pieces([], [])
    quoted = QUOTED if escapes else QUOTED_RAW
    start, bracket = 0, -1
    while start <= len(line):
        first = line[start : start + 1]
        if first == b'"':
            found = quoted.match(line, start)
            if found is None:
                raise Unreadable("unterminated_quote")
            end, value = found.end(), found[1]
        else:
            if first == b"[" and bracket < start:  # looked for once, however many columns begin so
                bracket = line.find(b"]", start) % (len(line) + 1)
            if first == b"[" and bracket < len(line) and line[bracket + 1 : bracket + 2] in (b"", b" "):
                end, value = bracket + 1, line[start + 1 : bracket]
            else:
                end = line.find(b" ", start) % (len(line) + 1)  # not found is -1, and so the line's end
                value = line[start:end]
        if value == b"-":
            value = b""
        elif escapes and first == b'"' and b"\\" in value:
            value = ESCAPE.sub(_unescape, value)
        pieces.values.append(value)
        pieces.raw.append(line[start:end])
        start = end + 1
    return pieces


def _unescape(found: re.Match[bytes]) -> bytes:
    if found[1]:
        return found[1]
    return bytes([int(found[2] or found[3], 16)])
