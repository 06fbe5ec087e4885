"""Events of applications as somebody writes them who means ill: each a JSON object, or nearly, in one line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

__all__ = ["HOSTILE", "TIME"]

TIME = b'"@timestamp":"2026-11-01T12:00:00Z"'
NUMBERS = (
    "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615",
    "18446744073709551616", "1" + "0" * 400, "-1" + "0" * 400, "1e400", "-1e400", "1e-400", "1E+308", "1.7976931348623159e308",
    "0." + "1" * 400, "-0", "-0.0", "1.0", "123456789012345678901234567890.5",
)  # fmt: skip
SURROGATES = (r"\ud800", r"\udc00", r"\udfff\ud800", r"\ud83d\ude00", r"a\uD83Dz", r"\\ud800", r"\u0000", r"\ufeff")
NAMES = (
    "__proto__", "constructor", "prototype", "toString", "_id", "_index", "_source", "_type", "_routing", "_ignored",
    "_field_names", ".", "..", "...", ".a", "a.", "a..b", " ", "", " a ", "*", "a*", "$ref", "@timestamp ", "#", "\t", "\u2028",
    "json", "value", "app", "app.app", "extra", "event", "event.id", "log.offset", "aws", "aws.s3", "cloud.provider",
    "unmapped", "tags", "ecs.version",
)  # fmt: skip
LEAVES: tuple[Any, ...] = (1, "x", True, None, [], {}, [1, "x"], {"x": 1}, [{"x": 1}, {"x": "y"}, [[[1]]]], "-", "1.5", 1.5)
DOTTED: tuple[dict[str, Any], ...] = (
    {"a": 1, "a.b": 2},
    {"a.b": 1, "a": {"b": {"c": 2}}},
    {"a": {"b.c": 1, "b": {"c": [2], "c.d": 3}}, "a.b": {"c": {}}, "a.b.c": "x"},
    {"log": "text", "log.level": "warn"},
    {"log.level": {"name": "warn"}, "log": {"level": "error"}},
    {"service": {"name": {"x": 1}}, "service.name": ["a"]},
    {"service": ["a", {"name": "b"}], "service.name": "c"},
    {"service.name": "a", "service": {"name": "b", "name.x": "c"}, "service.name.x": 1},
    {"http": 1, "http.request": "GET", "http.request.method": {"a": 1}},
    {"http.response": {"status_code": "none"}, "http": {"response.status_code": 404}},
    {"source": "192.0.2.1", "source.ip": "nowhere", "client": {"ip": ["10.0.0.1", "x"]}},
    {"message": {"a": {"b": 1}}, "msg": ["x", {"y": 1}], "level": {}, "severity": [[]]},
    {"trace": {"id": {}}, "trace.id": 7, "trace_id": [8]},
    {"tags": {"a": 1}, "tags.a": "b"},
    {"error": "boom", "error.message": {"text": "x"}, "error.type": True},
    {"event": {"duration": 1e30, "outcome": 1}, "event.action": "\u0000"},
    {"event.duration": 10**30, "user": {"id": -(2**70), "name": None}, "user.id": 2**63},
)


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _members() -> Iterator[str]:
    """What stands behind the time in the event."""
    for levels in (8, 15, 16, 17, 30, 120, 900, 5000):
        yield '"deep":' + '{"a":' * levels + "1" + "}" * levels
        yield '"deep":' + "[" * levels + "1" + "]" * levels
        yield '"deep":' + '[{"a":' * (levels // 2) + "{}" + "}]" * (levels // 2)
    for count in (400, 999, 1000, 1001, 5000):
        yield ",".join(f'"k{number}":{number}' for number in range(count))
        yield '"many":{' + ",".join(f'"k{number}":"v"' for number in range(count)) + "}"
        yield '"many":[' + ",".join(f'{{"k{number % 7}":{number}}}' for number in range(count)) + "]"
    for size in (255, 256, 257, 8000, 33_000, 70_000):
        yield f'"{"n" * size}":1'
        yield f'"in":{{"{"é" * (size // 2)}":{{"x":"y"}}}}'
        yield f'"long":"{"v" * size}"'
        yield f'"message":"{"m" * size}","log.level":"{"l" * size}"'
    for name in ("k", "message", "service", "service.name", "source.ip", "@timestamp"):
        for one, other in zip(LEAVES, (*LEAVES[1:], LEAVES[0]), strict=True):
            yield f'"{name}":{_written(one)},"{name}":{_written(other)}'
        yield f'"in":{{"{name}":1,"{name}":{{"{name}":2,"{name}":[3]}}}}'
    for number in NUMBERS:
        yield f'"n":{number},"in":[{{"n":[{number}]}}]'
        yield f'"event.duration":{number},"http":{{"response":{{"status_code":{number}}}}},"message":{number}'
    for escape in SURROGATES:
        yield f'"s":"{escape}","message":"{escape}","in":[{{"s":"a{escape}b"}}]'
        yield f'"{escape}":1,"in":{{"x{escape}":{{"{escape}":"y"}}}}'
    for name in NAMES:
        for leaf in LEAVES:
            yield f"{_written(name)}:{_written(leaf)}"
        yield f'"in":{{{_written(name)}:{{{_written(name)}:1}}}}'
    for turn in range(60):  # one member after another of each type, which no mapping takes together
        yield f'"changing":{_written(LEAVES[turn % len(LEAVES)])},"of.each":{_written(LEAVES[turn % 7])}'
    for record in DOTTED:
        yield _written(record)[1:-1]
        yield _written({"in": [record, {"deeper": record}]})[1:-1]


BROKEN = (
    b"{" + TIME + b',"a":1',
    b"{" + TIME + b",}",
    b"{" + TIME + b',"a":}',
    b"{" + TIME + b',"a":NaN}',
    b"{" + TIME + b",'a':1}",
    b"{" + TIME + b',"a":"\xff\xfe","\xc3(":"\xed\xa0\x80"}',
    b"{" + TIME + b',"a":"\x00\x1f"}',
    b"{" * 3000,
    b"[" * 3000,
    b'{"a":' * 100_000,
)
HOSTILE = (*(b"{" + TIME + b"," + members.encode("utf-8", "surrogatepass") + b"}" for members in _members()), *BROKEN)
