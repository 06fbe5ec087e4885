"""What a column's value fills: one class a kind of value. What holds for all of them stands in `table.py`, which names these.

These docstrings are the definition, down to the byte: the reference and the kernel are compared by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "Boolean",
    "ClfTime",
    "Cut",
    "DateTime",
    "Decimal",
    "Endpoint",
    "Epoch",
    "Instant",
    "Integer",
    "Ip",
    "IpList",
    "Items",
    "Json",
    "Leaf",
    "Mapped",
    "Moment",
    "Pairs",
    "Piece",
    "Reading",
    "Request",
    "Status",
    "Text",
    "Tls",
    "Type",
    "Version",
    "Words",
]

Type = Literal["keyword", "wildcard", "text", "long", "double", "ip", "date", "boolean", "flat_object", "geo_point"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One field of a document: its dotted path and the type it is mapped to."""

    path: str
    type: Type = "keyword"


@dataclass(frozen=True, slots=True)
class Text:
    """The value as a string. `percent`: how often `%HH` is decoded, each time in the whole (CloudFront encodes user agents
    once or twice); a `%` that no two hexadecimal digits follow stands, and `+` is a plus.
    """

    path: str
    percent: Literal[0, 1, 2] = 0
    type: Type = "keyword"

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path, self.type),)


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number. `minus_one_absent`: `-1`, also written `-1.0` with any zeros, says that there is none."""

    path: str
    minus_one_absent: bool = False

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path, "long"),)


@dataclass(frozen=True, slots=True)
class Decimal:
    """A number that may have a fraction and an exponent. `minus_one_absent` as for `Integer`."""

    path: str
    minus_one_absent: bool = False

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path, "double"),)


@dataclass(frozen=True, slots=True)
class Status:
    """An HTTP status, a whole number, and the outcome it means: 1-399 `success`, all else (000: the client left) `failure`."""

    path: str
    outcome: str = "event.outcome"

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path, "long"), Leaf(self.outcome))


@dataclass(frozen=True, slots=True)
class Ip:
    """An address under `path`, as it is written; any other text under `otherwise`.

    IPv4: four numbers of 0-255 without leading zeros. IPv6: eight groups of 1-4 hexadecimal digits, one `::` for one or more
    groups of zeros, an IPv4 perhaps in place of the last two; no zone, no brackets.
    """

    path: str
    otherwise: str

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path, "ip"), Leaf(self.otherwise))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`host:port`: an address (see `Ip`), an IPv6 perhaps in brackets, and behind the last colon its port; or an IPv4 alone.

    A port is 1-5 digits, at most 65535, written without leading zeros. What is so made fills `ip` and `port`; anything else
    fills `otherwise` with the whole text.
    """

    ip: str
    port: str
    otherwise: str

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.ip, "ip"), Leaf(self.port, "long"), Leaf(self.otherwise))


@dataclass(frozen=True, slots=True)
class Instant:
    """`YYYY-MM-DDThh:mm:ss[.f{1,9}][Z]`, UTC, written as it stands and with the Z.

    Checked by the calendar (hours end at 23, minutes and seconds at 59), years 1970-2199. A leap second, `:60`, is written as
    `:59.999`, whatever its fraction is: no server knows of it.

    The reading whose path is `@timestamp` is the event's own time. A value that is none rejects the line if it is the
    event's own time, and is left out elsewhere.
    """

    path: str

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path, "date"),)


@dataclass(frozen=True, slots=True)
class DateTime:
    """A date column joined by `T` to the column named `time`, and read as an `Instant`.

    It is absent if either column is; a reject names the date's column.
    """

    path: str
    time: str

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path, "date"),)


@dataclass(frozen=True, slots=True)
class Epoch:
    """A count since 1970: `[0-9]{1,19}`, whose digits tell its unit: up to 11 seconds, 12-14 milliseconds, 15-17 microseconds,
    18-19 nanoseconds. Behind seconds there may be a fraction `.[0-9]{1,9}`.

    Written as an `Instant` is: `YYYY-MM-DDThh:mm:ss`, then a fraction, as it stands behind seconds, of 3, 6 or 9 digits for the
    smaller units, then `Z`. Years 1970-2199. A value that is none is treated as by `Instant`. Where the value is absent, that
    of the column named `instead` is read in its place.
    """

    path: str
    instead: str = ""

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path, "date"),)


@dataclass(frozen=True, slots=True)
class ClfTime:
    """`DD/Mon/YYYY:hh:mm:ss +hhmm`, as web servers write it: an English month of three letters, one space, a zone from the UTC.

    Checked by the calendar, the zone's hours up to 23 and its minutes to 59; written in UTC as `YYYY-MM-DDThh:mm:ssZ`, whose
    year is 1970-2199. A leap second, and a value that is none, are treated as by `Instant`.
    """

    path: str

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path, "date"),)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as applications write it: as an `Instant` or an `Epoch`, and more freely.

    `YYYY-MM-DD`, one of `T`, `t` and a space, `hh:mm:ss`, perhaps `.` or `,` and 1-9 digits, perhaps a space, then `Z`, `z`,
    `+hh:mm`, `+hhmm` or `+hh` (or with `-`), or nothing, which is UTC; or what `Epoch` reads, whose smaller units may have a
    fraction that is dropped. Written in UTC, `YYYY-MM-DDThh:mm:ss`, the fraction as it stands behind a point, `Z`; a leap
    second as by `Instant`. A value that is none fills nothing.
    """

    path: str

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path, "date"),)


@dataclass(frozen=True, slots=True)
class Boolean:
    """`true` or `false`, the letters in either case; any other value fills nothing."""

    path: str

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path, "boolean"),)


@dataclass(frozen=True, slots=True)
class Items:
    """A list of strings: the items of an array, those that are arrays or objects as their JSON; or the one value there is.

    Items that are absent are left out, a list without items too.
    """

    path: str
    type: Type = "keyword"

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path, self.type),)


@dataclass(frozen=True, slots=True)
class Json:
    """An object as it is, but for its members that other columns name; what is no object as the member `value` of one.

    What is kept so, `extra` of records too, is within bounds (table.py): with more than MEMBERS_MAX members, or a name of more
    than NAME_MAX characters, all of it is one text, the member `json`; what is deeper than DEPTH_MAX levels is a text. Such a
    text, and any other of more than TERM_MAX bytes, is an array of pieces of TEXT_MAX characters, if it has more of them.
    """

    path: str

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path, "flat_object"),)


@dataclass(frozen=True, slots=True)
class Pairs:
    """An array of objects with a `name` and a `value` as one object: the value, or an array of the values, by the name in lower
    case. An object is one already, but for the case of its names. Where there is something else, an item is none or has other
    members, or a name is no string, all of it is treated as by `Json`.
    """

    path: str

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path, "flat_object"),)


@dataclass(frozen=True, slots=True)
class Mapped:
    """What `values` has for the value, a string or a list of strings; nothing for a value that is not among them."""

    path: str
    values: tuple[tuple[str, str | tuple[str, ...]], ...]

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path),)


@dataclass(frozen=True, slots=True)
class Piece:
    """Where one piece of a `Cut` goes, without `label` if it begins with it; a date is an `Instant`, or is left out."""

    path: str
    label: str = ""
    type: Literal["keyword", "date"] = "keyword"


@dataclass(frozen=True, slots=True)
class Cut:
    """The value cut at its first separators into at most as many pieces as there are `pieces`: the last has the rest.

    A piece that is empty or `-`, before or after its label is taken off, is absent.
    """

    separator: str
    pieces: tuple[Piece, ...]

    def leaves(self) -> tuple[Leaf, ...]:
        return tuple(Leaf(piece.path, piece.type) for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Words:
    """A list of strings; items that are empty or `-` are left out, a list without items too. Items are not trimmed.

    `separator` may have several characters. `percent`: each item that is left is then decoded as `Text` does it; one that is
    empty or `-` after that stays.
    """

    path: str
    separator: str
    percent: Literal[0, 1, 2] = 0

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path),)


@dataclass(frozen=True, slots=True)
class IpList:
    r"""Comma-separated hosts, as in X-Forwarded-For: all of them under `path`, those that are addresses under `ips` too.

    Items are trimmed on both sides of spaces and of the literal texts `\x20` and `%20`, as many as there are; items that are
    then empty or `-` are left out, and so are lists without items. For `ips` a port (see `Endpoint`) behind an IPv4 or a
    bracketed IPv6 does not count, nor do brackets around an IPv6.
    """

    path: str
    ips: str

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path), Leaf(self.ips, "ip"))


@dataclass(frozen=True, slots=True)
class Tls:
    """A protocol name as AWS writes it, `TLSv` or `SSLv` and then `D` or `D.D`: `TLSv1.2` is version `1.2`, protocol `tls`.

    `loose`: the letters in either case, and `DD` for `D.D` too, as in `TLSV1.2` and `tlsv12`. Any other text is kept under
    `otherwise`.
    """

    otherwise: str
    version: str = "tls.version"
    protocol: str = "tls.version_protocol"
    loose: bool = False

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.version), Leaf(self.protocol), Leaf(self.otherwise))


@dataclass(frozen=True, slots=True)
class Version:
    """`HTTP/2.0` -> `2.0`: what follows the first slash; nothing without a slash."""

    path: str = "http.version"

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path),)


@dataclass(frozen=True, slots=True)
class Request:
    """A request line: method, URL, version. Every part of it that is empty or `-` is absent.

    Spaces at the value's end are not part of it. The method is what stands before the first space, or all if there is none.
    Of what follows that space, the last word (behind the last space, or all of it) is the version if it begins with `HTTP/`,
    which is not part of it, and is dropped if it is `-`. What is left, without the one space before that word, is the URL,
    which may contain spaces.

    The URL as it stands is `original`. If it begins with a letter, any number of letters, digits, `+`, `.` and `-`, and
    `://`, then what stands before that is `scheme`, and behind it up to the next `/` or `?`, or the end, is the authority. Of
    that, what stands in brackets if it begins with `[` and has a `]`, else before its last colon, else all of it, is
    `domain`; behind the colon (with brackets: one right behind the `]`) is the port, without one `-` at its end (AWS's mark
    of an absent path): `port` if it is one as `Endpoint` has it. What follows the authority is path and query; without a
    scheme it is the whole URL if that begins with `/` or `?`, and nothing if it does not: `path` is what stands before the
    first `?`, `query` what stands behind it.
    """

    method: str = "http.request.method"
    original: str = "url.original"
    scheme: str = "url.scheme"
    domain: str = "url.domain"
    port: str = "url.port"
    path: str = "url.path"
    query: str = "url.query"
    version: str = "http.version"

    def leaves(self) -> tuple[Leaf, ...]:
        return (
            Leaf(self.method),
            Leaf(self.original, "wildcard"),
            Leaf(self.scheme),
            Leaf(self.domain),
            Leaf(self.port, "long"),
            Leaf(self.path, "wildcard"),
            Leaf(self.query, "wildcard"),
            Leaf(self.version),
        )


Reading = (
    Text
    | Integer
    | Decimal
    | Status
    | Ip
    | Endpoint
    | Instant
    | DateTime
    | Epoch
    | ClfTime
    | Moment
    | Boolean
    | Items
    | Json
    | Pairs
    | Mapped
    | Cut
    | Words
    | IpList
    | Tls
    | Version
    | Request
)
