"""How an object is cut into blocks: by lines, or by records, as its format asks for."""

from __future__ import annotations

from typing import Protocol

from ingestd.config import ObjectSettings
from ingestd.core.blocks import BlockCutter
from ingestd.fastpath.buffers import BUFFERS
from ingestd.fastpath.record_cutter import RecordCutter
from ingestd.formats.registry import Format
from ingestd.formats.table import Shape
from ingestd.model import Block, Reject

__all__ = ["Cutter", "open_cutter"]


class Cutter(Protocol):
    """Decoded bytes in, blocks of whole lines out; neither blocks nor rejects depend on how the input is cut."""

    @property
    def held_bytes(self) -> int:
        """Bytes that it keeps from block to block."""
        ...

    def push(self, data: bytes) -> None:
        """Take the next decoded bytes; only when `next` has given None."""
        ...

    def finish(self) -> None:
        """No more bytes will come; only when `next` has given None."""
        ...

    def next(self) -> Block | Reject | None:
        """The next block or reject, valid until this is called again; None: push more, or, after `finish`,
        nothing is left."""
        ...


def open_cutter(form: Format, limits: ObjectSettings) -> Cutter:
    """The cutter for one object of this format."""
    if form.shape is Shape.JSON:
        return RecordCutter(limits.block_bytes, limits.line_bytes_max, form.wrapper, room=BUFFERS.room)
    return BlockCutter(limits.block_bytes, limits.line_bytes_max, room=BUFFERS.room)
