"""A value into leaves: each `Reading` of formats/table.py, slowly.

Values come decoded and are never absent; leaves are JSON.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import orjson

from ingestd.fastpath.layout import TIMESTAMP
from ingestd.fastpath.unreadable import Unreadable
from ingestd.formats.table import (
    Boolean,
    ClfTime,
    Cut,
    DateTime,
    Decimal,
    Endpoint,
    Epoch,
    Instant,
    Integer,
    Ip,
    IpList,
    Items,
    Mapped,
    Moment,
    Reading,
    Request,
    Status,
    Text,
    Tls,
    Version,
    Words,
)

__all__ = ["SECONDS_MAX", "Leaves", "is_address", "read", "read_list", "string"]

Leaves = dict[str, bytes]  # JSON by path

WHOLE = re.compile(rb"(-?)0*([0-9]+)")
WHOLE_DIGITS = re.compile(rb"-?[0-9]{1,18}")
DECIMAL = re.compile(rb"(-?)([0-9]{0,18})(\.[0-9]{1,18})?([eE][+-]?([0-9]{1,2}))?")
EXPONENT_MAX = 18
MINUS_ONE = re.compile(rb"-1(\.0+)?")
PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
INSTANT = re.compile(rb"([0-9]{4})-([0-9]{2})-([0-9]{2})T(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(\.[0-9]{1,9})?Z?")
CLOCK_SIZE = len(b"YYYY-MM-DDThh:mm:ss")
YEARS = range(1970, 2200)
SECONDS_MAX = 7_258_118_400  # where 2200 begins
EPOCH = re.compile(rb"[0-9]{1,11}(?:\.[0-9]{1,9})?|[0-9]{12,19}")
EPOCH_FORMS = ((11, 0), (14, 3), (17, 6), (19, 9))  # of as many digits at most, so many are a fraction
CLF_TIME = re.compile(
    rb"([0-9]{2})/([A-Z][a-z]{2})/([0-9]{4}):([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60)"
    rb" ([+-])([01][0-9]|2[0-3])([0-5][0-9])"
)
MOMENT = re.compile(
    rb"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]((?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60))(?:[.,]([0-9]{1,9}))?"
    rb" ?(?:[Zz]|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?"
)
EPOCH_WITH_FRACTION = re.compile(rb"([0-9]{12,19})\.[0-9]+")
MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
OCTET = rb"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
IPV4 = re.compile(OCTET + (rb"\." + OCTET) * 3)
IPV6_CHARS = re.compile(rb"[0-9A-Fa-f:.]+")
PORT = re.compile(rb"[0-9]{1,5}")
PORT_MAX = 65535
PADDING = (b" ", rb"\x20", b"%20")  # of items in X-Forwarded-For, as CloudFront writes them
TLS = re.compile(rb"(TLS|SSL)v([0-9])(?:\.([0-9]))?")
TLS_LOOSE = re.compile(rb"(TLS|SSL)v([0-9])(?:\.?([0-9]))?", re.IGNORECASE)
SCHEME = re.compile(rb"([A-Za-z][A-Za-z0-9+.-]*)://")
PATH_BEGINS = re.compile(rb"[/?]")


def read(reading: Reading, value: bytes) -> Leaves:
    """The leaves that `value` fills; for a DateTime it is date and time joined by `T`. Raises Unreadable."""
    return READERS[type(reading)](reading, value)


def read_list(reading: Items | Words | IpList, items: list[bytes]) -> Leaves:
    """The leaves that the items of an array fill."""
    if isinstance(reading, IpList):
        return read(reading, b",".join(items))
    return _list(reading.path, items, reading.percent if isinstance(reading, Words) else 0)


def string(value: bytes) -> bytes:
    """Bytes as a JSON string."""
    return orjson.dumps(value.decode("utf-8", "replace"))


def _text(reading: Text, value: bytes) -> Leaves:
    return {reading.path: string(_percent_decoded(value, reading.percent))}


def _percent_decoded(value: bytes, times: int) -> bytes:
    for _ in range(times):
        value = PERCENT.sub(lambda found: bytes([int(found[1], 16)]), value)
    return value


def _integer(reading: Integer, value: bytes) -> Leaves:
    if reading.minus_one_absent and MINUS_ONE.fullmatch(value):
        return {}
    return {reading.path: _whole(value)}


def _whole(value: bytes) -> bytes:
    if not WHOLE_DIGITS.fullmatch(value):
        raise Unreadable("bad_number")
    return WHOLE.sub(rb"\1\2", value)


def _decimal(reading: Decimal, value: bytes) -> Leaves:
    if reading.minus_one_absent and MINUS_ONE.fullmatch(value):
        return {}
    found = DECIMAL.fullmatch(value)
    if found is None:
        raise Unreadable("bad_number")
    sign, whole, fraction, exponent, size = found.groups(b"")
    if not (whole or fraction) or int(size or b"0") > EXPONENT_MAX:
        raise Unreadable("bad_number")
    return {reading.path: sign + (whole.lstrip(b"0") or b"0") + fraction + exponent}


def _status(reading: Status, value: bytes) -> Leaves:
    number = _whole(value)
    return {reading.path: number, reading.outcome: b'"success"' if 1 <= int(number) <= 399 else b'"failure"'}


def _instant(reading: Instant | DateTime, value: bytes) -> Leaves:
    return _time(reading.path, _zulu(value))


def _zulu(value: bytes) -> bytes:
    """The instant with its Z, or nothing."""
    found = INSTANT.fullmatch(value)
    if found is None or not _is_date(int(found[1]), int(found[2]), int(found[3])):
        return b""
    clock, fraction = _unleaped(value[:CLOCK_SIZE], value[CLOCK_SIZE:].removesuffix(b"Z"))
    return clock + fraction + b"Z"


def _unleaped(clock: bytes, fraction: bytes) -> tuple[bytes, bytes]:
    """A time that ends with its second, and that one's fraction; of a leap second the end of the second before it."""
    return (clock.removesuffix(b"60") + b"59", b".999") if clock.endswith(b"60") else (clock, fraction)


def _time(path: str, instant: bytes) -> Leaves:
    if not instant and path == TIMESTAMP:
        raise Unreadable("bad_timestamp")
    return {path: string(instant)} if instant else {}


def _epoch(reading: Epoch, value: bytes) -> Leaves:
    whole, point, fraction = value.partition(b".")
    if not EPOCH.fullmatch(value):
        return _time(reading.path, b"")
    digits = next(fraction for size, fraction in EPOCH_FORMS if len(whole) <= size)
    if digits:
        whole, point, fraction = whole[:-digits], b".", whole[-digits:]
    if int(whole) >= SECONDS_MAX:
        return _time(reading.path, b"")
    second = datetime.fromtimestamp(int(whole), UTC)
    return _time(reading.path, second.strftime("%Y-%m-%dT%H:%M:%S").encode() + point + fraction + b"Z")


def _clf_time(reading: ClfTime, value: bytes) -> Leaves:
    found = CLF_TIME.fullmatch(value)
    month = MONTHS.index(found[2]) + 1 if found and found[2] in MONTHS else 0
    if found is None or not month or not _is_date(int(found[3]), month, int(found[1]), margin=1):
        return _time(reading.path, b"")
    last, fraction = _unleaped(found[6], b"")
    local = datetime(int(found[3]), month, int(found[1]), int(found[4]), int(found[5]), int(last), tzinfo=UTC)
    ahead = timedelta(hours=int(found[8]), minutes=int(found[9]))
    second = local - ahead if found[7] == b"+" else local + ahead
    instant = second.strftime("%Y-%m-%dT%H:%M:%S").encode() + fraction + b"Z"
    return _time(reading.path, instant if second.year in YEARS else b"")


def _moment(reading: Moment, value: bytes) -> Leaves:
    if found := EPOCH_WITH_FRACTION.fullmatch(value):
        value = found[1]
    if EPOCH.fullmatch(value):
        try:
            return _epoch(Epoch(reading.path), value)
        except Unreadable:
            return {}
    found = MOMENT.fullmatch(value)
    if found is None:
        return {}
    clock, fraction = _unleaped(found[2], b"." + found[3] if found[3] else b"")
    try:
        second = datetime.fromisoformat(f"{found[1].decode()}T{clock.decode()}+00:00")
        ahead = timedelta(hours=int(found[5] or 0), minutes=int(found[6] or 0))
        second = second + ahead if found[4] == b"-" else second - ahead
    except (ValueError, OverflowError):
        return {}
    if second.year not in YEARS:
        return {}
    return {reading.path: string(second.strftime("%Y-%m-%dT%H:%M:%S").encode() + fraction + b"Z")}


def _boolean(reading: Boolean, value: bytes) -> Leaves:
    return {reading.path: value.lower()} if value.lower() in (b"true", b"false") else {}


def _items(reading: Items, value: bytes) -> Leaves:
    return _list(reading.path, [value])


def _is_date(year: int, month: int, day: int, margin: int = 0) -> bool:
    """Whether there is such a day; `margin`: in a year that is that much outside of what is kept."""
    try:
        date(year, month, day)
    except ValueError:
        return False
    return YEARS.start - margin <= year < YEARS.stop + margin


def _ip(reading: Ip, value: bytes) -> Leaves:
    return {reading.path if is_address(value) else reading.otherwise: string(value)}


def _is_ipv4(value: bytes) -> bool:
    return IPV4.fullmatch(value) is not None


def _is_ipv6(value: bytes) -> bool:
    if not IPV6_CHARS.fullmatch(value):
        return False
    try:
        ipaddress.IPv6Address(value.decode("ascii"))
    except ValueError:
        return False
    return True


def is_address(value: bytes) -> bool:
    """Whether it is an IPv4 or an IPv6, as `Ip` has them."""
    return _is_ipv4(value) or _is_ipv6(value)


def _unbracketed(value: bytes) -> bytes:
    inside = value[1:-1]
    return inside if value[:1] == b"[" and value[-1:] == b"]" and _is_ipv6(inside) else value


def _port(value: bytes) -> bytes:
    """A port number as JSON, or nothing."""
    return b"%d" % int(value) if PORT.fullmatch(value) and int(value) <= PORT_MAX else b""


def _endpoint(reading: Endpoint, value: bytes) -> Leaves:
    if _is_ipv4(value):
        return {reading.ip: string(value)}
    before, _, after = value.rpartition(b":")
    host, port = _unbracketed(before), _port(after)
    if port and is_address(host):
        return {reading.ip: string(host), reading.port: port}
    return {reading.otherwise: string(value)}


def _mapped(reading: Mapped, value: bytes) -> Leaves:
    meaning = _meanings(reading).get(value)
    return {reading.path: meaning} if meaning else {}


@cache
def _meanings(reading: Mapped) -> dict[bytes, bytes]:
    return {text.encode(): orjson.dumps(meaning) for text, meaning in reading.values}


def _cut(reading: Cut, value: bytes) -> Leaves:
    leaves: Leaves = {}
    for piece, text in zip(reading.pieces, value.split(reading.separator.encode(), len(reading.pieces) - 1), strict=False):
        kept = b"" if text == b"-" else text.removeprefix(piece.label.encode())
        if piece.type == "date":
            kept = _zulu(kept)
        leaves = _parts({piece.path: kept}) | leaves  # the first to fill a path keeps it
    return leaves


def _words(reading: Words, value: bytes) -> Leaves:
    return _list(reading.path, value.split(reading.separator.encode()), reading.percent)


def _list(path: str, items: list[bytes], percent: int = 0) -> Leaves:
    kept = [string(_percent_decoded(item, percent)) for item in items if item not in (b"", b"-")]
    return {path: b"[" + b",".join(kept) + b"]"} if kept else {}


def _ip_list(reading: IpList, value: bytes) -> Leaves:
    items = [_unpadded(item) for item in value.split(b",")]
    hosts = [_without_port(item) for item in items]
    return _list(reading.path, items) | _list(reading.ips, [host for host in hosts if is_address(host)])


def _unpadded(item: bytes) -> bytes:
    while item.startswith(PADDING):
        item = item.removeprefix(next(padding for padding in PADDING if item.startswith(padding)))
    while item.endswith(PADDING):
        item = item.removesuffix(next(padding for padding in PADDING if item.endswith(padding)))
    return item


def _without_port(item: bytes) -> bytes:
    before, _, after = item.rpartition(b":")
    if _port(after) and (_is_ipv4(before) or _unbracketed(before) != before):
        return _unbracketed(before)
    return _unbracketed(item)


def _tls(reading: Tls, value: bytes) -> Leaves:
    found = (TLS_LOOSE if reading.loose else TLS).fullmatch(value)
    if found is None:
        return {reading.otherwise: string(value)}
    version = b".".join(digit for digit in found.groups()[1:] if digit)
    return {reading.version: string(version), reading.protocol: string(found[1].lower())}


def _version(reading: Version, value: bytes) -> Leaves:
    return _parts({reading.path: value.partition(b"/")[2]})


def _request(reading: Request, value: bytes) -> Leaves:
    method, _, rest = value.rstrip(b" ").partition(b" ")
    before, _, last = rest.rpartition(b" ")
    version = b""
    if last.startswith(b"HTTP/") or last == b"-":
        rest, version = before, last.removeprefix(b"HTTP/")
    parts = {reading.method: method, reading.original: rest, reading.version: version}
    port = b""
    below = rest if rest[:1] in (b"/", b"?") else b""
    if found := SCHEME.match(rest):
        begins = PATH_BEGINS.search(rest, found.end())
        end = begins.start() if begins else len(rest)
        host, port = _authority(rest[found.end() : end])
        below = rest[end:]
        parts |= {reading.scheme: found[1], reading.domain: host}
    path, _, query = below.partition(b"?")
    leaves = _parts(parts | {reading.path: path, reading.query: query})
    return leaves | {reading.port: port} if port else leaves


def _authority(value: bytes) -> tuple[bytes, bytes]:
    """Host, and the port as JSON or nothing."""
    if value[:1] == b"[" and b"]" in value:
        host, _, after = value[1:].partition(b"]")
        return host, _port(after[1:].removesuffix(b"-")) if after[:1] == b":" else b""
    if b":" not in value:
        return value, b""
    host, _, after = value.rpartition(b":")
    return host, _port(after.removesuffix(b"-"))


def _parts(parts: dict[str, bytes]) -> Leaves:
    return {path: string(part) for path, part in parts.items() if part not in (b"", b"-")}


# Each reader takes the reading that it stands beside.
READERS: dict[type, Callable[[Any, bytes], Leaves]] = {
    Text: _text,
    Integer: _integer,
    Decimal: _decimal,
    Status: _status,
    Instant: _instant,
    DateTime: _instant,
    Epoch: _epoch,
    ClfTime: _clf_time,
    Moment: _moment,
    Boolean: _boolean,
    Items: _items,
    Mapped: _mapped,
    Cut: _cut,
    Ip: _ip,
    Endpoint: _endpoint,
    Words: _words,
    IpList: _ip_list,
    Tls: _tls,
    Version: _version,
    Request: _request,
}
