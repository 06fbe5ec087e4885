"""The few vector instructions that the kernel is made of, reachable from Python through LLVM.

Vectors are 64 bytes: LLVM lowers them to one AVX-512 register, two of AVX2, four of SSE or NEON. Each function has a contract,
what it reads and what it may touch past the end, and a scalar twin (`..._scalar`) that tests compare with it byte for byte and
that takes its place under NUMBA_BOUNDSCHECK=1 and NUMBA_DISABLE_JIT=1. Nothing here looks at a length: who calls owns 64 bytes.

Arrays are one-dimensional, contiguous, of uint8. Masks are uint64: bit i speaks of byte `at + i`. Little-endian machines only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.ir as ir
from numba import extending, int64, types, uint8, uint64

from ingestd.fastpath.kernel.jit import CHECKED, inlined

__all__ = [
    "ALL", "ONE", "base64_48", "between64", "copy32", "copy64", "digits64", "drop_lowest", "eq64", "get", "load8", "low_bits",
    "marked64", "popcount", "prefix_xor", "put", "store8", "trailing_zeros", "unclean64",
]  # fmt: skip

intrinsic: Callable[[Any], Any] = extending.intrinsic
BIT, BYTE, INDEX, WORD = ir.IntType(1), ir.IntType(8), ir.IntType(32), ir.IntType(64)
HALF, WIDE = ir.VectorType(BYTE, 32), ir.VectorType(BYTE, 64)
ONE, ALL = uint64(1), uint64(0xFFFFFFFFFFFFFFFF)


# scalar twins


def copy32_scalar(target: Any, to: int, source: Any, at: int) -> None:
    """target[to:to+32] = source[at:at+32]. Touches exactly these; the two must not overlap."""
    for i in range(32):
        target[uint64(to + i)] = source[uint64(at + i)]


def copy64_scalar(target: Any, to: int, source: Any, at: int) -> None:
    """target[to:to+64] = source[at:at+64]. Touches exactly these; the two must not overlap."""
    for i in range(64):
        target[uint64(to + i)] = source[uint64(at + i)]


def eq64_scalar(source: Any, at: int, char: int) -> Any:
    """Mask of the bytes in source[at:at+64] that equal `char`."""
    mask = uint64(0)
    for i in range(64):
        if source[uint64(at + i)] == char:
            mask |= ONE << uint64(i)
    return mask


def unclean64_scalar(source: Any, at: int) -> Any:
    """Mask of the bytes in source[at:at+64] that are a control, a backslash or not ASCII (a quote is for the caller to see)."""
    mask = uint64(0)
    for i in range(64):
        byte = source[uint64(at + i)]
        if byte < 32 or byte >= 128 or byte == 92:
            mask |= ONE << uint64(i)
    return mask


def marked64_scalar(source: Any, at: int) -> Any:
    """Mask of the bytes in source[at:at+64] that are a control, a `[`, a backslash or not ASCII."""
    mask = uint64(0)
    for i in range(64):
        byte = source[uint64(at + i)]
        if byte < 32 or byte >= 128 or byte == 91 or byte == 92:
            mask |= ONE << uint64(i)
    return mask


def between64_scalar(source: Any, at: int, low: int, high: int) -> Any:
    """Mask of the bytes in source[at:at+64] that are from `low` to `high`."""
    mask = uint64(0)
    for i in range(64):
        if low <= source[uint64(at + i)] <= high:
            mask |= ONE << uint64(i)
    return mask


def digits64_scalar(source: Any, at: int) -> Any:
    """Mask of the bytes in source[at:at+64] that are 0-9."""
    mask = uint64(0)
    for i in range(64):
        if 48 <= source[uint64(at + i)] <= 57:
            mask |= ONE << uint64(i)
    return mask


def load8_scalar(source: Any, at: int) -> Any:
    """source[at:at+8] as one number, the first byte lowest."""
    value = uint64(0)
    for i in range(8):
        value |= uint64(source[uint64(at + i)]) << uint64(8 * i)
    return value


def store8_scalar(target: Any, to: int, value: Any) -> None:
    """target[to:to+8] = the eight bytes of `value`, the lowest first."""
    for i in range(8):
        target[uint64(to + i)] = uint8((value >> uint64(8 * i)) & uint64(255))


def base64_48_scalar(target: Any, to: int, source: Any, at: int) -> None:
    """target[to:to+64] = source[at:at+48] in base64. Reads source[at:at+64]; the two must not overlap."""
    for group in range(16):
        three = uint64(0)
        for i in range(3):
            three = three << uint64(8) | uint64(source[uint64(at + 3 * group + i)])
        for i in range(4):
            six = int64(three >> uint64(18 - 6 * i)) & 63
            target[uint64(to + 4 * group + i)] = six + 65 + 6 * (six > 25) - 75 * (six > 51) - 15 * (six > 61) + 3 * (six > 62)


def get_scalar(source: Any, at: int) -> Any:
    """source[at] as a signed number; an index is never meant from the end."""
    return int64(source[uint64(at)])


def put_scalar(target: Any, at: int, value: int) -> None:
    """target[at] = value; an index is never meant from the end."""
    target[uint64(at)] = value


def trailing_zeros_scalar(mask: Any) -> Any:
    """Index of the lowest bit; 64 if there is none."""
    if mask == uint64(0):
        return int64(64)
    n = 0
    while not (mask >> uint64(n)) & ONE:
        n += 1
    return int64(n)


def popcount_scalar(mask: Any) -> Any:
    """How many bits are set."""
    n = 0
    while mask:
        mask &= mask - ONE
        n += 1
    return int64(n)


def drop_lowest_scalar(mask: Any) -> Any:
    """The mask without its lowest bit; 0 stays 0."""
    return mask & (mask - ONE) if mask != uint64(0) else mask


# vector forms


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, index: Any, kind: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), kind.as_pointer())


def _load(context: Any, builder: Any, sig: Any, args: Any, first: int = 0, kind: Any = WIDE) -> Any:
    return builder.load(_pointer(context, builder, sig.args[first], args[first], args[first + 1], kind), align=1)


def _splat(value: int) -> Any:
    return ir.Constant(WIDE, [value] * 64)


def _lanes(value: int) -> Any:
    return ir.Constant(ir.VectorType(INDEX, 16), [value] * 16)


@intrinsic
def _copy32(_: Any, target: Any, to: Any, source: Any, at: Any) -> Any:
    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        half = _load(context, builder, sig, args, 2, HALF)
        builder.store(half, _pointer(context, builder, sig.args[0], args[0], args[1], HALF), align=1)
        return context.get_dummy_value()

    return types.void(target, types.int64, source, types.int64), codegen


@intrinsic
def _copy64(_: Any, target: Any, to: Any, source: Any, at: Any) -> Any:
    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        wide = _load(context, builder, sig, args, 2)
        builder.store(wide, _pointer(context, builder, sig.args[0], args[0], args[1], WIDE), align=1)
        return context.get_dummy_value()

    return types.void(target, types.int64, source, types.int64), codegen


def _spread(builder: Any, value: Any) -> Any:
    """The low byte of a number in all of a vector's."""
    undefined = ir.Constant(WIDE, ir.Undefined)
    first = builder.insert_element(undefined, builder.trunc(value, BYTE), ir.Constant(INDEX, 0))
    return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(INDEX, 64), [0] * 64))


@intrinsic
def _eq64(_: Any, source: Any, at: Any, char: Any) -> Any:
    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        wide = _load(context, builder, sig, args)
        return builder.bitcast(builder.icmp_unsigned("==", wide, _spread(builder, args[2])), WORD)

    return types.uint64(source, types.int64, types.int64), codegen


@intrinsic
def _between64(_: Any, source: Any, at: Any, low: Any, high: Any) -> Any:
    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        wide = builder.sub(_load(context, builder, sig, args), _spread(builder, args[2]))
        span = _spread(builder, builder.sub(args[3], args[2]))
        return builder.bitcast(builder.icmp_unsigned("<=", wide, span), WORD)

    return types.uint64(source, types.int64, types.int64, types.int64), codegen


@intrinsic
def _unclean64(_: Any, source: Any, at: Any) -> Any:
    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        wide = _load(context, builder, sig, args)
        control = builder.icmp_signed("<", wide, _splat(32))  # signed: bytes from 128 are negative
        return builder.bitcast(builder.or_(control, builder.icmp_unsigned("==", wide, _splat(92))), WORD)

    return types.uint64(source, types.int64), codegen


@intrinsic
def _marked64(_: Any, source: Any, at: Any) -> Any:
    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        wide = _load(context, builder, sig, args)
        control = builder.icmp_signed("<", wide, _splat(32))  # signed: bytes from 128 are negative
        mark = builder.icmp_unsigned("<=", builder.sub(wide, _splat(91)), _splat(1))
        return builder.bitcast(builder.or_(control, mark), WORD)

    return types.uint64(source, types.int64), codegen


@intrinsic
def _digits64(_: Any, source: Any, at: Any) -> Any:
    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        wide = builder.sub(_load(context, builder, sig, args), _splat(48))
        return builder.bitcast(builder.icmp_unsigned("<", wide, _splat(10)), WORD)

    return types.uint64(source, types.int64), codegen


@intrinsic
def _load8(_: Any, source: Any, at: Any) -> Any:
    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _load(context, builder, sig, args, 0, WORD)

    return types.uint64(source, types.int64), codegen


@intrinsic
def _store8(_: Any, target: Any, to: Any, value: Any) -> Any:
    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        builder.store(args[2], _pointer(context, builder, sig.args[0], args[0], args[1], WORD), align=1)
        return context.get_dummy_value()

    return types.void(target, types.int64, types.uint64), codegen


@intrinsic
def _base64_48(_: Any, target: Any, to: Any, source: Any, at: Any) -> Any:
    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        wide = _load(context, builder, sig, args, 2)
        # Each 32 bits take three bytes, the first highest; the fourth is zero. Then each six bits go to a byte of their own.
        order = [lane for group in range(16) for lane in (3 * group + 2, 3 * group + 1, 3 * group, 64)]
        wide = builder.shuffle_vector(wide, _splat(0), ir.Constant(ir.VectorType(INDEX, 64), order))
        groups = builder.bitcast(wide, ir.VectorType(INDEX, 16))
        sixes = builder.lshr(groups, _lanes(18))
        for shift, mask in ((4, 0x3F00), (-10, 0x3F0000), (-24, 0x3F000000)):
            moved = builder.lshr(groups, _lanes(shift)) if shift > 0 else builder.shl(groups, _lanes(-shift))
            sixes = builder.or_(sixes, builder.and_(moved, _lanes(mask)))
        sixes = builder.bitcast(sixes, WIDE)
        letters = builder.add(sixes, _splat(65))
        for above, step in ((25, 6), (51, -75), (61, -15), (62, 3)):
            past = builder.icmp_unsigned(">", sixes, _splat(above))
            letters = builder.select(past, builder.add(letters, _splat(step % 256)), letters)
        builder.store(letters, _pointer(context, builder, sig.args[0], args[0], args[1], WIDE), align=1)
        return context.get_dummy_value()

    return types.void(target, types.int64, source, types.int64), codegen


@intrinsic
def _get(_: Any, source: Any, at: Any) -> Any:
    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        return context.cast(builder, builder.load(builder.gep(data, [args[1]])), sig.args[0].dtype, types.int64)

    return types.int64(source, types.int64), codegen


@intrinsic
def _put(_: Any, target: Any, at: Any, value: Any) -> Any:
    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        builder.store(context.cast(builder, args[2], types.int64, sig.args[0].dtype), builder.gep(data, [args[1]]))
        return context.get_dummy_value()

    return types.void(target, types.int64, types.int64), codegen


@intrinsic
def _trailing_zeros(_: Any, mask: Any) -> Any:
    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(BIT, 0))

    return types.int64(types.uint64), codegen


@intrinsic
def _popcount(_: Any, mask: Any) -> Any:
    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.int64(types.uint64), codegen


@intrinsic
def _drop_lowest(_: Any, mask: Any) -> Any:
    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.and_(args[0], builder.sub(args[0], ir.Constant(WORD, 1)))

    return types.uint64(types.uint64), codegen


base64_48: Any = inlined(base64_48_scalar) if CHECKED else _base64_48
between64: Any = inlined(between64_scalar) if CHECKED else _between64
copy32: Any = inlined(copy32_scalar) if CHECKED else _copy32
copy64: Any = inlined(copy64_scalar) if CHECKED else _copy64
eq64: Any = inlined(eq64_scalar) if CHECKED else _eq64
unclean64: Any = inlined(unclean64_scalar) if CHECKED else _unclean64
marked64: Any = inlined(marked64_scalar) if CHECKED else _marked64
digits64: Any = inlined(digits64_scalar) if CHECKED else _digits64
load8: Any = inlined(load8_scalar) if CHECKED else _load8
store8: Any = inlined(store8_scalar) if CHECKED else _store8
get: Any = inlined(get_scalar) if CHECKED else _get
put: Any = inlined(put_scalar) if CHECKED else _put
trailing_zeros: Any = inlined(trailing_zeros_scalar) if CHECKED else _trailing_zeros
drop_lowest: Any = inlined(drop_lowest_scalar) if CHECKED else _drop_lowest
popcount: Any = inlined(popcount_scalar) if CHECKED else _popcount


# what needs no vector


@inlined
def low_bits(n: int) -> Any:
    """Mask of the first n bytes; n in 0-64."""
    return ALL >> uint64(64 - n) if n > 0 else uint64(0)


@inlined
def prefix_xor(mask: Any) -> Any:
    """Bit i: the parity of bits 0..i. Of quotes: which bytes stand inside (the opening quote does, the closing one not)."""
    mask ^= mask << uint64(1)
    mask ^= mask << uint64(2)
    mask ^= mask << uint64(4)
    mask ^= mask << uint64(8)
    mask ^= mask << uint64(16)
    mask ^= mask << uint64(32)
    return mask
