r"""The language in which a line format is described: one `Table`, read by the reference and compiled for the kernel.

These docstrings are the definition, down to the byte: the reference and the kernel are compared by it. All of it is about
bytes (ASCII where letters are named) until a string is written.

* Lines. A line is what stands before a newline. Carriage returns at its end, and byte order marks (EF BB BF) and zero-width
  spaces (E2 80 8B) at its beginning, are not part of it. A line of spaces and tabs alone is blank. Blank lines, then lines
  that begin with `header`, then lines that begin with one of `comments` are skipped and counted; all others become a document
  or a reject. `event.original` is the line; a reject's `raw` is all that stands before the newline.
* Columns. The line is split by the table's `Shape` into values, position by position. A column's value is what the line has
  at its position; a column without a position, or whose position the line does not reach, is absent.
* Absent. A value that is empty or `-` (bare, quoted or in brackets; before anything in it is decoded) fills nothing, and so
  does a reading whose result is the empty string.
* Escapes. A quoted value of the SPACED shape is decoded, from left to right: `\"`, `\\`, `\xHH` and the old `\x000000HH`
  (taken first) are one byte each, hexadecimal in either case; every other backslash stands.
* Strings. Every string, of a value or a part of one, is UTF-8 with invalid bytes replaced by U+FFFD as Python's
  `bytes.decode("utf-8", "replace")` does it, after all other decoding, and written in JSON as orjson writes it: `\"`, `\\`,
  `\b`, `\t`, `\n`, `\f`, `\r`, other bytes below 0x20 as `\u00hh` in lower case, all else as it is.
* Numbers are checked, then copied as they stand where JSON allows them. Whole: `-?[0-9]{1,18}`. Decimal: an optional `-`,
  then `[0-9]{1,18}` with or without `.[0-9]{1,18}`, or `.[0-9]{1,18}` alone, then perhaps `[eE][+-]?[0-9]{1,2}` with a value
  of at most 18. Leading zeros of the whole part go, but for the last digit (`000` is 0, `007.50` is 7.50, `-00` is -0); `.5`
  is written 0.5.
* Rejects. In this order: a quote that is not closed (`unterminated_quote`, no column); a line that does not reach a required
  column (`too_few_columns`, naming the first such in documented order); then column by column in documented order, reading by
  reading, a number that is none (`bad_number`) and an event's own time that is none (`bad_timestamp`), both naming the
  column; last, no time at all (`missing_timestamp`, naming the first column that could hold it). The first of these decides.
  Nothing else rejects a line.
* Leaves. A reading fills leaves, fields at dotted paths. Of two that fill one path the first in documented order wins. A leaf
  without a value is left out, an object without leaves too. Their order is `fastpath/layout.py`'s.
* Extra. Values at positions that belong to no column of the table go to `extra`, an array of strings in the line's order: as
  they stand in the line, with quotes, brackets and escapes. Without a header line all of them, absent ones too. With one,
  each as `name=value` by the header's name for it, or the value alone where the header names none; absent ones are left out.
  Empty, `extra` is left out; `drifted` counts the documents that have it.
* Header. The names behind the prefix are separated by spaces, tabs and carriage returns; byte order marks and zero-width
  spaces among them do not count. A name is a column's if they are equal but for case; a name that comes twice is the column's
  once, and then no column's. The order holds until the next header of the object; before the first, and after one that names
  nothing, it is the documented order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from random import Random
from typing import Literal

__all__ = [
    "SAMPLE_TIME",
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

SAMPLE_TIME = datetime(2026, 11, 1, 12, tzinfo=UTC)
LINE = re.compile(rb"[^\r\n]+")

Type = Literal["keyword", "wildcard", "text", "long", "double", "ip", "date", "boolean", "flat"]  # flat: an object of any keys


@dataclass(frozen=True, slots=True)
class Leaf:
    """One field of a document: its dotted path and the type it is mapped to."""

    path: str
    type: Type = "keyword"


class Shape(Enum):
    """How a line is cut into columns.

    SPACED: one space between columns (two make an empty column, and so does one at the line's end). A column that begins with
    `"` is quoted: it ends at the first `"` after that which stands before a space or the line's end and is not escaped, that is
    behind an even number of backslashes; its value is what stands between the two. Without such an end the line is rejected.
    A column that begins with `[`, and whose next `]` stands before a space or the line's end, ends there; its value is what
    stands between. Every other column ends before the next space, whatever it holds.
    SPACED_RAW: the same for logs that escape nothing: a backslash is a backslash.
    TABBED: one tab between columns; nothing is quoted.
    """

    SPACED = "spaced"
    SPACED_RAW = "spaced_raw"
    TABBED = "tabbed"


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

    Checked by the calendar (hours end at 23, minutes and seconds at 59), years 1970-2199.

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
class Words:
    """A list of strings; items that are empty or `-` are left out, a list without items too. Items are not trimmed."""

    path: str
    separator: str

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

    Any other text is kept under `otherwise`.
    """

    otherwise: str
    version: str = "tls.version"
    protocol: str = "tls.version_protocol"

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
    required   how many of them, from the first in documented order, a line must reach, also where a header orders them
    header     prefix of a line that gives the column order (`#Fields:`), names behind it; None: the documented order
    comments   prefixes of lines that are not log lines
    constants  leaves with the same value in each document
    key        pattern searched for in the object's key
    content    pattern matched at the start of an object's line (see `recognises`); it may look at the lines behind it
    control    pattern searched for in the key of an object that is no log (a test file): skipped, never read
    sample     one line of plausible content, for `ingestd generate` (no newline), all its times in the second SAMPLE_TIME
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
        """How well an object fits: 3 by key and content, 2 by content alone, 0 not at all (a key alone proves nothing).

        Content is seen at the first line that is not blank, or at the first that is no comment either.
        """
        comments = tuple(comment.encode() for comment in self.comments)
        lines = (line for line in LINE.finditer(head.removeprefix(b"\xef\xbb\xbf")) if line[0].strip())
        for line in lines:
            if re.match(self.content.encode(), line.string[line.start() :]):
                return 3 if re.search(self.key, key) else 2
            if not line[0].startswith(comments):
                return 0
        return 0
