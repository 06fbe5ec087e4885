"""Decoding keeps what it must of an object, and no more: a Parquet file, which can only be read from its end."""

from __future__ import annotations

import gzip
import io
from collections.abc import Sequence
from random import Random

import pyarrow as pa
import pytest
from pyarrow import parquet

from ingestd.config import ObjectSettings
from ingestd.errors import Poison
from ingestd.fastpath.decoding import Decoding
from ingestd.fastpath.reader import LineReader, Reader
from ingestd.formats.registry import detect, formats
from ingestd.model import Framing, Source, Way

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


def documents(pieces: Sequence[bytes], limits: ObjectSettings | None = None) -> bytes:
    decoding = Decoding(limits or ObjectSettings(), choose, formats().values())
    made = bytearray()
    for place, piece in enumerate(pieces, 1):
        decoding.feed(piece, is_last=place == len(pieces))
        while (parsed := decoding.step()) is not None:
            made += parsed[0].data
    return bytes(made)


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
