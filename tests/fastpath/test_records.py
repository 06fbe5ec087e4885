"""The kernel and its plain twin write the same records, and any base64 decoder reads them."""

from __future__ import annotations

import base64
from random import Random

import numpy as np
import orjson
import pytest
from numpy.typing import NDArray

from ingestd.fastpath.records import RecordEncoder, compiled_body, records_of


def places(*values: int) -> NDArray[np.int64]:
    return np.array(values, np.int64)


def compiled(data: bytes | memoryview, begins: NDArray[np.int64], ends: NDArray[np.int64]) -> bytes:
    return bytes(compiled_body(b"[", data, begins, ends, b"]", lambda size: np.empty(size, np.uint8)))


@pytest.mark.parametrize("length", [*range(8), *range(44, 70), 95, 96, 97, 111, 112, 113, 1200])
def test_every_length_is_encoded(length: int) -> None:
    """Full vectors, whole groups of three and rests of one and two, at the end of the data and before it."""
    data = Random(length).randbytes(length + 70)
    for first in (0, 70):
        written = compiled(data, places(first), places(first + length))
        assert written == b"[" + records_of(data, places(first), places(first + length)) + b"]"
        assert base64.b64decode(orjson.loads(written)[0]["Data"]) == data[first : first + length]


def test_every_letter_is_written() -> None:
    """All byte values at all three places of a group: each letter of the alphabet at each place."""
    data = bytes(range(256)) + b"x" + bytes(range(256)) + b"xx" + bytes(range(256))
    assert compiled(data, places(0), places(len(data))) == b"[" + records_of(data, places(0), places(len(data))) + b"]"


@pytest.mark.parametrize("seed", range(20))
def test_any_runs_are_written_as_the_twin_writes_them(seed: int) -> None:
    """Runs of any size, with gaps and empty ones, from bytes and from a view of what may be written to."""
    random = Random(seed)
    data = random.randbytes(random.randrange(1, 4000))
    edges = sorted(random.choices(range(len(data) + 1), k=20))
    begins, ends = places(*edges[::2]), places(*edges[1::2])
    expected = b"[" + records_of(data, begins, ends) + b"]"
    assert compiled(data, begins, ends) == expected
    assert compiled(memoryview(bytearray(data)), begins, ends) == expected


def test_without_the_kernel_the_twin_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where numba cannot run, the body is the same."""
    arguments = (b"[", b"some bytes", places(0, 4), places(4, 10), b"]")
    expected = bytes(RecordEncoder().body(*arguments))
    monkeypatch.setattr("ingestd.fastpath.records.unavailable", lambda: "no numba")
    assert bytes(RecordEncoder().body(*arguments)) == expected


def test_bodies_do_not_share_a_buffer() -> None:
    """A body stays as it is for as long as somebody holds it, whatever is encoded in the meantime."""
    encoder = RecordEncoder()
    held = encoder.body(b"[", b"first", places(0), places(5), b"]")
    encoder.body(b"[", b"other", places(0), places(5), b"]")
    assert bytes(held) == b'[{"Data":"Zmlyc3Q="}]'
