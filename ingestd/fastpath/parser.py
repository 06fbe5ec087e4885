"""The interface between the pipeline and whatever reads a format: block in, encoded documents and rejects out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Protocol

from ingestd.fastpath.enrichment import NOTHING, Enrichment
from ingestd.fastpath.masking import MaskingParser
from ingestd.formats.table import Table
from ingestd.model import Block, Documents, Framing, Source

__all__ = ["Opening", "Parser", "open_parser", "unavailable"]


class Parser(Protocol):
    """Reads the blocks of one object in order (a header line in one block holds for the next); runs in a worker thread."""

    def parse(self, block: Block) -> Documents:
        """Documents of the block's lines, with one outcome for each line. Never raises for what a line contains."""
        ...


Opening = Callable[[Table, Source, Framing], Parser]  # open_parser, or what asks it for more


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


def open_parser(
    table: Table, source: Source, framing: Framing, enrichment: Enrichment = NOTHING, *, tells: bool = False
) -> Parser:
    """A parser for an object, or a log stream in it: the kernel's where it runs, else the reference; both write the same.

    `enrichment`: what the table's lookups look into. Where rules take fields out there is no event.original, which would show
    them. `tells`: documents say what rules did with each line, for which the reference reads all of them.
    """
    if framing.original and table.rules.redacted:
        framing = replace(framing, original=False)
    is_compiled = unavailable() is None
    if is_compiled and not (tells and (table.rules.choices or table.rules.redacted)):
        from ingestd.fastpath.compiled import CompiledParser

        parser: Parser = CompiledParser(table, source, framing, enrichment)
    else:
        from ingestd.fastpath.reference import ReferenceParser

        parser = ReferenceParser(table, source, framing, enrichment, tells=tells)
    return MaskingParser(table, parser.parse, is_compiled=is_compiled) if table.rules.masked else parser
