"""A number of a record is taken where the kernel knows how orjson writes it, and is written so."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import orjson
import pytest

from ingestd.fastpath.kernel import json_numbers
from ingestd.fastpath.kernel.jit import NUMBA, alone
from ingestd.model import PAD

COUNT = 200 if NUMBA.config.DISABLE_JIT else 20_000


@alone
def number(buf: Any, at: int, end: int) -> Any:
    return json_numbers.number(buf, at, end)


def written(text: str) -> str | None:
    """What the kernel writes of a number, nothing if it leaves it; it ends where the text does."""
    at, last = number(np.frombuffer(text.encode() + bytes(PAD), np.uint8), 0, len(text))
    assert at in (-1, len(text))
    return text[:last] if at >= 0 else None


def plausible(random: Random) -> str:
    """A double as programs write it, or nearly so."""
    value = 10 ** random.choice((random.uniform(-4, 17), random.uniform(0, 3), 9.25)) * (1 + random.random())
    text = random.choice((repr(value), f"{value:.{random.randrange(1, 20)}f}", f"{value:.{random.randrange(1, 18)}g}"))
    place = random.randrange(len(text))
    if random.random() < 0.3 and text[place].isdigit():
        text = text[:place] + str(random.randrange(10)) + text[place + 1 :]
    return "-" * (random.random() < 0.2) + text


def test_what_is_taken_is_written_as_orjson_does() -> None:
    """Of any number of digits, near the shortest of a double and far from it."""
    random = Random(1)
    for text in (plausible(random) for _ in range(COUNT)):
        try:
            wanted = orjson.dumps(orjson.loads(text)).decode()
        except orjson.JSONDecodeError:
            continue
        assert written(text) in (wanted, None), text


def test_doubles_as_most_languages_write_them_are_taken() -> None:
    """The shortest of each, of the sizes that times, durations and shares have."""
    random = Random(2)
    values = [random.choice((random.random(), random.random() * 1000, 1.79e9 + random.random())) for _ in range(COUNT)]
    left = [value for value in values if value > 1e-3 and written(orjson.dumps(value).decode()) is None]
    assert len(left) <= COUNT // 1000


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1.10", "1.1"),
        ("5.00", "5.0"),
        ("0.000", "0.0"),
        ("1793534400.1234567", "1793534400.1234567"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("0.30000000000000005", None),
        ("0.300000000000000039", None),
        ("9999999999999999999", "9999999999999999999"),
        ("-9999999999999999999", None),
        ("1e-7", "1e-7"),
        ("1E-7", None),
        ("1e-07", None),
        ("1.0e-7", None),
        ("10e-8", None),
        ("1e-6", None),
        ("1e999", None),
        ("-0", None),
        ("01", None),
        ("1.", None),
        ("9007199254740993.0", None),
        ("4503599627370495.5", None),
    ],
)
def test_number(text: str, wanted: str | None) -> None:
    """One at a time; nothing: it is left to the reference."""
    assert written(text) == wanted
