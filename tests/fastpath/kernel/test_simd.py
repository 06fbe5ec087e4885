"""The vector intrinsics equal their scalar twins on random bytes, at all offsets, and touch what their contract says."""

from __future__ import annotations

import random
from base64 import b64encode
from typing import Any

import numpy as np
import pytest

from ingestd.fastpath.kernel import simd
from ingestd.fastpath.kernel.jit import alone

SIZE = 256


def noise(seed: int) -> Any:
    """Random bytes, half of them from those that mean something."""
    r = random.Random(seed)
    special = b' "\\\t\n\x00\x1f\x20\x7f\x80\xff09/:[]-.%'
    return np.frombuffer(bytearray(r.choice(special) if r.random() < 0.5 else r.randrange(256) for _ in range(SIZE)), np.uint8)


@alone
def eq(a: Any, at: int, char: int) -> Any:
    return simd.eq64(a, at, char)


@alone
def between(a: Any, at: int, low: int, high: int) -> Any:
    return simd.between64(a, at, low, high)


@alone
def unclean(a: Any, at: int) -> Any:
    return simd.unclean64(a, at)


@alone
def marked(a: Any, at: int) -> Any:
    return simd.marked64(a, at)


@alone
def digits(a: Any, at: int) -> Any:
    return simd.digits64(a, at)


@alone
def load(a: Any, at: int) -> Any:
    return simd.load8(a, at)


@alone
def store(a: Any, at: int, value: Any) -> None:
    simd.store8(a, at, value)


@alone
def copy32(a: Any, to: int, b: Any, at: int) -> None:
    simd.copy32(a, to, b, at)


@alone
def copy64(a: Any, to: int, b: Any, at: int) -> None:
    simd.copy64(a, to, b, at)


@alone
def base64(a: Any, to: int, b: Any, at: int) -> None:
    simd.base64_48(a, to, b, at)


@alone
def zeros(mask: Any) -> Any:
    return simd.trailing_zeros(mask)


@alone
def ones(mask: Any) -> Any:
    return simd.popcount(mask)


@alone
def drop(mask: Any) -> Any:
    return simd.drop_lowest(mask)


@alone
def parity(mask: Any) -> Any:
    return simd.prefix_xor(mask)


@alone
def low(n: int) -> Any:
    return simd.low_bits(n)


@pytest.mark.parametrize("seed", range(4))
def test_masks_equal_their_twins(seed: int) -> None:
    """Each mask is the twin's mask at every offset from which 64 bytes can be read."""
    a = noise(seed)
    for at in range(SIZE - 63):
        assert unclean(a, at) == simd.unclean64_scalar(a, at)
        assert marked(a, at) == simd.marked64_scalar(a, at)
        assert digits(a, at) == simd.digits64_scalar(a, at)
        for char in (9, 10, 32, 34, 0, 255):
            assert eq(a, at, char) == simd.eq64_scalar(a, at, char)
        for ends in ((0x80, 0xBF), (0x20, 0x20), (0, 255), (0, 31), (0xC2, 0xFF)):
            assert between(a, at, *ends) == simd.between64_scalar(a, at, *ends)


@pytest.mark.parametrize("seed", range(4))
def test_words_equal_their_twins(seed: int) -> None:
    """Eight bytes are read and written as one little-endian number, at every offset."""
    a = noise(seed)
    for at in range(SIZE - 7):
        word = np.uint64(load(a, at))
        assert word == simd.load8_scalar(a, at)
        one, two = np.zeros(SIZE, np.uint8), np.zeros(SIZE, np.uint8)
        store(one, at, word)
        simd.store8_scalar(two, at, word)
        assert one.tobytes() == two.tobytes()


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("size", "copy", "scalar"), [(32, copy32, simd.copy32_scalar), (64, copy64, simd.copy64_scalar)])
def test_a_copy_touches_as_many_bytes_as_it_says(size: int, copy: Any, scalar: Any, seed: int) -> None:
    """A copy changes exactly the bytes of its contract, whatever the alignment."""
    a, r = noise(seed), random.Random(seed)
    for to in range(SIZE - size + 1):
        at = r.randrange(SIZE - size + 1)
        one, two = np.full(SIZE, 7, np.uint8), np.full(SIZE, 7, np.uint8)
        copy(one, to, a, at)
        scalar(two, to, a, at)
        copied = bytes([7] * to) + a.tobytes()[at : at + size] + bytes([7] * (SIZE - size - to))
        assert one.tobytes() == two.tobytes() == copied


@pytest.mark.parametrize("seed", range(4))
def test_base64_equals_the_standard_librarys(seed: int) -> None:
    """48 bytes become their 64 letters, and nothing else is touched."""
    a = noise(seed)
    for at in range(SIZE - 63):
        one, two = np.full(SIZE, 7, np.uint8), np.full(SIZE, 7, np.uint8)
        base64(one, 3, a, at)
        simd.base64_48_scalar(two, 3, a, at)
        letters = b64encode(a[at : at + 48].tobytes())
        assert one.tobytes() == two.tobytes() == bytes([7] * 3) + letters + bytes([7] * (SIZE - 67))


def test_bits() -> None:
    """Counting zeros and ones, parities and low masks are what their names say, at the ends of the range too."""
    r = random.Random(1)
    for value in [0, 1, 1 << 63, (1 << 64) - 1, *(r.getrandbits(64) for _ in range(200)), *(1 << i for i in range(64))]:
        mask = np.uint64(value)
        assert zeros(mask) == simd.trailing_zeros_scalar(mask) == (64 if not value else (value & -value).bit_length() - 1)
        assert ones(mask) == simd.popcount_scalar(mask) == value.bit_count()
        assert drop(mask) == simd.drop_lowest_scalar(mask) == value & (value - 1 if value else 0)
        assert int(parity(mask)) == sum(((value & ((2 << i) - 1)).bit_count() & 1) << i for i in range(64))
    assert [int(low(n)) for n in range(65)] == [(1 << n) - 1 for n in range(65)]
