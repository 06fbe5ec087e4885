"""A field that is folded for its many members is folded by the kernel as by the reference, wherever the members stand."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from ingestd.fastpath.parser import open_parser
from ingestd.fastpath.reference import ReferenceParser
from ingestd.formats.registry import formats
from ingestd.formats.table import MEMBERS_MAX
from ingestd.model import Block, Framing, Source

SOURCE = Source("bucket", "key", "etag", 1.7e9)
HALF = MEMBERS_MAX // 2


@pytest.mark.parametrize("name", ["cloudtrail", "events", "s3access_json", "waf"])
@pytest.mark.parametrize(
    "members",
    [
        {"many": [{"name": "a", "value": "b"}] * (HALF - 2)},
        {"many": [{"name": "a", "value": "b"}] * HALF},
        {"many": [{"name": "a", "value": "b"}] * (HALF + 1)},
        {"one": [{"n": 1}] * (HALF + 100), "other": [{"n": 1}] * (HALF + 100)},
        {"userIdentity": [{"a": [{"b": 1}] * 3}] * 300},
    ],
)
def test_members_of_closed_objects_count(name: str, members: dict[str, Any]) -> None:
    """Of arrays of objects, and of several members that one field takes."""
    record = orjson.dumps({"eventTime": "2026-11-01T12:00:00Z", "timestamp": 1_793_534_400_000} | members) + b"\n"
    made = [
        parser(formats()[name], SOURCE, Framing("dataset", action=False)).parse(
            Block(bytearray(record + bytes(64)), len(record), 0)
        )
        for parser in (open_parser, ReferenceParser)
    ]
    assert bytes(made[0].data) == bytes(made[1].data)
    assert [each.lines for each in made] == [1, 1]
    assert made[0].rejects == made[1].rejects
