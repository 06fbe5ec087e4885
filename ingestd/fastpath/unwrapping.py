"""Lines that something on their way has put into JSON, each as `{"message": "..."}`, as shippers of logs do.

A line is read as if it still stood alone. It keeps the offset of its record: what the record has more is made up by carriage
returns at the line's end, which are no part of it. A record that holds no line stands as it is, for the format to reject.
"""

from __future__ import annotations

import json

import orjson

from ingestd.config import ObjectSettings
from ingestd.fastpath.buffers import BUFFERS
from ingestd.fastpath.cutting import Cutter
from ingestd.fastpath.reader import Reader
from ingestd.fastpath.record_cutter import RecordCutter
from ingestd.formats.names import first_names
from ingestd.model import PAD, Block, Documents

__all__ = ["UnwrappingReader", "first_message", "line_of_record"]


def first_message(head: bytes) -> bytes | None:
    """The line in an object's first record, if that has nothing else."""
    if first_names(head) != " message ":
        return None
    try:
        record, _ = json.JSONDecoder().raw_decode(head[head.index(b"{") :].decode("utf-8", "replace"))
    except json.JSONDecodeError:
        return None
    return _text(record)


class UnwrappingReader:
    """Reads an object of such records by what reads their lines."""

    def __init__(self, reader: Reader) -> None:
        self.name = reader.name
        self._reader = reader

    def cutter(self, limits: ObjectSettings) -> Cutter:
        return RecordCutter(limits.block_bytes, limits.line_bytes_max, room=BUFFERS.room)

    def read(self, block: Block) -> list[Documents]:
        records = bytes(memoryview(block.data)[: block.size]).split(b"\n")[:-1]
        data = b"".join(_line(record) for record in records)
        return self._reader.read(Block(bytearray(data + bytes(PAD)), len(data), block.offset, joints=block.joints))


def _line(record: bytes) -> bytes:
    """The record's line, as long as the record, with a newline."""
    return line_of_record(record).ljust(len(record), b"\r") + b"\n"


def line_of_record(record: bytes) -> bytes:
    """The line in a record; the record, if it holds none."""
    message = _message(record)
    return record if message is None else message.replace(b"\n", b" ")


def _message(record: bytes) -> bytes | None:
    try:
        return _text(orjson.loads(record))
    except orjson.JSONDecodeError:
        return None


def _text(record: object) -> bytes | None:
    message = record.get("message") if isinstance(record, dict) else None
    return message.encode("utf-8", "replace").rstrip(b"\r\n") if isinstance(message, str) else None
