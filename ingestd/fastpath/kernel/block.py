"""The loop over a block's lines: whole lines in, finished documents out, in one pass, without the GIL. Or over its events.

For each line: find its end, cut it into columns, let the readings fill the document's slots with spans of the line or of
scratch, write the slots that have a value. A line that rejects is noted with its reason; one that the kernel does not take is
noted for the reference. The driver (`compiled.py`) makes rejects of them, or merges what became of them. At a line of which
a lookup finds nothing that is known already the loop stops, and begins with it again.

Safety. A line is read only if `out` has room for the most that it can become, and scratch and `alt` are made for the longest
line that is read here (LINE_MAX). Positions come from masks that were cut to the line, so reads begin inside it and end at
most PAD bytes behind the block.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ingestd.fastpath.kernel.codes import (
    BAD_VALUE,
    DATETIME,
    DIGITS,
    DONE,
    EVENT_ID_MAX,
    FULL,
    HEADER,
    ID,
    LEFT_ROW,
    MISSING_TIMESTAMP,
    MOMENT,
    P_ACTION,
    P_CATCHES,
    P_CHOICES,
    P_DATED,
    P_FACTOR,
    P_FEWEST,
    P_FIRSTS,
    P_FIXED,
    P_GENERATIONS,
    P_HEADERS,
    P_LOOKUPS,
    P_LOOSE,
    P_NAME,
    P_NAMED,
    P_NEEDED,
    P_OPERATIONS,
    P_PADDED,
    P_POSITIONS,
    P_PREFIXES,
    P_REDACTED,
    P_RUN,
    P_S_EXTRA,
    P_S_ID,
    P_S_OFFSET,
    P_S_ORIGINAL,
    P_SHAPE,
    P_SLOTS,
    P_TEXTS,
    P_TWINS,
    R_CODE,
    RECORD,
    ROOM,
    ROW,
    S_ADDED,
    S_AT,
    S_DAY,
    S_DAYS,
    S_DOCUMENTS,
    S_DRIFTED,
    S_EVENT,
    S_EVENTS,
    S_FIRST_DAY,
    S_FIXED,
    S_LEFT,
    S_LINES,
    S_NEED,
    S_OFFSET,
    S_OUT,
    S_SAMPLE,
    S_SCRATCH,
    S_SIZE,
    S_SKIPPED,
    S_TIME,
    SCRATCH,
    SKIPPED,
    TO_REFERENCE,
    TOO_FEW_COLUMNS,
    UNKNOWN,
    UNTERMINATED_QUOTE,
    W_DIGITS,
    W_ID,
)  # fmt: skip
from ingestd.fastpath.kernel.columns import OPEN_QUOTE, cut
from ingestd.fastpath.kernel.document import write_action, write_digits, write_document
from ingestd.fastpath.kernel.events import event_end, fill_time, write_id
from ingestd.fastpath.kernel.jit import SOURCES, entry, inlined, outlined
from ingestd.fastpath.kernel.json_text import CROWDED_AT, GOING_AT, blank
from ingestd.fastpath.kernel.kept import fill_kept
from ingestd.fastpath.kernel.lists import extra
from ingestd.fastpath.kernel.lookups import look_up
from ingestd.fastpath.kernel.members import cut_members
from ingestd.fastpath.kernel.put_back import note_going
from ingestd.fastpath.kernel.readings import fill_texts, first_of_twins, read
from ingestd.fastpath.kernel.rules import KEPT, choose, redact
from ingestd.fastpath.kernel.scan import newline, same_text
from ingestd.fastpath.kernel.simd import get, put
from ingestd.fastpath.kernel.slots import fill
from ingestd.fastpath.kernel.strings import escape

__all__ = ["encode"]

TAB, NEWLINE, RETURN, SPACE = 9, 10, 13, 32
ID_ROOM, TIME_ROOM = EVENT_ID_MAX + 64, 64  # in scratch, of an event


@outlined
def lines(
    buf: Any, out: Any, scratch: Any, alt: Any, edges: Any, spans: Any, fields: Any,
    made: Any, rows: Any, texts: Any, owned: Any, names: Any, strings: Any, joints: Any, text: Any,
    twins: Any, meanings: Any, prefixes: Any, places: Any, members: Any, selections: Any, kept_slots: Any,
    indices: Any, actions: Any, params: Any, lookups: Any, known: Any, known_texts: Any, tree: Any, roots: Any,
    choices: Any, redacted: Any, dropped: Any,
    ends: Any, times: Any, ids: Any, id_ends: Any, seeds: Any, added: Any,
    starts: Any, bodies: Any, offsets: Any, left: Any, state: Any, memo: Any,
) -> Any:  # fmt: skip
    """Read the lines of buf from state[S_AT] to state[S_SIZE]. Returns why it stopped; `state` says how far it came.

    With state[S_EVENTS] its events from state[S_EVENT] on, which end at `ends`: `offsets` are their numbers then, and samples
    are drawn by each one's own of `seeds`. `added`: where newlines stand that the object has not, then a number
    beyond the block.
    """
    at, size, o, count = get(state, S_AT), get(state, S_SIZE), get(state, S_OUT), get(state, S_DOCUMENTS)
    skipped, gone, leftover = 0, 0, get(state, S_LEFT)
    slots, positions = get(params, P_SLOTS), get(params, P_POSITIONS)
    fixed, factor = get(params, P_FIXED) + get(state, S_FIXED), get(params, P_FACTOR)
    lines_before = get(state, S_LINES) - get(state, S_DOCUMENTS)
    why, is_record = DONE, get(params, P_SHAPE) == RECORD
    event, events, passed = get(state, S_EVENT), get(state, S_EVENTS), get(state, S_ADDED)
    while at < size if events == 0 else event < events:
        if events == 0:
            passed += get(added, passed) < at
            stop = newline(buf, at)
            following = stop + 1
        else:
            following = get(ends, event)
            stop = event_end(buf, at, following)
        begin, end = trimmed(buf, at, stop, get(params, P_PADDED))
        if is_record:
            begin, end = blank(buf, begin, end), blank_end(buf, begin, end)
        kind = kind_of(buf, begin, end, text, prefixes, params)
        if kind == HEADER:
            why = HEADER
            break
        if kind == SKIPPED:
            skipped += 1
            at, event = following, event + 1
            continue
        if count + 1 >= len(starts) or (leftover + 1) * LEFT_ROW > len(left):
            why = FULL
            break
        if o + fixed + factor * (end - begin) > len(out):
            put(state, S_NEED, fixed + factor * (end - begin))
            why = ROOM
            break
        again = True
        put(edges, GOING_AT, 0)
        while again:
            again = False
            to, day, kept, rest, reach = get(state, S_SCRATCH), -1, 0, 0, positions
            if is_record:
                columns, escaped, to, kept, rest = cut_members(
                    buf, begin, end, params, places, members, selections, text, edges, spans, alt, scratch, to
                )
                care = escaped
            else:
                columns, care, escaped = cut(buf, begin, end, params, edges, spans, alt)
            src = alt if escaped else buf
            reason, detail = TO_REFERENCE, columns
            if columns >= get(params, P_NEEDED):
                if get(params, P_FEWEST) != 0 and columns <= positions and (get(params, P_GENERATIONS) >> columns) & 1 == 0:
                    reach = get(params, P_FEWEST)
                clear(min(columns, reach), positions, spans, slots, fields, made)
                fill_texts(get(params, P_TEXTS), texts, spans, fields)
                if rest > 0:
                    fill_scratch(fields, get(params, P_S_EXTRA), to - rest, to)
                if kept > 0:
                    fill_kept(kept, edges, kept_slots, fields, SCRATCH)
                to, day, detail = read(src, get(params, P_OPERATIONS), rows, spans, fields, scratch, to, meanings, text, memo)
                reason = MISSING_TIMESTAMP if detail < 0 else BAD_VALUE if detail < get(params, P_OPERATIONS) else TO_REFERENCE
                if is_record and (detail >= 0 or get(edges, CROWDED_AT) != 0):
                    reason, again = reason_of(detail, rows, places, spans, edges, params)
                    if again:
                        continue
                    if reason == TO_REFERENCE:
                        day, detail = -1, 0
                if day < 0 and detail < 0 and get(params, P_DATED) != 0:
                    if events == 0:
                        fill(fields, 0, get(state, S_TIME), MOMENT | SCRATCH)
                        day = get(state, S_DAY)
                    else:
                        day = fill_time(get(times, event), fields, scratch, to, memo)
                        to += TIME_ROOM
            elif columns >= 0:
                reason = TOO_FEW_COLUMNS
            elif columns == OPEN_QUOTE:
                reason = UNTERMINATED_QUOTE
        if day < 0:
            note(left, leftover, at if events == 0 else event, count, reason, detail)
            leftover += 1
            at, event = following, event + 1
            continue
        if get(params, P_CHOICES) != 0:
            if events == 0:
                seed, offset = get(state, S_SAMPLE), get(state, S_OFFSET) + (begin if is_record else at) - passed
            else:
                seed, offset = get(seeds, event), 0
            choice = choose(src, scratch, text, fields, strings, get(params, P_CHOICES), choices, seed, offset)
            if choice != KEPT:
                if choice >= 0:
                    put(dropped, choice, get(dropped, choice) + 1)
                    gone += 1
                else:
                    note(left, leftover, at if events == 0 else event, count, TO_REFERENCE, 0)
                    leftover += 1
                at, event = following, event + 1
                continue
        if get(params, P_LOOKUPS) != 0:
            to = look_up(params, lookups, src, care, fields, scratch, to, known, known_texts, tree, roots, state)
            if to < 0:
                why = UNKNOWN
                break
        if is_record:
            put(state, S_DRIFTED, get(state, S_DRIFTED) + (rest > 0 and get(params, P_CATCHES) == 0))
        elif columns > reach or get(params, P_LOOSE) != 0:
            named, run = get(params, P_NAMED), get(params, P_RUN)
            last = extra(scratch, to, buf, edges, spans, columns, reach, named, owned, names, text, run)
            fill_scratch(fields, get(params, P_S_EXTRA), to, last)
            put(state, S_DRIFTED, get(state, S_DRIFTED) + (last > to))
            to = last
        offset, id_at, id_size = get(state, S_OFFSET), W_ID, ID
        if events == 0:
            offset += (begin if is_record else at) - passed
        else:
            id_at, id_size = to, write_id(ids, id_ends, event, scratch, to)
            fill_scratch(fields, get(params, P_S_ID), id_at, id_at + id_size)
            to += ID_ROOM
        if get(params, P_S_ORIGINAL) >= 0:
            fill_scratch(fields, get(params, P_S_ORIGINAL), to, escape(scratch, to, buf, begin, end))
        if get(params, P_TWINS) != 0:
            first_of_twins(get(params, P_TWINS), twins, fields)
        if care:
            mark_texts(slots, fields, strings)
        if get(params, P_REDACTED) != 0:
            redact(get(params, P_REDACTED), redacted, fields)
        width = write_digits(scratch, offset)
        fill_scratch(fields, get(params, P_S_OFFSET), W_DIGITS + DIGITS - width, W_DIGITS + DIGITS)
        put(starts, count, o)
        if get(params, P_ACTION) != 0:
            place = day - get(state, S_FIRST_DAY)
            if place < 0 or place > get(state, S_DAYS):
                place = get(state, S_DAYS)
            o = write_action(out, o, actions, get(indices, place), scratch, id_at, id_size)
        put(bodies, count, o)
        put(offsets, count, offset if events == 0 else event)
        o = write_document(out, o, src, scratch, fields, slots, joints, text)
        count += 1
        at, event = following, event + 1
    put(starts, count, o)
    put(state, S_AT, at)
    put(state, S_EVENT, event)
    put(state, S_ADDED, passed)
    put(state, S_OUT, o)
    put(state, S_DOCUMENTS, count)
    put(state, S_LINES, lines_before + count + skipped + gone)
    put(state, S_LEFT, leftover)
    put(state, S_SKIPPED, get(state, S_SKIPPED) + skipped)
    return why


@inlined
def trimmed(buf: Any, at: int, stop: int, padded: int) -> Any:
    """The line proper: no carriage returns at its end, no byte order marks and zero-width spaces at its beginning; if it may
    be padded, no spaces and tabs among these."""
    while stop > at and (get(buf, stop - 1) == RETURN or (padded != 0 and is_blank(get(buf, stop - 1)))):
        stop -= 1
    while stop > at:
        first, size = get(buf, at), 1
        if first >= 0xE2 and stop - at >= 3:
            mark, size = first << 16 | get(buf, at + 1) << 8 | get(buf, at + 2), 3
            if mark != 0xEFBBBF and mark != 0xE2808B:
                break
        elif padded == 0 or not is_blank(first):
            break
        at += size
    return at, stop


@inlined
def is_blank(char: int) -> Any:
    """Whether a byte is a space or a tab."""
    return char in (SPACE, TAB)


@inlined
def blank_end(buf: Any, at: int, end: int) -> Any:
    """Where buf[at:end] ends without the whitespace at its end."""
    while end > at and get(buf, end - 1) in (SPACE, NEWLINE, RETURN, TAB):
        end -= 1
    return end


@inlined
def kind_of(buf: Any, at: int, end: int, text: Any, prefixes: Any, params: Any) -> Any:
    """HEADER for a header line, SKIPPED for another line that is none to read, 0 for one that is."""
    place = at
    while place < end and is_blank(get(buf, place)):
        place += 1
    if place >= end:
        return SKIPPED
    first = get(buf, at)
    if (get(params, P_FIRSTS + (first >> 5)) >> (first & 31)) & 1 == 0:
        return 0
    return begun(buf, at, end, text, prefixes, params)


@outlined
def begun(buf: Any, at: int, end: int, text: Any, prefixes: Any, params: Any) -> Any:
    """The same of a line that may begin with a prefix: the headers' come first, then those of comments."""
    headers = get(params, P_HEADERS)
    for i in range(get(params, P_PREFIXES)):
        stop = at + (get(prefixes, i) & 0xFFFF)
        if same_text(buf, at, end, text, get(prefixes, i)):
            if i >= headers:
                return SKIPPED
            if get(params, P_NAME) == 0 or stop == end or get(buf, stop) == SPACE:
                return HEADER
    return 0


@outlined
def reason_of(row: int, rows: Any, places: Any, spans: Any, work: Any, params: Any) -> Any:
    """What becomes of a record that a row rejects, or of which columns of one field have values: (the reason, whether it is to
    be cut again, so that their values go back to where they came from)."""
    if row >= get(params, P_OPERATIONS):
        return TO_REFERENCE, False
    if get(params, P_CATCHES) != 0:
        going = note_going(row, rows, places, spans, work)
        return MISSING_TIMESTAMP if going >= 0 else TO_REFERENCE, going > 0
    # a date and a time that are joined must both be strings, which is not to be seen any more
    return TO_REFERENCE if row >= 0 and get(rows, row * ROW + R_CODE) == DATETIME else BAD_VALUE, False


@inlined
def clear(columns: int, positions: int, spans: Any, slots: int, fields: Any, made: Any) -> None:
    """Values that the line does not reach are absent; slots are empty but for what the object brings."""
    for k in range(columns, positions):
        put(spans, 2 * k, 0)
        put(spans, 2 * k + 1, 0)
    for i in range(2 * (slots + 1)):
        put(fields, i, get(made, i))


@inlined
def mark_texts(slots: int, fields: Any, strings: Any) -> None:
    """Of a line in which a byte needs care: the slots that are text are to be escaped."""
    for slot in range(slots):
        size = get(fields, 2 * slot + 1)
        put(fields, 2 * slot + 1, size | (get(strings, slot) if size != 0 else 0))


@inlined
def fill_scratch(fields: Any, slot: int, at: int, end: int) -> None:
    """Give a slot what stands in scratch; nothing if that is empty."""
    put(fields, 2 * slot, at)
    put(fields, 2 * slot + 1, (end - at) | SCRATCH if end > at else 0)


@inlined
def note(left: Any, row: int, at: int, documents: int, reason: int, detail: int) -> None:
    """Remember a line that became no document here."""
    put(left, row * LEFT_ROW, at)
    put(left, row * LEFT_ROW + 1, documents)
    put(left, row * LEFT_ROW + 2, reason)
    put(left, row * LEFT_ROW + 3, detail)


def _entry(sources: int) -> Callable[..., int]:
    """numba keeps compiled code by what the entry closes over: a change in any of the sources makes it compile anew."""

    def encode(*arguments: Any) -> int:
        _ = sources
        return lines(*arguments)  # type: ignore[no-any-return]

    return entry(encode)


encode = _entry(SOURCES)
