"""What is logged never makes the service wait."""

from __future__ import annotations

import os
import threading

from ingestd.shell.log_stream import LogStream


def read_all(descriptor: int) -> bytes:
    data = b""
    while piece := os.read(descriptor, 1 << 16):
        data += piece
    return data


def test_lines_come_in_order() -> None:
    """All lines are there when the stream is closed, as they were given."""
    reader, writer = os.pipe()
    stream = LogStream(writer)
    for number in range(1000):
        stream.write(f"line {number} \u00e9\n")
    stream.close(60)
    os.close(writer)
    assert read_all(reader).decode().splitlines() == [f"line {number} \u00e9" for number in range(1000)]
    os.close(reader)


def test_nobody_reads() -> None:
    """Of a pipe that is full, later lines are dropped and counted; when it is read again, it says how many, and goes on."""
    reader, writer = os.pipe()
    stream = LogStream(writer, lines_max=10)
    text = "x" * 4095 + "\n"
    for _ in range(200):
        stream.write(text)
    assert stream.dropped >= 100
    lines: list[bytes] = []
    thread = threading.Thread(target=lambda: lines.extend(read_all(reader).splitlines()))
    thread.start()
    stream.close(60)
    while stream._writer.is_alive():  # the queue may have been full when it was closed
        stream.close(60)
    os.close(writer)
    thread.join()
    os.close(reader)
    assert any(b"log lines dropped" in line for line in lines)
    whole = sum(line == text[:-1].encode() for line in lines)
    assert 10 <= whole < 100


def test_the_reader_is_gone() -> None:
    """A pipe without a reader is no error."""
    reader, writer = os.pipe()
    os.close(reader)
    stream = LogStream(writer)
    stream.write("a\n")
    stream.write("b\n")
    stream.close(60)
    os.close(writer)
    assert not stream._writer.is_alive()
