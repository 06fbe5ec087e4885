"""Decompression: every format, every cut, every lie."""

from __future__ import annotations

import bz2
import gzip
import random
import struct
import tracemalloc
import zlib
from collections.abc import Callable, Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestd.core import codecs
from ingestd.core.inflate import Inflater
from ingestd.errors import Poison
from tests.zstandard import zstd

TEXT = b"".join(b"line %d of some text, %d\n" % (n, n * n) for n in range(400))
NOISE = random.Random(3).randbytes(3000)
GIB = 1 << 30


def gz(data: bytes) -> bytes:
    return gzip.compress(data, 6, mtime=0)


def gz_named(data: bytes, flags: int = 2 | 4 | 8 | 16) -> bytes:
    """A header with what RFC 1952 allows: a checksum of it (2), an extra field (4), a name (8), a comment (16)."""
    header = b"\x1f\x8b\x08" + bytes([flags]) + b"\0" * 5 + b"\x03"
    header += b"\x04\0ab\0\0" * bool(flags & 4) + b"a.log\0" * bool(flags & 8) + b"hello\0" * bool(flags & 16)
    return header + struct.pack("<H", zlib.crc32(header) & 0xFFFF) * bool(flags & 2) + gz(data)[10:]


def zs(data: bytes) -> bytes:
    return zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})


def skippable(data: bytes, kind: int = 0) -> bytes:
    return struct.pack("<II", 0x184D2A50 + kind, len(data)) + data


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def inflate(parts: Iterable[bytes], max_bytes: int = 1 << 16, inflater: Inflater | None = None) -> tuple[bytes, Inflater]:
    inflater = inflater or Inflater(GIB, 1100.0)
    decoded = []
    for part in parts:
        inflater.feed(part)
        while data := inflater.read(max_bytes):
            assert len(data) <= max_bytes
            decoded.append(data)
    decoded.append(inflater.finish())
    return b"".join(decoded), inflater


def outcome(parts: Iterable[bytes], max_bytes: int = 1 << 16) -> tuple[object, ...]:
    """What became of it, as a value: the same for each way of cutting."""
    try:
        data, inflater = inflate(parts, max_bytes)
    except Poison as poison:
        return poison.reason, poison.fields["offset"]
    return data, inflater.codec, inflater.compressed_bytes, inflater.decoded_bytes


GOOD: dict[str, tuple[bytes, bytes, str]] = {
    "nothing": (b"", b"", "plain"),
    "one byte": (b"x", b"x", "plain"),
    "plain": (TEXT, TEXT, "plain"),
    "plain noise": (b"x" + NOISE, b"x" + NOISE, "plain"),
    "plain that begins like bzip2": (b"BZh9 is a word", b"BZh9 is a word", "plain"),
    "plain that ends like a magic": (b"BZh91AY&S", b"BZh91AY&S", "plain"),
    "plain that is the start of zstd's magic": (b"(\xb5/", b"(\xb5/", "plain"),
    "plain zeros": (b"\0" * 99, b"\0" * 99, "plain"),
    "gzip": (gz(TEXT), TEXT, "gzip"),
    "gzip of nothing": (gz(b""), b"", "gzip"),
    "gzip of noise": (gz(NOISE), NOISE, "gzip"),
    "gzip stored": (gzip.compress(TEXT, 0, mtime=0), TEXT, "gzip"),
    "gzip with a full header": (gz_named(TEXT), TEXT, "gzip"),
    "gzip members": (gz(TEXT) + gz_named(b"b\n") + gz(NOISE), TEXT + b"b\n" + NOISE, "gzip"),
    "gzip empty members": (gz(b"") + gz(b"") + gz(b"a") + gz(b"") + gz(TEXT) + gz(b""), b"a" + TEXT, "gzip"),
    "gzip tiny members": (b"".join(gz(b"%d\n" % n) for n in range(300)), b"".join(b"%d\n" % n for n in range(300)), "gzip"),
    "gzip padded": (gz(TEXT) + b"\0" * 700, TEXT, "gzip"),
    "gzip padded between": (gz(TEXT) + b"\0" * 7 + gz(b"z"), TEXT + b"z", "gzip"),
    "gzip in gzip once": (gz(gz(TEXT)), gz(TEXT), "gzip"),
    "zstd": (zs(TEXT), TEXT, "zstd"),
    "zstd without checksum": (zstd.compress(TEXT), TEXT, "zstd"),
    "zstd of nothing": (zs(b""), b"", "zstd"),
    "zstd frames": (zs(TEXT) + zs(b"") + zs(NOISE), TEXT + NOISE, "zstd"),
    "zstd skippable": (
        skippable(b"index", 5) + zs(TEXT) + skippable(b"") + zs(b"b") + skippable(NOISE, 15),
        TEXT + b"b",
        "zstd",
    ),
    "zstd skippable alone": (skippable(b"index"), b"", "zstd"),
    "bzip2": (bz2.compress(TEXT), TEXT, "bzip2"),
    "bzip2 of nothing": (bz2.compress(b""), b"", "bzip2"),
    "bzip2 streams": (bz2.compress(TEXT, 1) + bz2.compress(b"") + bz2.compress(b"b"), TEXT + b"b", "bzip2"),
}


def flipped(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 0x10
    return bytes(changed)


BAD: dict[str, tuple[bytes, str, int]] = {
    "gzip header checksum": (flipped(gz_named(TEXT), 22), "corrupt", 0),
    "gzip crc": (flipped(gz(TEXT), -6), "corrupt", 0),
    "gzip length": (flipped(gz(TEXT), -2), "corrupt", 0),
    "gzip second crc": (gz(TEXT) + flipped(gz(TEXT), -6), "corrupt", len(gz(TEXT))),
    "gzip method": (b"\x1f\x8b\x09" + gz(TEXT)[3:], "corrupt", 0),
    "gzip bad block": (gz(TEXT)[:10] + b"\xff" * 40, "corrupt", 0),
    "gzip then text": (gz(TEXT) + b"text\n", "trailing_garbage", len(gz(TEXT))),
    "gzip then zeros then text": (gz(TEXT) + b"\0\0text\n", "trailing_garbage", len(gz(TEXT)) + 2),
    "gzip then zstd": (gz(TEXT) + zs(TEXT), "trailing_garbage", len(gz(TEXT))),
    "gzip then half a magic": (gz(TEXT) + b"\x1f", "truncated", len(gz(TEXT)) + 1),
    "gzip magic alone": (b"\x1f\x8b", "truncated", 2),
    "zstd checksum": (flipped(zs(TEXT), -1), "corrupt", 0),
    "zstd body": (zs(TEXT)[:6] + b"\xff" * 40, "corrupt", 0),
    "zstd second": (zs(TEXT) + flipped(zs(b"b"), -1), "corrupt", len(zs(TEXT))),
    "zstd then text": (zs(TEXT) + b"text\n", "trailing_garbage", len(zs(TEXT))),
    "zstd then zeros": (zs(TEXT) + b"\0" * 8, "trailing_garbage", len(zs(TEXT))),
    "zstd skippable cut": (zs(TEXT) + skippable(b"index")[:-1], "truncated", len(zs(TEXT)) + 12),
    "bzip2 crc": (flipped(bz2.compress(TEXT), -3), "corrupt", 0),
    "bzip2 body": (b"BZh91AY&SY" + b"\0" * 40, "corrupt", 0),
    "bzip2 then text": (bz2.compress(TEXT) + b"text\n", "trailing_garbage", len(bz2.compress(TEXT))),
}


@pytest.mark.parametrize("name", GOOD)
def test_reads_to_the_true_end_however_the_object_is_cut(name: str) -> None:
    """Whole, byte by byte, cut at each place and read in small pieces, an object gives the same bytes and counts."""
    data, wanted, codec = GOOD[name]
    expected = (wanted, codec, len(data), len(wanted))
    assert outcome([data]) == expected
    assert outcome(pieces(data, 1)) == expected
    assert outcome(pieces(data, 7), max_bytes=11) == expected
    for cut in range(0, len(data), 1 + len(data) // 300):
        assert outcome([data[:cut], data[cut:]]) == expected


@pytest.mark.parametrize("flags", range(0, 32, 2))
def test_a_gzip_header_may_be_cut_anywhere(flags: int) -> None:
    """Each combination of optional header fields is read, cut at each place (ISA-L alone takes some for corrupt data)."""
    data = gz_named(b"text\n", flags) * 2
    for cut in range(len(data)):
        assert inflate([data[:cut], data[cut:]])[0] == b"text\ntext\n"


def test_a_gzip_header_without_end_is_refused() -> None:
    """A name that never ends is held no longer than the bound."""
    assert outcome([b"\x1f\x8b\x08\x08" + b"n" * (1 << 20)]) == ("corrupt", 0)


@pytest.mark.parametrize("name", BAD)
def test_tells_damage_by_reason_and_offset(name: str) -> None:
    """Damaged objects are poison, with the same reason and offset however they are cut."""
    data, reason, offset = BAD[name]
    for parts in ([data], pieces(data, 1), pieces(data, 13)):
        assert outcome(parts) == (reason, offset)
    for cut in range(0, len(data), 1 + len(data) // 100):
        assert outcome([data[:cut], data[cut:]], max_bytes=50) == (reason, offset)


@pytest.mark.parametrize("member", [gz(TEXT), gz_named(TEXT), zs(TEXT), zstd.compress(TEXT), bz2.compress(TEXT)])
@pytest.mark.parametrize("before", [False, True])
def test_a_cut_member_is_truncated_at_every_place(member: bytes, before: bool) -> None:
    """No prefix of a member counts as the whole, be it the first member or a later one."""
    magic = 2 if member[:1] == b"\x1f" else 4 if member[:1] == b"\x28" else 10
    for end in range(1 if before else magic, len(member)):
        data = member * before + member[:end]
        assert outcome([data]) == ("truncated", len(data))


def test_an_end_inside_of_the_first_magic_is_text() -> None:
    """Too few bytes to be a member are given as they are, so that they become a reject and not a silence."""
    assert inflate([b"\x1f"])[0] == b"\x1f"
    assert inflate([b"BZh91"])[0] == b"BZh91"


@pytest.mark.parametrize("name", [name for name in GOOD if name.startswith("gzip")])
def test_gzip_without_isal_reads_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The zlib decoder, for platforms without isal, agrees in each good case."""
    without_isal(monkeypatch)
    data, wanted, codec = GOOD[name]
    for parts in ([data], pieces(data, 1), pieces(data, 7)):
        assert outcome(parts, max_bytes=11) == (wanted, codec, len(data), len(wanted))


@pytest.mark.parametrize("name", [name for name in BAD if name.startswith("gzip")])
def test_gzip_without_isal_refuses_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The zlib decoder, for platforms without isal, agrees in each bad case."""
    without_isal(monkeypatch)
    data, reason, offset = BAD[name]
    for parts in ([data], pieces(data, 1), pieces(data, 13)):
        assert outcome(parts, max_bytes=50) == (reason, offset)


def without_isal(monkeypatch: pytest.MonkeyPatch) -> None:
    codec = codecs.Codec("gzip", codecs.GZIP.magics, codecs.ZlibDecoder, (zlib.error,), zeros_between=True)
    monkeypatch.setattr(codecs, "CODECS", (codec,))


def read_all(inflater: Inflater) -> None:
    while inflater.read(1 << 18):
        pass


def bomb(compress: Callable[[bytes], bytes], size: int) -> bytes:
    return compress(bytes(size))


@pytest.mark.parametrize(
    ("data", "ratio_max"), [(bomb(gz, 64 << 20), 500.0), (bomb(zs, 64 << 20), 1100.0), (bomb(bz2.compress, 64 << 20), 1100.0)]
)
def test_a_bomb_is_refused_by_its_ratio_in_bounded_memory(data: bytes, ratio_max: float) -> None:
    """An object that expands beyond the ratio is poison soon after the first 16 MiB, and memory stays small."""
    inflater = Inflater(GIB, ratio_max)
    inflater.feed(data)
    tracemalloc.start()
    with pytest.raises(Poison) as caught:
        read_all(inflater)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.reason == "ratio_exceeded"
    assert inflater.decoded_bytes < 64 << 20
    assert peak < 16 << 20


def test_a_small_object_may_have_any_ratio() -> None:
    """Below the threshold the ratio says nothing: a small honest object may be one repeated line."""
    data = zs(b"the same line\n" * 500_000)
    assert inflate([data], inflater=Inflater(GIB, 10.0))[1].decoded_bytes == 7_000_000


def test_members_share_one_ratio() -> None:
    """Many members are one object: their ratio is taken over all of them."""
    data = bomb(gz, 1 << 20) * 20
    with pytest.raises(Poison) as caught:
        inflate([data], inflater=Inflater(GIB, 500.0))
    assert caught.value.reason == "ratio_exceeded"


@pytest.mark.parametrize("data", [TEXT, gz(TEXT), zs(TEXT), bz2.compress(TEXT), gz(TEXT[:5000]) + gz(TEXT[5000:])])
def test_the_cap_on_size_is_exact(data: bytes) -> None:
    """As many bytes as are allowed pass; one more is poison."""
    assert inflate([data], inflater=Inflater(len(TEXT), 1100.0))[0] == TEXT
    for parts in ([data], pieces(data, 1)):
        with pytest.raises(Poison) as caught:
            inflate(parts, inflater=Inflater(len(TEXT) - 1, 1100.0))
        assert caught.value.reason == "too_large"


def test_a_zstd_window_that_would_cost_much_memory_is_refused() -> None:
    """A frame that asks for more than the 8 MiB window of RFC 8878 is poison: an object does not choose our memory."""
    compressor = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
    data = compressor.compress(TEXT, compressor.FLUSH_BLOCK) + compressor.flush()
    assert outcome([data])[0] == "corrupt"


def test_finish_before_all_was_read_is_a_mistake_of_the_caller() -> None:
    """Bytes that were fed and not read are never forgotten in silence."""
    inflater = Inflater(GIB, 1100.0)
    inflater.feed(gz(TEXT))
    inflater.read(10)
    with pytest.raises(ValueError, match="before all was read"):
        inflater.finish()


def test_the_codec_is_known_once_it_is_told_by_the_magic() -> None:
    """Before the first bytes decide, the codec has no name."""
    inflater = Inflater(GIB, 1100.0)
    inflater.feed(b"\x1f")
    assert (inflater.read(10), inflater.codec) == (b"", "")
    inflater.feed(b"\x8b")
    assert (inflater.read(10), inflater.codec) == (b"", "gzip")


@settings(max_examples=150)
@given(
    parts=st.lists(st.binary(max_size=3000), max_size=5),
    codec=st.sampled_from([gz, zs, bz2.compress]),
    size=st.integers(1, 5000),
    max_bytes=st.integers(1, 5000),
)
def test_members_give_back_what_went_in(parts: list[bytes], codec: Callable[[bytes], bytes], size: int, max_bytes: int) -> None:
    """Any bytes, in any number of members, cut and read in pieces of any size, come back."""
    data = b"".join(codec(part) for part in parts)
    assert inflate(pieces(data, size), max_bytes)[0] == b"".join(parts)


@settings(max_examples=200)
@given(
    head=st.sampled_from([b"", *sorted({data[:40] for data, _, _ in GOOD.values()})]),
    data=st.binary(max_size=300),
    size=st.integers(1, 100),
)
def test_arbitrary_bytes_have_one_outcome(head: bytes, data: bytes, size: int) -> None:
    """Any bytes give text or poison, never another error, and the same however they are cut."""
    assert outcome([head + data]) == outcome(pieces(head + data, size))
