"""Reads one hostile object in a process of its own: `python -m tests.faults.hostile NAME` prints what became of it, as JSON.

Memory is the process's peak, over what it was after an honest object of some megabytes had been read.
"""

from __future__ import annotations

import json
import resource
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from ingestd.config import ObjectSettings
from ingestd.errors import Poison
from ingestd.fastpath.decoding import Decoding
from ingestd.fastpath.reader import LineReader
from ingestd.formats.registry import formats
from ingestd.generate import chunks
from ingestd.model import Framing, Source, Way

__all__ = ["OBJECTS"]

GIB = 1 << 30
PIECE = 256 << 10
SOURCE = Source("bucket", "key", "etag", 1_793_534_400.0)
ALB = formats()["alb"]


def line() -> bytes:
    return b"".join(chunks(ALB, 1, 1, 0.0))


def bomb() -> Iterator[bytes]:
    """A line, then a gibibyte of zeros, as small as gzip makes it: a thousandth, which is not yet too much to be believed."""
    packer = zlib.compressobj(9, wbits=31)
    yield packer.compress(line())
    for _ in range(GIB // PIECE):
        yield packer.compress(bytes(PIECE))
    yield packer.flush()


def endless_line() -> Iterator[bytes]:
    """A line, a line of a gibibyte, and another line."""
    yield line()
    for _ in range(GIB // PIECE):
        yield b"x" * PIECE
    yield b"\n" + line()


OBJECTS: dict[str, Callable[[], Iterable[bytes]]] = {
    "honest": lambda: [line() * 10_000],
    "bomb": bomb,
    "endless_line": endless_line,
    "nul": lambda: [line() + bytes(1000) + b"\n" + line()],
    "not_utf8": lambda: [line() + b"\xff\xfe\xc0\n" + line()],
    "crlf": lambda: [line().replace(b"\n", b"\r\n") * 3],
    "byte_order_mark": lambda: [b"\xef\xbb\xbf" + line()],
    "blank": lambda: [b"\n\n \t\n"],
    "empty": lambda: [b""],
}


def read(pieces: Iterable[bytes]) -> Counter[str]:
    """How many lines came to which end, by outcome; `poison: REASON` for an object that is of no use as a whole."""
    ends: Counter[str] = Counter()
    way = Way(ALB.name, Framing(ALB.dataset, action=True, index="i", outlier_index="o"), ("sink",))
    decoding = Decoding(ObjectSettings(), lambda head: LineReader(ALB, [way], SOURCE), formats().values())
    try:
        for piece in pieces:
            decoding.feed(piece, is_last=False)
            take(decoding, ends)
        decoding.feed(b"", is_last=True)
        take(decoding, ends)
    except Poison as poison:
        ends[f"poison: {poison.reason}"] += 1
    return ends


def take(decoding: Decoding, ends: Counter[str]) -> None:
    while (parsed := decoding.step()) is not None:
        for documents in parsed:
            ends["lines"] += documents.lines
            ends["documents"] += len(documents)
            ends["skipped"] += documents.skipped
            ends.update(f"reject: {reject.reason}" for reject in documents.rejects)


def main() -> None:
    """Read an honest object, then the one that is named."""
    read(OBJECTS["honest"]())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ends = read(OBJECTS[sys.argv[1]]())
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps({"ends": +ends, "grown_kib": grown}))


if __name__ == "__main__":
    main()
