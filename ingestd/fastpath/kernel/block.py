"""The kernel: a block of whole lines in, finished documents out, in one pass, without the GIL.

For each line: find its end, cut it into columns, let the readings fill the document's slots with spans of the line or of scratch,
write the slots that have a value. A line that rejects, or that the kernel is not sure of, is left to the reference: its place
is noted, and the driver (`compiled.py`) merges what becomes of it.

Safety. The lines are written by attackers. A line is read only if `out` has room for the most that it can become, and scratch and
`alt` are made for the longest line that is read here (LINE_MAX). Positions come from masks that were cut to the line, so reads
begin inside it and end at most PAD bytes behind the block. Nothing is allocated; every array is the driver's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ingestd.fastpath.kernel.codes import (
    DONE, ESCAPE, FULL, HEADER, LINE_MAX, P_ACTION, P_FACTOR, P_FIXED, P_HEADER, P_LOOSE, P_NAMED, P_NEEDED, P_OPERATIONS,
    P_POSITIONS, P_PREFIXES, P_S_EXTRA, P_S_OFFSET, P_S_ORIGINAL, P_SHAPE, P_SLOTS, P_TEXTS, ROOM, S_AT, S_DAYS,
    S_DOCUMENTS, S_DRIFTED, S_FIRST_DAY, S_FIXED, S_LEFT, S_LINES, S_NEED, S_OFFSET, S_OUT, S_SCRATCH, S_SIZE, S_SKIPPED, SCRATCH, SPACED,
    TABBED, W_DIGITS, DIGITS,
)  # fmt: skip
from ingestd.fastpath.kernel.document import write_action, write_digits, write_document
from ingestd.fastpath.kernel.jit import SOURCES, entry, inlined, outlined
from ingestd.fastpath.kernel.lists import extra
from ingestd.fastpath.kernel.readings import fill_texts, read
from ingestd.fastpath.kernel.scan import cut_spaced, cut_spaced_carefully, cut_tabbed, newline, values, values_carefully
from ingestd.fastpath.kernel.simd import get, put, uint64
from ingestd.fastpath.kernel.strings import escape

__all__ = ["encode"]

TAB, RETURN, SPACE = 9, 13, 32
CUT_LEFT, CUT_LINE, CUT_ALT = range(3)


@outlined
def lines(
    buf: Any, out: Any, scratch: Any, alt: Any, begins: Any, ends: Any, firsts: Any, lasts: Any, places: Any, sizes: Any,
    made_places: Any, made_sizes: Any, rows: Any, texts: Any, owned: Any, names: Any, strings: Any, joints: Any, text: Any,
    indices: Any, actions: Any, prefixes: Any, params: Any, starts: Any, bodies: Any, offsets: Any, left: Any, state: Any, memo: Any,
) -> Any:  # fmt: skip
    """Read the lines of buf from state[S_AT] to state[S_SIZE]. Returns why it stopped; `state` says how far it came."""
    at, size, o = get(state, S_AT), get(state, S_SIZE), get(state, S_OUT)
    documents, count, leftover = get(state, S_DOCUMENTS), get(state, S_LINES), get(state, S_LEFT)
    skipped, drifted = get(state, S_SKIPPED), get(state, S_DRIFTED)
    slots, positions, shape = get(params, P_SLOTS), get(params, P_POSITIONS), get(params, P_SHAPE)
    fixed, factor = get(params, P_FIXED) + get(state, S_FIXED), get(params, P_FACTOR)
    width, limit = 1, 10
    why = DONE
    while at < size:
        stop = newline(buf, at)
        begin, end = trimmed(buf, at, stop)
        skip = skips(buf, begin, end, text, prefixes, get(params, P_PREFIXES), get(params, P_HEADER) != 0)
        if skip != 0:
            if skip == HEADER:
                why = HEADER
                break
            skipped += 1
            count += 1
            at = stop + 1
            continue
        if documents + 1 >= len(starts) or 2 * leftover + 2 > len(left):
            why = FULL
            break
        if o + fixed + factor * (end - begin) > len(out):
            put(state, S_NEED, fixed + factor * (end - begin))
            why = ROOM
            break
        columns, care, escaped = -1, False, False
        if end - begin <= LINE_MAX:
            if shape == TABBED:
                columns, care = cut_tabbed(buf, begin, end, begins, ends)
            else:
                columns, care = cut_spaced(buf, begin, end, shape == SPACED, begins, ends)
            if columns > 0:
                values(buf, columns, shape != TABBED, begins, ends, firsts, lasts)
            elif shape != TABBED:
                columns, care = cut_spaced_carefully(buf, begin, end, shape == SPACED, begins, ends), True
                if columns > 0:
                    escaped = values_carefully(buf, columns, shape == SPACED, begins, ends, firsts, lasts, alt)
        good = columns >= get(params, P_NEEDED)
        if good:
            src = alt if escaped else buf
            for k in range(columns, positions):
                put(firsts, k, 0)
                put(lasts, k, 0)
            for slot in range(slots + 1):
                put(places, slot, get(made_places, slot))
                put(sizes, slot, get(made_sizes, slot))
            fill_texts(get(params, P_TEXTS), texts, firsts, lasts, places, sizes)
            to, day, good = read(
                src, get(params, P_OPERATIONS), rows, firsts, lasts, places, sizes, scratch, get(state, S_SCRATCH), memo
            )
            good = good and day >= 0
        if not good:
            put(left, 2 * leftover, at)
            put(left, 2 * leftover + 1, documents)
            leftover += 1
            at = stop + 1
            continue
        if columns > positions or get(params, P_LOOSE) != 0:
            last = extra(
                scratch, to, buf, begins, ends, firsts, lasts, columns, positions, get(params, P_NAMED) != 0, owned, names, text
            )
            if last > to:
                put(places, get(params, P_S_EXTRA), to)
                put(sizes, get(params, P_S_EXTRA), (last - to) | SCRATCH)
                drifted += 1
                to = last
        if get(params, P_S_ORIGINAL) >= 0:
            last = escape(scratch, to, buf, begin, end)
            put(places, get(params, P_S_ORIGINAL), to)
            put(sizes, get(params, P_S_ORIGINAL), (last - to) | SCRATCH)
        if care:
            for slot in range(slots):
                if get(sizes, slot) != 0:
                    put(sizes, slot, get(sizes, slot) | get(strings, slot))
        offset = get(state, S_OFFSET) + at
        while offset >= limit:
            limit *= 10
            width += 1
        write_digits(scratch, uint64(offset))
        put(places, get(params, P_S_OFFSET), W_DIGITS + DIGITS - width)
        put(sizes, get(params, P_S_OFFSET), width | SCRATCH)
        put(starts, documents, o)
        if get(params, P_ACTION) != 0:
            place = day - get(state, S_FIRST_DAY)
            if place < 0 or place > get(state, S_DAYS):
                place = get(state, S_DAYS)
            o = write_action(out, o, actions, get(indices, place), scratch)
        put(bodies, documents, o)
        put(offsets, documents, offset)
        o = write_document(out, o, src, scratch, places, sizes, slots, joints, text)
        documents += 1
        count += 1
        at = stop + 1
    put(starts, documents, o)
    put(state, S_AT, at)
    put(state, S_OUT, o)
    put(state, S_DOCUMENTS, documents)
    put(state, S_LINES, count)
    put(state, S_LEFT, leftover)
    put(state, S_SKIPPED, skipped)
    put(state, S_DRIFTED, drifted)
    return why


@inlined
def trimmed(buf: Any, at: int, stop: int) -> Any:
    """The line proper: no carriage returns at its end, no byte order marks and zero-width spaces at its beginning."""
    while stop > at and get(buf, stop - 1) == RETURN:
        stop -= 1
    while stop - at >= 3:
        mark = get(buf, at) << 16 | get(buf, at + 1) << 8 | get(buf, at + 2)
        if mark != 0xEFBBBF and mark != 0xE2808B:
            break
        at += 3
    return at, stop


@inlined
def skips(buf: Any, at: int, end: int, text: Any, prefixes: Any, count: int, header: bool) -> Any:
    """HEADER for a header line, 1 for another line that is none to read, 0 for one that is."""
    place = at
    while place < end and (get(buf, place) == SPACE or get(buf, place) == TAB):
        place += 1
    if place >= end:
        return 1
    for i in range(count):
        first, size = get(prefixes, i) >> 16, get(prefixes, i) & 0xFFFF
        if size <= end - at and same(buf, at, text, first, size):
            return HEADER if header and i == 0 else 1
    return 0


@inlined
def same(one: Any, at: int, two: Any, to: int, size: int) -> Any:
    """Whether `size` bytes are the same."""
    i = 0
    while i < size and get(one, at + i) == get(two, to + i):
        i += 1
    return i == size


def _entry(sources: int) -> Callable[..., int]:
    """numba keeps compiled code by what the entry closes over: a change in any of the sources makes it compile anew."""

    def encode(*arguments: Any) -> int:
        _ = sources
        return lines(*arguments)  # type: ignore[no-any-return]

    return entry(encode)


encode = _entry(SOURCES)
