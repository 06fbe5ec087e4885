"""JSON that is read although orjson does not take it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from ingestd.core.mending import read_json


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a":[1,"x"]}', {"a": [1, "x"]}),
        (rb'["\ud83d\ude00 \ud83d", "\ude00", "\\ud83d"]', ["😀 �", "�", "\\ud83d"]),
        (b'["\xff\xc3"]', ["��"]),
        (b'{"a":1e999,"b":-1E+400,"c":"1e999"}', {"a": "1e999", "b": "-1E+400", "c": "1e999"}),
        (b"[" + b"9" * 400 + b"]", ["9" * 400]),
    ],
)
def test_what_is_read(data: bytes, value: Any) -> None:
    """Halves of a pair and what is no UTF-8 become U+FFFD, numbers beyond all doubles texts; all else is as it says."""
    assert read_json(data) == value


@pytest.mark.parametrize("data", [b"", b"{", b"[1,]", b"\xff", rb'["\ud83d]', b"1e999x"])
def test_what_is_none(data: bytes) -> None:
    """What is no JSON even so is an error."""
    with pytest.raises(orjson.JSONDecodeError):
        read_json(data)
