"""The values of a line that has been cut into columns: without quotes, brackets and escapes. Part of the kernel."""

from __future__ import annotations

from typing import Any

from ingestd.fastpath.kernel.codes import CSV, SPACED, TABBED
from ingestd.fastpath.kernel.jit import inlined, outlined
from ingestd.fastpath.kernel.scan import find
from ingestd.fastpath.kernel.simd import get, put
from ingestd.fastpath.kernel.strings import copy, decode_escapes, decode_pairs

__all__ = ["begin_of", "values", "values_carefully"]

QUOTE, MINUS, BACKSLASH, OPEN, CLOSE = 34, 45, 92, 91, 93


@inlined
def begin_of(buf: Any, at: int, end: int, run: int) -> Any:
    """Where the column begins that has a separator before `at`; `run` as in P_RUN."""
    while at < end and get(buf, at) == run:
        at += 1
    return at


@inlined
def values(buf: Any, count: int, quoted: bool, edges: Any, spans: Any) -> None:
    """The spans of the values: columns without their quotes, and empty for `-`."""
    for k in range(count):
        at, end = get(edges, k) + 1, get(edges, k + 1)
        if quoted and get(buf, at) == QUOTE:  # a branch, or LLVM makes vectors of the loop, at twice the time
            at += 1
            end = max(end - 1, at)  # an empty column ends before a quote that is not its own
        end -= end - at == 1 and get(buf, at) == MINUS
        put(spans, 2 * k, at)
        put(spans, 2 * k + 1, end)


@outlined
def values_carefully(buf: Any, count: int, shape: int, run: int, edges: Any, spans: Any, alt: Any) -> Any:
    """The same for a line of any kind. If a value has escapes, all values are copied to `alt`, decoded; returns whether."""
    escaped = False
    for k in range(count):
        end = get(edges, k + 1)
        at = begin_of(buf, get(edges, k) + 1, end, run)
        if at < end and shape != TABBED:
            if get(buf, at) == QUOTE:
                at += 1
                end -= 1
                if shape in (SPACED, CSV):
                    escaped = escaped or find(buf, at, end, BACKSLASH if shape == SPACED else QUOTE) < end
            elif shape != CSV and get(buf, at) == OPEN and find(buf, at, end, CLOSE) == end - 1:
                at += 1
                end -= 1
        if end - at == 1 and get(buf, at) == MINUS:
            end = at
        put(spans, 2 * k, at)
        put(spans, 2 * k + 1, end)
    if escaped:
        _decoded(buf, count, shape, run, edges, spans, alt)
    return escaped


@outlined
def _decoded(buf: Any, count: int, shape: int, run: int, edges: Any, spans: Any, alt: Any) -> None:
    """Copy the values to `alt`, those in quotes without their escapes."""
    to = 0
    for k in range(count):
        at, end = get(spans, 2 * k), get(spans, 2 * k + 1)
        put(spans, 2 * k, to)
        if end > at and get(buf, begin_of(buf, get(edges, k) + 1, end, run)) == QUOTE:
            to = decode_pairs(buf, at, end, alt, to) if shape == CSV else decode_escapes(buf, at, end, alt, to)
        elif end > at:
            to = copy(alt, to, buf, at, end - at)
        put(spans, 2 * k + 1, to)
