"""Fuzz the kernel against the reference: whatever bytes come, both make the same of them. All: what the kernel reads.

By turns a table is read as it is, with secrets masked, with rules, with lookups and with all of these, as lines and as events.

    python tests/fuzz/fuzz_kernel.py [FORMAT|all] [SECONDS]  random mutation of lines; says the seed of what differs
    python tests/fuzz/fuzz_kernel.py --atheris FORMAT [libFuzzer options] [CORPUS]      guided by coverage, if atheris is there

Put the bounds checks in with NUMBA_BOUNDSCHECK=1. atheris is guided by the branches of the reference.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[2]))

from ingestd.config import Settings
from ingestd.fastpath import reading, splitting
from ingestd.fastpath.compiled import CompiledParser
from ingestd.fastpath.enrichment import NOTHING, Enrichment
from ingestd.fastpath.masking import MaskingParser
from ingestd.fastpath.order import Order
from ingestd.fastpath.parser import Parser
from ingestd.fastpath.plan import compile_plan
from ingestd.fastpath.reference import ReferenceParser
from ingestd.formats.lookups import enriched
from ingestd.formats.registry import formats
from ingestd.formats.table import Table
from ingestd.generate import lines
from ingestd.model import PAD, Block, Carrier, Documents, Events, Framing, Source
from tests.fakes.enrichment import enrichment
from tests.fastpath.test_rules import some_rules

__all__ = ["Way", "check", "mutated", "ways"]

SOURCE = Source("bucket", "key", "etag", 1_793_534_400.0, "eu-central-1")
CARRIER = Carrier("/aws/lambda/pets", "2026/11/01/[$LATEST]0", ("all",))
TIMES = (1_793_534_400_123, -1, 7_258_118_400_000)
NEWLINE = 10
FRAMING = Framing("set", action=True, id_field=True, original=True, index="i", outlier_index="o")
PIECES = (
    b" ", b"\t", b'"', b'\\"', b"\\x22", b"\\", b"[", b"]", b"-", b"-1", b".", b":", b"/", b"?", b",", b"%", b"%25", b"%00",
    b"\n", b"\r", b"\x00", b"\x1f", b"\x7f", b"\x80", b"\xc3", b"\xe2\x82\xac", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80",
    b"\xf4\x90", b"\xff", b"\xef\xbb\xbf", b"\xe2\x80\x8b", b"#Fields:", b"::", b"TLSv1.2", b"HTTP/1.1",
    b"2026-02-29T00:00:00Z", b"0" * 19, b"1e19", b"1793491199.5", b"31/Oct/2026:23:59:59 +0000", b"  ", b"%0A", b'","', b";",
    b"tlsv12", b"Failed:", b"version account-id end ", b"NODATA", b"63", b"?token=", b"&PassWord=", b"%26code%3D", b"%3d",
    b"[signature]%253D", b"\\u003d", b"1.2.3.4", b"2001:db8::1", b"Mozilla/5.0", "浏览".encode() * 9,
)  # fmt: skip


@dataclass(frozen=True)
class Way:
    """A table as settings would have it, what its lookups look into, and whether its lines are events in envelopes."""

    table: Table
    enrichment: Enrichment = NOTHING
    is_events: bool = False

    def parsers(self) -> tuple[Parser, Parser]:
        """The kernel's, and the reference."""
        source = replace(SOURCE, carrier=CARRIER) if self.is_events else SOURCE
        kernel = CompiledParser(self.table, source, FRAMING, self.enrichment)
        reference = ReferenceParser(self.table, source, FRAMING, self.enrichment)
        if not self.table.rules.masked:
            return kernel, reference
        masking = MaskingParser(self.table, kernel.parse, is_compiled=True)
        return masking, MaskingParser(self.table, reference.parse, is_compiled=False)

    def blocks(self, data: bytes, size: int) -> Iterator[Block]:
        """Whole lines, of so many bytes if they are that short; or as many events, of one line or two."""
        at = 0
        while at < len(data):
            stop = data.index(b"\n", min(at + size, len(data)) - 1) + 1
            text, events = data[at:stop], None
            if self.is_events:
                ends = [
                    place + 1 for place in range(len(text)) if text[place] == NEWLINE and (place % 4 or place + 1 == len(text))
                ]
                times = tuple(TIMES[end % len(TIMES)] for end in ends)
                events = Events(tuple(ends), tuple(f"id {at + end}" for end in ends), times)
            yield Block(bytearray(text) + bytearray(PAD), len(text), at, events)
            at = stop


def ways(table: Table) -> list[Way]:
    """All in which a table is read here; the same each time."""
    random = Random(table.name)
    with tempfile.TemporaryDirectory() as folder:
        more = enrichment(Path(folder))
    rules, looking = [some_rules(table, random) for _ in range(4)], enriched(table, more.lookups)
    masked = Settings().secrets.parameters
    made = [Way(table), Way(replace(table, rules=replace(table.rules, masked=masked)))]
    made += [Way(replace(table, rules=each)) for each in rules]
    made += [Way(looking, more), Way(replace(looking, rules=replace(rules[0], masked=masked)), more)]
    return [replace(way, is_events=is_events) for is_events in (False, True) for way in made]


def check(way: Way, data: bytes) -> None:
    """Assert that kernel and reference make the same of these lines, in one block and in several."""
    data += b"\n"
    for size in (len(data), 40):
        kernel, reference = way.parsers()
        for block in way.blocks(data, size):
            before = bytes(block.data)
            assert seen(kernel.parse(block)) == seen(reference.parse(block))
            assert bytes(block.data) == before


def seen(documents: Documents) -> Sequence[object]:
    """All of a result that must be the same."""
    arrays = [array.tolist() for array in (documents.starts, documents.bodies, documents.offsets)]
    numbers = documents.lines, documents.skipped, documents.dropped, documents.drifted, documents.masked
    return bytes(documents.data), arrays, documents.rejects, numbers, documents.ids, documents.by_rule


def mutated(random: Random, seeds: Sequence[bytes]) -> bytes:
    """A few lines with a few edits, many of them where a line begins or ends."""
    data = bytearray(b"\n".join(random.choices(seeds, k=random.randrange(1, 6))))
    for _ in range(random.randrange(1, 24)):
        at = random.randrange(len(data) + 1)
        if random.random() < 0.2:
            at = (data.find(b"\n", at) + random.randrange(2)) % (len(data) + 1)
        stop = at + random.choice((0, 0, 0, 1, 2, 8, 64))
        piece = random.choice(PIECES) if random.random() < 0.7 else random.randbytes(random.randrange(4))
        data[at:stop] = piece * random.choice((1, 1, 1, 1, 2, 70))
    return bytes(data)


def run_randomly(table: Table, seconds: float) -> int:
    """Mutate for so long; returns how many inputs were tried."""
    seeds, there_are = [*lines(table, 200, seed=1, strange=0.5), *(line.encode() for line in table.preamble)], ways(table)
    for way in there_are:
        check(way, seeds[0])  # what is compiled is compiled now
    first = seed = time.time_ns()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        data, place = mutated(Random(seed), seeds), seed % len(there_are)
        try:
            check(there_are[place], data)
        except (AssertionError, IndexError):
            print(f"{table.name}: differs at seed {seed}, way {place}: {data!r}")
            raise
        seed += 1
    return seed - first


def run_guided(table: Table, arguments: list[str]) -> None:
    """Let libFuzzer choose the bytes, by what of Python they reach."""
    atheris = importlib.import_module("atheris")  # only in a fuzzing environment
    for function in (reading.read, splitting.split, splitting.trim, *reading.READERS.values()):
        atheris.instrument_func(function)  # the definition's branches are what there is to reach
    check(Way(table), next(lines(table, 1, seed=1)))  # what is compiled is compiled now
    atheris.Setup([sys.argv[0], *arguments], lambda data: check(Way(table), data))
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
