"""Fuzz the kernel against the reference: whatever bytes come, both make the same of them. All: what the kernel reads.

    python tests/fuzz/fuzz_kernel.py [FORMAT|all] [SECONDS]  random mutation of lines; says the seed of what differs
    python tests/fuzz/fuzz_kernel.py --atheris FORMAT [libFuzzer options] [CORPUS]      guided by coverage, if atheris is there

Put the bounds checks in with NUMBA_BOUNDSCHECK=1. atheris is guided by the branches of the reference.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[2]))

from ingestd.fastpath import reading, splitting
from ingestd.fastpath.compiled import CompiledParser
from ingestd.fastpath.order import Order
from ingestd.fastpath.plan import compile_plan
from ingestd.fastpath.reference import ReferenceParser
from ingestd.formats.registry import formats
from ingestd.formats.table import Table
from ingestd.generate import lines
from ingestd.model import PAD, Block, Documents, Framing, Source

__all__ = ["check", "mutated"]

SOURCE = Source("bucket", "key", "etag", 1_793_534_400.0, "eu-central-1")
FRAMING = Framing("set", action=True, id_field=True, original=True, index="i", outlier_index="o")
PIECES = (
    b" ", b"\t", b'"', b'\\"', b"\\x22", b"\\", b"[", b"]", b"-", b"-1", b".", b":", b"/", b"?", b",", b"%", b"%25", b"%00",
    b"\n", b"\r", b"\x00", b"\x1f", b"\x7f", b"\x80", b"\xc3", b"\xe2\x82\xac", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80",
    b"\xf4\x90", b"\xff", b"\xef\xbb\xbf", b"\xe2\x80\x8b", b"#Fields:", b"::", b"TLSv1.2", b"HTTP/1.1",
    b"2026-02-29T00:00:00Z", b"0" * 19, b"1e19", b"1793491199.5", b"31/Oct/2026:23:59:59 +0000", b"  ", b"%0A", b'","', b";",
    b"tlsv12", b"Failed:", b"version account-id end ", b"NODATA", b"63",
)  # fmt: skip


def check(table: Table, data: bytes) -> None:
    """Assert that kernel and reference make the same of these lines, in one block and in several."""
    data += b"\n"
    for size in (len(data), 40):
        kernel, reference = CompiledParser(table, SOURCE, FRAMING), ReferenceParser(table, SOURCE, FRAMING)
        at = 0
        while at < len(data):
            stop = data.index(b"\n", min(at + size, len(data)) - 1) + 1
            block = Block(bytearray(data[at:stop]) + bytearray(PAD), stop - at, at)
            assert seen(kernel.parse(block)) == seen(reference.parse(block))
            at = stop


def seen(documents: Documents) -> Sequence[object]:
    """All of a result that must be the same."""
    arrays = [array.tolist() for array in (documents.starts, documents.bodies, documents.offsets)]
    return bytes(documents.data), arrays, documents.rejects, documents.lines, documents.skipped, documents.drifted


def mutated(random: Random, seeds: Sequence[bytes]) -> bytes:
    """A few lines with a few edits."""
    data = bytearray(b"\n".join(random.choices(seeds, k=random.randrange(1, 6))))
    for _ in range(random.randrange(1, 24)):
        at = random.randrange(len(data) + 1)
        stop = at + random.choice((0, 0, 0, 1, 2, 8, 64))
        piece = random.choice(PIECES) if random.random() < 0.7 else random.randbytes(random.randrange(4))
        data[at:stop] = piece * random.choice((1, 1, 1, 1, 2, 70))
    return bytes(data)


def run_randomly(table: Table, seconds: float) -> int:
    """Mutate for so long; returns how many inputs were tried."""
    seeds = [*lines(table, 200, seed=1, strange=0.5), *(line.encode() for line in table.preamble)]
    check(table, seeds[0])  # what is compiled is compiled now
    first = seed = time.time_ns()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        data = mutated(Random(seed), seeds)
        try:
            check(table, data)
        except AssertionError:
            print(f"{table.name}: differs at seed {seed}: {data!r}")
            raise
        seed += 1
    return seed - first


def run_guided(table: Table, arguments: list[str]) -> None:
    """Let libFuzzer choose the bytes, by what of Python they reach."""
    atheris = importlib.import_module("atheris")  # only in a fuzzing environment
    for function in (reading.read, splitting.split, splitting.trim, *reading.READERS.values()):
        atheris.instrument_func(function)  # the definition's branches are what there is to reach
    check(table, next(lines(table, 1, seed=1)))  # what is compiled is compiled now
    atheris.Setup([sys.argv[0], *arguments], lambda data: check(table, data))
    atheris.Fuzz()


def main() -> None:
    """See the module's docstring."""
    if sys.argv[1:2] == ["--atheris"]:
        run_guided(formats()[sys.argv[2]], sys.argv[3:])
    compiled = [name for name, table in formats().items() if compile_plan(table, FRAMING, Order.documented(table))]
    names = [sys.argv[1]] if sys.argv[1:2] not in ([], ["all"]) else compiled
    for name in names:
        count = run_randomly(formats()[name], float(sys.argv[2]) if len(sys.argv) > 2 else 20.0)
        print(f"{name}: {count} inputs, no difference")


if __name__ == "__main__":
    main()
