"""The parser that drives the kernel: the same interface as the reference, and the same bytes.

A block goes through the kernel in one call, as a rule. What the kernel leaves (lines that reject, or that it is not sure of) the
reference reads, one by one, and the results are merged in the order of the lines.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import orjson
from numpy.typing import NDArray

from ingestd.core.identity import index_names, index_window, object_id
from ingestd.fastpath.kernel import codes
from ingestd.fastpath.kernel.block import encode
from ingestd.fastpath.layout import ID, fixed
from ingestd.fastpath.order import Order
from ingestd.fastpath.plan import COLUMNS_MAX, OBJECT_PATHS, Plan, compile_plan
from ingestd.fastpath.reference import ReferenceParser
from ingestd.fastpath.splitting import trim
from ingestd.formats.table import Table
from ingestd.model import PAD, Block, Documents, Framing, Source

__all__ = ["CompiledParser"]

OFFSET_MAX = 10**codes.DIGITS
DOCUMENTS_FIRST, LEFT_MAX = 8192, 1024
MEMO = b"1970-01-" + b"70-01-01" + bytes(8)  # a date, as times.py remembers it, and its day
SLOTS_MAX = 1024
LINE_ROOM = 4096  # lines are shorter than this, as a rule; for a longer one the kernel asks for room
NEWLINE = 10
RATIO_FIRST = 3.0  # bytes of document for a byte of line, until a block has been seen
Bytes, Numbers = NDArray[np.uint8], NDArray[np.int64]


class _Workspace(threading.local):
    """The arrays of one worker thread, used by one call at a time and never given away."""

    def __init__(self) -> None:
        self.scratch: Bytes = np.empty(0, np.uint8)
        self.alt: Bytes = np.empty(codes.LINE_MAX + 2 * PAD, np.uint8)
        self.columns: list[Numbers] = [np.zeros(COLUMNS_MAX + 1, np.int64) for _ in range(4)]
        self.slots: list[Numbers] = [np.zeros(SLOTS_MAX + 1, np.int64) for _ in range(2)]
        self.left: Numbers = np.zeros(2 * LEFT_MAX, np.int64)
        self.memo: NDArray[np.uint64] = np.frombuffer(bytearray(MEMO), np.uint64)
        self.starts, self.bodies, self.offsets = (np.zeros(DOCUMENTS_FIRST, np.int64) for _ in range(3))

    def make_room(self, documents: int) -> None:
        """Room for more documents than there are; what there is stays."""
        if documents + 1 >= len(self.starts):
            more = np.zeros(len(self.starts), np.int64)
            self.starts, self.bodies, self.offsets = (
                np.concatenate([kept, more]) for kept in (self.starts, self.bodies, self.offsets)
            )


WORKSPACE = _Workspace()


@dataclass(frozen=True, slots=True, eq=False)
class _Actions:
    """The beginnings of action lines, by day of the window, and then the outlier's. Spans as a plan's."""

    text: Bytes
    spans: Numbers


@lru_cache(maxsize=256)
def _actions(framing: Framing, first_day: int, last_day: int) -> _Actions:
    text, spans = bytearray(), []
    for name in [*index_names(framing, first_day, last_day), framing.outlier_index]:
        piece = b'{"create":{"_index":' + orjson.dumps(name) + b',"_id":"'
        spans.append(len(text) << 16 | len(piece))
        text += piece
    return _Actions(np.frombuffer(text + bytes(PAD), np.uint8), np.array(spans, np.int64))


class CompiledParser:
    """A `Parser` (see parser.py)."""

    def __init__(self, table: Table, source: Source, framing: Framing) -> None:
        self._table, self._framing = table, framing
        self._reference = ReferenceParser(table, source, framing)
        self._plan = compile_plan(table, framing, self._reference.order)
        self._first_day, last_day = index_window(source, framing)
        self._days = last_day - self._first_day + 1
        self._actions = _actions(framing, self._first_day, last_day)
        self._ratio = RATIO_FIRST
        head = bytearray(codes.SCRATCH_WORDS + object_id(source).encode() + bytes(codes.DIGITS) + codes.ACTION_TAIL)
        values, slots = fixed(table, framing, source), self._plan.slots if self._plan else {}
        self._made: list[Numbers] = [np.zeros(len(slots) + 1, np.int64) for _ in range(2)]
        for path in OBJECT_PATHS if slots else ():
            self._made[0][slots[path]] = len(head)
            self._made[1][slots[path]] = len(values[path]) | codes.SCRATCH
            head += values[path]
        if ID in slots:
            self._made[0][slots[ID]] = codes.W_ID
            self._made[1][slots[ID]] = codes.ID | codes.SCRATCH
        self._head = np.frombuffer(head, np.uint8)
        self._fixed = len(head) + int(max(self._actions.spans & 0xFFFF))

    def parse(self, block: Block) -> Documents:
        end = block.offset + block.size
        if self._plan is None or not block.size or block.data[block.size - 1] != NEWLINE or end > OFFSET_MAX:
            return self._read(block, 0, block.size)
        data = block.data if len(block.data) >= block.size + PAD else block.data + bytes(PAD)
        buf, work, state = np.frombuffer(data, np.uint8), self._prepared(), self._state(block)
        out = np.empty(self._room(block.size), np.uint8)
        read: list[tuple[int, Documents]] = []
        while self._plan is not None:
            plan = self._plan
            why = encode(
                buf, out, work.scratch, work.alt, *work.columns, *work.slots, *self._made, plan.rows, plan.texts, plan.owned,
                plan.names, plan.strings, plan.joints, plan.text, self._actions.spans, self._actions.text, plan.prefixes,
                plan.params, work.starts, work.bodies, work.offsets, work.left, state, work.memo,
            )  # fmt: skip
            for at, documents in work.left[: 2 * state[codes.S_LEFT]].reshape(-1, 2).tolist():
                read.append((documents, self._read(block, at, block.data.index(b"\n", at) + 1)))
            state[codes.S_LEFT] = 0
            at, written, documents = int(state[codes.S_AT]), int(state[codes.S_OUT]), int(state[codes.S_DOCUMENTS])
            if why == codes.DONE:
                break
            if why == codes.ROOM:
                out = _larger(out, written, max(len(out) + len(out) // 4, written + int(state[codes.S_NEED])))
            elif why == codes.FULL:
                work.make_room(documents)
            else:
                stop = block.data.index(b"\n", at) + 1
                read.append((documents, self._read(block, at, stop)))
                state[codes.S_AT] = stop
                if self._plan is None:
                    read.append((documents, self._read(block, stop, block.size)))
        self._ratio = max(self._ratio, 1.02 * int(state[codes.S_OUT]) / block.size)
        return _merged(work, out, state, read)

    def _read(self, block: Block, at: int, stop: int) -> Documents:
        """What the reference makes of whole lines; it follows the header lines too, and the plan follows it."""
        order = self._reference.order
        documents = self._reference.parse(Block(block.data[at:stop], stop - at, block.offset + at))
        if self._reference.order is not order:
            self._plan = compile_plan(self._table, self._framing, self._reference.order)
        return replace(documents, fallback=documents.lines - documents.skipped)

    def _state(self, block: Block) -> Numbers:
        state = np.zeros(codes.STATE, np.int64)
        state[codes.S_SIZE], state[codes.S_OFFSET], state[codes.S_SCRATCH] = block.size, block.offset, len(self._head)
        state[codes.S_FIRST_DAY], state[codes.S_DAYS], state[codes.S_FIXED] = self._first_day, self._days, self._fixed
        return state

    def _prepared(self) -> _Workspace:
        """The thread's arrays, with what the kernel copies from at the head of scratch."""
        work = WORKSPACE
        if len(work.scratch) < len(self._head) + self._line_room(codes.LINE_MAX):
            work.scratch = np.empty(len(self._head) + self._line_room(codes.LINE_MAX), np.uint8)
        work.scratch[: len(self._head)] = self._head
        return work

    def _line_room(self, size: int) -> int:
        """The most that a line of `size` bytes can take in scratch or become."""
        assert self._plan is not None
        return int(self._plan.params[codes.P_FIXED] + self._plan.params[codes.P_FACTOR] * size) + self._fixed

    def _room(self, size: int) -> int:
        return int(size * self._ratio) + self._line_room(min(size, LINE_ROOM))



def _larger(out: Bytes, written: int, size: int) -> Bytes:
    larger = np.empty(size, np.uint8)
    larger[:written] = out[:written]
    return larger


def _merged(work: _Workspace, out: Bytes, state: Numbers, read: list[tuple[int, Documents]]) -> Documents:
    """The kernel's documents, and between them what the reference read: (documents before it, what became of it)."""
    count, written = int(state[codes.S_DOCUMENTS]), int(state[codes.S_OUT])
    starts, bodies, offsets = work.starts[: count + 1].copy(), work.bodies[:count].copy(), work.offsets[:count].copy()
    data: bytes | memoryview = memoryview(out)[:written]
    inserted = [(before, documents) for before, documents in read if len(documents)]
    if inserted:
        cuts = [before for before, documents in inserted for _ in range(len(documents))]
        sizes = np.insert(np.diff(starts), cuts, np.concatenate([np.diff(documents.starts) for _, documents in inserted]))
        heads = np.concatenate([documents.bodies - documents.starts[:-1] for _, documents in inserted])
        heads = np.insert(bodies - starts[:-1], cuts, heads)
        offsets = np.insert(offsets, cuts, np.concatenate([documents.offsets for _, documents in inserted]))
        edges = [0, *(int(starts[before]) for before, _ in inserted), written]
        pieces = [data[edges[0] : edges[1]]]
        for (_, documents), first, last in zip(inserted, edges[1:], edges[2:], strict=False):
            pieces += [memoryview(documents.data), data[first:last]]
        data = b"".join(pieces)
        starts = np.concatenate([[0], np.cumsum(sizes)])
        bodies = starts[:-1] + heads
    return Documents(
        data,
        starts,
        bodies,
        offsets,
        rejects=tuple(reject for _, documents in read for reject in documents.rejects),
        lines=int(state[codes.S_LINES]) + sum(documents.lines for _, documents in read),
        skipped=int(state[codes.S_SKIPPED]) + sum(documents.skipped for _, documents in read),
        fallback=sum(documents.fallback for _, documents in read),
        drifted=int(state[codes.S_DRIFTED]) + sum(documents.drifted for _, documents in read),
    )
