"""Decoding keeps what it must of an object, and no more: a Parquet file, which can only be read from its end."""

from __future__ import annotations

import gzip
import io
from collections.abc import Sequence
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from ingestd.config import ObjectSettings
from ingestd.errors import Poison
from ingestd.fastpath.cutting import Cutter
from ingestd.fastpath.decoding import Decoding
from ingestd.fastpath.reader import LineReader, Reader
from ingestd.formats.registry import detect, formats
from ingestd.model import Block, Framing, Source, Way

SOURCE = Source("bucket", "key", "etag", 1_793_534_400.0)


def choose(head: bytes) -> Reader:
    found = detect("key", head)
    assert found is not None
    return LineReader(found, [Way(found.name, Framing(found.dataset, action=False), ("out",), "out")], SOURCE)


def flows(rows: int) -> bytes:
    out = io.BytesIO()
    random = Random(rows)
    addresses = [f"192.0.2.{random.randrange(256)}" for _ in range(rows)]
    parquet.write_table(pa.table({"srcaddr": addresses, "end": [1_793_534_400] * rows}), out, row_group_size=5000)
    return out.getvalue()


def place_of(cutter: Cutter) -> int:
    """Where in memory its blocks are."""
    cutter.push(b"line\n")
    assert cutter.next() is None
    cutter.finish()
    block = cutter.next()
    assert isinstance(block, Block)
    return int(np.frombuffer(block.data, np.uint8).ctypes.data)


def documents(pieces: Sequence[bytes], limits: ObjectSettings | None = None) -> bytes:
    decoding = Decoding(limits or ObjectSettings(), choose, formats().values())
    made = bytearray()
    for place, piece in enumerate(pieces, 1):
        decoding.feed(piece, is_last=place == len(pieces))
        while (parsed := decoding.step()) is not None:
            made += parsed[0].data
    return bytes(made)


def test_what_an_object_is_cut_in_goes_round() -> None:
    """While an object is read its buffer is its own; the next object has it then, and what was in it is in no document."""
    limits = ObjectSettings(block_bytes=1 << 16, line_bytes_max=1 << 16)
    line = b"2 123456789012 eni-0123456789abcdef0 192.0.2.1 192.0.2.2 443 49152 6 10 840 1793534400 1793534460 ACCEPT OK\n"
    first, second = (form.cutter(limits) for form in (choose(line), choose(line)))
    places = [place_of(first), place_of(second)]
    assert len(set(places)) == 2
    alone = documents([line], limits)
    del first, second
    assert documents([line * 500], limits).count(b"\n") == 500
    assert documents([line], limits) == alone
    assert place_of(choose(line).cutter(limits)) in places


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_parquet_file_is_the_same_however_it_comes(pack: type[bytes]) -> None:
    """Whole, byte by byte, in halves, or gzipped once more: the same documents."""
    small, large = flows(3), flows(12_000)
    whole = documents([pack(small)])
    assert whole.count(b"\n") == 3
    assert documents([bytes([byte]) for byte in pack(small)]) == whole
    packed = pack(large)
    assert documents([packed]) == documents([packed[:777], packed[777:]])
    assert documents([packed]).count(b"\n") == 12_000


def test_a_parquet_file_over_the_limit_is_not_collected() -> None:
    """It is Poison as soon as it is seen to be too large; until then all that is kept of it is told."""
    limits = ObjectSettings(parquet_bytes_max=1000)
    decoding = Decoding(limits, choose, formats().values())
    file = flows(5000)
    decoding.feed(file[:900], is_last=False)
    while decoding.step() is not None:
        pass
    assert decoding.held_bytes == 2 * 900  # as it came, and as it is collected
    decoding.feed(file[900:], is_last=True)
    with pytest.raises(Poison) as caught:
        decoding.step()
    assert caught.value.reason == "too_large"


CLOUDFRONT = "#Version: 1.0\r\n#Fields: date time c-ip cs-uri-stem\r\n2026-11-01\t00:00:00\t192.0.2.1\t/é😀\r\n"
EVENTS = '{"time":"2026-11-01T00:00:00Z","text":"😀"}\r\n{"time":"2026-11-01T00:00:00Z"}'


@pytest.mark.parametrize("text", [CLOUDFRONT, EVENTS, EVENTS * 3000], ids=["w3c", "records", "long"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_text_in_utf_16_is_read_as_its_utf_8(text: str, encoding: str) -> None:
    """However it comes, compressed or not: the same documents, at the same offsets."""
    wanted = documents([text.encode()])
    packed = f"\ufeff{text}".encode(encoding)
    assert wanted.count(b"\n") == text.count("2026")
    assert documents([packed]) == documents([gzip.compress(packed)]) == wanted
    assert documents([packed[at : at + 7] for at in range(0, len(packed), 7)]) == wanted


def test_utf_16_that_is_cut_short() -> None:
    """Half a character at the end is U+FFFD in its line; a mark alone is an empty object."""
    flow = "2 123456789012 eni-0123456789abcdef0 192.0.2.1 192.0.2.2 443 49152 6 10 840 1793534400 1793534460 ACCEPT O"
    packed = f"\ufeff{flow}K".encode("utf-16-le")
    assert documents([packed[:-1]]) == documents([f"{flow}\ufffd".encode()]) != b""
    assert documents([b"\xff", b"\xfe"]) == b""


def test_how_utf_16_is_named() -> None:
    """Behind the compression, as what was below it."""
    decoding = Decoding(ObjectSettings(), choose, formats().values())
    decoding.feed(gzip.compress(f"\ufeff{CLOUDFRONT}".encode("utf-16-be")), is_last=True)
    assert decoding.step() is not None
    assert decoding.codec == "gzip+utf-16"
