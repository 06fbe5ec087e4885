"""The interface between the pipeline and whatever reads a format: block in, encoded documents and rejects out."""

from __future__ import annotations

from functools import cache
from typing import Protocol

from ingestd.fastpath.enrichment import NOTHING, Enrichment
from ingestd.formats.table import Table
from ingestd.model import Block, Documents, Framing, Source

__all__ = ["Parser", "open_parser", "unavailable"]


class Parser(Protocol):
    """Reads the blocks of one object in order (a header line in one block holds for the next); runs in a worker thread."""

    def parse(self, block: Block) -> Documents:
        """Documents of the block's lines, with one outcome for each line. Never raises for what a line contains."""
        ...


@cache
def unavailable() -> str | None:
    """Why the kernel cannot run here, for one warning; None if it can.

    The first call loads the kernel, or compiles it, which takes a core many seconds: make it before work is taken.
    """
    try:
        from ingestd.fastpath.warm import warm

        warm()
    except (ImportError, OSError, RuntimeError) as error:
        return f"{type(error).__name__}: {error}"
    return None


def open_parser(table: Table, source: Source, framing: Framing, enrichment: Enrichment = NOTHING) -> Parser:
    """A parser for one object: the kernel's where it runs, else the reference; their bytes are the same.

    Events, which have ids of their own, are the reference's. `enrichment`: what the table's lookups look into.
    """
    if source.carrier is None and unavailable() is None:
        from ingestd.fastpath.compiled import CompiledParser

        return CompiledParser(table, source, framing, enrichment)
    from ingestd.fastpath.reference import ReferenceParser

    return ReferenceParser(table, source, framing, enrichment)
