"""Blocks: decoded bytes in, blocks of whole lines out, each with its offset in the decoded object.

* A line ends at a newline and nowhere else; the last line gets one if it has none (which moves no offset).
* A line longer than `line_bytes_max` (its newline not counted) is cut out and becomes a Reject with its place, its whole length
  and its head; reading goes on behind its newline. A line of any length costs no more memory than that.
* Blocks and rejects do not depend on how the input is cut, and come in the order of their offsets.
* One buffer, from `room`: a block is valid until `next` is called again, which moves what the block has not to the front.
* Work is done by the buffer and the line limit, never by the line: rfind and memcpy.
"""

from __future__ import annotations

from collections.abc import Callable

from ingestd.model import PAD, Block, Reject

__all__ = ["LINE_TOO_LONG", "RAW_BYTES_MAX", "BlockCutter", "Room"]

LINE_TOO_LONG = "line_too_long"
RAW_BYTES_MAX = 4 << 10  # of an overlong line's head: enough to know it by; the rest is in the object, at the offset
Room = Callable[[int], bytearray | memoryview]  # so many bytes, whatever they hold


class BlockCutter:
    """`push` a piece, take what `next` gives until it is None, and so on; `finish` at the end, then `next` until None."""

    def __init__(
        self, block_bytes: int, line_bytes_max: int, *, raw_bytes_max: int = RAW_BYTES_MAX, room: Room = bytearray
    ) -> None:
        self._line_bytes_max = line_bytes_max
        self._raw_bytes_max = min(raw_bytes_max, line_bytes_max)
        self._capacity = max(block_bytes, line_bytes_max + 1)  # so that a buffer with nothing but one lawful line has room
        self._buffer = room(self._capacity + PAD)
        self._offset = 0  # of the buffer's first byte in the decoded object
        self._given = 0  # bytes at the buffer's front that are still the last block's
        self._fill = 0  # bytes in the buffer, without those
        self._line = 0  # where the unfinished line begins in the buffer; all before it are whole lines
        self._input = b""
        self._position = 0
        self._head: bytes | None = None  # of the overlong line that is being skipped
        self._skipped = 0  # bytes of it so far
        self._reject: Reject | None = None
        self._finished = False

    @property
    def held_bytes(self) -> int:
        """Bytes that it keeps from block to block."""
        return len(self._buffer) + len(self._input)

    def push(self, data: bytes) -> None:
        """Take the next decoded bytes; only when `next` has given None."""
        if self._position < len(self._input) or self._finished:
            raise ValueError("push before all was taken")
        self._input, self._position = data, 0

    def finish(self) -> None:
        """No more bytes will come; only when `next` has given None."""
        unfinished = self._fill > self._line or self._head is not None
        self.push(b"\n" if unfinished else b"")
        self._finished = True

    def next(self) -> Block | Reject | None:
        """The next block or reject; None: push more, or, after `finish`, nothing is left."""
        if self._reject is not None:
            reject, self._reject = self._reject, None
            return reject
        self._move_up()
        while self._position < len(self._input):
            if self._head is not None:
                if (found := self._skip()) is not None:
                    return found
            elif (block := self._copy()) is not None:
                return block
        return self._cut() if self._finished and self._line else None

    def _copy(self) -> Block | None:
        """Move bytes of the input into the buffer, as far as they are lines or may become one; a block if it is full."""
        line_room = self._line_bytes_max + 1 - (self._fill - self._line)
        room = min(line_room, self._capacity - self._fill)
        end = min(self._position + room, len(self._input))
        newline = self._input.rfind(b"\n", self._position, end)
        if newline >= 0:  # all lines up to here are short enough: they lie in a window of one line's limit
            self._append(newline + 1)
            self._line = self._fill
        elif end < self._position + room:
            self._append(end)  # the input ends within a line
        elif room < line_room:
            return self._cut()  # the buffer ends within a line, which moves on to the next
        else:
            self._start_skipping()
        return None

    def _append(self, end: int) -> None:
        fill = self._fill + end - self._position
        room = memoryview(self._buffer)[self._fill : fill]  # for a bytearray copies what it is given, before it copies it in
        room[:] = memoryview(self._input)[self._position : end]
        self._fill, self._position = fill, end

    def _cut(self) -> Block:
        """The buffer's whole lines as a block; the unfinished line stays behind it until the next is asked for."""
        block = Block(self._buffer, self._line, self._offset)
        self._offset += self._line
        self._given, self._fill, self._line = self._line, self._fill - self._line, 0
        return block

    def _move_up(self) -> None:
        """The last block is done with: the unfinished line takes its place."""
        if self._given:
            self._buffer[: self._fill] = self._buffer[self._given : self._given + self._fill]
            self._given = 0

    def _start_skipping(self) -> None:
        """The unfinished line is too long: forget it but for its head."""
        begun = self._fill - self._line
        head = bytes(memoryview(self._buffer)[self._line : self._fill][: self._raw_bytes_max])
        wanted = self._raw_bytes_max - len(head)
        self._head = head + self._input[self._position : self._position + wanted]
        self._skipped = begun
        self._fill = self._line

    def _skip(self) -> Block | Reject | None:
        """Go on behind the overlong line's newline, if the input has it: the block before the line, and then the reject."""
        assert self._head is not None
        newline = self._input.find(b"\n", self._position)
        end = newline if newline >= 0 else len(self._input)
        self._skipped += end - self._position
        self._position = end
        if newline < 0:
            return None
        self._position += 1
        reject = Reject(self._offset + self._line, LINE_TOO_LONG, "", self._head, self._skipped)
        self._head = None
        block = self._cut() if self._line else None
        self._offset += reject.length + 1
        if block is None:
            return reject
        self._reject = reject
        return block
