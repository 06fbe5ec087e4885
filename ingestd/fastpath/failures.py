"""Reading records that Firehose could not deliver (core/failure.py): what each held, as if it had been delivered.

* Each is a block of its own, for what one holds may be many times its size. An envelope of CloudWatch Logs in it may be as
  large as one that came by itself, text at most TEXT_BYTES_MAX, which no record of a stream is without compression.
* What it held is told by itself: its lines, its JSON records or its envelopes' events. They are events here: they have ids of
  their record's place and their number in it, and where they say no time the one at which the record came.
* A record that holds nothing of a known format, is no base64 or too much becomes a document as it stands. So does one that
  holds a document of ours that says so already: what is read here, sent to Firehose and refused again would come for ever.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import repeat

from ingestd.config import ObjectSettings
from ingestd.core.envelope import is_envelope
from ingestd.core.failure import Failure, failure
from ingestd.core.identity import document_id, object_id
from ingestd.fastpath.buffers import BUFFERS
from ingestd.fastpath.cutting import Cutter
from ingestd.fastpath.parser import Opening, open_parser
from ingestd.fastpath.portion import placed
from ingestd.fastpath.reader import EnvelopeReader, Reader, joined_by_way
from ingestd.fastpath.record_cutter import RecordCutter
from ingestd.fastpath.unwrapping import first_message, line_of_record
from ingestd.formats.names import first_names
from ingestd.formats.registry import HEAD_BYTES, Format
from ingestd.formats.table import Shape
from ingestd.model import PAD, Block, Documents, Reject, Source, Way

__all__ = ["FAILURE", "FailureReader"]

FAILURE = "firehose_failure"  # what lines are counted by that are blank
TEXT_BYTES_MAX = 2 << 20
AGAIN = b'"firehose":{"failure":{'  # as documents of failed records say it (fastpath/layout.py)
Chosen = tuple[Format, Sequence[Way]]


class FailureReader:
    """Reads an object of such records. `choose` says by its first bytes of what format text is, and which ways it goes, or
    None; `envelopes` reads what is in envelopes, and `outer` the records that are left as they are."""

    name = FAILURE

    def __init__(
        self,
        source: Source,
        outer: Reader,
        envelopes: EnvelopeReader,
        choose: Callable[[bytes], Chosen | None],
        opening: Opening = open_parser,
    ) -> None:
        self._source = source
        self._outer = outer
        self._envelopes = envelopes
        self._choose = choose
        self._opening = opening
        self._limits = ObjectSettings()

    def cutter(self, limits: ObjectSettings) -> Cutter:
        self._limits = limits
        return _OneByOne(RecordCutter(limits.block_bytes, max(limits.line_bytes_max, TEXT_BYTES_MAX), room=BUFFERS.room))

    def read(self, block: Block) -> list[Documents]:
        text = bytes(memoryview(block.data)[: block.size])
        record, offset = text.strip(), block.offset + len(text) - len(text.lstrip())
        held = failure(record, self._limits.envelope_bytes_max) if record else None
        found = joined_by_way(self._held(held, offset)) if held else []
        return found or self._outer.read(block)

    def _held(self, held: Failure, offset: int) -> Iterator[Documents]:
        """What the record at `offset` of the object held; nothing, if that is not known."""
        source = replace(self._source, failure=held.facts)
        if is_envelope(first_names(held.data[:HEAD_BYTES])):
            for number, envelope in enumerate(_records(held.data)):
                named = self._source.etag if number == 0 else f"{self._source.etag}/{number}"
                yield from self._envelopes.events(envelope, offset, replace(source, etag=named))
        elif len(held.data) <= TEXT_BYTES_MAX and AGAIN not in held.data and (found := self._texts(held.data)):
            (form, ways), texts = found
            arrived = int(source.modified_at * 1000) if held.arrived_ms is None else held.arrived_ms
            place = document_id(object_id(self._source), offset)
            ids = (f"{place}-{number}" for number in range(len(texts)))
            events = Block.of_events(texts, ids, repeat(arrived, len(texts)), offset)
            for way in ways:
                parser = self._opening(form, source, way.framing)
                yield replace(parser.parse(events), way=way)

    def _texts(self, data: bytes) -> tuple[Chosen, list[bytes]] | None:
        """The format, and the lines or records one by one; of lines that are records' only members these lines."""
        line = first_message(data[:HEAD_BYTES])
        if line is not None and (chosen := self._choose(line + b"\n")) and chosen[0].shape is not Shape.JSON:
            return chosen, [line_of_record(record) for record in _records(data)]
        if (chosen := self._choose(data[:HEAD_BYTES])) is None:
            return None
        if chosen[0].shape is Shape.JSON:
            return chosen, _records(data, chosen[0].wrapper)
        return chosen, data.removesuffix(b"\n").split(b"\n")


def _records(data: bytes, wrapper: str = "") -> list[bytes]:
    """The JSON records that stand in a text, one by one, and what else stands between them."""
    cutter = RecordCutter(len(data), len(data) + 1, wrapper)
    cutter.push(data)
    found = [*_lines_of(cutter)]
    cutter.finish()
    found += _lines_of(cutter)
    return [line for line in found if line.strip()]


def _lines_of(cutter: RecordCutter) -> Iterator[bytes]:
    """The lines of the blocks that the cutter has by now."""
    while (block := cutter.next()) is not None:
        if isinstance(block, Block):
            yield from (line for line, _ in placed(block))


class _OneByOne:
    """A `Cutter` of which each block is one line of another's."""

    def __init__(self, cutter: RecordCutter) -> None:
        self._cutter = cutter
        self._blocks: deque[Block] = deque()
        self.push = cutter.push
        self.finish = cutter.finish

    @property
    def held_bytes(self) -> int:
        return self._cutter.held_bytes + sum(len(block.data) for block in self._blocks)

    def next(self) -> Block | Reject | None:
        """The next line, or the next reject."""
        if not self._blocks:
            found = self._cutter.next()
            if not isinstance(found, Block):
                return found
            self._blocks.extend(_block(line, offset) for line, offset in placed(found))
        return self._blocks.popleft()


def _block(line: bytes, offset: int) -> Block:
    return Block(bytearray(line + b"\n" + bytes(PAD)), len(line) + 1, offset)
