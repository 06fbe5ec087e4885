"""Where the JSON records of an object begin and end, in plain Python: the twin of `kernel/structure.py`, for where that does
not run, and what tests hold it to. The same arguments, the same state, the same changes in place.
"""

from __future__ import annotations

import re
from typing import Any

from ingestd.fastpath.kernel.structure_codes import (
    BEHIND,
    BETWEEN,
    BROKEN,
    C_AT,
    C_DEPTH,
    C_ESCAPED,
    C_JOINTS,
    C_LINE,
    C_LINES,
    C_MODE,
    C_NEST,
    C_SKIPPING,
    C_START,
    C_STRING,
    C_UNTIL,
    C_WRAPPED,
    FULL,
    JUNK,
    LEVELS,
    MORE,
    NEED,
    OVER,
    SKIPPED,
    WITHIN,
    WRAPPER_BYTES,
)

__all__ = ["scan_records"]

NEWLINE, SPACE = 10, 32
BLANK = b" \t\n\r"
SEPARATORS = b" \t\n\r,[]"
MARKS = (b"\xef\xbb\xbf", b"\xe2\x80\x8b")
TOKEN = re.compile(rb'[{}\[\]"\n\\]')
ESCAPABLE = b'"\\'  # the only ones that mean something else behind a backslash
IN_STRING = re.compile(rb'["\n\\]')


def scan_records(buf: Any, size: int, whole: bool, limit: int, name: Any, state: Any, joints: Any) -> int:
    """Scan buf[state[C_AT]:size]; see the twin."""
    text = buf[:size].tobytes()
    while state[C_AT] < size:
        mode = state[C_MODE]
        if mode == WITHIN:
            why = _within(buf, text, limit, state)
        elif mode == JUNK:
            newline = text.find(b"\n", state[C_AT])
            why = _end_of_line(newline, limit, state) if newline >= 0 else _go_on(state, size, JUNK)
        elif mode == BEHIND:
            why = _behind(buf, text, whole, state, joints)
        else:
            why = _between(buf, text, whole, name.tobytes(), state)
        if why != MORE:
            return why
    return MORE


def _go_on(state: Any, at: int, mode: int) -> int:
    state[[C_AT, C_MODE]] = at, mode
    return MORE


def _separator(text: bytes, at: int, whole: bool, state: Any) -> int:
    """How many bytes at `at` separate records; -1: more must be seen."""
    if text[at] in SEPARATORS:
        return 1
    if text[at : at + 1] == b"}" and state[C_WRAPPED]:
        state[C_WRAPPED] = 0
        return 1
    if text.startswith(MARKS, at):
        return 3
    return -1 if text[at] in (0xEF, 0xE2) and at + 2 >= len(text) and not whole else 0


def _behind(buf: Any, text: bytes, whole: bool, state: Any, joints: Any) -> int:
    at = int(state[C_AT])
    count = _separator(text, at, whole, state)
    if count < 0:
        return NEED
    if count:
        buf[at : at + count] = SPACE
        buf[at] = NEWLINE
        state[C_LINE] = at + 1
        return _go_on(state, at + count, BETWEEN)
    if state[C_JOINTS] == len(joints):
        return FULL
    joints[state[C_JOINTS]] = at
    state[C_JOINTS] += 1
    state[C_LINE] = at
    return _go_on(state, at, BETWEEN)


def _between(buf: Any, text: bytes, whole: bool, name: bytes, state: Any) -> int:
    at = int(state[C_AT])
    while at < len(text):
        count = _separator(text, at, whole, state)
        if count <= 0:
            state[C_START] = at
            if count < 0:
                _go_on(state, at, BETWEEN)
                return NEED
            if text[at : at + 1] != b"{":
                return _go_on(state, at, JUNK)
            if not name or state[C_WRAPPED]:
                break
            if not whole and len(text) - at < WRAPPER_BYTES:
                _go_on(state, at, BETWEEN)
                return NEED
            found = _wrapper(name).match(text, at, at + WRAPPER_BYTES)
            if found is None:
                break
            state[C_WRAPPED], count = 1, found.end() - at
        buf[at : at + count] = SPACE
        at += count
    if at < len(text):
        state[[C_DEPTH, C_NEST, C_STRING, C_ESCAPED, C_LINES]] = 0
        return _go_on(state, at, WITHIN)
    return _go_on(state, at, BETWEEN)


def _wrapper(name: bytes) -> re.Pattern[bytes]:
    return re.compile(rb'\{[ \t\n\r]*"' + re.escape(name) + rb'"[ \t\n\r]*:[ \t\n\r]*\[')


def _end_of_line(newline: int, limit: int, state: Any) -> int:
    _go_on(state, newline, BETWEEN)
    if state[C_SKIPPING]:
        return SKIPPED
    if newline - state[C_START] > limit:
        return OVER
    state[C_LINE] = state[C_AT] = newline + 1
    return MORE


def _within(buf: Any, text: bytes, limit: int, state: Any) -> int:
    at, start, size = int(state[C_AT]), int(state[C_START]), len(text)
    if state[C_ESCAPED]:
        at += text[at] in ESCAPABLE
        state[C_ESCAPED] = 0
    while found := (IN_STRING if state[C_STRING] else TOKEN).search(text, at):
        at, token = found.start(), found[0]
        if token == b"\\":
            state[C_ESCAPED] = at + 1 == size
            at += 2 if text[at + 1 : at + 2] in (b'"', b"\\") else 1
        elif token == b'"':
            state[C_STRING] ^= 1
            at += 1
        elif token == b"\n" and not (state[C_STRING] or state[C_SKIPPING] or at < state[C_UNTIL]):
            state[C_LINES] = 1
            at += 1
        elif token == b"\n" or not _step(text, at, start, state):
            return _broken(text, at, limit, state)
        elif state[C_DEPTH] == 0:
            return _closed(buf, at, limit, state)
        else:
            at += 1
    return _go_on(state, size, WITHIN)


def _step(text: bytes, at: int, start: int, state: Any) -> bool:
    """Take a brace or a bracket; whether it may be there."""
    is_array, depth = text[at] in b"[]", int(state[C_DEPTH])
    if text[at] in b"{[":
        if depth and not _may_open(text, at, start, state):
            return False
        state[C_DEPTH] += 1
        if depth < LEVELS:
            state[C_NEST] = state[C_NEST] << 1 | is_array
        return True
    if depth <= LEVELS:
        if bool(state[C_NEST] & 1) != is_array:
            return False
        state[C_NEST] >>= 1
    state[C_DEPTH] -= 1
    return True


def _may_open(text: bytes, at: int, start: int, state: Any) -> bool:
    at -= 1
    while at > start and text[at] in BLANK:
        at -= 1
    if state[C_DEPTH] > LEVELS or at < start or text[at] in BLANK:
        return True
    return text[at] in (b",[" if state[C_NEST] & 1 else b":")


def _broken(text: bytes, at: int, limit: int, state: Any) -> int:
    if state[C_LINES] and not state[C_SKIPPING]:
        _go_on(state, at, WITHIN)
        return BROKEN
    return _go_on(state, at, JUNK) if text[at] != NEWLINE else _end_of_line(at, limit, state)


def _closed(buf: Any, at: int, limit: int, state: Any) -> int:
    if state[C_SKIPPING]:
        _go_on(state, at + 1, BETWEEN)
        return SKIPPED
    start = int(state[C_START])
    if at + 1 - start > limit:
        return OVER
    if state[C_LINES]:
        record = buf[start:at]
        record[record == NEWLINE] = SPACE
    return _go_on(state, at + 1, BEHIND)
