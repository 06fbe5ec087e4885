"""Dead letters: their one form, and that `put` keeps its word."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from itertools import count
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st

from ingestd.config import DeadLetterSettings
from ingestd.errors import Retryable
from ingestd.model import DeadLetter, Place
from ingestd.sinks.deadletter import DeadLetterSink, decode, encode

NEVER = 3600.0
AT = 1767225600.0  # 2026-01-01


class FakeBucket:
    """S3's PutObject, as far as it is used here. `errors` are raised by the next calls, in order."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.errors: list[Exception] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str) -> None:  # noqa: N803 - S3's names
        await self.gate.wait()
        if self.errors:
            raise self.errors.pop(0)
        assert (Bucket, ContentType) == ("letters", "application/gzip")
        assert Key not in self.objects
        self.objects[Key] = Body

    def letters(self) -> list[DeadLetter]:
        return [decode(line) for body in self.objects.values() for line in gzip.decompress(body).splitlines()]


def opened(bucket: FakeBucket, *, seconds: float = 0.01, bytes_max: int = 1 << 20) -> DeadLetterSink:
    settings = DeadLetterSettings(bucket="letters", prefix="dead/", batch_seconds=seconds, batch_bytes_max=bytes_max)
    return DeadLetterSink(settings, cast(Any, bucket), _names())


def _names() -> Callable[[], str]:
    numbers = count()
    return lambda: f"name{next(numbers)}"


def letter(number: int = 0, *, reason: str = "bad_number", at: float = AT, raw: bytes = b"a line") -> DeadLetter:
    place = Place(bucket="logs", key="a/b.gz", etag="e", offset=number)
    return DeadLetter("line", reason, "column bytes", place, raw, len(raw), at, 2)


places = st.builds(
    Place,
    bucket=st.text(max_size=4),
    key=st.text(max_size=4),
    offset=st.none() | st.integers(0, 1 << 40),
    sink=st.text(max_size=4),
)
letters = st.builds(
    DeadLetter,
    kind=st.sampled_from(["line", "object", "message", "document"]),
    reason=st.text(max_size=8),
    detail=st.text(max_size=8),
    place=places,
    raw=st.binary(max_size=20) | st.text(max_size=20).map(str.encode),
    length=st.integers(0, 1 << 40),
    at=st.floats(0, 4e9),
    receive_count=st.integers(1, 1000),
)


@given(letters)
def test_a_letter_survives_its_line(original: DeadLetter) -> None:
    """What is encoded is one line, and decodes to the same letter, bytes that are no text included."""
    line = encode(original)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode(line) == original


def test_text_is_readable_and_other_bytes_are_base64() -> None:
    """Raw bytes stand as text where they are text, so that people can read and search them."""
    assert b'"raw":"GET /\\u0000"' in encode(letter(raw=b"GET /\0"))
    assert b'"raw_base64":"/w=="' in encode(letter(raw=b"\xff"))


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b"1", b"{}", b'{"raw":1}', encode(letter()).replace(b'"offset"', b'"nowhere"')]
)
def test_what_is_no_letter_is_not_decoded(line: bytes) -> None:
    """A line that encode did not write is a ValueError, never half a letter."""
    with pytest.raises(ValueError):  # noqa: PT011 - a JSON error is one of them, with words of its own
        decode(line)


async def test_letters_are_there_when_put_returns() -> None:
    """Once put has returned, its letters can be read back from the bucket, under prefix, day and reason."""
    bucket = FakeBucket()
    await opened(bucket).put([letter(1), letter(2)])
    assert bucket.letters() == [letter(1), letter(2)]
    assert [key.rsplit("-", 1)[0] for key in bucket.objects] == ["dead/2026/01/01/bad_number/name0"]


@pytest.mark.parametrize(
    ("at", "day"), [(AT - 0.5, "2025/12/31"), (AT, "2026/01/01"), (AT + 86399.9, "2026/01/01"), (0.0, "1970/01/01")]
)
async def test_a_letter_lies_under_its_day(at: float, day: str) -> None:
    """From midnight to midnight, UTC."""
    bucket = FakeBucket()
    await opened(bucket).put([letter(at=at)])
    assert next(iter(bucket.objects)).startswith(f"dead/{day}/bad_number/")


async def test_nothing_to_put_writes_nothing() -> None:
    """No letters, no object."""
    bucket = FakeBucket()
    await opened(bucket).put([])
    assert not bucket.objects


async def test_callers_share_an_object() -> None:
    """Letters that come together go out together."""
    bucket = FakeBucket()
    sink = opened(bucket)
    await asyncio.gather(*(sink.put([letter(n)]) for n in range(10)))
    assert len(bucket.objects) == 1
    assert bucket.letters() == [letter(n) for n in range(10)]


async def test_reasons_and_days_have_objects_of_their_own() -> None:
    """A reason becomes part of a key only as a plain word, and the day is the letter's own."""
    bucket = FakeBucket()
    await opened(bucket).put([letter(), letter(reason="../Sly Reason"), letter(at=AT - 1)])
    assert sorted(key.rsplit("/", 1)[0] for key in bucket.objects) == [
        "dead/2025/12/31/bad_number",
        "dead/2026/01/01/___sly_reason",
        "dead/2026/01/01/bad_number",
    ]


async def test_a_full_object_does_not_wait() -> None:
    """An object that has its bytes is written at once, and the next letter opens another."""
    bucket = FakeBucket()
    sink = opened(bucket, seconds=NEVER, bytes_max=1)
    async with asyncio.timeout(60):
        await sink.put([letter(1)])
        await sink.put([letter(2)])
    assert len(bucket.objects) == 2


async def test_who_is_in_a_hurry_does_not_wait_for_time() -> None:
    """What is open is written as it is."""
    bucket = FakeBucket()
    sink = opened(bucket, seconds=NEVER)
    putting = asyncio.create_task(sink.put([letter()]))
    await asyncio.sleep(0)
    sink.hurry()
    async with asyncio.timeout(60):
        await putting
    assert bucket.letters() == [letter()]


async def test_closing_does_not_wait_for_s3() -> None:
    """The process ends: a write that hangs is left, and whoever waited for it is not told that it was written."""
    bucket = FakeBucket()
    bucket.gate.clear()
    sink = opened(bucket, bytes_max=1)
    putting = asyncio.create_task(sink.put([letter()]))
    await asyncio.sleep(0)
    async with asyncio.timeout(60):
        await sink.close()
    with pytest.raises(asyncio.CancelledError):
        await putting


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "SlowDown", "Message": "m"}}, "PutObject"),
        EndpointConnectionError(endpoint_url="http://s3"),
    ],
)
async def test_a_refused_write_is_every_callers(error: Exception) -> None:
    """When S3 takes no object, all whose letters were in it hear of it as Retryable; put again, they are written."""
    bucket = FakeBucket()
    bucket.errors.append(error)
    sink = opened(bucket)
    results = await asyncio.gather(*(sink.put([letter(n)]) for n in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [Retryable] * 3
    await sink.put([letter()])
    assert bucket.letters() == [letter()]


async def test_a_caller_that_leaves_takes_nothing_with_it() -> None:
    """A cancelled caller does not cancel the write that others wait for."""
    bucket = FakeBucket()
    bucket.gate.clear()
    sink = opened(bucket, bytes_max=1)
    leaving = asyncio.create_task(sink.put([letter(1), letter(1)]))
    staying = asyncio.create_task(sink.put([letter(2)]))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    bucket.gate.set()
    await staying
    await sink.close()
    assert {found.place.offset for found in bucket.letters()} == {1, 2}


def test_dead_letters_need_a_bucket() -> None:
    """Without a bucket there is no sink for dead letters to open."""
    with pytest.raises(ValueError, match="bucket"):
        DeadLetterSink(DeadLetterSettings(), cast(Any, None), _names())


async def test_a_write_that_is_never_answered_is_given_up() -> None:
    """S3 takes the connection and says nothing: the callers are told, and try again."""
    bucket = FakeBucket()
    bucket.gate.clear()
    settings = DeadLetterSettings(bucket="letters", batch_seconds=0.01)
    sink = DeadLetterSink(settings, cast(Any, bucket), _names(), timeout_seconds=0.01)
    with pytest.raises(Retryable) as caught:
        await sink.put([letter()])
    assert caught.value.fields["cause"] == "TimeoutError"
