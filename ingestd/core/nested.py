"""Values in objects in objects, as JSON and its like have them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeGuard

import orjson

__all__ = ["below", "dumped", "is_whole"]


def below(value: Any, *names: str) -> Any:
    """What stands at a path of names below a value; None where there is nothing, or something that is no object on the way."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def is_whole(value: Any) -> TypeGuard[int]:
    """Whether it is a whole number, which true and false are not."""
    return isinstance(value, int) and not isinstance(value, bool)


def dumped(value: Any) -> bytes:
    """As JSON, however deep it is: orjson reads 1,024 levels, and writes 254."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return b"".join(_by_level(value))


def _by_level(value: Any) -> Iterator[bytes]:
    """Its pieces, from a stack of what is to be written still: text as bytes, and values."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, bytes):
            yield item
        elif isinstance(item, dict):
            waiting.append(b"}")
            for place, (name, below) in reversed(list(enumerate(item.items()))):
                waiting += [below, (b"," if place else b"") + orjson.dumps(name) + b":"]
            waiting.append(b"{")
        elif isinstance(item, list):
            waiting.append(b"]")
            for place, below in reversed(list(enumerate(item))):
                waiting += [below, b","] if place else [below]
            waiting.append(b"[")
        else:
            yield orjson.dumps(item)
