"""The fuzzing harness itself works: a moment of it, from a fixed seed."""

from __future__ import annotations

from random import Random

import pytest

from ingestd.fastpath.reference import ReferenceParser
from ingestd.formats.registry import formats
from ingestd.generate import lines
from ingestd.model import Source
from tests.fuzz import fuzz_kernel as fuzz


@pytest.mark.parametrize("name", formats())
def test_mutated_lines(name: str) -> None:
    """Mutated lines come out of the kernel and of the reference the same, whatever settings ask of the format."""
    table = formats()[name]
    seeds, ways = list(lines(table, 50, seed=1, strange=0.5)), fuzz.ways(table)
    for seed in range(160):
        fuzz.check(ways[seed % len(ways)], fuzz.mutated(Random(seed), seeds))


def test_a_difference_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The harness is not blind: a parser that makes something else of a line fails it."""
    source = Source("", "", "", 0.0)
    monkeypatch.setattr(fuzz, "CompiledParser", lambda table, _, *more: ReferenceParser(table, source, *more))
    for way in (way for way in fuzz.ways(formats()["alb"]) if not way.table.rules.choices):
        with pytest.raises(AssertionError):
            fuzz.check(way, next(lines(formats()["alb"], 1, seed=1, strange=0.0)))
