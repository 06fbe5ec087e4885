"""What is kept of a record as JSON, within the bounds of one field (formats/table.py)."""

from __future__ import annotations

from typing import Any

import orjson

from ingestd.core.nested import dumped
from ingestd.formats.table import DEPTH_MAX, MEMBERS_MAX, NAME_MAX, TERM_MAX, TEXT_MAX

__all__ = ["NESTED", "bounded"]

FOLDED, VALUE = "json", "value"
NESTED = (dict, list)


def bounded(value: Any) -> bytes:
    """An object within bounds, as JSON."""
    kept = value if isinstance(value, dict) else {VALUE: value}
    text = _written(kept)
    if text and _is_small(text):
        return text
    members, longest, levels, is_term = _measured(kept)
    if members > MEMBERS_MAX or longest > NAME_MAX:
        return dumped({FOLDED: _folded(kept)})
    if levels > DEPTH_MAX or not is_term:
        return dumped(_flattened(kept, DEPTH_MAX))
    return text


def _written(value: Any) -> bytes:
    """As JSON; nothing if it is deeper than orjson writes."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return b""


def _is_small(text: bytes) -> bool:
    """Whether a look at the JSON is enough to say that it is within all bounds."""
    if text.count(b"[") + text.count(b"{") > DEPTH_MAX or text.count(b":") > MEMBERS_MAX or b"\\" in text:
        return False
    return len(text) <= NAME_MAX or max(map(len, text.split(b'"'))) <= NAME_MAX


def _measured(value: Any) -> tuple[int, int, int, bool]:
    """How many members, the longest name, how many levels, and whether each text is short enough for a term; as far as it has
    to look until there are too many members."""
    members = longest = levels = 0
    is_term = True
    waiting = [(value, 1)]
    while waiting and members <= MEMBERS_MAX:
        value, level = waiting.pop()
        levels = max(levels, level)
        if isinstance(value, dict):
            members += len(value)
            if members > MEMBERS_MAX:
                break
            longest = max(longest, max(map(len, value), default=0))
        for item in _items(value):
            if isinstance(item, str):
                is_term = is_term and not _is_long(item)
            elif isinstance(item, NESTED):
                waiting.append((item, level + 1))
    return members, longest, levels, is_term


def _is_long(text: str) -> bool:
    return len(text) * 4 > TERM_MAX and len(text.encode()) > TERM_MAX


def _items(value: dict[str, Any] | list[Any]) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value


def _flattened(value: Any, levels: int) -> Any:
    """The same, with what is deeper than so many levels as text, and what is too long for a term in pieces."""
    if isinstance(value, str) and _is_long(value):
        return _pieces(value)
    if not isinstance(value, NESTED):
        return value
    if levels == 0:
        return _folded(value)
    if isinstance(value, dict):
        return {name: _flattened(item, levels - 1) for name, item in value.items()}
    return [_flattened(item, levels - 1) for item in value]


def _folded(value: Any) -> str | list[str]:
    pieces = _pieces(dumped(value).decode())
    return pieces if len(pieces) > 1 else pieces[0]


def _pieces(text: str) -> list[str]:
    return [text[at : at + TEXT_MAX] for at in range(0, len(text), TEXT_MAX)]
