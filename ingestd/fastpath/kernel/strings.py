"""Strings: copied wide where clean, escaped for JSON, UTF-8 checked, escapes of logs decoded. Part of the kernel.

Room is the caller's: a byte of text becomes six at most (`\\u001f`), and a wide copy writes up to 63 bytes past its end.
"""

from __future__ import annotations

from typing import Any

from numba import uint64

from ingestd.fastpath.kernel.jit import inlined, outlined
from ingestd.fastpath.kernel.scan import find
from ingestd.fastpath.kernel.simd import ONE, between64, copy32, copy64, eq64, get, low_bits, put, trailing_zeros, unclean64

__all__ = ["copy", "decode_escapes", "decode_pairs", "escape", "hex_pair", "write_escape"]

QUOTE, BACKSLASH, PLAIN = 34, 92, 0
TWO = uint64(2)
SHORT = (8, 98, 9, 116, 10, 110, 12, 102, 13, 114)  # controls that JSON writes with a letter, and the letter


@inlined
def copy(out: Any, to: int, src: Any, at: int, size: int) -> Any:
    """out[to:to+size] = src[at:at+size]; returns to + size.

    The first 32 bytes, which are all of most values, then 64 at a time: a store across cache lines costs two. The first 64 of
    these stand apart from the loop, which LLVM unrolls.
    """
    copy32(out, to, src, at)
    if size > 32:
        copy64(out, to + 32, src, at + 32)
        done = 96
        while done < size:
            copy64(out, to + done, src, at + done)
            done += 64
    return to + size


@outlined
def escape(out: Any, to: int, src: Any, at: int, end: int) -> Any:
    """src[at:end] into out[to:] as the inside of a JSON string, invalid UTF-8 replaced; returns where that ends."""
    while at < end:
        size = min(end - at, 64)
        special = (unclean64(src, at) | eq64(src, at, QUOTE)) & low_bits(size)
        copy64(out, to, src, at)
        if special == uint64(0):
            at += size
            to += size
            continue
        clean = trailing_zeros(special)
        if get(src, at + clean) >= 128:
            clean = _sound(src, at, size, special)
        at += clean
        to += clean
        if clean == size:
            continue
        char = get(src, at)
        if char < 128:
            to = write_escape(out, to, char)
            at += 1
            continue
        size = sequence(src, at, end)
        if size > 0:
            copy64(out, to, src, at)
            at += size
            to += size
        else:
            at -= size
            put(out, to, 0xEF)
            put(out, to + 1, 0xBF)
            put(out, to + 2, 0xBD)
            to += 3
    return to


@inlined
def write_escape(out: Any, to: int, char: int) -> Any:
    """A quote, a backslash or a control, escaped as orjson does it."""
    put(out, to, BACKSLASH)
    letter = char if char >= 32 else 0
    for i in range(0, 10, 2):
        if char == SHORT[i]:
            letter = SHORT[i + 1]
    if letter:
        put(out, to + 1, letter)
        return to + 2
    put(out, to + 1, 117)
    put(out, to + 2, 48)
    put(out, to + 3, 48)
    put(out, to + 4, 48 + (char >> 4))
    low = char & 15
    put(out, to + 5, 48 + low if low < 10 else 87 + low)
    return to + 6


@inlined
def _sound(src: Any, at: int, size: int, special: Any) -> Any:
    """How many bytes of src[at:at+size], at most 64, stand in JSON as they are: ASCII but for what is `special`, and whole
    UTF-8 sequences of two or three bytes, in whatever order.

    Those of leads whose second bytes are not all allowed (0xE0, 0xED) are left, as those of four bytes are, to `sequence`.
    """
    follows = between64(src, at, 0x80, 0xBF)
    threes = between64(src, at, 0xE1, 0xEF) & ~eq64(src, at, 0xED)
    leads = between64(src, at, 0xC2, 0xDF) | threes
    wanted = (leads << ONE) | (threes << TWO)
    sound = trailing_zeros((follows ^ wanted) | (special & ~(follows | leads)) | ~low_bits(size))
    if sound > 0 and (leads >> uint64(sound - 1)) & ONE:
        return sound - 1
    return sound - 2 if sound > 1 and (threes >> uint64(sound - 2)) & ONE else sound


@inlined
def sequence(src: Any, at: int, end: int) -> Any:
    """Length of the UTF-8 sequence that begins at src[at] >= 128; if it is invalid, minus the bytes that one U+FFFD stands for.

    Those are the longest beginning of a valid sequence, or one byte (Unicode, 'substitution of maximal subparts').
    """
    lead = get(src, at)
    low, high = 0x80, 0xBF  # what the second byte may be
    if lead < 0xC2 or lead > 0xF4:
        return -1
    size = 2
    if lead >= 0xE0:
        size = 3 if lead < 0xF0 else 4
        if lead == 0xE0:
            low = 0xA0
        elif lead == 0xED:
            high = 0x9F
        elif lead == 0xF0:
            low = 0x90
        elif lead == 0xF4:
            high = 0x8F
    for i in range(1, size):
        if at + i >= end:
            return -i
        byte = get(src, at + i)
        if byte < low or byte > high:
            return -i
        low, high = 0x80, 0xBF
    return size


@outlined
def decode_escapes(buf: Any, at: int, end: int, alt: Any, to: int) -> Any:
    """Decode `\\"`, `\\\\`, `\\x000000HH`, `\\xHH` of buf[at:end] into alt[to:]; returns where that ends."""
    while True:
        stop = find(buf, at, end, BACKSLASH)
        to = copy(alt, to, buf, at, stop - at)
        if stop == end:
            return to
        char, at = BACKSLASH, stop
        if at + 1 < end:
            follow = get(buf, at + 1)
            if follow in (QUOTE, BACKSLASH):
                char, at = follow, at + 1
            elif follow == 120:
                zeros = at + 10 <= end
                for i in range(2, 8):
                    zeros = zeros and get(buf, at + i) == 48
                if zeros and hex_pair(buf, at + 8) >= 0:
                    char, at = hex_pair(buf, at + 8), at + 9
                elif at + 4 <= end and hex_pair(buf, at + 2) >= 0:
                    char, at = hex_pair(buf, at + 2), at + 3
        put(alt, to, char)
        at += 1
        to += 1


@outlined
def decode_pairs(buf: Any, at: int, end: int, alt: Any, to: int) -> Any:
    """Make one quote of each pair in buf[at:end], whose quotes all are in pairs, in alt[to:]; returns where that ends."""
    while at < end:
        char = get(buf, at)
        put(alt, to, char)
        at += 2 if char == QUOTE else 1
        to += 1
    return to


@inlined
def hex_pair(src: Any, at: int) -> Any:
    """The number that two hexadecimal digits at src[at:at+2] make; -1 if they are none."""
    high, low = hex_digit(get(src, at)), hex_digit(get(src, at + 1))
    return high * 16 + low if high >= 0 and low >= 0 else -1


@inlined
def hex_digit(char: int) -> Any:
    """The value of a hexadecimal digit; -1 if it is none."""
    if 48 <= char <= 57:
        return char - 48
    lower = char | 32
    return lower - 87 if 97 <= lower <= 102 else -1
