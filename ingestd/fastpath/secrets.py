"""Where in a line the values of secret parameters stand, slowly: the definition in formats/rules.py."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingestd.formats.rules import PARAMETER_MAX
from ingestd.formats.table import Shape, Table

__all__ = ["Secrets"]

RUN_MAX = PARAMETER_MAX + 12  # of a name with what may stand right before and behind it: `\\u0026`, `%255D`
EQUALS = re.compile(rb"=|%(25)?3[Dd]")
EQUALS_IN_RECORD = re.compile(rb"=|%(25)?3[Dd]|\\u003[Dd]")
NAME = re.compile(rb"([%\\]?)([A-Za-z0-9_.-]*)(?:\]|%(?:25)?5[Dd])?\Z")
ENCODED_AMPERSAND = (rb"", rb"|%26", rb"|%26|%2526")  # by how often the equals sign is encoded
ESCAPES = {
    Shape.SPACED: rb"\\[^\x00- ]|",
    Shape.JSON: rb"\\(?![\x00- nrt\"]|u0026).|",
}


class Secrets:
    """The secrets in lines of one table."""

    def __init__(self, table: Table) -> None:
        self._names = {name.encode() for name in table.rules.masked}
        self._is_record = table.shape is Shape.JSON
        self._equals = EQUALS_IN_RECORD if self._is_record else EQUALS
        self._values = [_value(table, level) for level in range(3)]

    def spans(self, text: bytes) -> Iterator[tuple[int, int]]:
        """Begin and end of each, in whole lines or in an event."""
        at = 0
        while found := self._equals.search(text, at):
            at = found.end()
            if self._is_named(text[max(found.start() - RUN_MAX, 0) : found.start()]):
                level = 0 if len(found[0]) in (1, 6) else 2 if found[1] else 1
                value = self._values[level].match(text, at)
                if value and value.end() > at:
                    yield at, value.end()
                    at = value.end()

    def _is_named(self, before: bytes) -> bool:
        """Whether a name of a secret stands at the end of this."""
        found = NAME.search(before)
        if found is None:
            return False
        return any(name in self._names for name in self._names_in(found[1], found[2].lower()))

    def _names_in(self, mark: bytes, run: bytes) -> tuple[bytes, ...]:
        """What the name may be, without what an encoded character before it leaves."""
        if mark == b"%":
            return run[2:], run[4:] if run.startswith(b"25") else b""
        if mark == b"\\" and self._is_record:
            return (run[5:] if run.startswith(b"u") else run[1:],)
        return (run,)


def _value(table: Table, level: int) -> re.Pattern[bytes]:
    ends = re.escape(table.between) if table.between > b" " else b""
    stop = rb"(?!" + (rb"[\x00- \"&" + ends + rb"]") + ENCODED_AMPERSAND[level] + rb")"
    plain = rb"[^\\]" if table.shape in ESCAPES else rb"."
    return re.compile(rb"(?:" + stop + rb"(?:" + ESCAPES.get(table.shape, rb"") + plain + rb"))*+", re.DOTALL)
