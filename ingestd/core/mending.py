"""JSON as programs write it, which is not always what orjson takes: half a pair of surrogates, where a text was cut within a
character, numbers beyond all doubles, and bytes that are no UTF-8.
"""

from __future__ import annotations

import re
from math import isinf
from typing import Any

import orjson

__all__ = ["read_json"]

SURROGATES = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.S
)
HALF = re.compile(r"\\u[dD][89a-fA-F]")  # of a pair, or one that only looks like it: few texts have any
HUGE = re.compile(r"[0-9]{300}|[eE]\+?[0-9]{3}")
NUMBER = re.compile(  # a string, or a number that may be huge
    r'"(?:[^"\\]|\\.)*+"'
    r"|(?<![0-9.eE+-])(-?(?:[0-9]{300,}+(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?|[0-9]++(?:\.[0-9]++)?[eE]\+?[0-9]{3,}+))",
    re.DOTALL,
)


def read_json(data: bytes) -> Any:
    """What it says; halves of a pair and what is no UTF-8 become U+FFFD, numbers that are none of a double's texts.

    Raises orjson.JSONDecodeError for what is no JSON even so.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return orjson.loads(_mended(data.decode("utf-8", "replace")))


def _mended(text: str) -> str:
    if HALF.search(text):
        text = SURROGATES.sub(lambda found: r"\ufffd" if found[1] else found[0], text)
    if HUGE.search(text):
        text = NUMBER.sub(lambda found: f'"{found[1]}"' if found[1] and isinf(float(found[1])) else found[0], text)
    return text
