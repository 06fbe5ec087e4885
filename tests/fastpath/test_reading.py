"""A value into leaves, reading by reading: each table is the definition in formats/table.py, by example."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from ingestd.fastpath.reading import read
from ingestd.fastpath.unreadable import Unreadable
from ingestd.formats.table import (
    ClfTime,
    Cut,
    Decimal,
    Endpoint,
    Epoch,
    Instant,
    Integer,
    Ip,
    IpList,
    Mapped,
    Piece,
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
        (b"2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999Z"),
        (b"2016-12-31T23:59:60.5", "2016-12-31T23:59:59.999Z"),
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
        *(b"2025-01-01T00:00:61Z", b"1969-12-31T23:59:59Z", b"2200-01-01T00:00:00Z", b"0000-01-01T00:00:00Z"),
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
    ("value", "text"),
    [
        (b"0", "1970-01-01T00:00:00Z"),
        (b"1566848933", "2019-08-26T19:48:53Z"),
        (b"1607374321.541", "2020-12-07T20:52:01.541Z"),
        (b"1607374321.5", "2020-12-07T20:52:01.5Z"),
        (b"164000066", "1975-03-14T03:34:26Z"),
        (b"00000000001", "1970-01-01T00:00:01Z"),
        (b"7258118399.999999999", "2199-12-31T23:59:59.999999999Z"),
        (b"1731699951183", "2024-11-15T19:45:51.183Z"),
        (b"000000000001", "1970-01-01T00:00:00.001Z"),
        (b"1731699951183000", "2024-11-15T19:45:51.183000Z"),
        (b"1731699951183000009", "2024-11-15T19:45:51.183000009Z"),
    ],
)
def test_epoch(value: bytes, text: str) -> None:
    """Counts since 1970 are seconds or parts of them by their number of digits."""
    assert leaves(Epoch("@timestamp"), value) == {"@timestamp": text}


@pytest.mark.parametrize(
    "value",
    [
        *(b"-1", b"+1", b"x", b"1.", b".5", b"1.1234567890", b"1e9", b"1 ", b"7258118400", b"99999999999", b"7258118400000"),
        *(b"1731699951183.5", b"12345678901234567890", b"\xd9\xa1", b"1_0"),
    ],
)
def test_bad_epoch(value: bytes) -> None:
    """What is no count since 1970 is unreadable as the event's own time, and absent elsewhere."""
    with pytest.raises(Unreadable) as raised:
        read(Epoch("@timestamp"), value)
    assert raised.value.reason == "bad_timestamp"
    assert leaves(Epoch("event.start"), value) == {}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"06/Feb/2019:00:00:38 +0000", "2019-02-06T00:00:38Z"),
        (b"27/Apr/2016:03:58:01 +0100", "2016-04-27T02:58:01Z"),
        (b"10/Feb/2012:16:42:07 -0500", "2012-02-10T21:42:07Z"),
        (b"31/Dec/2020:23:45:00 -0030", "2021-01-01T00:15:00Z"),
        (b"29/Feb/2024:00:00:00 +2359", "2024-02-28T00:01:00Z"),
        (b"01/Jan/1970:00:00:00 +0000", "1970-01-01T00:00:00Z"),
        (b"31/Dec/1969:23:30:00 -0100", "1970-01-01T00:30:00Z"),
        (b"01/Jan/2200:00:00:00 +0001", "2199-12-31T23:59:00Z"),
    ],
)
def test_clf_time(value: bytes, text: str) -> None:
    """The time of web servers' logs is written in UTC."""
    assert leaves(ClfTime("@timestamp"), value) == {"@timestamp": text}


@pytest.mark.parametrize(
    "value",
    [
        *(b"06/Feb/2019:00:00:38", b"06/Feb/2019:00:00:38 0000", b"06/Feb/2019:00:00:38  +0000", b"6/Feb/2019:00:00:38 +0000"),
        *(b"06/feb/2019:00:00:38 +0000", b"06/Fev/2019:00:00:38 +0000", b"30/Feb/2019:00:00:38 +0000"),
        *(b"06/Feb/2019:24:00:38 +0000", b"06/Feb/2019:00:60:38 +0000", b"06/Feb/2019:00:00:61 +0000"),
        *(
            b"06/Feb/2019:00:00:38 +2400",
            b"06/Feb/2019:00:00:38 +0060",
            b"06/Feb/2019:00:00:38 Z",
            b"00/Feb/2019:00:00:38 +0000",
        ),
        *(
            b"01/Jan/1970:00:30:00 +0100",
            b"31/Dec/2199:23:30:00 -0100",
            b"01/Jan/0000:00:00:00 +0000",
            b"Apr/2016 03:58:01 +0000",
        ),
    ],
)
def test_bad_clf_time(value: bytes) -> None:
    """What is no such time is unreadable as the event's own, and absent elsewhere."""
    with pytest.raises(Unreadable) as raised:
        read(ClfTime("@timestamp"), value)
    assert raised.value.reason == "bad_timestamp"
    assert leaves(ClfTime("event.start"), value) == {}


@pytest.mark.parametrize(
    ("value", "meaning"), [(b"6", "tcp"), (b"18", ["syn", "ack"]), (b"06", None), (b"7", None), (b"6 ", None)]
)
def test_mapped(value: bytes, meaning: str | list[str] | None) -> None:
    """A value that is among those that are told means what is told, any other nothing."""
    assert leaves(Mapped("x", (("6", "tcp"), ("18", ("syn", "ack")))), value) == ({} if meaning is None else {"x": meaning})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"N=2025-01-02T03:04:05Z;x", {"n": "2025-01-02T03:04:05Z", "a": "x"}),
        (b"2025-01-02T03:04:05;A=x;y", {"n": "2025-01-02T03:04:05Z", "a": "x;y"}),
        (b"N=soon;A=x", {"a": "x"}),
        (b"N=9999-12-31T23:59:59Z", {}),
        (b"-;-", {}),
        (b"N=;A=-", {}),
        (b";A=A=\xff", {"a": "A=\ufffd"}),
    ],
)
def test_cut(value: bytes, expected: dict[str, str]) -> None:
    """A value is cut into pieces, each without its label; a date is checked."""
    assert leaves(Cut(";", (Piece("n", "N=", "date"), Piece("a", "A="))), value) == expected


def test_words_by_longer_separators_and_encoded() -> None:
    """A separator may be several characters, and items may be encoded."""
    assert leaves(Words("x", '","'), b'h2","http/1.1') == {"x": ["h2", "http/1.1"]}
    assert leaves(Words("x", "%0A", percent=1), b"Host:a%20b%0AX:%250A%0A-%0A%2D%0A") == {"x": ["Host:a b", "X:%0A", "-"]}


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
    ("value", "expected"),
    [
        (b"TLSv1.2", {"v": "1.2", "p": "tls"}),
        (b"TLSV1.1", {"v": "1.1", "p": "tls"}),
        (b"tlsv12", {"v": "1.2", "p": "tls"}),
        (b"sslV3", {"v": "3", "p": "ssl"}),
        *((value, {"o": value.decode()}) for value in (b"TLSv1.", b"tlsv123", b"tlsv1.23", b"tls12", b"xtlsv12")),
    ],
)
def test_loose_tls(value: bytes, expected: dict[str, str]) -> None:
    """Where a protocol's name is written in several ways, all of them are taken apart."""
    assert leaves(Tls("o", "v", "p", loose=True), value) == expected


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
