"""Each stage alone, in one thread, in CPU time: inflate, parse and encode, compress. No network, no files.

A figure means little by itself on a machine that others share; its ratio to another one of the same run means more. So all
stages take turns, round by round, over the same bytes, and the median of the rounds counts. Each works block by block and keeps
nothing, as the service does: an object at a time is mostly the system handing out memory, and more of it the larger the object.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

from isal import igzip_lib

from ingestd.core.blocks import BlockCutter
from ingestd.fastpath.parser import open_parser
from ingestd.formats.registry import Format
from ingestd.generate import chunks
from ingestd.model import Block, Documents, Framing, Source
from ingestd.sinks.gzipped import gzipped

__all__ = ["Stages", "corpus", "measure"]

SEED = 1
GZIP_LEVEL = 6  # what AWS writes is of about this size
PROBE_LINES = 500
STAGE_SECONDS = 0.25
BLOCK_BYTES = 1 << 20
LINE_BYTES_MAX = 1 << 20
MODIFIED_AT = 1_795_305_600.0  # 2026-11-22, near the day of the generated lines
KEY = (
    "AWSLogs/123456789012/elasticloadbalancing/us-east-1/2026/11/22/123456789012_elasticloadbalancing_us-east-1_app.web.log.gz"
)


@dataclass(frozen=True, slots=True)
class Stages:
    """One format: sizes, and the median CPU seconds of each stage for all of its bytes."""

    lines: int
    raw_bytes: int
    document_bytes: int
    fallback_lines: int
    inflate_seconds: float
    parse_seconds: float
    compress_seconds: float


def corpus(form: Format, lines: int, strange: float = 0.02) -> bytes:
    """Generated lines, a share of them strange, as one decoded object."""
    return b"".join(chunks(form, lines, SEED, strange=strange))


def measure(form: Format, lines: int, rounds: int) -> Stages:
    """Run the stages of one format, `rounds` times each after one that does not count.

    At most `lines` lines, and fewer of a format that takes long: what only the reference reads is slower a hundred times. What
    is made once for a format, a plan, is made before.
    """
    source = Source("bench-logs", KEY, "0" * 32, MODIFIED_AT, "us-east-1", "123456789012")
    framing = Framing(form.dataset, action=True, index=f"logs-{form.dataset}", outlier_index=f"logs-{form.dataset}-outliers")
    probe = list(_blocks(corpus(form, PROBE_LINES)))
    seconds = [_cpu_seconds(lambda: [open_parser(form, source, framing).parse(block) for block in probe]) for _ in range(2)][1]
    raw = corpus(form, min(lines, max(PROBE_LINES, int(PROBE_LINES * STAGE_SECONDS / max(seconds, 1e-6)))))
    packed = gzip.compress(raw, GZIP_LEVEL)
    blocks = list(_blocks(raw))

    def parse() -> Iterator[Documents]:
        parser = open_parser(form, source, framing)
        return (parser.parse(block) for block in blocks)

    parsed = list(parse())
    pieces = [documents.data for documents in parsed]
    works: list[Callable[[], object]] = [
        lambda: _exhaust(_inflated(packed)),
        lambda: _exhaust(parse()),
        lambda: _exhaust(gzipped([piece]) for piece in pieces),
    ]
    taken = [[_cpu_seconds(work) for work in works] for _ in range(rounds + 1)][1:]
    inflate, parse_seconds, compress = (median(column) for column in zip(*taken, strict=True))
    return Stages(
        lines=sum(documents.lines for documents in parsed),
        raw_bytes=len(raw),
        document_bytes=sum(len(piece) for piece in pieces),
        fallback_lines=sum(documents.fallback for documents in parsed),
        inflate_seconds=inflate,
        parse_seconds=parse_seconds,
        compress_seconds=compress,
    )


def _blocks(raw: bytes) -> Iterator[Block]:
    """The blocks as the service cuts them, each with a buffer of its own."""
    cutter = BlockCutter(BLOCK_BYTES, LINE_BYTES_MAX)
    cutter.push(raw)
    is_cut = False
    while (block := cutter.next()) is not None or not is_cut:
        if isinstance(block, Block):
            yield Block(bytearray(block.data), block.size, block.offset, joints=block.joints)
        elif block is None:
            cutter.finish()
            is_cut = True


def _inflated(packed: bytes) -> Iterator[bytes]:
    """The decoded bytes, as many at a time as a block has."""
    inflater = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    yield inflater.decompress(packed, BLOCK_BYTES)
    while not inflater.eof:
        yield inflater.decompress(b"", BLOCK_BYTES)


def _exhaust(made: Iterator[object]) -> None:
    """Make all of them, and keep none."""
    for _ in made:
        pass


def _cpu_seconds(work: Callable[[], object]) -> float:
    begin = time.thread_time()
    work()
    return time.thread_time() - begin
