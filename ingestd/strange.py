"""Lines as the world writes them: what generated logs have beside plausible lines, a small share of it.

Made of a plausible line by the table's own columns, so that a new format gets its strange lines from its table. Most become
documents; `BAD` and `BROKEN` are there to be rejected. None holds a newline.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from ingestd.fastpath.splitting import split
from ingestd.fastpath.unreadable import Unreadable
from ingestd.formats.table import (
    ClfTime,
    Column,
    Cut,
    DateTime,
    Decimal,
    Endpoint,
    Epoch,
    Instant,
    Integer,
    Ip,
    IpList,
    Mapped,
    Request,
    Shape,
    Status,
    Table,
    Text,
    Tls,
    Version,
    Words,
)

__all__ = ["BAD", "ODD", "Strange"]

TEXTS = (
    b"-",
    b"",
    b"--",
    rb"\x22Mozilla/5.0\x22 (quoted)",
    rb"say \"hi\" twice",
    rb"C:\\temp\new",
    rb"\x00000022old escapes\x00000022",
    rb"\xEC\x97\x90\xec\x84\x9c \x0a \x",
    "Zoë 浏览器 😀 \u2028".encode(),
    b"\xff\xfe bad \xc3( \xe6\xb5 \xed\xa0\x80 \xf0\x9f\x98",
    b"\x00\x01\x08\x0b\x0c\x1f\x7f\r control",
    b"<script>alert('{\"a\":[1]}')</script>",
    b"a%20b%2520c%25252Fd%zz%4%",
    b"%22%5C%00%0A%C3%A9%FF",
    b'"at both ends"',
    b'mid"dle',
    b"${jndi:ldap://example.net/x}",
    b"long " + 2000 * b"\xc3\xa9 ",
    300 * b"\\\\",
)
WHOLE_NUMBERS = (b"-", b"0", b"000", b"007", b"-0", b"-1", b"-12", b"999999999999999999", b"000000000000000042")
PORTS = (b"0", b"65535", b"65536", b"00080", b"-", b"x", b"")
ADDRESSES = (
    b"-",
    b"0.0.0.0",
    b"255.255.255.255",
    b"256.1.1.1",
    b"1.2.3",
    b"1.2.3.4.5",
    b"010.1.1.1",
    b"::",
    b"::1",
    b"2001:db8::1",
    b"2001:0DB8:0:0:0:0:0:1",
    b"::ffff:192.0.2.1",
    b"1:2:3:4:5:6:7::",
    b"1::2::3",
    b"fe80::1%eth0",
    b"12345::",
    b"x.x.x.x",
    b"localhost",
)
ODD: dict[type, tuple[bytes, ...]] = {
    Text: TEXTS,
    Words: (b"-", b"waf,authenticate,forward", b",,a,-,", b"- -", b"10.0.0.1:80 [2001:db8::1]:443", b"one  two \xff"),
    Integer: WHOLE_NUMBERS,
    Status: (b"-", b"000", b"0", b"101", b"399", b"400", b"600", b"-1", b"00200"),
    Decimal: (
        b"-",
        b"-1",
        b"-1.000",
        b".5",
        b"-.25",
        b"0",
        b"007.50",
        b"1e9",
        b"1.5E-3",
        b"123456789012345678.000000000000000001",
    ),
    Ip: ADDRESSES,
    Endpoint: (
        *ADDRESSES,
        *(b"192.0.2.7:" + port for port in PORTS),
        *(b"[2001:db8::7]:" + port for port in PORTS),
        b"2001:db8::1:2345",
        b"[::1]",
        b"[192.0.2.7]:80",
        b"host.example.com:443",
        b"1.2.3.4.5:80",
    ),
    IpList: (
        b"1.2.3.4",
        rb"1.2.3.4,\x205.6.7.8,\x209.10.11.12",
        b"1.2.3.4, 5.6.7.8:1234,%20[2001:db8::1]:80,unknown,,-",
        b"localhost:8080",
        b"[::1], ::1",
        b",",
    ),
    Tls: (b"-", b"TLSv1", b"TLSv1.3", b"SSLv3", b"tlsv12", b"TLSV1.1", b"QUIC", b"TLSv1.2x", b"TLSv1.", b"TLSv1.23"),
    Mapped: (b"-", b"IPv4", b"6", b"ipv4", b"Success", b"x"),
    Cut: (
        b"-",
        b"Success",
        b"Failed:ClientCertExpired",
        b"Failed:a:b",
        b":",
        b"-:-",
        b"NotBefore=2025-01-01T00:00:00Z;NotAfter=9999-12-31T23:59:59Z",
        b"NotBefore=;NotAfter=2027-01-01T00:00:00",
        b";;",
    ),
    Version: (b"-", b"HTTP/1.0", b"HTTP/3.0", b"HTTP/", b"HTTP", b"h2/2"),
    Instant: (
        b"2026-10-31T23:59:59Z",
        b"2026-10-31T23:59:59",
        b"2026-10-31T00:00:00.1",
        b"2024-02-29T12:00:00.123456789Z",
        b"1970-01-01T00:00:00Z",
        b"2199-12-31T23:59:59Z",
    ),
    Epoch: (
        b"0",
        b"1793491199",
        b"1793491199.5",
        b"1793491199.123456789",
        b"1793491199123",
        b"1793491199123456",
        b"1793491199123456789",
        b"00000000001",
        b"7258118399",
    ),
    ClfTime: (
        b"31/Oct/2026:23:59:59 +0000",
        b"01/Nov/2026:01:00:00 +0100",
        b"31/Dec/2199:23:59:59 +2359",
        b"31/Dec/1969:23:00:00 -0100",
        b"29/Feb/2024:00:00:00 -0530",
    ),
    Request: (
        b"-",
        b"",
        b"- - -",
        b"- - - ",
        b"- http://host:80- -",
        b"- http://host:80- ",
        b"- http://host:80-/ ",
        b"GET http://example.com:80/hello world HTTP/1.1",
        b"GET http://[2001:db8::1]:443/x?y=1 HTTP/2.0",
        b"GET http://[2001:db8::1/x HTTP/2.0",
        b"GET /relative?q=1 HTTP/1.0",
        b"GET ?q HTTP/1.0",
        b"GET http://example.com:80/",
        b"GET https://example.com:443/no-version -",
        b"GET/x HTTP/1.0",
        b"GET  HTTP/1.1",
        b"GET HTTP/1.1",
        b"GET",
        b"OPTIONS * HTTP/1.1",
        b"CONNECT example.com:443 HTTP/1.1",
        b"GET http://example.com:99999/a HTTP/1.1",
        b"GET http://user:secret@example.com:80?q=a?b#c HTTP/1.1",
        b"GET http://example.com HTTP/1.1   ",
        b"GET ://no-scheme/x HTTP/1.1",
        b"GET 1http://x/ HTTP/1.1",
        b"GET http:///nohost HTTP/1.1",
        b"GET http://:80/?x=http://other/ HTTP/1.1",
        rb"GET http://example.com:80/\x22quoted\x22?x=\"y\" HTTP/1.1",
        "GET http://example.com:80/ü?ñ=日本 HTTP/1.1".encode(),
        b"GET http://example.com:80/\xfc?\xf1 HTTP/1.1",
        b"GET http://example.com:80/" + 4000 * b"a/" + b" HTTP/1.1",
    ),
}
NUMBERS_BAD = (b"x", b"1e", b"+1", b"1,5", b"0x10", b"1234567890123456789", b"--1", b"\xd9\xa1")
BAD: dict[type, tuple[bytes, ...]] = {
    Integer: (*NUMBERS_BAD, b"1.5"),
    Status: (*NUMBERS_BAD, b"2 0"),
    Decimal: (*NUMBERS_BAD, b"1.", b".", b"1e19", b"NaN", b"1.1234567890123456789"),
    Instant: (b"-", b"yesterday", b"2026-02-30T00:00:00Z", b"2026-11-01 12:00:00", b"2026-11-01T24:00:00Z"),
    DateTime: (b"-", b"2026-02-29", b"01/11/2026", b"2026-13-01", b""),
    Epoch: (b"-1", b"7258118400", b"1793491199.", b"1793491199123.5", b"12345678901234567890", b"now", b"7258118400000"),
    ClfTime: (
        b"-",
        b"31/Nov/2026:00:00:00 +0000",
        b"01/nov/2026:00:00:00 +0000",
        b"01/Nov/2026:24:00:00 +0000",
        b"01/Nov/2026:00:00:00",
        b"01/Nov/2026:00:00:00 +2400",
        b"01/Jan/2200:00:00:00 -0001",
    ),
}


class Strange:
    """Makes strange lines of plausible ones, for one table."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._separator = table.between
        self._odd = _choices(table.columns, ODD)
        self._bad = _choices(table.columns, BAD)
        self._kinds: tuple[Callable[[list[bytes], Random], bytes], ...] = (
            *60 * (self._with_odd_values,) * bool(self._odd),
            *3 * (self._with_bad_value,) * bool(self._bad),
            *4 * (self._older, self._newer, self._much_newer, self._trailed, self._unquoted, self._quoted),
            *(self._too_short,) * (table.required > 1),
            *(self._open_quote, self._noise, self._skipped),
        )

    def line(self, line: bytes, random: Random) -> bytes:
        """A strange line made of `line`, which is a plausible one."""
        if self._table.shape is Shape.PATTERN:
            return self._other(line, split(self._table, line).raw, random).replace(b"\n", b" ")
        return random.choice(self._kinds)(split(self._table, line).raw, random).replace(b"\n", b" ")

    def _with_odd_values(self, raw: list[bytes], random: Random) -> bytes:
        for _ in range(random.randrange(1, 4)):
            self._put(raw, random.choice(self._odd), random)
        return self._joined(raw)

    def _with_bad_value(self, raw: list[bytes], random: Random) -> bytes:
        self._put(raw, random.choice(self._bad), random)
        return self._joined(raw)

    def _put(self, raw: list[bytes], choice: tuple[int, tuple[bytes, ...]], random: Random) -> None:
        """Replace the value at a position, dressed as the one that was there."""
        position, values = choice
        value = random.choice(values)
        raw += [b"-"] * (position + 1 - len(raw))
        if self._table.shape is Shape.TABBED:
            raw[position] = value.replace(b"\t", b" ")
        elif raw[position][:1] == b"[":
            raw[position] = b"[" + value + b"]"
        elif raw[position][:1] == b'"' or b" " in value:
            raw[position] = b'"' + value + b'"'
        else:
            raw[position] = value

    def _other(self, line: bytes, raw: list[bytes], random: Random) -> bytes:
        """A line with another value in one place: there are no columns to move where a pattern finds them."""
        kind = random.randrange(60)
        if kind < 2:
            return (self._noise, self._skipped)[kind](raw, random)
        found = [(raw[place], values) for place, values in (self._bad if kind < 5 else self._odd) if raw[place]]
        if not found:
            return line
        value, values = random.choice(found)
        odd = line.replace(value, random.choice(values), 1)
        return odd if kind < 5 or _is_split(self._table, odd) else line

    def _joined(self, raw: list[bytes]) -> bytes:
        return self._separator.join(raw)

    def _older(self, raw: list[bytes], random: Random) -> bytes:
        return self._joined(raw[: random.randrange(self._table.required, len(raw) + 1)])

    def _newer(self, raw: list[bytes], random: Random) -> bytes:
        lacking = [b"-"] * (len(self._table.columns) - len(raw))
        return self._joined([*raw, *lacking, b"10.0.0.7", b"-", b"", b'"with', b'spaces"'][: len(self._table.columns) + 5])

    def _much_newer(self, raw: list[bytes], random: Random) -> bytes:
        return self._joined([*raw, *(b"column-%d" % number for number in range(200))])

    def _trailed(self, raw: list[bytes], random: Random) -> bytes:
        before = random.choice((b"", b"  ", b"\t", b" \xef\xbb\xbf\t")) if self._table.padded else b""
        return before + self._joined(raw) + random.choice((b"\r", b"\r\r", b" \r", self._separator, self._separator * 3))

    def _unquoted(self, raw: list[bytes], random: Random) -> bytes:
        return self._joined([value.strip(b'"') if b" " not in value else value for value in raw])

    def _quoted(self, raw: list[bytes], random: Random) -> bytes:
        if self._table.shape is Shape.TABBED:
            return self._joined(raw)
        return self._joined([value if value[:1] in (b'"', b"[") else b'"' + value + b'"' for value in raw])

    def _too_short(self, raw: list[bytes], random: Random) -> bytes:
        return self._joined(raw[: random.randrange(1, self._table.required)])

    def _open_quote(self, raw: list[bytes], random: Random) -> bytes:
        return self._joined([*raw, b'"no end'])

    def _noise(self, raw: list[bytes], random: Random) -> bytes:
        return random.randbytes(random.randrange(1, 200))

    def _skipped(self, raw: list[bytes], random: Random) -> bytes:
        """A blank line, a comment, or a header that says the same again."""
        return random.choice((b"", b" \t ", *(line.encode() for line in (*self._table.preamble, *self._table.comments))))


def _is_split(table: Table, line: bytes) -> bool:
    try:
        split(table, line)
    except Unreadable:
        return False
    return True


def _choices(columns: tuple[Column, ...], values: dict[type, tuple[bytes, ...]]) -> list[tuple[int, tuple[bytes, ...]]]:
    """Positions and what may stand there, for each column that has a reading with such values."""
    found = [(place, type(reading)) for place, column in enumerate(columns) for reading in column.readings[:1]]
    return [(place, values[kind]) for place, kind in found if kind in values]
