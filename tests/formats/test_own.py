"""Formats that users describe: what they become, and what is said of wrong ones."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from ingestd.config import FormatSettings
from ingestd.config.mistakes import ConfigError
from ingestd.fastpath.parser import open_parser
from ingestd.fastpath.reference import ReferenceParser
from ingestd.formats.own import known_formats, own_formats
from ingestd.formats.registry import detect, formats
from ingestd.formats.table import Table
from ingestd.generate import lines
from ingestd.model import Block, Documents, Framing, Source

SOURCE = Source("bucket", "key", "etag", 1.7e9)
PIPED: dict[str, Any] = {
    "name": "piped",
    "shape": "csv",
    "separator": "|",
    "comments": ["//"],
    "key": "^app/",
    "dataset": "app.access",
    "required": 3,
    "columns": [
        {"name": "when", "type": "epoch", "field": "@timestamp"},
        {"name": "who", "type": "ip", "field": "source.ip"},
        {"name": "what", "type": "text", "field": "app.what", "percent": 1},
        {"name": "secret"},
        {"name": "tags", "type": "list", "field": "tags", "separator": ";"},
        {"name": "taken", "type": "decimal", "field": "app.taken"},
        {"name": "to", "type": "endpoint", "field": "destination"},
        {"name": "line", "type": "request"},
        {"name": "status", "type": "status"},
    ],
}
EDGE: dict[str, Any] = {
    "name": "edge",
    "base": "cloudfront_realtime",
    "fields": ["sc-status", "timestamp", "s-ip", "c-ip", "asn"],
    "content": r"\d{10}\.\d{3}\t",
}

RECORDS: dict[str, Any] = {
    "name": "orders",
    "shape": "json",
    "wrapper": "Orders",
    "content": r"Orders: .* order ",
    "columns": [
        {"name": "created", "type": "moment", "field": "@timestamp"},
        {"name": "order.id", "field": "order.id"},
        {"name": "order.Id", "field": "order.other_id"},
        {"name": "order.paid", "type": "boolean", "field": "order.paid"},
        {"name": "order.items[].sku", "type": "list", "field": "order.skus"},
        {"name": "order.items"},
        {"name": "order.address", "type": "json", "field": "order.address"},
    ],
}


def own(**settings: Any) -> Table:
    return own_formats([FormatSettings.model_validate(settings)])[settings["name"]]


def parse(table: Table, data: bytes) -> Documents:
    return open_parser(table, SOURCE, Framing(table.dataset, action=False)).parse(Block(bytearray(data), len(data), 0))


def documents(table: Table, data: bytes) -> list[dict[str, Any]]:
    result = parse(table, data)
    return [orjson.loads(result.body(index)) for index in range(len(result))]


def test_delimited_log() -> None:
    """A user's own columns are read as their types say, and go where their fields say."""
    line = b'1700000000.5|192.0.2.1|"a%20""b""|c"|hidden|x;y;-|1.50|192.0.2.2:443|GET /a?b HTTP/1.1|404|new\n// remark\n'
    (document,) = documents(own(**PIPED), line)
    assert document["@timestamp"] == "2023-11-14T22:13:20.5Z"
    assert document["source"] == {"ip": "192.0.2.1"}
    assert document["app"] == {"what": 'a "b"|c', "taken": 1.5}
    assert document["tags"] == ["x", "y"]
    assert document["destination"] == {"ip": "192.0.2.2", "port": 443}
    assert (document["url"]["path"], document["http"]["response"]["status_code"]) == ("/a", 404)
    assert document["event"] == {"outcome": "failure", "kind": "event", "dataset": "app.access"}
    assert document["aws"]["piped"]["extra"] == ["new"]
    assert "hidden" not in str(document)


def test_lines_shorter_than_required_are_rejected() -> None:
    """What a line must have is asked for, and what it may have is not."""
    result = parse(own(**PIPED), b"1700000000|192.0.2.1\n1700000000|somebody|what\n")
    assert [reject.reason for reject in result.rejects] == ["too_few_columns"]
    assert orjson.loads(result.body(0))["source"] == {"address": "somebody"}


def test_all_columns_are_required_unless_said_otherwise() -> None:
    """Without a number every column must be reached."""
    table = own(**{name: value for name, value in PIPED.items() if name != "required"})
    assert table.required == len(table.columns)


def test_chosen_fields_of_a_known_format() -> None:
    """Of CloudFront's real-time fields those that are chosen stand in a line, in CloudFront's order."""
    table = own(**EDGE)
    assert [column.name for column in table.columns] == ["timestamp", "c-ip", "s-ip", "sc-status", "asn"]
    (document,) = documents(table, b"1700000000.123\t192.0.2.1\t198.51.100.1\t200\t64500\n")
    assert document["@timestamp"] == "2023-11-14T22:13:20.123Z"
    assert document["source"] == {"ip": "192.0.2.1", "as": {"number": 64500}}
    assert document["destination"] == {"ip": "198.51.100.1"}
    assert document["event"]["dataset"] == "aws.cloudfront_logs"


def test_fields_in_the_user_s_order() -> None:
    """Where the order is the user's, it is the line's."""
    table = own(name="flows", base="vpcflow", fields=["action", "dstaddr", "end"], key="flows")
    (document,) = documents(table, b"REJECT  10.0.0.1 1700000000\n")
    assert (document["event"]["outcome"], document["destination"]["ip"]) == ("failure", "10.0.0.1")


CHOSEN = {"name": "chosen", "base": "alb", "fields": ["elb_status_code", "client:port", "user_agent", "time"], "key": "x"}
DELIVERED = (
    b"#Version: 1.0\n#Fields: time elb_status_code client_port user_agent\n"
    b'2026-11-01T00:00:00Z\t404\t192.0.2.1:5\ta b\n2026-11-01T00:00:00Z\t404\t192.0.2.1:5\t"a b"\n'
)


@pytest.mark.parametrize(
    ("settings", "data"),
    [
        ({}, b'# a note\n404 192.0.2.1:5 "a b" 2026-11-01T00:00:00Z\n'),
        ({"separator": "\t"}, b"404\t192.0.2.1:5\ta b\t2026-11-01T00:00:00Z\n"),
        ({"separator": "\t", "header": "#Fields:"}, DELIVERED),
    ],
)
def test_fields_of_a_load_balancer_s_log(settings: dict[str, str], data: bytes) -> None:
    """As the user chose and separated them when its delivery was set up, by a header's names where there is one."""
    made = documents(own(**CHOSEN, **settings), data)
    assert len(made) == data.count(b"404")
    for document in made:
        assert (document["@timestamp"], document["user_agent"]) == ("2026-11-01T00:00:00Z", {"original": "a b"})
        assert document["source"] == {"ip": "192.0.2.1", "port": 5}
        assert document["http"]["response"]["status_code"] == 404


@pytest.mark.parametrize(
    ("base", "fields", "line", "rejects"),
    [
        ("vpcflow", ["action", "end"], b"REJECT -\n", 0),  # without `start`, which is read where there is no `end`
        ("cloudfront", ["date", "c-ip"], b"2026-11-01\t192.0.2.1\n", 1),  # without `time`, which makes a date a time
    ],
)
def test_a_choice_of_fields_without_what_another_reads(base: str, fields: list[str], line: bytes, rejects: int) -> None:
    """A column that was not chosen is absent, also for a column that is read with it."""
    table = own(name="chosen", base=base, fields=fields, key="x")
    block = Block(bytearray(line), len(line), 0)
    for parser in (open_parser, ReferenceParser):
        result = parser(table, SOURCE, Framing(table.dataset, action=False)).parse(block)
        assert (len(result), [reject.reason for reject in result.rejects]) == (1 - rejects, ["missing_timestamp"] * rejects)


@pytest.mark.parametrize(
    ("settings", "key", "head", "name"),
    [
        (PIPED, "app/1", b"1|2|3", "piped"),
        (PIPED, "app/1", b"2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 20 4249 1772600000 1772600060 ACCEPT OK", "piped"),
        (PIPED, "an/app/1", b"1|2|3", None),
        (PIPED, "an/app/1", b"2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 20 4249 1772600000 1772600060 ACCEPT OK", "vpcflow"),
        (RECORDS, "any", b'{"Orders":[{"created":1,"order":{}}]}', "orders"),
        (RECORDS, "any", b'{"created":1,"order":{}}', "events"),
        (EDGE, "any", b"1700000000.123\t192.0.2.1\t", "edge"),
        (EDGE, "any", b"1700000000\t192.0.2.1\t", None),
        ({**EDGE, "key": "^edge/"}, "edge/1", b"1700000000.123\t192.0.2.1\t", "edge"),
        ({**EDGE, "key": "^edge/"}, "other/1", b"1700000000.123\t192.0.2.1\t", None),
        ({**EDGE, "content": None}, "any", b"1700000000.123\t192.0.2.1\t", None),
    ],
)
def test_recognised_as_the_user_says(settings: dict[str, Any], key: str, head: bytes, name: str | None) -> None:
    """An object is of a user's format if its key and its beginning are as the user says, whatever else it might be."""
    known = known_formats([FormatSettings.model_validate(settings)])
    found = detect(key, head, known)
    assert (found.name if found else None) == name
    assert list(known) == [settings["name"], *formats()]


@pytest.mark.parametrize(
    "settings", [PIPED, EDGE, RECORDS, {**PIPED, "shape": "tabbed", "separator": None}, {**PIPED, "shape": "spaced"}]
)
def test_samples(settings: dict[str, Any]) -> None:
    """A user's format has plausible and strange lines too, and each has one outcome."""
    table = own(**settings)
    assert len(parse(table, table.sample(None).encode() + b"\n")) == 1  # type: ignore[arg-type]  # nothing is drawn
    result = parse(table, b"".join(line + b"\n" for line in lines(table, 500, 1, strange=0.5)))
    assert result.lines == 500 == len(result) + len(result.rejects) + result.skipped
    assert len(result) > 250


WORDY: dict[str, Any] = {
    "name": "wordy",
    "shape": "pattern",
    "patterns": [
        r"(?P<when>[^ ]+) \[(?P<level>[A-Z]+)\] took (?P<taken>[0-9.]+)s",
        r"(?P<when>[^ ]+) \[(?P<level>[A-Z]+)\] (?P<text>.*)",
    ],
    "columns": [
        {"name": "when", "type": "time", "field": "@timestamp"},
        {"name": "level", "field": "log.level"},
        {"name": "taken", "type": "decimal", "field": "app.taken"},
        {"name": "text", "field": "message"},
    ],
}


def test_described_by_patterns() -> None:
    """The first pattern that is the whole line says what its columns are; a line that is none is rejected."""
    data = b"2025-06-10T15:36:28Z [INFO] took 1.5s\n2025-06-10T15:36:28Z [WARN] took long\n2025-06-10T15:36:28Z nothing\n"
    first, second = documents(own(**WORDY), data)
    assert (first["log"]["level"], first["app"], "message" in first) == ("INFO", {"taken": 1.5}, False)
    assert (second["log"]["level"], second["message"]) == ("WARN", "took long")
    assert [(reject.reason, reject.column) for reject in parse(own(**WORDY), data).rejects] == [("no_pattern", "")]


def test_other_variables_of_api_gateway() -> None:
    """Patterns may be of a known format's columns: API Gateway's variables, in an order of one's own."""
    table = own(
        name="mine",
        base="apigateway_text",
        shape="pattern",
        patterns=[r"(?P<requestTimeEpoch>\d+) (?P<requestId>[^ ]+) (?P<status>\d+) (?P<integrationLatency>\d+|-)"],
    )
    (document,) = documents(table, b"1749569788123 abc 504 29000\n")
    assert document["@timestamp"] == "2025-06-10T15:36:28.123Z"
    assert document["aws"]["apigateway"] == {"request_id": "abc", "integration_latency": 29000}
    assert (document["event"]["outcome"], document["event"]["dataset"]) == ("failure", "aws.apigateway_logs")


def test_pattern_takes_linear_time() -> None:
    """A megabyte that nearly matches, in a way that makes others go back without end, is rejected like any line."""
    table = own(**{**WORDY, "patterns": [r"(?P<when>(?:x+x+)+y)(?P<level>.*)(?P<taken>.*)(?P<text>.*)z"]})
    assert [reject.reason for reject in parse(table, b"x" * (1 << 20) + b"\n").rejects] == ["no_pattern"]


COLUMNS = [{"name": "t", "type": "time", "field": "@timestamp"}, {"name": "a", "field": "a.b"}]


@pytest.mark.parametrize(
    ("settings", "path", "found", "allowed"),
    [
        ({"columns": [*COLUMNS, {"name": "A", "field": "c"}]}, "format.0.columns.2.name", "'A'", "once"),
        ({"columns": [*COLUMNS, {"name": "c", "field": "a"}]}, "format.0.columns.2", "'a'", "inside"),
        ({"columns": [*COLUMNS, {"name": "c", "field": "a.b.c"}]}, "format.0.columns.2", "'a.b.c'", "inside"),
        (
            {"columns": [*COLUMNS, {"name": "c", "field": "a.b", "type": "integer"}]},
            "format.0.columns.2",
            "'a.b'",
            "type keyword",
        ),
        ({"columns": [*COLUMNS, {"name": "c", "field": "cloud.region"}]}, "format.0.columns.2", "'cloud.region'", "otherwise"),
        ({"columns": [*COLUMNS, {"name": "c", "field": "aws"}]}, "format.0.columns.2", "'aws'", "otherwise"),
        (
            {"columns": [*COLUMNS, {"name": "c", "field": "x", "type": "request"}]},
            "format.0.columns.2.field",
            "'x'",
            "of its own",
        ),
        (
            {"shape": "pattern", "patterns": ["(?P<t>.*)(?P<a>"], "columns": COLUMNS},
            "format.0.patterns.0",
            "'(?P<t>.*)(?P<a>'",
            "RE2",
        ),
        (
            {"shape": "pattern", "patterns": [r"(?P<t>.)(?=x)"], "columns": COLUMNS},
            "format.0.patterns.0",
            "'(?P<t>.)(?=x)'",
            "RE2",
        ),
        (
            {"shape": "pattern", "patterns": ["(?P<t>.)", "(?P<t>.)(?P<t>.)(?P<a>.)"], "columns": COLUMNS},
            "format.0.patterns.1",
            "'(?P<t>.)(?P<t>.)(?P<a>.)'",
            "two groups",
        ),
        (
            {"shape": "pattern", "patterns": ["(?P<t>.)(?P<a>.)(?P<b>.)"], "columns": COLUMNS},
            "format.0.patterns.0",
            "'b'",
            "t, a",
        ),
        ({"shape": "pattern", "patterns": ["(?P<t>.*)"], "columns": COLUMNS}, "format.0.columns.1.name", "'a'", "group"),
        ({"base": "apigateway_text", "shape": "pattern", "patterns": ["(?P<x>.*)"]}, "format.0.patterns.0", "'x'", "requestId"),
        ({"columns": COLUMNS[1:]}, "format.0", "no column for @timestamp", "dated_by_object"),
        ({"columns": [{"name": "t", "field": "@timestamp"}]}, "format.0", "'@timestamp'", "epoch"),
        ({"shape": "json", "columns": COLUMNS, "required": 2}, "format.0.required", "2", "none for records"),
        ({"base": "waf", "fields": ["timestamp"], "separator": "|"}, "format.0.separator", "'|'", "none for records"),
        ({"columns": COLUMNS, "wrapper": "Records"}, "format.0.wrapper", "'Records'", "json"),
        ({"base": "vpcflow", "fields": ["end", "begin"]}, "format.0.fields.1", "'begin'", "start"),
        ({"base": "vpcflow", "fields": ["end", "end"]}, "format.0.fields.1", "'end'", "once"),
        ({"base": "cloudfront", "fields": ["c-ip"]}, "format.0", "no column for @timestamp", "dated_by_object"),
    ],
)
def test_mistakes(settings: dict[str, Any], path: str, found: str, allowed: str) -> None:
    """A table that could not be one is refused, in words about the setting."""
    with pytest.raises(ConfigError) as caught:
        own(name="x", **settings)
    (mistake,) = caught.value.mistakes
    assert (mistake.path, mistake.found) == (path, found)
    assert allowed in mistake.allowed


def test_records() -> None:
    """A user's own members of JSON records go where their fields say, and what else there is to one object."""
    record = (
        b'{"created":1700000000123,"order":{"id":7,"Id":8,"paid":true,"items":[{"sku":"a","n":1},{"sku":"b"}],'
        b'"address":{"city":"Ulm"},"note":"x"},"new":[1]}\n'
    )
    (document,) = documents(own(**RECORDS), record)
    assert document["@timestamp"] == "2023-11-14T22:13:20.123Z"
    assert document["order"] == {
        "id": "7", "other_id": "8", "paid": True, "skus": ["a", "b"], "address": {"city": "Ulm"}
    }  # fmt: skip
    assert document["aws"]["orders"]["extra"] == {"order": {"note": "x"}, "new": [1]}


def test_chosen_members_of_a_known_format() -> None:
    """Of a known format's members those that are chosen are read, the others are kept together."""
    table = own(name="trail", base="cloudtrail", fields=["eventName", "eventTime"])
    (document,) = documents(table, b'{"eventTime":"2026-11-01T12:00:00Z","eventName":"PutItem","awsRegion":"eu-west-1"}\n')
    assert document["event"]["action"] == "PutItem"
    assert document["aws"]["cloudtrail"]["extra"] == {"awsRegion": "eu-west-1"}


def test_time_of_the_object() -> None:
    """A log without times is dated by its objects where its user says so."""
    (document,) = documents(own(name="x", columns=COLUMNS[1:], dated_by_object=True), b"words\n")
    assert document["@timestamp"] == "2023-11-14T22:13:20Z"
