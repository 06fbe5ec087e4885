"""Dead letters that are owed: whoever owes them is told once whether they are written, however that goes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random

import pytest

from ingestd.core.retry import Backoff
from ingestd.errors import Retryable
from ingestd.model import DeadLetter, Place
from ingestd.shell.deadletters import ATTEMPTS_MAX, DeadLetters
from tests.fakes.virtual_time import run

LETTER = DeadLetter("line", "too_few_columns", "", Place(bucket="logs", key="k", offset=0), b"raw", 3)
NOT_NOW = Retryable("not now", reason="dead_letters")


class ScriptedWriter:
    """Each `put` in turn raises what the script has for it; then all are written."""

    def __init__(self, *script: BaseException) -> None:
        self.script = list(script)
        self.calls = 0

    async def put(self, letters: Sequence[DeadLetter]) -> None:
        self.calls += 1
        await asyncio.sleep(0.1)
        if self.script:
            raise self.script.pop(0)

    def hurry(self) -> None: ...

    async def close(self) -> None: ...


@pytest.mark.parametrize(
    ("writer", "is_written", "calls"),
    [
        (ScriptedWriter(), True, 1),
        (ScriptedWriter(NOT_NOW), True, 2),
        (ScriptedWriter(*[NOT_NOW] * ATTEMPTS_MAX), False, ATTEMPTS_MAX),
        (ScriptedWriter(MemoryError()), False, 1),
        (ScriptedWriter(asyncio.CancelledError()), False, 1),
        (None, False, 0),
    ],
    ids=["at once", "at the second try", "refused again and again", "a fault inside", "cancelled inside", "no bucket"],
)
def test_the_answer_comes_once(writer: ScriptedWriter | None, is_written: bool, calls: int) -> None:
    """Written or not: never silence, or the message would stay for ever."""

    async def main() -> list[bool]:
        told: list[bool] = []
        letters = DeadLetters(writer, Backoff(0.5, 8.0), Random(1))
        letters.owe([LETTER], told.append)
        await asyncio.sleep(100)
        assert letters.is_idle
        return told

    assert run(main()) == [is_written]
    assert (writer.calls if writer else 0) == calls


def test_who_ends_is_told_nothing() -> None:
    """When the process ends, nothing more is known of what was under way."""

    async def main() -> list[bool]:
        told: list[bool] = []
        letters = DeadLetters(ScriptedWriter(), Backoff(0.5, 8.0), Random(1))
        letters.owe([LETTER], told.append)
        await asyncio.sleep(0.05)
        await letters.close()
        return told

    assert run(main()) == []
