"""How an object is read once its beginning is known: line by line by its format, or envelope by envelope.

Both make the same of a block: documents that say which way they go. What reads envelopes knows nothing of objects but a
`Source`: whoever has envelopes by another way than S3 reads them so too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Protocol

import numpy as np

from ingestd.config import ObjectSettings
from ingestd.core.envelope import Carried
from ingestd.errors import Poison
from ingestd.fastpath.buffers import BUFFERS
from ingestd.fastpath.choosing import summed
from ingestd.fastpath.cutting import Cutter, open_cutter
from ingestd.fastpath.events import open_envelope
from ingestd.fastpath.parser import Opening, Parser, open_parser
from ingestd.fastpath.portion import placed
from ingestd.fastpath.record_cutter import RecordCutter
from ingestd.formats.registry import Format
from ingestd.model import Block, Documents, Reject, Source, Way

__all__ = ["ENVELOPE", "EnvelopeReader", "LineReader", "Reader", "joined", "joined_by_way"]

ENVELOPE = "envelope"  # what lines are counted by that are no events, or are dropped before it is known what they are
PARSERS_MAX = 256  # of log streams that are remembered for one object
Lane = tuple[Way, Parser]


class Reader(Protocol):
    """Reads one object; runs in a worker thread. `name` is what its lines are counted by where they have no way."""

    name: str

    def cutter(self, limits: ObjectSettings) -> Cutter:
        """What cuts the object into the blocks that `read` takes."""
        ...

    def read(self, block: Block) -> list[Documents]:
        """Documents of the block by the ways that they go; each line counts once. Never raises for what a line contains."""
        ...


class LineReader:
    """Reads an object of one format, once for each way."""

    def __init__(self, form: Format, ways: Sequence[Way], source: Source, opening: Opening = open_parser) -> None:
        self.name = form.name
        self._form = form
        self._lanes = [(way, opening(form, source, way.framing)) for way in ways]

    def cutter(self, limits: ObjectSettings) -> Cutter:
        return open_cutter(self._form, limits)

    def read(self, block: Block) -> list[Documents]:
        return [replace(parser.parse(block), way=way) for way, parser in self._lanes]


class EnvelopeReader:
    """Reads an object of envelopes; `choose` says of what format events are and which ways they go, none if they are dropped.

    It is asked once an object for the events of a log group that are JSON, and once for those that are not.
    """

    name = ENVELOPE

    def __init__(
        self,
        source: Source,
        choose: Callable[[Carried], tuple[Format, Sequence[Way]]],
        opening: Opening = open_parser,
    ) -> None:
        self._source = source
        self._opening = opening
        self._choose = choose
        self._chosen: dict[tuple[str, bool], tuple[Format, Sequence[Way]]] = {}
        self._lanes = lru_cache(PARSERS_MAX)(self._open)

    def cutter(self, limits: ObjectSettings) -> Cutter:
        line_bytes_max = max(limits.line_bytes_max, limits.envelope_bytes_max)
        return RecordCutter(limits.block_bytes, line_bytes_max, room=BUFFERS.room)

    def read(self, block: Block) -> list[Documents]:
        return joined_by_way(self._documents(block))

    def _documents(self, block: Block) -> Iterator[Documents]:
        for record, offset in placed(block):
            yield from self.events(record, offset + len(record) - len(record.lstrip()), self._source)

    def events(self, record: bytes, offset: int, source: Source) -> Iterator[Documents]:
        """Documents of the envelope at `offset` of the object, group by group."""
        try:
            groups, rejects = open_envelope(record, offset, source) if record.strip() else ([], [])
        except Poison as poison:
            groups, rejects = [], [Reject(offset, poison.reason, "", record, len(record))]
        if rejects or not groups:
            yield _uncarried(rejects)
        for each in groups:
            yield from self._read(each)

    def _read(self, each: Carried) -> Iterator[Documents]:
        assert each.source.carrier is not None
        assert each.block.events is not None
        place = each.source.carrier.group, each.is_json
        if place not in self._chosen:
            self._chosen[place] = self._choose(each)
        lanes = self._lanes(place, each.source)
        if not lanes:
            count = len(each.block.events.ids)
            yield replace(_uncarried([]), lines=count, skipped=0, dropped=count)
        for way, parser in lanes:
            yield replace(parser.parse(each.block), way=way)

    def _open(self, place: tuple[str, bool], source: Source) -> list[Lane]:
        form, ways = self._chosen[place]
        return [(way, self._opening(form, source, way.framing)) for way in ways]


def joined_by_way(found: Iterable[Documents]) -> list[Documents]:
    """The documents of several, one after the other, those that go the same way as one."""
    by_way: dict[Way | None, list[Documents]] = {}
    for documents in found:
        by_way.setdefault(documents.way, []).append(documents)
    return [joined(alike) for alike in by_way.values()]


def joined(alike: Sequence[Documents]) -> Documents:
    """The documents of several, one after the other, as one; they go the same way."""
    if len(alike) == 1:
        return alike[0]
    ends = np.cumsum([0, *(int(each.starts[-1]) for each in alike)])
    starts = [each.starts[:-1] + end for each, end in zip(alike, ends, strict=False)]
    return Documents(
        b"".join(each.data for each in alike),
        np.concatenate([*starts, ends[-1:]]),
        np.concatenate([each.bodies + end for each, end in zip(alike, ends, strict=False)]),
        np.concatenate([each.offsets for each in alike]),
        rejects=tuple(reject for each in alike for reject in each.rejects),
        lines=sum(each.lines for each in alike),
        skipped=sum(each.skipped for each in alike),
        dropped=sum(each.dropped for each in alike),
        fallback=sum(each.fallback for each in alike),
        drifted=sum(each.drifted for each in alike),
        ids=tuple(name for each in alike for name in each.ids),
        masked=sum(each.masked for each in alike),
        by_rule=summed(each.by_rule for each in alike),
        ruled=tuple(ruled for each in alike for ruled in each.ruled),
        way=alike[0].way,
    )


def _uncarried(rejects: list[Reject]) -> Documents:
    """What is no event: rejects, or, without any, an envelope that has none."""
    nothing = np.zeros(0, np.int64)
    return Documents(
        b"", np.zeros(1, np.int64), nothing, nothing, tuple(rejects), lines=len(rejects) or 1, skipped=int(not rejects)
    )
