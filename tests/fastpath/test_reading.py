"""A value into leaves, reading by reading: each table is the definition in formats/table.py, by example."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from ingestd.fastpath.reading import read
from ingestd.fastpath.unreadable import Unreadable
from ingestd.formats.table import (
    Decimal,
    Endpoint,
    Instant,
    Integer,
    Ip,
    IpList,
    Reading,
    Request,
    Status,
    Text,
    Tls,
    Version,
    Words,
)


def leaves(reading: Reading, value: bytes) -> dict[str, Any]:
    return {path: orjson.loads(text) for path, text in read(reading, value).items()}


def texts(reading: Reading, value: bytes) -> list[str]:
    return [text.decode() for text in read(reading, value).values()]


@pytest.mark.parametrize(
    ("percent", "value", "text"),
    [
        (0, b"a%20b", "a%20b"),
        (1, b"a%20b%2520", "a b%20"),
        (2, b"a%20b%2520%252520", "a b %20"),
        (2, b"%", "%"),
        (2, b"%4%zz%%41+", "%4%zz%A+"),
        (2, b"%25%34%31", "A"),
        (1, b"%C3%a9 \xc3\xa9", "é é"),
        (1, b"%ff", "\ufffd"),
        (0, b"\xc3( \xe6\xb5x \xed\xa0\x80", "\ufffd( \ufffdx \ufffd\ufffd\ufffd"),
        (1, b"%00%22%5c", '\0"\\'),
        (1, b"%2D", "-"),
    ],
)
def test_text(percent: Any, value: bytes, text: str) -> None:
    """A text is decoded as often as its reading says, and is UTF-8 whatever it was."""
    assert leaves(Text("x", percent), value) == {"x": text}


def test_strings_are_escaped_as_orjson_does_it() -> None:
    """Control characters have their short form, or hexadecimal in lower case; DEL and all above stand."""
    assert texts(Text("x"), b'\x00\x08\t\n\x0b\x0c\r\x1f"\\/\x7f\xc2\x80') == [
        '"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f\\"\\\\/\x7f\x80"'
    ]


WHOLE = [
    (b"0", "0"),
    (b"000", "0"),
    (b"007", "7"),
    (b"-0", "-0"),
    (b"-00", "-0"),
    (b"-012", "-12"),
    (b"999999999999999999", "999999999999999999"),
    (b"000000000000000001", "1"),
]
DECIMAL = [
    *WHOLE,
    (b".5", "0.5"),
    (b"-.5", "-0.5"),
    (b"007.50", "7.50"),
    (b"00.0", "0.0"),
    (b"1e9", "1e9"),
    (b"1E+09", "1E+09"),
    (b"01.5e-18", "1.5e-18"),
    (b"123456789012345678.123456789012345678", "123456789012345678.123456789012345678"),
]
BAD = [b"x", b"+1", b"--1", b"1,5", b"0x1", b" 1", b"1 ", b"1_0", b"1234567890123456789", b"\xd9\xa1", b"Infinity", b"-"]
BAD_DECIMAL = [*BAD, b"1.", b".", b"-.", b"e5", b"1e", b"1e+", b"1e19", b"1e-19", b"1e018", b"1.e5", b"1.2.3", b"NaN"]
BAD_DECIMAL += [b"0.1234567890123456789"]


@pytest.mark.parametrize(("value", "text"), WHOLE)
def test_integer(value: bytes, text: str) -> None:
    """A whole number is copied as it stands, without leading zeros."""
    assert texts(Integer("x"), value) == [text]


@pytest.mark.parametrize(("value", "text"), DECIMAL)
def test_decimal(value: bytes, text: str) -> None:
    """A number is copied as it stands where JSON allows it."""
    assert texts(Decimal("x"), value) == [text]
    orjson.loads(text)


@pytest.mark.parametrize(
    ("reading", "value"),
    [
        *((reading, value) for reading in (Integer("x"), Status("x")) for value in (*BAD, b"1.5", b"1e3", b"-1.0")),
        *((Decimal("x"), value) for value in BAD_DECIMAL),
        (Integer("x", minus_one_absent=True), b"-1."),
        (Decimal("x", minus_one_absent=True), b"-1."),
    ],
)
def test_bad_number(reading: Reading, value: bytes) -> None:
    """What is no number is unreadable."""
    with pytest.raises(Unreadable) as raised:
        read(reading, value)
    assert raised.value.reason == "bad_number"


@pytest.mark.parametrize("kind", [Integer, Decimal])
def test_minus_one(kind: type[Integer] | type[Decimal]) -> None:
    """-1 is absent where the reading says so, and a number elsewhere."""
    assert leaves(kind("x", minus_one_absent=True), b"-1") == {}
    assert leaves(kind("x", minus_one_absent=True), b"-1.000") == {}
    assert leaves(kind("x", minus_one_absent=True), b"-10") == {"x": -10}
    assert leaves(kind("x"), b"-1") == {"x": -1}


@pytest.mark.parametrize(
    ("value", "number", "outcome"),
    [
        (b"200", 200, "success"),
        (b"1", 1, "success"),
        (b"399", 399, "success"),
        (b"400", 400, "failure"),
        (b"000", 0, "failure"),
        (b"-1", -1, "failure"),
        (b"0200", 200, "success"),
    ],
)
def test_status(value: bytes, number: int, outcome: str) -> None:
    """A status says the outcome."""
    assert leaves(Status("x", "y"), value) == {"x": number, "y": outcome}


V4 = [b"0.0.0.0", b"255.255.255.255", b"192.0.2.1"]
V6 = [
    b"::",
    b"::1",
    b"1::",
    b"2001:db8::1",
    b"2001:0DB8:0:0:0:0:0:1",
    b"1:2:3:4:5:6:7::",
    b"::2:3:4:5:6:7:8",
    b"1:2:3:4:5:6:7:8",
]
V6 += [b"::ffff:192.0.2.1", b"1:2:3:4:5:6:192.0.2.1", b"::192.0.2.1"]
NEITHER = [
    b"256.0.0.1",
    b"1.2.3",
    b"1.2.3.4.5",
    b"01.2.3.4",
    b"1.2.3.04",
    b"1.2.3.4 ",
    b"x.x.x.x",
    b"1.2.3.4/8",
    b":",
    b":::",
    b"1::2::3",
]
NEITHER += [
    b"1:2:3:4:5:6:7",
    b"1:2:3:4:5:6:7:8:9",
    b"1:2:3:4::5:6:7:8",
    b"12345::",
    b"g::",
    b"::1%eth0",
    b"[::1]",
    b"::1.2.3",
    b"1.2.3.4::",
]
NEITHER += [b"::01.2.3.4", b"localhost", b"\xff", b"\xd9\xa1.1.1.1", b"::1:", b"1:2:3:4:5:6:7:192.0.2.1"]


@pytest.mark.parametrize("value", [*V4, *V6])
def test_ip(value: bytes) -> None:
    """An address is kept as it is written."""
    assert leaves(Ip("ip", "text"), value) == {"ip": value.decode()}


@pytest.mark.parametrize("value", NEITHER)
def test_no_ip(value: bytes) -> None:
    """What is no address is kept elsewhere."""
    assert leaves(Ip("ip", "text"), value) == {"text": value.decode("utf-8", "replace")}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"192.0.2.1:80", {"ip": "192.0.2.1", "port": 80}),
        (b"192.0.2.1:00080", {"ip": "192.0.2.1", "port": 80}),
        (b"192.0.2.1:0", {"ip": "192.0.2.1", "port": 0}),
        (b"192.0.2.1", {"ip": "192.0.2.1"}),
        (b"[2001:db8::1]:65535", {"ip": "2001:db8::1", "port": 65535}),
        (b"2001:db8::1:443", {"ip": "2001:db8::1", "port": 443}),
        (b"::1:2", {"ip": "::1", "port": 2}),
        *(
            (value, {"text": value.decode()})
            for value in (
                b"192.0.2.1:65536",
                b"192.0.2.1:000080",
                b"192.0.2.1:",
                b"192.0.2.1:x",
                b"192.0.2.1:-1",
                b":80",
                b"[192.0.2.1]:80",
                b"[::1]",
                b"[::1]80",
                b"1:2:3:4:5:6:7:8",
                b"host:80",
                b"host",
                b"1.2.3.4.5:80",
            )
        ),
    ],
)
def test_endpoint(value: bytes, expected: dict[str, Any]) -> None:
    """An address with its port, or an IPv4 alone; else the text as it is."""
    assert leaves(Endpoint("ip", "port", "text"), value) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"2025-03-04T05:06:07Z", "2025-03-04T05:06:07Z"),
        (b"2025-03-04T05:06:07", "2025-03-04T05:06:07Z"),
        (b"2025-03-04T05:06:07.1", "2025-03-04T05:06:07.1Z"),
        (b"2025-03-04T05:06:07.123456789Z", "2025-03-04T05:06:07.123456789Z"),
        (b"2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"),
        (b"2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z"),
        (b"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        (b"2199-12-31T23:59:59Z", "2199-12-31T23:59:59Z"),
    ],
)
def test_instant(value: bytes, text: str) -> None:
    """An instant is written as it stands, with its Z."""
    assert leaves(Instant("@timestamp"), value) == {"@timestamp": text}


@pytest.mark.parametrize(
    "value",
    [
        *(b"2025-02-29T00:00:00Z", b"2100-02-29T00:00:00Z", b"2025-04-31T00:00:00Z", b"2025-13-01T00:00:00Z"),
        *(b"2025-00-01T00:00:00Z", b"2025-01-00T00:00:00Z", b"2025-01-01T24:00:00Z", b"2025-01-01T00:60:00Z"),
        *(b"2025-01-01T00:00:60Z", b"1969-12-31T23:59:59Z", b"2200-01-01T00:00:00Z", b"0000-01-01T00:00:00Z"),
        *(b"2025-01-01 00:00:00Z", b"2025-01-01t00:00:00z", b"2025-01-01T00:00:00.Z", b"2025-01-01T00:00:00.1234567890Z"),
        *(b"2025-01-01T00:00:00+00:00", b"2025-1-1T00:00:00Z", b"2025-01-01", b"x", b"2025-01-01T00:00:00Zx"),
    ],
)
def test_bad_instant(value: bytes) -> None:
    """What is no instant is unreadable as the event's own time, and absent elsewhere."""
    with pytest.raises(Unreadable) as raised:
        read(Instant("@timestamp"), value)
    assert raised.value.reason == "bad_timestamp"
    assert leaves(Instant("event.start"), value) == {}


@pytest.mark.parametrize(
    ("separator", "value", "items"),
    [
        (",", b"waf,forward", ["waf", "forward"]),
        (",", b"waf", ["waf"]),
        (",", b",a,,-, b ,", ["a", " b "]),
        (" ", b"10.0.0.1:80  [::1]:80 -", ["10.0.0.1:80", "[::1]:80"]),
        (",", b"\xff,\xc3\xa9", ["\ufffd", "é"]),
        (",", b",-,", None),
    ],
)
def test_words(separator: str, value: bytes, items: list[str] | None) -> None:
    """A list has its items in order; without any it is absent."""
    assert leaves(Words("x", separator), value) == ({} if items is None else {"x": items})


@pytest.mark.parametrize(
    ("value", "hosts", "ips"),
    [
        (b"1.2.3.4", ["1.2.3.4"], ["1.2.3.4"]),
        (
            rb"1.2.3.4,\x205.6.7.8, %20 9.10.11.12\x20",
            ["1.2.3.4", "5.6.7.8", "9.10.11.12"],
            ["1.2.3.4", "5.6.7.8", "9.10.11.12"],
        ),
        (b"1.2.3.4:80,[::1]:80,[::1],::1", ["1.2.3.4:80", "[::1]:80", "[::1]", "::1"], ["1.2.3.4", "::1", "::1", "::1"]),
        (b"localhost:80,unknown", ["localhost:80", "unknown"], None),
        (b"1.2.3.4:99999,[1.2.3.4]:80,[::1]:x", ["1.2.3.4:99999", "[1.2.3.4]:80", "[::1]:x"], None),
        (b"::1:80", ["::1:80"], ["::1:80"]),
        (b"a b,-, ,%20", ["a b"], None),
        (rb" ,\x20", None, None),
    ],
)
def test_ip_list(value: bytes, hosts: list[str] | None, ips: list[str] | None) -> None:
    """All hosts of the list, trimmed; those that are addresses once more, without ports and brackets."""
    assert leaves(IpList("x", "ips"), value) == ({"x": hosts} if hosts else {}) | ({"ips": ips} if ips else {})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"TLSv1.2", {"v": "1.2", "p": "tls"}),
        (b"TLSv1", {"v": "1", "p": "tls"}),
        (b"SSLv3", {"v": "3", "p": "ssl"}),
        *(
            (value, {"o": value.decode()})
            for value in (b"TLSv12", b"tlsv1.2", b"TLSv1.2 ", b"TLSv", b"TLSv1.", b"QUIC", b"TLSv1.23")
        ),
    ],
)
def test_tls(value: bytes, expected: dict[str, str]) -> None:
    """A protocol's name is taken apart, or kept whole under another path."""
    assert leaves(Tls("o", "v", "p"), value) == expected


@pytest.mark.parametrize(
    ("value", "version"),
    [(b"HTTP/2.0", "2.0"), (b"x/y/z", "y/z"), (b"HTTP/", None), (b"HTTP", None), (b"HTTP/-", None)],
)
def test_version(value: bytes, version: str | None) -> None:
    """A version is what follows the first slash."""
    assert leaves(Version("x"), value) == ({"x": version} if version else {})


REQUEST = Request("method", "original", "scheme", "domain", "port", "path", "query", "version")
H = {"method": "GET", "version": "1.1"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("GET http://h:80/p?q HTTP/1.1", H | {"scheme": "http", "domain": "h", "port": 80, "path": "/p", "query": "q"}),
        ("GET http://h:80/a b HTTP/1.1  ", H | {"scheme": "http", "domain": "h", "port": 80, "path": "/a b"}),
        ("GET http://h:80/p", {"method": "GET", "scheme": "http", "domain": "h", "port": 80, "path": "/p"}),
        ("GET http://h:80/p -", {"method": "GET", "scheme": "http", "domain": "h", "port": 80, "path": "/p"}),
        ("- http://h:80- -", {"scheme": "http", "domain": "h", "port": 80}),
        ("- http://h:80- ", {"scheme": "http", "domain": "h", "port": 80}),
        ("- http://h:80-/ ", {"scheme": "http", "domain": "h", "port": 80, "path": "/"}),
        ("- http://h- -", {"scheme": "http", "domain": "h-"}),
        ("GET http://[::1]:80/p HTTP/1.1", H | {"scheme": "http", "domain": "::1", "port": 80, "path": "/p"}),
        ("GET http://[::1]x:80/p HTTP/1.1", H | {"scheme": "http", "domain": "::1", "path": "/p"}),
        ("GET http://::1:80 HTTP/1.1", H | {"scheme": "http", "domain": "::1", "port": 80}),
        ("GET http://h:99999/p HTTP/1.1", H | {"scheme": "http", "domain": "h", "path": "/p"}),
        ("GET http://h:80--/p HTTP/1.1", H | {"scheme": "http", "domain": "h", "path": "/p"}),
        ("GET http://h:00080?a?b HTTP/1.1", H | {"scheme": "http", "domain": "h", "port": 80, "query": "a?b"}),
        ("GET http://:80/? HTTP/1.1", H | {"scheme": "http", "port": 80, "path": "/"}),
        ("GET http:// HTTP/1.1", H | {"scheme": "http"}),
        ("GET x-y+z.1://h HTTP/1.1", H | {"scheme": "x-y+z.1", "domain": "h"}),
        ("GET 1x://h/p HTTP/1.1", H),
        ("GET ://h/p HTTP/1.1", H),
        ("GET /p?u=http://h:80/ HTTP/1.1", H | {"path": "/p", "query": "u=http://h:80/"}),
        ("GET ?q HTTP/1.1", H | {"query": "q"}),
        ("OPTIONS * HTTP/1.1", {"method": "OPTIONS", "version": "1.1"}),
    ],
)
def test_request(value: str, expected: dict[str, Any]) -> None:
    """A request line is taken apart; its URL is kept whole beside its parts."""
    found = leaves(REQUEST, value.encode())
    original = found.pop("original")
    assert original
    assert original in value
    assert found == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("GET/x HTTP/1.0", {"method": "GET/x", "version": "1.0"}),
        ("GET HTTP/1.1", H),
        ("GET  HTTP/1.1", H),
        ("GET", {"method": "GET"}),
        ("GET -", {"method": "GET"}),
        ("GET HTTP/", {"method": "GET"}),
        ("- - HTTP/1.1", {"version": "1.1"}),
        ("- - -", {}),
        ("- - - ", {}),
        ("   ", {}),
    ],
)
def test_request_without_url(value: str, expected: dict[str, Any]) -> None:
    """What stands in a request line without a URL is kept, and nothing is made up."""
    assert leaves(REQUEST, value.encode()) == expected
