"""S5: whatever the members of an event are, kernel and reference make the same of it, and what any mapping takes.

That a server does take it: `test_s5_…` in tests/integration/test_healing.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import orjson
import pytest

from ingestd.fastpath.parser import open_parser
from ingestd.formats.leaves import known_paths
from ingestd.formats.registry import formats
from ingestd.formats.table import DEPTH_MAX, MEMBERS_MAX, NAME_MAX, TEXT_MAX
from ingestd.model import PAD, Block, Documents, Framing, Source
from tests.fastpath.test_compiled import FRAMINGS, same
from tests.security.hostile_events import BROKEN, HOSTILE
from tests.setup.test_templates import OPENSEARCH, mapped

EVENTS = formats()["events"]
SOURCE = Source("bucket", "key", "etag", 1.7e9)


def read(lines: tuple[bytes, ...]) -> Documents:
    data = b"".join(line + b"\n" for line in lines)
    parser = open_parser(EVENTS, SOURCE, Framing(EVENTS.dataset, action=False))
    return parser.parse(Block(bytearray(data + bytes(PAD)), len(data), 0))


def leaves(value: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Paths and values of all but what is kept of a record, which has one field for all of it."""
    for name, below in value.items():
        path = prefix + name
        if isinstance(below, dict) and path != EVENTS.extra:
            yield from leaves(below, f"{path}.")
        else:
            yield path, below


def measured(value: Any) -> tuple[int, int, int]:
    """How many members, how many levels, and the longest name."""
    if not isinstance(value, dict | list):
        return 0, 0, 0
    below = [measured(each) for each in (value.values() if isinstance(value, dict) else value)]
    names = list(map(len, value)) if isinstance(value, dict) else []
    columns = list(zip((0, 0, 0), *below, strict=True))
    return len(names) + sum(columns[0]), 1 + max(columns[1]), max([*columns[2], *names])


def fits(kind: str, value: Any) -> bool:
    """Whether a mapping takes such a value for a field of this type."""
    if isinstance(value, list):
        return all(fits(kind, each) for each in value)
    if kind == "long":
        return type(value) is int and -(2**63) <= value < 2**63
    if kind == "ip":
        return bool(ip_address(value))
    return isinstance(value, dict if kind == "flat_object" else str)


@pytest.mark.parametrize("name", ["events", "lambda_json", "cloudtrail"])
def test_s5_the_kernel_makes_the_same_of_it(name: str) -> None:
    """Deep, many, long, doubled, dotted and forged members, each alone and all of them behind each other."""
    for line in HOSTILE:
        same(formats()[name], line + b"\n", FRAMINGS["bulk"])
    same(formats()[name], b"".join(line + b"\n" for line in HOSTILE), FRAMINGS["with all"])


def test_s5_each_event_has_one_outcome() -> None:
    """Each becomes a document or a reject, and but for what is no JSON, or of a depth that none reads, a document."""
    documents = read(HOSTILE)
    assert documents.lines == len(HOSTILE) == len(documents) + len(documents.rejects)
    begins = {0}
    for line in HOSTILE:
        begins.add(max(begins) + len(line) + 1)
    ends = [*documents.offsets.tolist(), *(reject.offset for reject in documents.rejects)]
    assert len(set(ends)) == len(ends)
    assert set(ends) <= begins
    assert {reject.reason for reject in documents.rejects} == {"bad_json"}
    assert len(documents.rejects) < len(BROKEN) + 20


@pytest.mark.parametrize(("text", "pieces"), [("v" * 30_000, 0), ("v" * 30_001, 4), ("é" * 15_001, 2), ("😀" * 7501, 1)])
def test_s5_a_text_too_long_for_a_term_is_kept_in_pieces(text: str, pieces: int) -> None:
    """All of it is there, wherever it stands, and a server takes each piece."""
    record = orjson.dumps({"long": text, "in": [{"deeper": text}]})
    (document,) = [orjson.loads(line) for line in bytes(read((record,)).data).splitlines()]
    for kept in (document["app"]["long"], document["app"]["in"][0]["deeper"]):
        assert (len(kept) if isinstance(kept, list) else 0, "".join(kept)) == (pieces, text)


def test_s5_no_field_is_made_and_all_bounds_hold() -> None:
    """Each field is one that the mapping has, of its type, and what a record has besides is within the bounds of one field."""
    types, known = {path: field["type"] for path, field in mapped(OPENSEARCH, "events").items()}, known_paths([EVENTS])
    documents = read(HOSTILE)
    folded = 0
    for index in range(len(documents)):
        document = orjson.loads(documents.body(index))
        for path, value in leaves(document):
            assert path in known
            assert fits(types[path], value), path
        kept = document.get(EVENTS.extra, {})
        members, levels, longest = measured(kept)
        assert (members <= MEMBERS_MAX, levels <= DEPTH_MAX, longest <= NAME_MAX) == (True, True, True)
        pieces = [kept["json"]] if isinstance(kept.get("json"), str) else kept.get("json")
        if isinstance(pieces, list) and len(kept) == 1 and all(isinstance(piece, str) for piece in pieces):
            assert all(len(piece) <= TEXT_MAX for piece in pieces)
            folded += 1
    assert folded > 10
