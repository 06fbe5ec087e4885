"""What the settings want to be found of documents beyond their lines: the lookups, and what each of them looks into.

The reference asks for every text; the kernel for those that it does not know yet (`known.py`), and brings addresses to their
networks by itself (`kernel/trees.py`). Both are told the same. An enrichment does not change: other files make another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import orjson
from numpy.typing import NDArray

from ingestd.fastpath.joints import BARE
from ingestd.fastpath.kernel.codes import ROOT_ROW
from ingestd.formats.lookups import VALUE_BYTES_MAX, Lookup

__all__ = ["NOTHING", "Enrichment", "Finder", "remembered"]

NETWORKS_MAX = 1 << 17  # of which is remembered what is known of them, by all threads together: some 70 MB


class Finder(Protocol):
    """What a lookup looks into. Any thread may ask."""

    def find(self, text: bytes) -> tuple[bytes, ...]:
        """What is found by a text, the inside of a JSON string: JSON for each leaf of the lookup, empty where nothing is."""
        ...


class Enrichment:
    """`finders`: one for each lookup. `tree`, `roots`: as `kernel/trees.py` has them, a row of roots for each lookup."""

    def __init__(
        self,
        lookups: Sequence[Lookup] = (),
        finders: Sequence[Finder] = (),
        tree: NDArray[np.int32] | None = None,
        roots: NDArray[np.int64] | None = None,
    ) -> None:
        self.lookups = tuple(lookups)
        self.tree: NDArray[np.int32] = np.zeros(1, np.int32) if tree is None else tree
        self.roots: NDArray[np.int64] = np.zeros(ROOT_ROW * max(len(lookups), 1), np.int64) if roots is None else roots
        self._finders = tuple(finders)
        self._networks: dict[bytes, tuple[bytes, ...]] = {}

    def find(self, lookup: Lookup, text: bytes) -> tuple[bytes, ...]:
        """JSON for each leaf of the lookup; empty where nothing is found, or too much."""
        found = self._finders[lookup.number].find(text)
        return tuple(value if len(value) <= VALUE_BYTES_MAX else b"" for value in found)

    def find_parts(self, number: int, text: bytes, key: bytes) -> tuple[bytes, ...]:
        """The same as the kernel puts it between its joints: strings without quotes. `key`: of the text, or of its network."""
        lookup = self.lookups[number]
        if lookup.by_address and key in self._networks:
            return self._networks[key]
        found = zip(lookup.leaves, self.find(lookup, text), strict=True)
        parts = tuple(value if leaf.type in BARE else value[1:-1] for leaf, value in found)
        if lookup.by_address:
            if len(self._networks) >= NETWORKS_MAX:
                self._networks = {}
            self._networks[key] = parts
        return parts


def remembered(value: object) -> bytes:
    """A value as JSON that is kept: what orjson gives was cut off a kilobyte, of which nobody has use for the rest."""
    return bytes(memoryview(orjson.dumps(value)))


NOTHING = Enrichment()
