"""The parser that drives the kernel: the same interface as the reference, and the same bytes.

A block goes through the kernel in one call, as a rule. Lines that reject come back with their reason; lines that it does not
take (very long ones, mostly) the reference reads one by one, and their documents are put between the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property, lru_cache

import numpy as np
import orjson
from numpy.typing import NDArray

from ingestd.core.identity import day_number, index_names, index_window, object_id
from ingestd.core.sampling import seed
from ingestd.fastpath.buffers import BUFFERS
from ingestd.fastpath.choosing import summed
from ingestd.fastpath.enrichment import NOTHING, Enrichment
from ingestd.fastpath.joints import OBJECT_PATHS
from ingestd.fastpath.kernel import codes
from ingestd.fastpath.kernel.block import encode
from ingestd.fastpath.known import SEED, Known
from ingestd.fastpath.layout import CLOUDWATCH, FIREHOSE, ID, TIMESTAMP, fixed, second
from ingestd.fastpath.order import Order
from ingestd.fastpath.plan import Plan, compile_plan
from ingestd.fastpath.portion import line_of, rest_of, text_of
from ingestd.fastpath.reference import ReferenceParser, record_in
from ingestd.fastpath.workspace import WORKSPACE, Workspace
from ingestd.formats.table import Shape, Table
from ingestd.model import PAD, Block, Documents, Events, Framing, Reject, Source

__all__ = ["CompiledParser"]

NEWLINE = 10
OFFSET_MAX = 10**codes.DIGITS
BEYOND = (1 << 63) - 1  # any block
LINE_USUAL = 4096  # lines are shorter than this, as a rule; for a longer one the kernel asks for room
SMALL = 1 << 18  # documents of fewer bytes are copied, and the thread's own buffer serves for all of them
NONE = np.zeros(1, np.int64)
NOTHING_ADDED = np.array([BEYOND], np.int64)
NO_EVENTS = (NONE, NONE, np.frombuffer(bytes(PAD), np.uint8), NONE, NONE)
COUNTED = (codes.S_DOCUMENTS, codes.S_LINES, codes.S_SKIPPED, codes.S_DRIFTED)
REASONS = {
    codes.UNTERMINATED_QUOTE: "unterminated_quote",
    codes.TOO_FEW_COLUMNS: "too_few_columns",
    codes.BAD_VALUE: "bad_number",
    codes.MISSING_TIMESTAMP: "missing_timestamp",
}
Bytes = NDArray[np.uint8]
Numbers = NDArray[np.int64]


class CompiledParser:
    """A `Parser` (see parser.py)."""

    def __init__(self, table: Table, source: Source, framing: Framing, enrichment: Enrichment = NOTHING) -> None:
        self._table, self._source, self._framing, self._enrichment = table, source, framing, enrichment
        self._order = Order.documented(table)
        self._first_day, last_day = index_window(source, framing)
        self._days = last_day - self._first_day + 1
        self._actions, self._action_spans = _actions(framing, self._first_day, last_day)
        name = object_id(source)
        head = bytearray(codes.SCRATCH_WORDS + name.encode() + bytes(codes.DIGITS) + codes.ACTION_TAIL)
        values = fixed(table, framing, source)
        streams = {CLOUDWATCH, *table.named} if source.carrier else set()
        streams |= {FIREHOSE} if source.failure else set()
        self._covered = frozenset(streams & values.keys())
        self._brought = {ID: (codes.W_ID, codes.ID)}  # what the object brings: position in the head of scratch, size
        for path in sorted({*OBJECT_PATHS, *self._covered} & values.keys()):
            self._brought[path] = len(head), len(values[path])
            head += values[path]
        self._choices = table.rules.choices
        self._samples = any(choice.one_in for choice in self._choices)
        self._head = np.frombuffer(head + second(source.modified_at), np.uint8)
        self._fixed = len(self._head) + int((self._action_spans & 0xFFFF).max())
        self._fresh = np.zeros(codes.STATE, np.int64)
        for place, number in (
            (codes.S_SCRATCH, len(self._head)),
            (codes.S_TIME, len(head)),
            (codes.S_DAY, day_number(source.modified_at)),
            (codes.S_SEED, SEED),
            (codes.S_SAMPLE, np.uint64(seed(name) if self._samples else 0).astype(np.int64)),
            (codes.S_FIRST_DAY, self._first_day),
            (codes.S_DAYS, self._days),
            (codes.S_FIXED, self._fixed),
        ):
            self._fresh[place] = number
        self._follow()

    def parse(self, block: Block) -> Documents:
        if self._plan is None or not _is_plain(block):
            return self._read(block)
        data = block.data if len(block.data) >= block.size + PAD else bytearray(block.data) + bytes(PAD)
        buf, state, work = np.frombuffer(data, np.uint8), self._state(block), WORKSPACE.own
        events = NO_EVENTS if block.events is None else self._events(block.events)
        added = np.array([*block.joints, BEYOND], np.int64) if block.joints else NOTHING_ADDED
        work.prepare(self._head, self._room(codes.LINE_MAX))
        known, more = work.known(self._enrichment), self._enrichment
        likely, room = self._plan.room.of(block.size), self._plan.room
        small = likely < SMALL
        out = work.small if small else BUFFERS.take(likely + self._room(LINE_USUAL))
        rejects: list[Reject] = []
        read: list[tuple[int, Documents]] = []
        dropped = np.zeros(len(self._choices), np.int64) if self._choices else NONE
        while plan := self._plan:
            why = encode(
                buf, out, work.scratch, work.alt, work.edges, work.spans, work.fields, self._made, plan.rows, plan.texts,
                plan.owned, plan.names, plan.strings, plan.joints, plan.text, plan.twins, plan.meanings, plan.prefixes,
                plan.places, plan.members, plan.selections, plan.kept_slots, self._action_spans, self._actions, plan.params,
                plan.lookups, known.rows, known.texts, more.tree, more.roots,
                plan.choices, plan.redacted, dropped,
                *events, added, work.starts, work.bodies, work.offsets, work.left, state, work.memo,
            )  # fmt: skip
            if state[codes.S_LEFT]:
                self._take_left(block, plan, work, state, rejects, read)
            written, documents = int(state[codes.S_OUT]), int(state[codes.S_DOCUMENTS])
            if why == codes.DONE:
                break
            if why == codes.ROOM:
                likely = written * block.size // max(int(state[codes.S_AT]), 1)
                size = max(likely + likely // 32, len(out) + len(out) // 8)
                larger = BUFFERS.take(size + int(state[codes.S_NEED]))
                larger[:written] = out[:written]
                out, small = larger, False
            elif why == codes.FULL:
                work.make_room(documents)
            elif why == codes.UNKNOWN:
                self._learn(work, known, state)
            else:
                place = codes.S_AT if block.events is None else codes.S_EVENT
                header = line_of(block, int(state[place]))
                read.append((documents, self._read(header)))
                state[[codes.S_AT, codes.S_EVENT]] += header.size, 1
                if self._plan is None:  # an order that the kernel does not take
                    read.append((documents, self._read(rest_of(block, int(state[place])))))
                    rejects += read[-1][1].rejects
                    break
        if not small:
            room.saw(block.size, written)
        view = memoryview(out.data)[:written]
        merged = _merged(bytes(view) if small else view, block, work, state, rejects, read)
        return self._with_dropped(merged, dropped) if self._choices else merged

    def _take_left(
        self,
        block: Block,
        plan: Plan,
        work: Workspace,
        state: Numbers,
        rejects: list[Reject],
        read: list[tuple[int, Documents]],
    ) -> None:
        """Make rejects of the lines that the kernel left with a reason, and let the reference read the others."""
        rows = work.left[: state[codes.S_LEFT] * codes.LEFT_ROW].reshape(-1, codes.LEFT_ROW)
        for place, documents, reason, detail in rows.tolist():
            if reason == codes.TO_REFERENCE:
                read.append((documents, self._read(line_of(block, place))))
                rejects += read[-1][1].rejects
            else:
                text, offset, event = text_of(block, place)
                if self._table.shape is Shape.JSON:
                    text, before = record_in(text)
                    offset += before if block.events is None else 0
                rejects.append(Reject(offset, *self._why(plan, reason, detail), text, len(text), event))
                state[codes.S_LINES] += 1
        state[codes.S_LEFT] = 0

    def _with_dropped(self, documents: Documents, dropped: Numbers) -> Documents:
        """The same, with the lines that the kernel dropped."""
        ours = tuple((choice.name, count) for choice, count in zip(self._choices, dropped.tolist(), strict=False) if count)
        by_rule = summed((documents.by_rule, ours))
        return replace(documents, dropped=sum(count for _, count in by_rule), by_rule=by_rule)

    def _learn(self, work: Workspace, known: Known, state: Numbers) -> None:
        """Find what the kernel asks for, and let it know."""
        number, text, text_size, key, key_size, hashed = state[codes.S_ASKED : codes.S_HASH + 1].tolist()
        asked = work.scratch[key : key + key_size].tobytes()
        found = self._enrichment.find_parts(number, work.scratch[text : text + text_size].tobytes(), asked)
        known.add(asked, hashed, found)

    def _why(self, plan: Plan, reason: int, detail: int) -> tuple[str, str]:
        """A reject's reason and column."""
        if reason == codes.TOO_FEW_COLUMNS:
            return REASONS[reason], self._order.lacking(self._table, detail) or ""
        if reason == codes.BAD_VALUE:
            return "bad_timestamp" if plan.is_time[detail] else REASONS[reason], plan.columns[detail]
        return REASONS[reason], self._timestamp_column if reason == codes.MISSING_TIMESTAMP else ""

    @cached_property
    def _timestamp_column(self) -> str:
        """The first column that could hold the event's own time."""
        holds = (c.name for c in self._table.columns for r in c.readings for leaf in r.leaves() if leaf.path == TIMESTAMP)
        return next(holds, "")

    @cached_property
    def _reference(self) -> ReferenceParser:
        """Made when it is first asked: most objects have nothing for it."""
        return ReferenceParser(self._table, self._source, self._framing, self._enrichment)

    def _read(self, block: Block) -> Documents:
        """What the reference makes of whole lines; it follows the header lines too, and the plan follows it."""
        documents = self._reference.parse(block)
        if self._reference.order != self._order:
            self._order = self._reference.order
            self._follow()
        return replace(documents, fallback=documents.lines - documents.skipped)

    def _follow(self) -> None:
        """Take up the order of columns that the reference has come to."""
        self._plan = plan = compile_plan(self._table, self._framing, self._order, self._covered)
        made = np.zeros((int(plan.params[codes.P_SLOTS]) + 1 if plan else 1, 2), np.int64)
        for path, (at, size) in self._brought.items():
            if plan and path in plan.slots:
                made[plan.slots[path]] = at, size | codes.SCRATCH
        self._made: Numbers = made.ravel()
        self._line_fixed = self._fixed + (int(plan.params[codes.P_FIXED]) if plan else 0)
        self._line_factor = int(plan.params[codes.P_FACTOR]) if plan else 0

    def _events(self, events: Events) -> tuple[Numbers, Numbers, Bytes, Numbers, Numbers]:
        """The kernel's arrays of a block's events: where each ends, their times, their ids and where those end, their seeds."""
        count, ids = len(events.ids), "".join(events.ids).encode()
        id_ends = np.cumsum(np.fromiter(map(len, events.ids), np.int64, count))
        ends, times = np.array(events.ends, np.int64), np.array(events.times_ms, np.int64)
        seeds = np.fromiter(map(seed, events.ids), np.uint64, count) if self._samples else np.zeros(count, np.uint64)
        return ends, times, np.frombuffer(ids + bytes(PAD), np.uint8), id_ends, seeds.view(np.int64)

    def _state(self, block: Block) -> Numbers:
        """What the object says, and the block."""
        state = self._fresh.copy()
        state[codes.S_SIZE], state[codes.S_OFFSET] = block.size, block.offset
        if block.events is not None:
            state[codes.S_EVENTS] = len(block.events.ids)
        return state

    def _room(self, size: int) -> int:
        """The most that a line of `size` bytes can take in scratch or become, as the kernel reckons it."""
        return self._line_fixed + self._line_factor * size


def _is_plain(block: Block) -> bool:
    """Whether the block is as the kernel reads it: something, ended by a newline, at offsets whose digits an id has."""
    if block.offset + block.size > OFFSET_MAX or not block.size:
        return False
    return block.events is not None or block.data[block.size - 1] == NEWLINE


@lru_cache(maxsize=256)
def _actions(framing: Framing, first_day: int, last_day: int) -> tuple[Bytes, Numbers]:
    """The beginnings of action lines, by day of the window and then the outlier's: (text, spans packed as a plan's)."""
    text, spans = bytearray(), []
    for name in [*index_names(framing, first_day, last_day), framing.outlier_index]:
        piece = b'{"create":{"_index":' + orjson.dumps(name) + b',"_id":"'
        spans.append(len(text) << 16 | len(piece))
        text += piece
    return np.frombuffer(text + bytes(PAD), np.uint8), np.array(spans, np.int64)


def _merged(
    data: bytes | memoryview,
    block: Block,
    work: Workspace,
    state: Numbers,
    rejects: list[Reject],
    read: list[tuple[int, Documents]],
) -> Documents:
    """The kernel's documents, and between them what the reference read: (documents before it, what became of it)."""
    numbers = state.tolist()
    count, lines, skipped, drifted = (numbers[place] for place in COUNTED)
    starts, bodies, offsets = work.starts[: count + 1].copy(), work.bodies[:count].copy(), work.offsets[:count].copy()
    ids: tuple[str, ...] = ()
    if block.events is not None:
        ids = tuple(_ids(block.events, offsets.tolist(), read))
        offsets.fill(block.offset)
    if not read:
        return Documents(data, starts, bodies, offsets, tuple(rejects), lines, skipped, drifted=drifted, ids=ids)
    inserted = [(before, documents) for before, documents in read if len(documents)]
    if inserted:
        data, starts, bodies, offsets = _spliced(memoryview(data), starts, bodies, offsets, inserted)
    return Documents(
        data,
        starts,
        bodies,
        offsets,
        rejects=tuple(rejects),
        lines=lines + sum(documents.lines for _, documents in read),
        skipped=skipped + sum(documents.skipped for _, documents in read),
        fallback=sum(documents.fallback for _, documents in read),
        drifted=drifted + sum(documents.drifted for _, documents in read),
        ids=ids,
        by_rule=summed(documents.by_rule for _, documents in read),
    )


def _ids(events: Events, numbers: list[int], read: list[tuple[int, Documents]]) -> Iterator[str]:
    """The ids of a block's documents: of the kernel's by the numbers of their events, and of those that the reference read."""
    done = 0
    for before, documents in read:
        yield from (events.ids[number] for number in numbers[done:before])
        yield from documents.ids
        done = before
    yield from (events.ids[number] for number in numbers[done:])


def _spliced(
    data: memoryview, starts: Numbers, bodies: Numbers, offsets: Numbers, inserted: list[tuple[int, Documents]]
) -> tuple[bytes, Numbers, Numbers, Numbers]:
    """Documents of the reference put in where their lines are."""
    places = [before for before, documents in inserted for _ in range(len(documents))]
    sizes = np.insert(np.diff(starts), places, np.concatenate([np.diff(documents.starts) for _, documents in inserted]))
    heads = np.concatenate([documents.bodies - documents.starts[:-1] for _, documents in inserted])
    heads = np.insert(bodies - starts[:-1], places, heads)
    offsets = np.insert(offsets, places, np.concatenate([documents.offsets for _, documents in inserted]))
    edges = [0, *(int(starts[before]) for before, _ in inserted), len(data)]
    pieces = [data[: edges[1]]]
    for (_, documents), first, last in zip(inserted, edges[1:], edges[2:], strict=False):
        pieces += [memoryview(documents.data), data[first:last]]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    return b"".join(pieces), starts, starts[:-1] + heads, offsets
