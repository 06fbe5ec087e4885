"""Networks and what is known of them: the user's own databases in MaxMind's format (mmdb), read into memory.

Source: MaxMind DB File Format Specification 2.0. A file's search tree becomes the kernel's (`kernel/trees.py`), whatever its
record size; what stands behind it is read by maxminddb, once a network. Files are not mapped: one that is written over while
it is read would end the process.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ingestd.core.nested import below, is_whole
from ingestd.fastpath.enrichment import remembered
from ingestd.fastpath.kernel.codes import FIRST_BITS, ROOT_ROW

if TYPE_CHECKING:
    from maxminddb.types import Record

__all__ = ["Networks", "geo", "joined", "owner"]

REMEMBERED_MAX = 1 << 12  # addresses, for the reference
FIRST_PLACE = 2  # of the trees: 0 says that nothing is known
FIRST_STEPS = 1 << FIRST_BITS
PLACES_MAX = 1 << 31
NODES_AT_ONCE = 1 << 18
V4_ROOT_DEPTH = 96  # IPv4 addresses stand below ::/96
LANGUAGE = "en"
UNREADABLE = "it is none, or not whole"
MARKER = b"\xab\xcd\xefMaxMind.com"  # what stands before a file's description of itself, at its end
LATITUDE_MAX, LONGITUDE_MAX = 90, 180

Nodes = NDArray[np.uint8]
Say = Callable[[Any], tuple[bytes, ...]]


class Networks:
    """A `Finder` in one file. `say`: what a record of it says (`geo`, `owner`).

    OSError where there is no such file, ValueError where it is no such database; ImportError without maxminddb.
    """

    def __init__(self, path: Path, say: Say) -> None:
        import maxminddb

        self._data = path.read_bytes()
        self._invalid = maxminddb.InvalidDatabaseError
        try:
            self._reader = maxminddb.open_database(BytesIO(self._data), maxminddb.MODE_FD)
        except (self._invalid, ValueError, TypeError, KeyError):
            raise ValueError(UNREADABLE) from None
        self._say = say
        meta = self._reader.metadata()
        self.type, self.nodes, self._is_v6 = meta.database_type, meta.node_count, meta.ip_version == 6
        self._node_bytes = meta.record_size // 4
        if meta.record_size not in (24, 28, 32) or self.nodes * self._node_bytes > self._data.rfind(MARKER):
            raise ValueError(UNREADABLE)
        self.find = lru_cache(REMEMBERED_MAX)(self._find)

    def _find(self, text: bytes) -> tuple[bytes, ...]:
        try:
            return self._say(self._reader.get(text.decode()))
        except (ValueError, self._invalid):  # no address, or none of the file's sort; a record that is not whole
            return self._say(None)

    @property
    def places(self) -> int:
        """The numbers that its tree takes, the tables of the first step before it."""
        return ROOT_ROW * FIRST_STEPS + 2 * self.nodes

    def plant(self, tree: NDArray[np.int32], start: int) -> tuple[int, int]:
        """Write the tree from `start` on; returns where the first step is, for IPv4 and for IPv6."""
        place = start + ROOT_ROW * FIRST_STEPS
        whole: Nodes = np.frombuffer(self._data, np.uint8, self.nodes * self._node_bytes).reshape(-1, self._node_bytes)
        for first in range(0, self.nodes, NODES_AT_ONCE):
            some = whole[first : first + NODES_AT_ONCE]
            for side, children in enumerate(_children(some)):
                kinds = [children < self.nodes, children == self.nodes]
                at = place + 2 * first + side
                tree[at : at + 2 * len(some) : 2] = np.select(kinds, [place + 2 * children, 0], _told(self.nodes - children))
        v4 = v6 = place if self.nodes else 0
        for _ in range(V4_ROOT_DEPTH if self._is_v6 else 0):
            v4 = int(tree[v4]) if v4 > 0 else v4
        tree[start : start + FIRST_STEPS] = _steps(tree, v4)
        tree[start + FIRST_STEPS : place] = _steps(tree, v6 if self._is_v6 else 0)
        return start, start + FIRST_STEPS


def joined(found: Sequence[Networks | None]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The trees of all of them, one behind the other, and a row of roots for each. ValueError if they are too large."""
    places = FIRST_PLACE + sum(each.places for each in found if each)
    if places > PLACES_MAX:
        raise ValueError("the search trees are too large together")
    tree, roots, place = np.zeros(places, np.int32), np.zeros((max(len(found), 1), ROOT_ROW), np.int64), FIRST_PLACE
    for number, each in enumerate(found):
        if each:
            roots[number] = each.plant(tree, place)
            place += each.places
    return tree, roots.ravel()


def _steps(tree: NDArray[np.int32], root: int) -> NDArray[np.int64]:
    """Where each combination of the first bits leads from a root."""
    steps, places = np.arange(FIRST_STEPS), np.full(FIRST_STEPS, root, np.int64)
    for shift in range(FIRST_BITS - 1, -1, -1):
        places = np.where(places > 0, tree[np.maximum(places, 0) + (steps >> shift & 1)], places)
    return places


def _told(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """What stands for records of data; those far behind the end of any file are all the same."""
    return np.maximum(numbers, 1 - PLACES_MAX)


def _children(nodes: Nodes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The two records of each node, which are of 24, 28 or 32 bits; of 28 the middle byte has the highest of both."""
    size = nodes.shape[1]
    columns = [nodes[:, column].astype(np.int64) for column in range(size)]
    half = size // 2
    left, right = columns[:half], columns[size - half :]
    if size == 7:
        left, right = [columns[3] >> 4, *left], [columns[3] & 15, *right]
    return _number(left), _number(right)


def _number(columns: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    value = columns[0]
    for column in columns[1:]:
        value = value << 8 | column
    return value


def geo(record: Record) -> tuple[bytes, ...]:
    """Continent, country (code, name), region (code, name), city and place, as a City or a Country database has them."""
    country, regions = below(record, "country"), below(record, "subdivisions")
    region = regions[-1] if isinstance(regions, list) and regions else None
    codes = [below(each, "iso_code") for each in (country, region)]
    region_code = "-".join(codes) if all(isinstance(code, str) and code for code in codes) else None
    return (
        _text(below(record, "continent", "names", LANGUAGE)),
        _text(codes[0]),
        _text(below(country, "names", LANGUAGE)),
        _text(region_code),
        _text(below(region, "names", LANGUAGE)),
        _text(below(record, "city", "names", LANGUAGE)),
        _point(below(record, "location", "latitude"), below(record, "location", "longitude")),
    )


def owner(record: Record) -> tuple[bytes, ...]:
    """The autonomous system's number and organization, as an ASN or an ISP database has them."""
    number = below(record, "autonomous_system_number")
    whole = is_whole(number) and 0 < number < 1 << 32
    return b"%d" % number if whole else b"", _text(below(record, "autonomous_system_organization"))


def _text(value: object) -> bytes:
    return remembered(value) if isinstance(value, str) and value else b""


def _point(latitude: object, longitude: object) -> bytes:
    """A place that a server takes as one, or nothing."""
    if not isinstance(latitude, float) or not isinstance(longitude, float):
        return b""
    is_on_earth = abs(latitude) <= LATITUDE_MAX and abs(longitude) <= LONGITUDE_MAX  # what is no number is not
    return remembered({"lat": latitude, "lon": longitude}) if is_on_earth else b""
