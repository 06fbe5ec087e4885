"""A string, a number or a literal of a record, for the readings. Part of the kernel."""

from __future__ import annotations

from typing import Any

from ingestd.fastpath.kernel.codes import PLACE_BOOLEAN
from ingestd.fastpath.kernel.jit import inlined
from ingestd.fastpath.kernel.json_numbers import number
from ingestd.fastpath.kernel.json_text import CLEAN, blank, literal, string_end
from ingestd.fastpath.kernel.simd import get

__all__ = ["scalar"]

QUOTE, MINUS, ZERO, NINE, OPEN, N, OPEN_OBJECT = 34, 45, 48, 57, 91, 110, 123


@inlined
def scalar(buf: Any, at: int, end: int, kind: int, dashes: bool) -> Any:
    """Read the value at `at`: (behind it, where its text begins and ends, what it holds).

    The text of an absent value is empty. Behind it is -1 where the reference has to say: of arrays and objects that hold
    something, and of what is no literal where a boolean is expected.
    """
    begin, held, char = at, CLEAN, get(buf, at)
    if char == QUOTE:
        begin = at + 1
        stop, held = string_end(buf, begin, end)
        at = stop + 1 if stop >= 0 else -1
        if stop == begin + 1 and dashes and get(buf, begin) == MINUS:
            stop = begin
        if stop > begin and kind == PLACE_BOOLEAN:
            at = -1
    elif char == MINUS or ZERO <= char <= NINE:
        at, stop = number(buf, at, end)
        if kind == PLACE_BOOLEAN:
            at = -1
    elif char in (OPEN, OPEN_OBJECT):
        stop, at = at, blank(buf, at + 1, end)
        at = at + 1 if at < end and get(buf, at) == char + 2 else -1
    else:
        at = literal(buf, at, end)
        stop = begin if char == N else at
    return at, begin, stop, held
