"""What the chain of `ingestd bench` costs without a service around it: `python -m tests.bench.floor [--rounds N]`.

The same bytes, by the same calls that do the work, one after the other in one thread: an object is inflated, cut into blocks
and parsed with secrets masked; its documents are compressed or not, and sent over loopback to a process that forgets them.
No S3, no HTTP, no event loop, no second thread, nothing fresh in memory: it is what a service around it can at best come down
to. It takes turns with the chain itself, and the medians of the rounds count.
"""

from __future__ import annotations

import asyncio
import gzip
import multiprocessing
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Literal

import click
import uvloop

from ingestd.bench.chain import run_chain
from ingestd.bench.stages import BLOCK_BYTES, GZIP_LEVEL, KEY, LINE_BYTES_MAX, MODIFIED_AT, corpus
from ingestd.config import LogSettings, Settings
from ingestd.core.blocks import BlockCutter
from ingestd.core.inflate import Inflater
from ingestd.fastpath.decoding import PIECE_BYTES
from ingestd.fastpath.parser import open_parser, unavailable
from ingestd.formats.registry import Format
from ingestd.formats.ruled import ruled_formats
from ingestd.model import Block, Documents, Framing, Source
from ingestd.shell import logs
from ingestd.sinks.gzipped import gzipped

LINES = 20_000
OBJECTS = 30  # of a round
RECEIVED_BYTES = 1 << 20
SOURCE = Source("bench", KEY, "0" * 32, MODIFIED_AT, "us-east-1", "123456789012")


class Laps:
    """CPU seconds of this thread by stage; what is done before `begin` counts nowhere."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.begin()

    def begin(self) -> None:
        self._at = time.thread_time()

    def end(self, stage: str) -> None:
        now = time.thread_time()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._at
        self._at = now

    def per_gigabyte(self, raw_bytes: int) -> dict[str, float]:
        return {stage: seconds / raw_bytes * 1e9 for stage, seconds in self.seconds.items()}


def carry(packed: bytes, form: Format, peer: socket.socket, laps: Laps) -> None:
    """One object, sent both as it is and compressed."""
    framing = Framing(form.dataset, action=True, index=f"logs-{form.dataset}", outlier_index=f"logs-{form.dataset}-outliers")
    parser = open_parser(form, SOURCE, framing)
    laps.begin()
    for block in _blocks(packed, laps):
        documents = parser.parse(block)
        laps.end("parse")
        _send(documents, peer, laps)


def _blocks(packed: bytes, laps: Laps) -> Iterator[Block]:
    inflater, cutter = Inflater(1 << 40, 1100.0), BlockCutter(BLOCK_BYTES, LINE_BYTES_MAX)
    inflater.feed(packed)
    while piece := inflater.read(PIECE_BYTES):
        laps.end("inflate")
        cutter.push(piece)
        while isinstance(block := cutter.next(), Block):
            laps.end("cut")
            yield block
        laps.end("cut")
    cutter.finish()
    if isinstance(block := cutter.next(), Block):
        yield block


def _send(documents: Documents, peer: socket.socket, laps: Laps) -> None:
    peer.sendall(documents.data)
    laps.end("send")
    body = gzipped([documents.data])
    laps.end("compress")
    peer.sendall(body)
    laps.end("send compressed")


def _forget(port: int) -> None:
    room = bytearray(RECEIVED_BYTES)
    with socket.create_connection(("127.0.0.1", port)) as stream:
        while stream.recv_into(room):
            pass


@contextmanager
def peer_process() -> Iterator[socket.socket]:
    """A connection to a process that reads all and keeps nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = multiprocessing.get_context("spawn").Process(target=_forget, args=(server.getsockname()[1],))
        process.start()
        try:
            with server.accept()[0] as peer:
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                yield peer
        finally:
            process.join()


def _chain(packed: bytes, raw_bytes: int, compress: Literal["always", "never"]) -> float:
    """CPU seconds a raw GB of the service."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        chain = runner.run(run_chain(packed, raw_bytes, LINES, objects=OBJECTS, compress=compress))
    return chain.cpu_seconds / chain.raw_bytes * 1e9


@click.command()
@click.option("--rounds", default=5, show_default=True)
def main(rounds: int) -> None:
    """CPU seconds a raw GB of load balancer logs: each stage, all of them, and the service."""
    logs.configure(LogSettings(level="error"))
    if (reason := unavailable()) is not None:
        raise click.ClickException(reason)
    form = ruled_formats(Settings())["alb"]
    raw = corpus(form, LINES)
    packed = gzip.compress(raw, GZIP_LEVEL)
    taken: dict[str, list[float]] = {}
    with peer_process() as peer:
        carry(packed, form, peer, Laps())
        for _ in range(rounds):
            laps = Laps()
            for _ in range(OBJECTS):
                carry(packed, form, peer, laps)
            found = laps.per_gigabyte(OBJECTS * len(raw))
            both = found["inflate"] + found["cut"] + found["parse"]
            found["all, plain"] = both + found["send"]
            found["all, compressed"] = both + found["compress"] + found["send compressed"]
            found["service, plain"] = _chain(packed, len(raw), "never")
            found["service, compressed"] = _chain(packed, len(raw), "always")
            for stage, seconds in found.items():
                taken.setdefault(stage, []).append(seconds)
    for stage, each in taken.items():
        click.echo(f"{stage:20} {median(each):5.2f}")


if __name__ == "__main__":
    main()
