"""The interface between the pipeline and whatever reads a format: block in, encoded documents and rejects out."""

from __future__ import annotations

from typing import Protocol

from ingestd.formats.table import Table
from ingestd.model import Block, Documents, Framing, Source

__all__ = ["Parser", "open_parser"]


class Parser(Protocol):
    """Reads the blocks of one object in order (a header line in one block holds for the next); runs in a worker thread."""

    def parse(self, block: Block) -> Documents:
        """Documents of the block's lines, with one outcome for each line. Never raises for what a line contains."""
        ...


def open_parser(table: Table, source: Source, framing: Framing) -> Parser:
    """A parser for one object."""
    from ingestd.fastpath.reference import ReferenceParser

    return ReferenceParser(table, source, framing)
