"""Events of an envelope in the place of lines: where each of them ends, its id and its time. Part of the kernel."""

from __future__ import annotations

from typing import Any

from ingestd.fastpath.kernel.codes import SCRATCH, W_ACTION_TAIL
from ingestd.fastpath.kernel.jit import inlined
from ingestd.fastpath.kernel.moments import millisecond
from ingestd.fastpath.kernel.simd import get, load8, store8
from ingestd.fastpath.kernel.slots import fill
from ingestd.fastpath.kernel.strings import copy

__all__ = ["event_end", "fill_time", "write_id"]

NEWLINE = 10


@inlined
def event_end(buf: Any, at: int, stop: int) -> Any:
    """Where the event buf[at:stop] ends as a line does: without newlines at its end."""
    while stop > at and get(buf, stop - 1) == NEWLINE:
        stop -= 1
    return stop


@inlined
def write_id(ids: Any, id_ends: Any, event: int, scratch: Any, to: int) -> Any:
    """The event's id to scratch, and behind it the end of an action line; its size."""
    begin = get(id_ends, event - 1) if event > 0 else 0
    size = get(id_ends, event) - begin
    copy(scratch, to, ids, begin, size)
    store8(scratch, to + size, load8(scratch, W_ACTION_TAIL))
    return size


@inlined
def fill_time(at: int, fields: Any, scratch: Any, to: int, memo: Any) -> Any:
    """Give the document the event's own time, `at` in milliseconds, as far as that is one: its day, -1 without one."""
    day, size = millisecond(at, scratch, to, memo)
    if day >= 0:
        fill(fields, 0, to, size | SCRATCH)
    return day
