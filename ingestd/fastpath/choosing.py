"""What a table's rules say of a line, slowly: the definition in formats/rules.py, applied to leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from ipaddress import ip_address
from typing import Any

import orjson

from ingestd.core.sampling import draw, seed
from ingestd.fastpath.reading import Leaves
from ingestd.formats.rules import Choice, Condition, Test
from ingestd.formats.table import IpList, Items, Json, Mapped, Pairs, Table, Words
from ingestd.model import Ruled

__all__ = ["Choosing", "becomes_text", "summed"]

TEXTS = {"keyword", "wildcard", "text"}
NO_STRINGS = IpList | Items | Json | Mapped | Pairs | Words
REDACTED = b'"REDACTED"'


class Choosing:
    """The rules of one table, for the lines of one object; `name`: the object's id. `told` is what they did, if `tells`."""

    def __init__(self, table: Table, name: str, *, tells: bool = False) -> None:
        self.told: list[Ruled] = []
        self._tells = tells
        self._seed = seed(name)
        self._choices = table.rules.choices
        self._redacted = {path: REDACTED if becomes_text(table, path) else b"" for path in table.rules.redacted}

    def dropped_by(self, leaves: Leaves, offset: int, event: str) -> str:
        """The name of the rule by which the line becomes no document. Nothing if it becomes one; what documents are not to show
        has been taken out then. `event`: the id of one."""
        choice = next((choice for choice in self._choices if _fits(choice, leaves)), None)
        if choice is not None:
            is_kept = choice.one_in and self._draw(offset, event) % choice.one_in == 0
            self._tell(Ruled("kept" if is_kept else "dropped", choice.name, "", offset, event))
            if not is_kept:
                return choice.name
        for path, instead in self._redacted.items():
            if path in leaves:
                leaves[path] = instead
                self._tell(Ruled("redacted", "", path, offset, event))
        return ""

    def _draw(self, offset: int, event: str) -> int:
        """By its object's seed and its offset, or by its own seed if it is an event."""
        return draw(seed(event), 0) if event else draw(self._seed, offset)

    def _tell(self, ruled: Ruled) -> None:
        if self._tells:
            self.told.append(ruled)


def summed(counts: Iterable[tuple[tuple[str, int], ...]]) -> tuple[tuple[str, int], ...]:
    """How many lines each rule has dropped, out of several such counts."""
    total: Counter[str] = Counter()
    for by_rule in counts:
        total.update(dict(by_rule))
    return tuple(sorted(total.items()))


def becomes_text(table: Table, path: str) -> bool:
    """Whether a field that is redacted still stands there: it is a text, by each of its readings."""
    filling = [(reading, leaf.type) for reading in table.readings() for leaf in reading.leaves() if leaf.path == path]
    return all(kind in TEXTS and not isinstance(reading, NO_STRINGS) for reading, kind in filling)


def _fits(choice: Choice, leaves: Leaves) -> bool:
    return all(_holds(condition, leaves) for condition in choice.conditions)


def _holds(condition: Condition, leaves: Leaves) -> bool:
    leaf = leaves.get(condition.field, b"")
    if not leaf:
        return False
    value = orjson.loads(leaf)
    values = value if isinstance(value, list) else [value if isinstance(value, str) else leaf.decode()]
    return any(TESTS[condition.test](condition, each) for each in values)


def _is_within(condition: Condition, value: str) -> bool:
    number = Decimal(value)
    return (condition.least is None or number >= condition.least) and (condition.most is None or number <= condition.most)


def _is_from(condition: Condition, value: str) -> bool:
    address: Any = ip_address(value)
    return any(address in network for network in condition.networks)


def _by(test: Callable[[str, str], bool]) -> Callable[[Condition, str], bool]:
    return lambda condition, value: _any(test, value, condition.texts)


def _any(test: Callable[[str, str], bool], value: str, texts: Sequence[str]) -> bool:
    return any(test(value, text) for text in texts)


TESTS: dict[Test, Callable[[Condition, str], bool]] = {
    Test.EQUALS: _by(str.__eq__),
    Test.BEGINS: _by(str.startswith),
    Test.ENDS: _by(str.endswith),
    Test.CONTAINS: _by(str.__contains__),
    Test.WITHIN: _is_within,
    Test.FROM: _is_from,
}
