"""The logs of a soak: a few templates that are put under any number of keys, so that hours of them need no more memory."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Literal

from ingestd.formats.registry import formats
from ingestd.formats.table import Table
from ingestd.generate import DAY, lines

__all__ = ["Template", "templates"]

FORMATS = ("alb", "cloudfront")
TEMPLATES = 40
LINES_MAX = 2000
BAD_ONE_IN, CURSED_ONE_IN, TRUNCATED_ONE_IN = 150, 400, 12

Fate = Literal["whole", "truncated"]


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """What an object holds. Its log lines are numbered; sets of them are the bits of an integer.

    `numbers`: by the offset in the decoded object. `rejects`: no documents; `cursed`: documents that the sink refuses for ever.
    """

    body: bytes
    etag: str
    index: str
    numbers: dict[int, int]
    documents: int
    rejects: int
    cursed: int
    fate: Fate

    @property
    def lines(self) -> int:
        """Log lines that must come to rest: none of an object without its end, which is a dead letter as a whole."""
        return len(self.numbers) if self.fate == "whole" else 0


def templates(random: Random) -> list[Template]:
    """The last ones are truncated: inside of a gzip member they have lost their end."""
    cut = -(-TEMPLATES // TRUNCATED_ONE_IN)
    sources = [(formats()[name], lines(formats()[name], TEMPLATES * LINES_MAX, 1, strange=0.0)) for name in FORMATS]
    return [
        _template(random, *random.choice(sources), "truncated" if number >= TEMPLATES - cut else "whole")
        for number in range(TEMPLATES)
    ]


def _template(random: Random, table: Table, source: Iterator[bytes], fate: Fate) -> Template:
    text = bytearray(b"".join(line.encode() + b"\n" for line in table.preamble))
    numbers: dict[int, int] = {}
    documents = rejects = cursed = 0
    for number, line in enumerate(islice(source, random.randint(50, LINES_MAX))):
        is_bad = number > 0 and random.randrange(BAD_ONE_IN) == 0  # the first shows what the object is
        bit = 1 << number
        if is_bad:
            rejects |= bit
        elif fate == "whole" and random.randrange(CURSED_ONE_IN) == 0:
            cursed |= bit
        else:
            documents |= bit
        numbers[len(text)] = number
        text += (b"no log line %d" % number if is_bad else line) + b"\n"
    body = gzip.compress(text, 6, mtime=0)
    body = body if fate == "whole" else body[: len(body) * 2 // 3]
    etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
    return Template(body, etag, f"logs-{table.dataset}-{DAY:%Y.%m.%d}", numbers, documents, rejects, cursed, fate)
