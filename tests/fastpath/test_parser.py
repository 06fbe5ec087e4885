"""Which parser is opened."""

from __future__ import annotations

import sys

import pytest

from ingestd.fastpath import parser
from ingestd.fastpath.reference import ReferenceParser
from ingestd.formats.registry import formats
from ingestd.model import Framing, Source

ARGUMENTS = (formats()["alb"], Source("b", "k", "e", 0.0), Framing("d", action=False))


@pytest.fixture(autouse=True)
def _asked_anew() -> None:
    parser.unavailable.cache_clear()


def test_the_kernel_where_it_runs() -> None:
    """The kernel's parser is opened, and there is nothing to warn of."""
    assert type(parser.open_parser(*ARGUMENTS)).__name__ == "CompiledParser"
    assert parser.unavailable() is None


@pytest.mark.parametrize("error", [ImportError("no numba"), RuntimeError("no machine code"), OSError("no library")])
def test_the_reference_where_the_kernel_fails(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Where numba is missing or fails the reference is opened, and the reason is there to be told once."""

    class Broken:
        def warm(self) -> None:
            raise error

    monkeypatch.setitem(sys.modules, "ingestd.fastpath.warm", Broken())
    assert isinstance(parser.open_parser(*ARGUMENTS), ReferenceParser)
    assert parser.unavailable() == f"{type(error).__name__}: {error}"
    parser.unavailable.cache_clear()


def test_missing_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without numba works through the reference."""
    monkeypatch.setitem(sys.modules, "ingestd.fastpath.warm", None)
    assert isinstance(parser.open_parser(*ARGUMENTS), ReferenceParser)
    parser.unavailable.cache_clear()
