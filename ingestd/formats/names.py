"""What is seen of a JSON object by its first bytes: the names of its first record's members, though it may be cut anywhere."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["first_names"]

FIRST = re.compile(rb"(?:[ \t\r\n\[,]|\xef\xbb\xbf|\xe2\x80\x8b)*+(?=\{)")
TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*+)"|[{}\[\]:,]', re.DOTALL)
NAMES_MAX = 200


@lru_cache(maxsize=16)
def first_names(head: bytes, wrapper: str = "") -> str | None:
    """The names with a space before and behind each, in their order; None where no object begins.

    If the object's first member is the array `wrapper`, then `wrapper:`, and the names of the first object in that.
    """
    begin = FIRST.match(head)
    if begin is None:
        return None
    at = begin.end()
    if wrapper and (found := re.compile(rb'\{\s*"' + wrapper.encode() + rb'"\s*:\s*\[').match(head, at)):
        inner = FIRST.match(head, found.end())
        return f"{wrapper}:" + (_names(head, inner.end()) if inner else " ")
    return _names(head, at)


def _names(head: bytes, at: int) -> str:
    names, depth, last = [""], 0, b""
    for token in TOKEN.finditer(head, at):
        char = token[0][:1]
        if char in b"{[":
            depth += 1
        elif char in b"}]":
            depth -= 1
            if depth == 0:
                break
        elif char == b":" and depth == 1 and len(names) <= NAMES_MAX:
            names.append(last.decode("utf-8", "replace"))
        last = token[1] or b""
    return " ".join([*names, ""])
