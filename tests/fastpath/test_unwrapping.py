"""Lines that came as the only member of JSON records are read as if they stood alone."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from ingestd.config import ObjectSettings
from ingestd.core.routing import Route, Router
from ingestd.fastpath.decoding import Decoding
from ingestd.fastpath.unwrapping import first_message
from ingestd.fastpath.ways import Ways
from ingestd.formats.registry import formats
from ingestd.model import Documents, Framing, RecordOrigin, Source

FLOW = "2 123456789012 eni-0a 192.0.2.1 192.0.2.2 443 5555 6 1 40 1700000000 1700000060 ACCEPT OK"
NODATA = "2 123456789012 eni-0a - - - - - - - 1700000000 1700000060 - NODATA"
HEADER = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
FEW = "too_few_columns"


def wrapped(*lines: str) -> list[bytes]:
    return [orjson.dumps({"message": line}) for line in lines]


def read(data: bytes, form: str = "auto", source: Source | None = None) -> tuple[str, list[Documents]]:
    ways = Ways(formats(), Router((), ("out",)), ("out",), lambda name, dataset: Framing(dataset, action=False, original=True))
    where, route = source or Source("bucket", "key", "etag", 0.0), Route(("out",), format=form)
    decoding = Decoding(ObjectSettings(), lambda head: ways.reader(where, route, head), formats().values())
    decoding.feed(data, is_last=True)
    found: list[Documents] = []
    while (step := decoding.step()) is not None:
        found += step
    assert decoding.reader is not None
    return decoding.reader.name, found


def documents(found: list[Documents]) -> list[dict[str, Any]]:
    return [orjson.loads(each.body(index)) for each in found for index in range(len(each))]


@pytest.mark.parametrize("between", [b"\n", b"\r\n", b"", b",\n", b"\n\n"])
def test_flow_logs(between: bytes) -> None:
    """However the records stand, their lines are flow logs, each with its record's place and the line as its original."""
    records = wrapped(HEADER, FLOW, NODATA + "\n")
    name, found = read(between.join(records))
    first, second = documents(found)
    assert name == "vpcflow"
    assert (first["event"]["original"], second["event"]["original"]) == (FLOW, NODATA)
    assert (first["source"]["ip"], second["aws"]["vpcflow"]["log_status"]) == ("192.0.2.1", "NODATA")
    assert first["log"]["offset"] in range(len(records[0]), len(records[0] + between) + 2)
    assert sum(each.lines for each in found) == 3
    assert sum(each.skipped for each in found) == 1


def test_each_record_has_one_outcome() -> None:
    """What holds no line is rejected as the format does; blank lines are skipped; newlines in a line are spaces."""
    data = b"\n".join([*wrapped(FLOW, "", "a\nb"), b'{"message": 1}', b'{"other": ""}', b"{broken", FLOW.encode()])
    name, found = read(data)
    reasons = [reject.reason for each in found for reject in each.rejects]
    assert (name, len(documents(found)), reasons) == ("vpcflow", 2, [FEW, FEW, "unterminated_quote", FEW])
    assert [reject.raw for each in found for reject in each.rejects][1].startswith(b'{"message": 1}')
    assert sum(each.lines for each in found) == 7
    assert sum(each.skipped for each in found) == 1


def test_events_stay_what_they_are() -> None:
    """A message of no known format is an application's event, and so is whatever a route says is one, or comes in a call."""
    assert read(wrapped("hello")[0])[0] == "events"
    assert read(wrapped(FLOW)[0], "events")[0] == "events"
    assert read(orjson.dumps({"message": FLOW, "level": "INFO"}))[0] == "events"
    call = Source("", "stream", "e", 0.0, record=RecordOrigin("stream", "", "id", 0))
    assert read(wrapped(FLOW)[0], source=call)[0] == "events"


def test_a_format_that_its_route_names() -> None:
    """Then the lines are of that format, recognised or not."""
    name, found = read(b"\n".join(wrapped(FLOW, FLOW)), "vpcflow")
    assert (name, len(documents(found))) == ("vpcflow", 2)


@pytest.mark.parametrize(
    ("head", "line"),
    [
        (b'{"message":"a\\nb\\r\\n"}', b"a\nb"),
        (b' [\n{\n "message" : "\\u00e9"\n}, {', "é".encode()),
        (b'{"message":"cut', None),
        (b'{"message":1}', None),
        (b'{"message":"a","x":1}', None),
        (b"message", None),
    ],
)
def test_first_message(head: bytes, line: bytes | None) -> None:
    """It is seen in the first record whatever follows, and only where that is whole and has nothing else."""
    assert first_message(head) == line
