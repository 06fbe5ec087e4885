"""Values in objects in objects, however deep."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from ingestd.core.nested import below, dumped


def deep(levels: int, inner: Any) -> Any:
    """The value in so many levels, objects and arrays by turns."""
    for level in range(levels):
        inner = {"a": inner, "b": [1, {}], 'odd "name"': "é"} if level % 2 else [inner, None, True, []]
    return inner


@pytest.mark.parametrize("levels", [0, 1, 200, 254, 255, 256, 300])
def test_dumped(levels: int) -> None:
    """JSON as orjson writes it, and beyond what it writes the same."""
    value = deep(levels, {"n": 1.5, "t": "x\ny"})
    assert dumped(value) == json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def test_as_deep_as_can_be_read() -> None:
    """All that orjson reads is written."""
    text = b"[" * 1000 + b'{"a":"b"}' + b"]" * 1000
    assert dumped(orjson.loads(text)) == text


def test_below() -> None:
    """What stands at a path, and nothing where there is no object on the way."""
    assert below({"a": {"b": [1]}}, "a", "b") == [1]
    assert below({"a": {"b": [1]}}, "a", "b", "c") is None
    assert below([], "a") is None
