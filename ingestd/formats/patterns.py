"""Regular expressions that say what a line's columns are. RE2 runs them: whoever wrote a line, it takes time linear in it.

The syntax is RE2's (https://github.com/google/re2/wiki/Syntax): what Python has, without backreferences and looking around.
A pattern is about bytes: a character beyond ASCII is the bytes of its UTF-8, and `.` is any byte, a newline too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import re2

__all__ = ["Captured", "Pattern", "compiled"]

ESCAPED = re.compile(r"\\.", re.DOTALL)
GROUP = re.compile(r"\(\?P?<(\w+)>")
Captured = dict[str, bytes]  # what groups have captured, by name; without those that have no part in the match


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern. `match` wants the whole line; None: it is of another form."""

    groups: tuple[str, ...]
    match: Callable[[bytes], Captured | None]


@cache
def compiled(pattern: str) -> Pattern:
    """The pattern, ready to use; ValueError says what is wrong with it."""
    names = GROUP.findall(ESCAPED.sub("", pattern))
    if again := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"two groups are named {again}")  # RE2 would take the first, and leave the other out
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # bytes as they are, valid UTF-8 or not
    options.dot_nl = True
    options.log_errors = False
    try:
        regexp = re2.compile(pattern.encode(), options)
    except re2.error as error:
        raise ValueError(_said(error)) from None

    places = {_text(name): place for name, place in regexp.groupindex.items()}

    def match(line: bytes) -> Captured | None:
        found = regexp.fullmatch(line)
        if found is None:
            return None
        spans = ((name, found.span(place)) for name, place in places.items())
        return {name: line[begin:end] for name, (begin, end) in spans if begin >= 0}

    return Pattern(tuple(places), match)


def _said(error: Exception) -> str:
    """RE2's own words."""
    return ", ".join(_text(part) for part in error.args)


def _text(part: object) -> str:
    return part.decode("utf-8", "replace") if isinstance(part, bytes) else str(part)
