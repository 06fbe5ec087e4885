"""Steps within JSON that has been read, and so is sound: names are as orjson has them, none comes twice. Part of the kernel."""

from __future__ import annotations

from typing import Any

from ingestd.fastpath.kernel.jit import inlined
from ingestd.fastpath.kernel.json_text import blank, string_end
from ingestd.fastpath.kernel.scan import same_text
from ingestd.fastpath.kernel.simd import get

__all__ = ["following", "member", "member_value", "over"]

QUOTE, COMMA, OPEN, CLOSE, OPEN_OBJECT, CLOSE_OBJECT = 34, 44, 91, 93, 123, 125
SPACE = 32


@inlined
def member(buf: Any, at: int, end: int, text: Any, name: int) -> Any:
    """The value of the member so named of the object at `at`; -1 if there is none, or it is no object."""
    if get(buf, at) != OPEN_OBJECT:
        return -1
    at = blank(buf, at + 1, end)
    while at < end and get(buf, at) != CLOSE_OBJECT:
        begin = at + 1
        stop, at = member_value(buf, at, end)
        if stop - begin == name & 0xFFFF and same_text(buf, begin, stop, text, name):
            return at
        at = following(buf, over(buf, at, end), end)
    return -1


@inlined
def member_value(buf: Any, at: int, end: int) -> Any:
    """Of the member whose name begins at `at`: (where the name's closing quote is, where its value begins)."""
    stop, _ = string_end(buf, at + 1, end)
    colon = blank(buf, stop + 1, end)
    return stop, blank(buf, colon + 1, end)


@inlined
def following(buf: Any, at: int, end: int) -> Any:
    """What comes behind the value that ends at `at`: the next one, or the closing bracket or brace."""
    at = blank(buf, at, end)
    return blank(buf, at + 1, end) if at < end and get(buf, at) == COMMA else at


@inlined
def over(buf: Any, at: int, end: int) -> Any:
    """Behind the value at `at`."""
    depth = 0
    while at < end:
        char = get(buf, at)
        if char == QUOTE:
            at, _ = string_end(buf, at + 1, end)
        elif char in (OPEN, OPEN_OBJECT):
            depth += 1
        elif char in (CLOSE, CLOSE_OBJECT):
            depth -= 1
        elif depth == 0:
            return over_bare(buf, at, end)
        at += 1
        if depth == 0:
            break
    return at


@inlined
def over_bare(buf: Any, at: int, end: int) -> Any:
    """Behind the number or literal at `at`: those bytes are digits, letters, signs and points, which others are not."""
    char = get(buf, at)
    while at < end and char > SPACE and char != COMMA and char != CLOSE and char != CLOSE_OBJECT:
        at += 1
        char = get(buf, at)
    return at
