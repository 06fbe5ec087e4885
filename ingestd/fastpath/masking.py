"""A parser whose blocks are masked while it reads them: the values of secret parameters are stars to it.

Nothing behind it, no field, no event.original and no sink, ever has them. A reject holds the line as it came, since a dead
letter may be all that is left of it; and the block is as it was when it has been read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ingestd.fastpath.joints import pack
from ingestd.fastpath.kernel.codes import (
    M_SPANS,
    MASK,
    NAME_BUCKETS,
    NAME_ENDS,
    SECRET_ESCAPES,
    SECRET_PLAIN,
    SECRET_RECORD,
)
from ingestd.fastpath.members import WHITESPACE
from ingestd.fastpath.of_thread import OfThread
from ingestd.fastpath.portion import place_of
from ingestd.fastpath.secrets import Secrets
from ingestd.formats.table import Shape, Table
from ingestd.model import PAD, Block, Documents, Reject

__all__ = ["MaskingParser"]

SPANS_FIRST = 1024
STAR = b"*"
ESCAPES = {Shape.SPACED: SECRET_ESCAPES, Shape.JSON: SECRET_RECORD}
Parse = Callable[[Block], Documents]
Numbers = NDArray[np.int64]
Bytes = NDArray[np.uint8]


class MaskingParser:
    """A `Parser` (see parser.py) around another's `parse`. `is_compiled`: blocks of lines are masked by the kernel."""

    def __init__(self, table: Table, parse: Parse, *, is_compiled: bool) -> None:
        self._secrets = Secrets(table)
        self._parse = parse
        self._compiled = _Names.of(table.rules.masked, table.shape, ord(table.between or b"\0")) if is_compiled else None
        self._strips = table.shape is Shape.JSON

    def parse(self, block: Block) -> Documents:
        if block.events:
            return self._parse_events(block)
        if self._compiled and len(block.data) >= block.size + PAD:
            return self._by_kernel(self._compiled, block)
        with self._by_reference(block) as masked:
            documents = self._parse(block)
        return _told(documents, block, masked)

    def _by_kernel(self, names: _Names, block: Block) -> Documents:
        work, buf = WORK.own, np.frombuffer(block.data, np.uint8)
        count = names.mask(buf, block.size, work)
        try:
            documents = self._parse(block)
        finally:
            names.unmask(buf, work, count)
        return _told(documents, block, count)

    @contextmanager
    def _by_reference(self, block: Block) -> Iterator[int]:
        kept = []
        for begin, end in self._secrets.spans(bytes(memoryview(block.data)[: block.size])):
            kept.append((begin, bytes(block.data[begin:end])))
            block.data[begin:end] = STAR * (end - begin)
        try:
            yield len(kept)
        finally:
            for begin, text in kept:
                block.data[begin : begin + len(text)] = text

    def _parse_events(self, block: Block) -> Documents:
        """Events stand one right behind the other: each is masked by itself."""
        assert block.events is not None
        data, begin, masked, texts = bytearray(block.data), 0, 0, {}
        for end, name in zip(block.events.ends, block.events.ids, strict=True):
            text = texts[name] = bytes(block.data[begin:end])
            for first, last in self._secrets.spans(text):
                data[begin + first : begin + last] = STAR * (last - first)
                masked += 1
            begin = end
        documents = self._parse(replace(block, data=data))
        rejects = (replace(each, raw=self._of_event(texts[each.id], len(each.raw))) for each in documents.rejects)
        return replace(documents, rejects=tuple(rejects), masked=masked)

    def _of_event(self, text: bytes, size: int) -> bytes:
        """What a reject has of its event: of a record not the whitespace around it."""
        return (text.lstrip(WHITESPACE) if self._strips else text)[:size]


def _told(documents: Documents, block: Block, masked: int) -> Documents:
    """The same of a block in which so many secrets were masked: it says so, and its rejects are as they came."""
    if not masked:
        return documents
    return replace(documents, rejects=tuple(_as_it_came(reject, block) for reject in documents.rejects), masked=masked)


def _as_it_came(reject: Reject, block: Block) -> Reject:
    if STAR not in reject.raw:
        return reject
    at = place_of(block, reject.offset)
    return replace(reject, raw=bytes(block.data[at : at + len(reject.raw)]))


class _Work:
    """What the kernel keeps aside of a block, and how far it has come."""

    def __init__(self) -> None:
        self.spans: Numbers = np.zeros(2 * SPANS_FIRST, np.int64)
        self.kept: Bytes = np.zeros(0, np.uint8)
        self.state: Numbers = np.zeros(MASK, np.int64)

    def prepare(self, size: int) -> None:
        self.state.fill(0)
        if len(self.kept) < size + PAD:
            self.kept = np.zeros(size + PAD, np.uint8)

    def make_room(self) -> None:
        self.spans = np.concatenate([self.spans, np.zeros(len(self.spans), np.int64)])


WORK = OfThread(_Work)


def _ends(names: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """The last byte and the one before it of what may stand before an equals sign, if a name or a bracket behind it does."""
    yield from ((ord("d"), ord("5")), *((ord("]"), before) for before in range(32)))
    for name in names:
        yield from ((name[-1], before) for before in (name[-2:-1] or range(32)))


class _Names:
    """The names of secrets as the kernel searches them: buckets by size, last and first letter; by a last letter, which are the
    letters before it, of names and of what may stand behind them; then rows of a span of `text` and the next row or 0.

    Of those letters the lower five bits count, which are the same in either case."""

    def __init__(self, names: Sequence[str], shape: Shape, separator: int) -> None:
        from ingestd.fastpath.kernel import secrets

        self._secrets = secrets
        self._shape, self._separator = ESCAPES.get(shape, SECRET_PLAIN), separator
        numbers, text = [0] * (NAME_BUCKETS + NAME_ENDS), bytearray()
        known = [name.encode() for name in names]
        for last, before in _ends(known):
            numbers[NAME_BUCKETS + (last & 31)] |= 1 << (before & 31)
        for name in known:
            bucket = (7 * len(name) + 3 * (name[-1] | 32) + (name[0] | 32)) % NAME_BUCKETS
            numbers[bucket], following = len(numbers), numbers[bucket]
            numbers += [pack(text, name), following]
        self._numbers = np.array(numbers, np.int64)
        self._text = np.frombuffer(text + bytes(PAD), np.uint8)

    @staticmethod
    @lru_cache(maxsize=256)
    def of(names: tuple[str, ...], shape: Shape, separator: int) -> _Names:
        return _Names(names, shape, separator)

    def mask(self, buf: Bytes, size: int, work: _Work) -> int:
        """Mask the block; how many places."""
        place = self._shape, self._separator, self._numbers, self._text
        work.prepare(size)
        while not self._secrets.mask_secrets(buf, size, *place, work.spans, work.kept, work.state):
            work.make_room()
        return int(work.state[M_SPANS])

    def unmask(self, buf: Bytes, work: _Work, count: int) -> None:
        self._secrets.unmask_secrets(buf, work.spans, work.kept, count)
