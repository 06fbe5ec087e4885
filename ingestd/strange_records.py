"""Records as the world writes them: the odd ones among plausible JSON records, made by the table's own columns.

Most become documents; broken ones are there to be rejected. None holds a newline.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import orjson

from ingestd.formats.table import Table
from ingestd.strange import BAD, ODD

__all__ = ["StrangeRecords"]

WRONG: tuple[Any, ...] = (
    None,
    "",
    "-",
    {},
    [],
    True,
    False,
    0,
    -1,
    1.5,
    1e300,
    [1, "a", None],
    {"a": {"b": [1]}},
    [{"name": "x", "value": 1}],
)
NAMES = ("new", "a.b", "", "ünï", "x" * 300, "quote\"d", "@timestamp.x")  # fmt: skip
BROKEN = (b"{", b'{"a"}', b'{"a":1', b'{"a":01}', b'{"a":tru}', b'{"a":"\\x"}', b'{"a":1}}', b'"text"', b"[", b"null", b"{]")
UNICODE = (b'"\\ud83d\\ude00"', b'"\\ud83d"', b'"\\udc00 \\\\ud800"', b'"\xff\xfe"', b'"\\u0000\\u001f\\/"', b'"\xed\xa0\x80"')


class StrangeRecords:
    """Makes strange records of plausible ones, for one table."""

    def __init__(self, table: Table) -> None:
        self._table = table
        plain = [column for column in table.columns if "[" not in column.name]
        self._odd = [(c.name, value) for c in plain for r in c.readings[:1] for value in ODD.get(type(r), ())]
        self._odd += [(c.name, value) for c in plain if not any(type(r) in BAD for r in c.readings) for value in WRONG]
        self._bad = [(c.name, value) for c in plain for r in c.readings[:1] for value in BAD.get(type(r), ())]
        self._kinds: tuple[Callable[[bytes, Random], bytes], ...] = (
            *20 * (self._with_odd_values,),
            *2 * (self._with_bad_value,) * bool(self._bad),
            *2 * (self._with_new_members, self._with_unicode, self._with_less, self._spaced),
            self._with_deep_member,
            self._with_many_members,
            self._broken,
        )

    def line(self, line: bytes, random: Random) -> bytes:
        """A strange record made of `line`, which is a plausible one."""
        return random.choice(self._kinds)(line, random).replace(b"\n", b" ")

    def _with_odd_values(self, line: bytes, random: Random) -> bytes:
        record = orjson.loads(line)
        for _ in range(random.randrange(1, 4)):
            _put(record, *random.choice(self._odd))
        return orjson.dumps(record)

    def _with_bad_value(self, line: bytes, random: Random) -> bytes:
        record = orjson.loads(line)
        _put(record, *random.choice(self._bad))
        return orjson.dumps(record)

    def _with_new_members(self, line: bytes, random: Random) -> bytes:
        record = orjson.loads(line)
        for _ in range(random.randrange(1, 4)):
            record[random.choice(NAMES)] = random.choice(WRONG)
        return orjson.dumps(record)

    def _with_unicode(self, line: bytes, random: Random) -> bytes:
        name = random.choice(self._table.columns).name.partition(".")[0]
        return line[:-1] + b"," + orjson.dumps(name) + b":" + random.choice(UNICODE) + b"}"

    def _with_less(self, line: bytes, random: Random) -> bytes:
        record = orjson.loads(line)
        for name in random.sample(sorted(record), k=random.randrange(len(record))):
            del record[name]
        return orjson.dumps(record)

    def _spaced(self, line: bytes, random: Random) -> bytes:
        return b" \t" + orjson.dumps(orjson.loads(line), option=orjson.OPT_INDENT_2).replace(b"\n", b" \r") + b" "

    def _with_deep_member(self, line: bytes, random: Random) -> bytes:
        levels = random.choice((5, 20, 300, 2000))
        return line[:-1] + b',"deep":' + b'{"a":[' * levels + b"1" + b"]}" * levels + b"}"

    def _with_many_members(self, line: bytes, random: Random) -> bytes:
        members = b",".join(b'"k%d":%d' % (number, number) for number in range(random.choice((999, 1001, 1500))))
        return line[:-1] + b',"many":{' + members + b"}}"

    def _broken(self, line: bytes, random: Random) -> bytes:
        return random.choice((*BROKEN, line[: random.randrange(len(line))], random.randbytes(random.randrange(1, 200)), b""))


def _put(record: dict[str, Any], path: str, value: Any) -> None:
    """Set the member at a path, by objects or by a name with dots, whatever was there."""
    *objects, last = path.split(".")
    for name in objects:
        if not isinstance(record.get(name), dict):
            record[name] = {}
        record = record[name]
    record[last] = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
