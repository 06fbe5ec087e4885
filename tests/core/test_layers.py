"""Objects that were compressed twice."""

from __future__ import annotations

import gzip
import zlib

import pytest

from ingestd.core.layers import Layers
from ingestd.errors import Poison

TEXT = b"".join(b"line %d of some text, %d\n" % (n, n * n) for n in range(400))


def gz(data: bytes) -> bytes:
    return gzip.compress(data, 6, mtime=0)


def read(data: bytes, size: int, max_bytes: int = 1 << 16, layers: Layers | None = None) -> tuple[bytes, Layers]:
    layers, decoded = layers or Layers(1 << 30, 1100.0), []
    for at in range(0, len(data), size):
        layers.feed(data[at : at + size])
        while piece := layers.read(max_bytes):
            decoded.append(piece)
    decoded.append(layers.finish())
    return b"".join(decoded), layers


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize(
    ("data", "decoded", "codec"),
    [
        (b"", b"", "plain"),
        (TEXT, TEXT, "plain"),
        (b"\x1f", b"\x1f", "plain"),
        (gz(b""), b"", "gzip"),
        (gz(b"\x1f"), b"\x1f", "gzip"),
        (gz(TEXT), TEXT, "gzip"),
        (gz(gz(TEXT)), TEXT, "gzip+gzip"),
        (gz(gz(TEXT) + gz(TEXT)), TEXT + TEXT, "gzip+gzip"),
        (gz(gz(TEXT)[:50]) + gz(gz(TEXT)[50:]), TEXT, "gzip+gzip"),
        (gz(gz(gz(TEXT))), gz(TEXT), "gzip+gzip"),
        (gz(TEXT + gz(TEXT)), TEXT + gz(TEXT), "gzip"),
    ],
)
def test_layers(data: bytes, decoded: bytes, codec: str, size: int) -> None:
    """One layer or two are taken off, however the object comes in pieces; a third is left as it is."""
    for max_bytes in (1, 1 << 16):
        got, layers = read(data, size, max_bytes)
        assert got == decoded
        assert (layers.codec, layers.decoded_bytes) == (codec, len(decoded))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (gz(gz(TEXT))[:-20], "truncated"),
        (gz(gz(TEXT)[:-20]), "truncated"),
        (gz(gz(TEXT) + b"more"), "trailing_garbage"),
        (gz(gz(TEXT)[:200] + b"\0" * 50), "corrupt"),
    ],
)
def test_second_layer_that_is_broken(data: bytes, reason: str) -> None:
    """A prefix never counts as the whole, in whichever layer."""
    with pytest.raises(Poison) as raised:
        read(data, 1 << 20)
    assert raised.value.reason == reason


@pytest.mark.parametrize(("limits", "reason"), [((1 << 30, 1100.0), "ratio_exceeded"), ((1 << 24, 1e9), "too_large")])
def test_bomb_in_two_layers(limits: tuple[int, float], reason: str) -> None:
    """Two layers that each expand as much as one may are stopped where one would be."""
    packer, packed = zlib.compressobj(9, zlib.DEFLATED, 31), []
    packed = [packer.compress(bytes(1 << 20)) for _ in range(64)]
    bomb = gz(b"".join([*packed, packer.flush()]))
    assert (64 << 20) / len(bomb) > 1100
    layers = Layers(*limits, ratio_from_bytes=1 << 20)
    with pytest.raises(Poison) as raised:
        read(bomb, 1 << 16, 1 << 20, layers)
    assert raised.value.reason == reason
    assert layers.decoded_bytes < 32 << 20
