"""Records in the place of an object: a run of them is open at once, and its bytes are there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ingestd.core.runs import source_of
from ingestd.model import Run

__all__ = ["Records", "open_run"]


class Records:
    """A run being read, as `objects.Body` is an object's."""

    def __init__(self, run: Run) -> None:
        self.source = source_of(run)
        self._data = run.data

    async def pieces(self) -> AsyncIterator[tuple[bytes, bool]]:
        """(bytes, whether they are the last): one piece."""
        yield self._data, True


@asynccontextmanager
async def open_run(run: Run) -> AsyncIterator[Records]:
    """The run, open for as long as the context."""
    yield Records(run)
