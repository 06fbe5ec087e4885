"""Blocks of JSON records: decoded bytes in, blocks out in which every record is one line, each with its offset.

* A record is an object. Records may stand one a line, several in a line, one right behind the other, in arrays, and over many
  lines; in an object whose first member is the array `wrapper`, its objects are the records. Whitespace, commas, brackets, the
  wrapper, byte order marks and zero-width spaces between records are no part of any, and count as no lines.
* Newlines between a record's tokens become spaces. Of what separates two records the first byte becomes the newline, the
  others spaces: offsets stay those of the decoded object. Only where nothing separates them a newline is put in, a joint of its
  block, which no offset counts.
* What begins with anything but a brace is a line up to its newline. So is a record in a string of which, or in a place where no
  value may be, there is a newline, a brace or a bracket that cannot be. If that is seen in its first line, the line stands
  alone; else it is read again from its beginning, as lines: each record ends with its line, up to the line where it was seen.
  A record that is longer than `line_bytes_max`, or that the object's end leaves open, is read again so as far as it has lines.
* A record, or a line, longer than that without a newline in so many bytes is cut out and becomes a Reject with its place, its
  length and its head; its end is looked for up to the next newline. However long, it costs no more memory than that.
* Blocks and rejects do not depend on how the input is cut, and come in the order of their offsets; two buffers, used in turn,
  as for `core/blocks.py`. A byte is scanned at most three times.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from ingestd.core.blocks import LINE_TOO_LONG, RAW_BYTES_MAX, Room
from ingestd.fastpath.kernel.structure_codes import (
    BETWEEN,
    BROKEN,
    C_AT,
    C_JOINTS,
    C_LINE,
    C_LINES,
    C_MODE,
    C_SKIPPING,
    C_START,
    C_UNTIL,
    CUTTER,
    JOINTS_MAX,
    JUNK,
    MORE,
    NEED,
    OVER,
    SKIPPED,
    WITHIN,
)
from ingestd.fastpath.parser import unavailable
from ingestd.model import PAD, Block, Reject

__all__ = ["RecordCutter", "Scan"]

NEWLINE = 10
Scan = Callable[..., int]


class RecordCutter:
    """`push` a piece, take what `next` gives until it is None, and so on; `finish` at the end, then `next` until None."""

    def __init__(
        self,
        block_bytes: int,
        line_bytes_max: int,
        wrapper: str = "",
        *,
        raw_bytes_max: int = RAW_BYTES_MAX,
        scan: Scan | None = None,
        room: Room = bytearray,
    ) -> None:
        self._line_bytes_max = line_bytes_max
        self._raw_bytes_max = min(raw_bytes_max, line_bytes_max)
        self._capacity = max(block_bytes, line_bytes_max + 1)  # a lawful record, and what separates it from the next
        self._wrapper = np.frombuffer(wrapper.encode(), np.uint8)
        self._scan = scan or _scan()
        self._room = room
        self._buffer = self._fresh()
        self._spare: bytearray | memoryview | None = None
        self._offset = 0  # of the buffer's first byte in the decoded object
        self._size = 0  # bytes in the buffer
        self._input = b""
        self._position = 0
        self._state = np.zeros(CUTTER, np.int64)
        self._places = np.zeros(JOINTS_MAX, np.int64)
        self._joints: list[int] = []  # where newlines are to be put in before the buffer's last whole line
        self._head = b""  # of the record that is being skipped
        self._skipped_at = 0
        self._reject: Reject | None = None
        self._is_whole = False  # the buffer is full, and what begins it is to be judged by that
        self._is_finished = self._is_done = False

    @property
    def held_bytes(self) -> int:
        """Bytes that it keeps from block to block."""
        return len(self._buffer) + len(self._spare or b"") + len(self._input)

    def push(self, data: bytes) -> None:
        """Take the next decoded bytes; only when `next` has given None."""
        if self._position < len(self._input) or self._is_finished:
            raise ValueError("push before all was taken")
        self._input, self._position = data, 0

    def finish(self) -> None:
        """No more bytes will come; only when `next` has given None."""
        self.push(b"")
        self._is_finished = True

    def next(self) -> Block | Reject | None:
        """The next block or reject; None: push more, or, after `finish`, nothing is left."""
        while True:
            if self._reject is not None:
                reject, self._reject = self._reject, None
                return reject
            self._fill()
            if self._is_done or not (self._is_finished or self._size == self._capacity):
                return None
            if (found := self._advance()) is not None:
                return found

    def _fresh(self) -> bytearray | memoryview:
        return self._room(self._capacity + 1 + PAD)  # and the newline of an open last line

    def _fill(self) -> None:
        """Move input into the buffer."""
        end = min(self._position + max(self._capacity - self._size, 0), len(self._input))
        size = self._size + end - self._position
        memoryview(self._buffer)[self._size : size] = memoryview(self._input)[self._position : end]
        self._size, self._position = size, end

    def _advance(self) -> Block | Reject | None:
        """Scan on, and deal with what stopped the scan."""
        state, ends = self._state, self._is_finished and self._position == len(self._input)
        data, whole, self._is_whole = np.frombuffer(self._buffer, np.uint8), ends or self._is_whole, False
        why = self._scan(data, self._size, whole, self._line_bytes_max, self._wrapper, state, self._places)
        self._joints += self._places[: state[C_JOINTS]].tolist()
        state[C_JOINTS] = 0
        is_open = state[C_MODE] in (WITHIN, JUNK)
        if why == SKIPPED:
            return self._end_skipping()
        if why == BROKEN:
            self._read_again(self._last_newline(int(state[C_START]), int(state[C_AT])) + 1)
        elif why == OVER or (is_open and not state[C_SKIPPING] and self._size - state[C_START] > self._line_bytes_max):
            self._shorten()
        elif why == MORE and ends:
            return self._end()
        elif why == NEED and not state[C_START]:
            self._is_whole = True
        elif why in (MORE, NEED):
            held = why == NEED or (state[C_MODE] != BETWEEN and not state[C_SKIPPING])
            return self._cut(int(state[C_START]) if held else self._size)
        return None

    def _last_newline(self, start: int, stop: int) -> int:
        """Where it is between these places; -1: there is none."""
        found = bytes(self._buffer[start:stop]).rfind(b"\n")
        return start + found if found >= 0 else -1

    def _read_again(self, until: int) -> None:
        """Read what was taken for a record as lines, up to `until`."""
        self._state[[C_AT, C_UNTIL, C_MODE]] = self._state[C_START], until, BETWEEN

    def _shorten(self) -> None:
        """What begins at C_START is too long: read it as lines, or forget it but for its head."""
        start = int(self._state[C_START])
        newline = self._last_newline(start, start + self._line_bytes_max + 1)
        self._read_again(newline + 1)
        if newline >= 0:
            return
        self._state[C_SKIPPING] = 1
        self._head = bytes(memoryview(self._buffer)[start : start + self._raw_bytes_max])
        self._skipped_at = self._offset + start

    def _end_skipping(self) -> Block | Reject | None:
        """The long record ends at C_AT: the block before it, and then the reject."""
        self._state[[C_SKIPPING, C_MODE]] = 0, BETWEEN
        at = int(self._state[C_AT])
        length = self._offset + at - self._skipped_at
        self._reject = Reject(self._skipped_at, LINE_TOO_LONG, "", self._head, length)
        return self._cut(at)

    def _end(self) -> Block | Reject | None:
        """The object ends here."""
        state = self._state
        if state[C_SKIPPING]:
            return self._end_skipping()
        if state[C_MODE] == BETWEEN:
            self._is_done = True
            return self._cut(self._size)
        self._buffer[self._size] = NEWLINE
        self._size += 1
        if state[C_MODE] == WITHIN and state[C_LINES]:
            self._read_again(self._size)
        else:
            state[[C_AT, C_LINE, C_MODE]] = self._size, self._size, BETWEEN
        return None

    def _cut(self, keep: int) -> Block | None:
        """The buffer's whole lines as a block, if there are any; what begins at `keep` moves to the other buffer."""
        line = int(self._state[C_LINE])
        block = Block(self._buffer, line, self._offset) if line else None
        if self._joints:
            data, edges = memoryview(self._buffer), [0, *self._joints, line + PAD]
            lines = bytearray(b"\n").join([data[begin:end] for begin, end in pairwise(edges)])
            joints = tuple(joint + number for number, joint in enumerate(self._joints))
            block = Block(lines, line + len(joints), self._offset, joints=joints)
            self._joints = []
        carried = self._size - keep
        following = self._spare or self._fresh()
        following[:carried] = memoryview(self._buffer)[keep : self._size]
        self._buffer, self._spare = following, self._buffer
        self._offset += keep
        self._size = carried
        for place in (C_AT, C_START, C_UNTIL):
            self._state[place] = max(self._state[place] - keep, 0)
        self._state[C_LINE] = 0
        return block


def _scan() -> Any:
    """The scan: the kernel's where it runs."""
    if unavailable() is None:
        from ingestd.fastpath.kernel.structure import scan_records

        return scan_records
    from ingestd.fastpath.structure import scan_records as plain

    return plain
