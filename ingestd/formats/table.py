"""The language in which a line format is described: one `Table`, read by the reference and compiled for the kernel.

A line is split into columns by the table's `Shape`. Each column's bytes are read by its `readings`, and each reading fills
one or more leaves (fields of the document, at dotted paths). A leaf without a value is left out; so is an object without
leaves. Rules that hold for all formats:

* Absent: a value that is empty or `-`, bare or quoted, fills nothing.
* A quoted value (SPACED shape) has its log's own escapes decoded when the shape says so: `\\"`, `\\\\`, `\\xHH` and the old
  `\\x000000HH`; every other backslash stands. Then the value is UTF-8 with invalid bytes replaced by U+FFFD, as Python's
  `bytes.decode("utf-8", "replace")` does it.
* Numbers are checked, then copied as they stand where JSON allows them; leading zeros go (`000` is 0, `007` is 7), `.5`
  gets its zero. At most 18 digits before the point and 18 behind it, exponent within ±18. Anything else rejects the line.
* A timestamp that is none, a missing required column and an unterminated quote reject the line. Nothing else does.
* More columns than the table knows go to `extra` as they stand (raw text, absent ones included); fewer are fine from
  `required` on.
* Blank lines, and lines that begin with one of `comments`, are skipped and counted. A byte order mark at offset 0 and
  carriage returns before the newline are not part of a line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import Literal

__all__ = [
    "Column",
    "DateTime",
    "Decimal",
    "Endpoint",
    "Instant",
    "Integer",
    "Ip",
    "IpList",
    "Leaf",
    "Reading",
    "Request",
    "Shape",
    "Status",
    "Table",
    "Text",
    "Tls",
    "Type",
    "Version",
    "Words",
]

Type = Literal["keyword", "wildcard", "text", "long", "double", "ip", "date", "boolean"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One field of a document: its dotted path and the type it is mapped to."""

    path: str
    type: Type = "keyword"


class Shape(Enum):
    """How a line is cut into columns.

    SPACED: one space between columns (two make an empty column). A column that begins with `"` ends at the first `"` that
    stands before a space or the line's end and is not escaped; `"` elsewhere is part of the value.
    SPACED_RAW: the same for logs that escape nothing: a backslash is a backslash.
    In both a column that begins with `[` ends at the first `]` before a space or the line's end.
    TABBED: one tab between columns; nothing is quoted.
    """

    SPACED = "spaced"
    SPACED_RAW = "spaced_raw"
    TABBED = "tabbed"


@dataclass(frozen=True, slots=True)
class Text:
    """The value as a string. `percent`: how often `%HH` is decoded (CloudFront encodes user agents once or twice)."""

    path: str
    percent: Literal[0, 1, 2] = 0
    type: Type = "keyword"

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path, self.type),)


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number, `-?[0-9]+`. `minus_one_absent`: -1 says that there is none."""

    path: str
    minus_one_absent: bool = False

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path, "long"),)


@dataclass(frozen=True, slots=True)
class Decimal:
    """A number that may have a fraction and an exponent. `minus_one_absent`: -1 says that there is none."""

    path: str
    minus_one_absent: bool = False

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path, "double"),)


@dataclass(frozen=True, slots=True)
class Status:
    """An HTTP status as a number, and the outcome it means: 1-399 success, all else (000: the client left) failure."""

    path: str
    outcome: str = "event.outcome"

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path, "long"), Leaf(self.outcome))


@dataclass(frozen=True, slots=True)
class Ip:
    """An IPv4 or IPv6 address (no zone, no leading zeros) under `path`; any other text under `otherwise`."""

    path: str
    otherwise: str

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path, "ip"), Leaf(self.otherwise))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`host:port`; the port follows the last colon, IPv6 may stand in brackets, the port may be missing after an IPv4.

    An address with a port in 0-65535 fills `ip` and `port`; anything else fills `otherwise` with the whole text.
    """

    ip: str
    port: str
    otherwise: str

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.ip, "ip"), Leaf(self.port, "long"), Leaf(self.otherwise))


@dataclass(frozen=True, slots=True)
class Instant:
    """`YYYY-MM-DDThh:mm:ss[.f{1,9}][Z]`, UTC, written with the Z; checked by the calendar, years 1970-2199.

    The reading whose path is `@timestamp` is the event's own time. A value that is none rejects the line if it is the
    event's own time, and is left out elsewhere.
    """

    path: str

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path, "date"),)


@dataclass(frozen=True, slots=True)
class DateTime:
    """A date column (`YYYY-MM-DD`) joined to the time column named `time` (`hh:mm:ss[.f]`): one Instant."""

    path: str
    time: str

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path, "date"),)


@dataclass(frozen=True, slots=True)
class Words:
    """A list of strings; items that are empty or `-` are left out, a list without items too. Items are not trimmed."""

    path: str
    separator: str

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path),)


@dataclass(frozen=True, slots=True)
class IpList:
    """Comma-separated hosts, as in X-Forwarded-For: all of them under `path`, those that are addresses under `ips` too.

    Items are trimmed of spaces and of the literal texts `\\x20` and `%20` on both sides; a port behind an address (`a.b.c.d:p`,
    `[v6]:p`) does not count for `ips`.
    """

    path: str
    ips: str

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path), Leaf(self.ips, "ip"))


@dataclass(frozen=True, slots=True)
class Tls:
    """A protocol name as AWS writes it (`TLSv1.2`, `SSLv3`): version `1.2` and protocol `tls`; another text fills neither."""

    version: str = "tls.version"
    protocol: str = "tls.version_protocol"

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.version), Leaf(self.protocol))


@dataclass(frozen=True, slots=True)
class Version:
    """`HTTP/2.0` -> `2.0`: what follows the first slash; nothing without a slash."""

    path: str = "http.version"

    def leaves(self) -> tuple[Leaf, ...]:
        return (Leaf(self.path),)


@dataclass(frozen=True, slots=True)
class Request:
    """A request line: method, URL, version. Spaces at its end are ignored.

    The method is what stands before the first space; the last word is the version if it begins with `HTTP/`, and is
    dropped if it is `-`; all between is the URL, which may contain spaces. `METHOD` and `-` parts are absent.
    Of the URL: `original` as it stands; `scheme` before `://`; then the authority up to `/`, `?` or the end, whose host
    (IPv6 without brackets) is `domain` and whose port, if it is 1-5 digits up to 65535, `port` (a `-` behind the port is AWS's mark
    of an absent path and belongs to nothing); `path` from the first `/` up to `?`; `query` behind it. A URL without scheme has
    only path and query, if it begins with `/` or `?`, and else only `original`.
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


Reading = Text | Integer | Decimal | Status | Ip | Endpoint | Instant | DateTime | Words | IpList | Tls | Version | Request


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the name AWS gives it, and what its value fills. No readings: known, but not kept."""

    name: str
    readings: tuple[Reading, ...] = ()

    def __init__(self, name: str, *readings: Reading) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "readings", readings)


@dataclass(frozen=True, slots=True)
class Table:
    """A line format in full; the only description of it.

    name       what users call it: `--format NAME`, the label `format`
    dataset    `event.dataset` and part of the index name
    service    the word under `aws.` where `extra` columns go: `aws.<service>.extra`
    columns    in documented order, the newest last
    required   how many of them, from the first, a line must have (with a header line: the names that it must have)
    header     prefix of a line that gives the column order (`#Fields:`), names behind it; None: the documented order
    comments   prefixes of lines that are not log lines
    constants  leaves with the same value in each document
    key        pattern searched for in the object's key
    content    pattern matched at the start of the object's first line that is not blank
    control    pattern searched for in the key of an object that is no log (a test file): skipped, never read
    sample     one line of plausible content, for `ingestd generate` (no newline)
    preamble   lines at the top of a generated object
    """

    name: str
    dataset: str
    service: str
    shape: Shape
    columns: tuple[Column, ...]
    required: int
    key: str
    content: str
    sample: Callable[[Random], str]
    header: str | None = None
    comments: tuple[str, ...] = ()
    constants: tuple[tuple[str, str | tuple[str, ...]], ...] = ()
    control: str | None = None
    preamble: tuple[str, ...] = ()
    kind: Literal["lines"] = field(default="lines", init=False)

    @property
    def extra(self) -> str:
        return f"aws.{self.service}.extra"

    def leaves(self) -> Iterable[Leaf]:
        """Each leaf that a document of this format may have, in the table's order; a path may be filled by two columns."""
        seen: set[str] = set()
        for column in self.columns:
            for reading in column.readings:
                for leaf in reading.leaves():
                    if leaf.path not in seen:
                        seen.add(leaf.path)
                        yield leaf

    def recognises(self, key: str, head: bytes) -> int:
        """How well an object fits: 3 by key and content, 2 by content alone, 0 not at all (a key alone proves nothing)."""
        first = next((line for line in head.removeprefix(b"\xef\xbb\xbf").splitlines() if line.strip()), b"")
        if not re.match(self.content.encode(), first):
            return 0
        return 3 if re.search(self.key, key) else 2
