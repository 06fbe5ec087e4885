r"""The language in which a line format is described: one `Table`, read by the reference and compiled for the kernel.

These docstrings are the definition, down to the byte: the reference and the kernel are compared by it. All of it is about
bytes (ASCII where letters are named) until a string is written.

* Lines. A line is what stands before a newline. Carriage returns at its end, and byte order marks (EF BB BF) and zero-width
  spaces (E2 80 8B) at its beginning, are not part of it, nor, where the table is `padded`, are spaces and tabs among these. A
  line of spaces and tabs alone is blank. Blank lines, then header lines, then lines that begin with one of `comments` are
  skipped and counted; all others become a document or a reject.
  `event.original` is the line; a reject's `raw` is all that stands before the newline.
* Columns. The line is split by the table's `Shape` into values, position by position; with `runs`, separators at its beginning
  and end do not count and several in a row, outside of quotes and brackets, are one. A column's value is what the line has at
  its position; a column without a position, or whose position the line does not reach, is absent.
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
* Rejects. In this order: a quote that is not closed (`unterminated_quote`, no column), or no pattern that matches
  (`no_pattern`, no column); a line that does not reach a required
  column, of those that a header names if there is one (`too_few_columns`, naming the first such in documented order); then
  column by column in documented order, reading by reading, a number that is none (`bad_number`) and an event's own time that is
  none (`bad_timestamp`), both naming the column; last, no time at all (`missing_timestamp`, naming the first column that could
  hold it), unless the table is `dated_by_object`: then the time is the object's last modification, `YYYY-MM-DDThh:mm:ssZ`, or,
  of a line that is an event (model.Events), the event's, `YYYY-MM-DDThh:mm:ss.sssZ`. The first of these decides. Nothing else
  rejects a line.
* Leaves. A reading fills leaves, fields at dotted paths. Of two that fill one path the first in documented order wins. A leaf
  without a value is left out, an object without leaves too. Their order is `fastpath/layout.py`'s.
* Lookups. A line that is read is looked up by each of the table's `lookups`, in their order: the text of its `source`, where
  that is a string of at most TEXT_BYTES_MAX bytes as JSON, or, `by_address`, an address as `Ip` has it. What is found fills
  the lookup's leaves as readings do, the first keeps its path; a value of more than VALUE_BYTES_MAX bytes as JSON is left out.
* Extra. Values at positions that belong to no column of the table go to `extra`, an array of strings in the line's order: as
  they stand in the line, with quotes, brackets and escapes. Without a header line all of them, absent ones too. With one,
  each as `name=value` by the header's name for it, or the value alone where the header names none; absent ones are left out.
  Empty, `extra` is left out; `drifted` counts the documents that have it.
* Header. A header line begins with `header`; where that is the empty string, with the name of a column, or that with `_` for
  `-`, behind which a space stands or the line ends. Its names, all words behind `header`, are separated by spaces, tabs and
  carriage returns; byte order marks and zero-width spaces among them do not count. A name is a column's if they are equal but
  for case, or, where no column has it, with `-` or `:` for `_`; one that comes twice is the column's once, and then no
  column's. The order holds until the next header of the object; before the first, and after one that names nothing, it is the
  documented order, of the first `headless` columns where the table says so. Where it has `generations`, a line in that order
  whose number of columns is none of them, and not more than all, is of another order: it has the columns of the first
  generation alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from itertools import chain
from random import Random
from typing import Literal

from ingestd.formats.lookups import Lookup
from ingestd.formats.names import first_names
from ingestd.formats.readings import (
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
    Json,
    Leaf,
    Mapped,
    Moment,
    Pairs,
    Piece,
    Reading,
    Request,
    Status,
    Text,
    Tls,
    Type,
    Version,
    Words,
)
from ingestd.formats.rules import NO_RULES, Rules

__all__ = [
    "DEPTH_MAX",
    "MEMBERS_MAX",
    "NAME_MAX",
    "SAMPLE_TIME",
    "SEPARATORS",
    "TERM_MAX",
    "TEXT_MAX",
    "Boolean",
    "ClfTime",
    "Column",
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
MARKS = rb"\xef\xbb\xbf|\xe2\x80\x8b"  # byte order mark, zero-width space
IGNORED, PADDED = re.compile(rb"(?:" + MARKS + rb")*+"), re.compile(rb"(?:[ \t]|" + MARKS + rb")*+")
DEPTH_MAX = 16  # levels of objects and arrays in one field: more, and servers begin to refuse the document
MEMBERS_MAX = 1000  # in one field, over all levels
NAME_MAX = 256
TERM_MAX = 30_000  # bytes of a text in one field: a server takes terms of 32,766 bytes, and the path is part of them
TEXT_MAX = 8000  # characters of the pieces that make up a longer one, or what is folded: always a term, whatever they are


class Shape(Enum):
    """How a line is cut into columns, at each separator: the table's own, or the one that the shape comes with.

    SPACED: a space (two make an empty column, and so does one at the line's end). A column that begins with `"` is quoted: it
    ends at the first `"` after that which stands before a separator or the line's end and is not escaped, that is behind an
    even number of backslashes; its value is what stands between the two. Without such an end the line is rejected. A column
    that begins with `[`, and whose next `]` stands before a separator or the line's end, ends there; its value is what stands
    between. Every other column ends before the next separator, whatever it holds.
    SPACED_RAW: the same for logs that escape nothing: a backslash is a backslash.
    TABBED: a tab; nothing is quoted. Of a `padded` table, a line without any whose spaces, one or several in a row, part it
    into as many columns as its header names is cut at these: an editor or a shell has made them of the tabs.
    CSV: a comma. A column that begins with `"` is quoted: pairs of `"` in it are one `"` of its value, and it ends at the first
    `"` that is not one of a pair. That one stands before a separator or the line's end, or the line is rejected.
    JSON: a line is a record, and a column one of its members; what no column names is bounded as `Json` says. A number that is
    infinite as a double is the text that it is written as.
    PATTERN: no separators. The first of the table's patterns that matches the whole line (formats/patterns.py) says what its
    columns are: a group's name is the column's. A column whose group has no part in the match is absent, none lacks, and none
    is `extra`.
    """

    SPACED = "spaced"
    SPACED_RAW = "spaced_raw"
    TABBED = "tabbed"
    CSV = "csv"
    JSON = "json"
    PATTERN = "pattern"


SEPARATORS = {
    Shape.SPACED: " ",
    Shape.SPACED_RAW: " ",
    Shape.TABBED: "\t",
    Shape.CSV: ",",
    Shape.JSON: "",
    Shape.PATTERN: "",
}


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
    required   how many of them, from the first in documented order, a line must reach; where a header orders them, of those
               that it names; 0 for records, which need have none
    header     prefix of a line that gives the column order (`#Fields:`), names behind it; "": none, the line begins with a
               column's name; None: the documented order
    headless   how many columns, from the first, stand in a line of an object without a header; None: all. The others are known
               by a header's names alone
    generations  how many columns lines without a header have had, the fewest first; (): any number
    separator  one ASCII character instead of the shape's own
    runs       several separators in a row are one
    padded     spaces and tabs at a line's ends, which editors, shells and shippers leave there, are no part of it; of records,
               whose blanks are JSON's own matter, it says nothing and is not set
    dated_by_object  lines without a time of their own have that of their object, or of the event that they are
    patterns   of the PATTERN shape: regular expressions, the most particular first
    group      pattern matched at the start of a CloudWatch log group's name: its events are of this format, whatever they hold
    named      the paths that the groups of `group` fill, in their order, in documents of such events
    comments   prefixes of lines that are not log lines
    constants  leaves with the same value in each document
    key        pattern searched for in the object's key
    content    pattern matched at the start of an object's line (see `recognises`); it may look at the lines behind it; of
               records: at the start of the first one's names
    control    pattern searched for in the key of an object that is no log (a test file): skipped, never read
    delivered  the names of columns in the order in which they are written however a user has chosen among them; (): as chosen
    wrapper    name of the array of records, where an object may begin with one
    dashes     of records: `-` is absent
    catches    it takes what no other format recognises: of records all that one holds; as text the events of log groups alone
    rest       of records: where members go that no column names, instead of `aws.<service>.extra`
    own        described by a user
    lookups    what is looked up of a line that is read, see `lookups.py`; none but where settings ask for it
    rules      what the settings ask for its lines beyond reading them (formats/rules.py)
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
    headless: int | None = None
    generations: tuple[int, ...] = ()
    separator: str = ""
    runs: bool = False
    padded: bool = False
    dated_by_object: bool = False
    patterns: tuple[str, ...] = ()
    group: str = ""
    named: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    constants: tuple[tuple[str, str | tuple[str, ...]], ...] = ()
    control: str | None = None
    delivered: tuple[str, ...] = ()
    wrapper: str = ""
    dashes: bool = False
    catches: bool = False
    rest: str = ""
    own: bool = False
    lookups: tuple[Lookup, ...] = ()
    preamble: tuple[str, ...] = ()
    rules: Rules = NO_RULES
    kind: Literal["lines"] = field(default="lines", init=False)

    @property
    def between(self) -> bytes:
        """What stands between two columns."""
        return (self.separator or SEPARATORS[self.shape]).encode()

    @property
    def extra(self) -> str:
        return self.rest or f"aws.{self.service}.extra"

    def readings(self) -> Iterator[Reading]:
        """Each reading of each column, in documented order."""
        return (reading for column in self.columns for reading in column.readings)

    def leaves(self) -> Iterable[Leaf]:
        """Each leaf that a document of this format may have, in the table's order; a path may be filled by two columns."""
        seen: set[str] = set()
        for leaf in chain(*(reading.leaves() for reading in self.readings()), *(lookup.leaves for lookup in self.lookups)):
            if leaf.path not in seen:
                seen.add(leaf.path)
                yield leaf
        yield from (Leaf(path) for path in self.named if path not in seen)

    def recognises(self, key: str, head: bytes) -> int:
        """How well an object fits: 3 by key and content, 2 by content alone, 0 not at all (a key alone proves nothing).

        A user's own word is stronger: 4 where all fits that is asked for, key or content or both, and 0 otherwise. What catches
        whatever it is is weaker: 1.
        """
        by_key = bool(self.key and re.search(self.key, key))
        if self.own:
            asked = [by_key] * bool(self.key) + [self._begins(head)] * bool(self.content)
            return 4 if asked and all(asked) else 0
        if not self._begins(head):
            return 0
        return 1 if self.catches and not self.content else 3 if by_key else 2

    def recognises_events(self, group: str, head: bytes) -> int:
        """How well events fit: as an object would whose key is the log group's name, but for a name that says it: 3."""
        if self.group and re.match(self.group, group):
            return 3
        return max(self.recognises(group, head), int(self.catches))

    def _begins(self, head: bytes) -> bool:
        """Whether `content` is seen at the first line that is not blank, or at the first that is no comment either; of
        records: in the names of the first one's members, see `names.py`."""
        if self.shape is Shape.JSON:
            names = first_names(head, self.wrapper)
            return names is not None and re.match(self.content, names) is not None
        content, ignored = re.compile(self.content.encode()), PADDED if self.padded else IGNORED
        comments = tuple(comment.encode() for comment in self.comments)
        for line in LINE.finditer(head):
            begin = ignored.match(head, line.start())
            assert begin is not None
            at = begin.end()
            if not head[at : line.end()].strip():
                continue
            if content.match(head, at):
                return True
            if not head.startswith(comments, at):
                return False
        return False
