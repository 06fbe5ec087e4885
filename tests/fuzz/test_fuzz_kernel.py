"""The fuzzing harness itself works: a moment of it, from a fixed seed."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from random import Random
from types import ModuleType

import pytest

from ingestd.fastpath.reference import ReferenceParser
from ingestd.formats.registry import formats
from ingestd.generate import lines
from ingestd.model import Source


def harness() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz_kernel", Path(__file__).with_name("fuzz_kernel.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", formats())
def test_mutated_lines(name: str) -> None:
    """Mutated lines come out of the kernel and of the reference the same."""
    fuzz, table = harness(), formats()[name]
    seeds = list(lines(table, 50, seed=1, strange=0.5))
    for seed in range(150):
        fuzz.check(table, fuzz.mutated(Random(seed), seeds))


def test_a_difference_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The harness is not blind: a parser that makes something else of a line fails it."""
    fuzz = harness()
    source = Source("", "", "", 0.0)
    monkeypatch.setattr(fuzz, "CompiledParser", lambda table, _, framing: ReferenceParser(table, source, framing))
    with pytest.raises(AssertionError):
        fuzz.check(formats()["alb"], next(lines(formats()["alb"], 1, seed=1, strange=0.0)))
