"""Bodies, in virtual time: whole, within their size, and as fast as is asked for."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Sequence

import pytest

from ingestd.errors import IngestdError, Poison
from ingestd.shell.body import BodyLimits, decoded, read_body
from tests.fakes.virtual_time import run

LIMITS = BodyLimits(bytes_max=1000, stall_seconds=10.0, bytes_per_second_min=10)


class Sender:
    """Sends so many bytes after so many seconds, and so on."""

    def __init__(self, steps: Sequence[tuple[float, int]]) -> None:
        self._steps = list(steps)

    async def readany(self) -> bytes:
        if not self._steps:
            return b""
        seconds, size = self._steps.pop(0)
        await asyncio.sleep(seconds)
        return b"x" * size


async def read(steps: Sequence[tuple[float, int]], announced: int | None = None) -> tuple[str | int, list[int]]:
    """The size that came, or the reason why not; and what was held meanwhile."""
    held: list[int] = []
    try:
        body = await read_body(Sender(steps), announced, LIMITS, asyncio.get_running_loop().time, held.append)
    except IngestdError as error:
        return error.reason, held
    return len(body), held


BODIES: dict[str, tuple[list[tuple[float, int]], int | None, str | int, list[int]]] = {
    "nothing": ([], 0, 0, []),
    "in pieces": ([(0, 400), (9, 600)], 1000, 1000, [400, 1000]),
    "in chunks, of no announced size": ([(0, 1)] * 3, None, 3, [1, 2, 3]),
    "announced too large": ([], 1001, "too_large", []),
    "too large without a word": ([(0, 1000), (0, 1)], None, "too_large", [1000]),
    "silent": ([(11, 1)], 1, "slow", []),
    "silent after a good beginning": ([(0, 900), (11, 1)], 901, "slow", [900]),
    "a byte a second": ([(1, 1)] * 100, 100, "slow", list(range(1, 11))),
    "at the slowest rate": ([(1, 10)] * 100, 1000, 1000, list(range(10, 1001, 10))),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_read_within_its_limits(name: str) -> None:
    """Whoever is slower than the slowest rate is cut off, however steadily; and no byte too many is held."""
    steps, announced, expected, held = BODIES[name]
    assert run(read(steps, announced)) == (expected, held)


ENCODED: dict[str, tuple[bytes, str, bytes | str]] = {
    "as it is": (b"{}", "", b"{}"),
    "identity": (b"{}", "identity", b"{}"),
    "gzip": (gzip.compress(b"{}"), "gzip", b"{}"),
    "two members": (gzip.compress(b"{") + gzip.compress(b"}"), "gzip", b"{}"),
    "no gzip": (b"{}", "gzip", "malformed"),
    "nothing": (b"", "gzip", "malformed"),
    "cut": (gzip.compress(b"{}")[:-1], "gzip", "malformed"),
    "damaged": (gzip.compress(b"{}" * 99)[:-8] + bytes(8), "gzip", "malformed"),
    "and more": (gzip.compress(b"{}") + b"x", "gzip", "malformed"),
    "another encoding": (b"{}", "br", "malformed"),
    "as large as may be": (gzip.compress(b"x" * 1000), "gzip", b"x" * 1000),
    "larger": (gzip.compress(b"x" * 1001), "gzip", "too_large"),
    "a bomb": (gzip.compress(bytes(100 << 20)), "gzip", "too_large"),
}


@pytest.mark.parametrize("name", ENCODED)
def test_a_content_encoding_is_taken_off(name: str) -> None:
    """gzip or none, whole, and no larger than a body may be."""
    body, encoding, expected = ENCODED[name]
    if isinstance(expected, bytes):
        assert decoded(body, encoding, LIMITS.bytes_max) == expected
        return
    with pytest.raises(Poison) as caught:
        decoded(body, encoding, LIMITS.bytes_max)
    assert caught.value.reason == expected
