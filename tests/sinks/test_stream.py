"""What goes over the wire is what the SDK would have sent, signed as it signs, and refused as it is refused."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    ReadTimeoutError,
)

from ingestd.model import Batch
from ingestd.sinks.firehose import STRANGE_ANSWER
from ingestd.sinks.packs import packed
from ingestd.sinks.stream import Stream
from tests.fakes.aws import loopback_client
from tests.fakes.documents import Row, batch_of
from tests.fakes.faulty_proxy import Ill, faulty_proxy
from tests.fakes.firehose import FakeFirehose, refusal
from tests.fakes.http import Seen, Whole

STREAM = "logs"
ROWS: list[Row] = [("", "", {"n": n, "text": 'é "quoted" \\ ' * n}) for n in range(40)]
NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


async def credentials() -> ReadOnlyCredentials:
    return ReadOnlyCredentials("test", "test", None)


@pytest.fixture
async def server() -> AsyncIterator[FakeFirehose]:
    async with FakeFirehose(STREAM) as server:
        yield server


@pytest.fixture
async def client(server: FakeFirehose) -> AsyncIterator[Any]:
    async with loopback_client("firehose", server.url) as client:
        yield client


@pytest.fixture(autouse=True)
def _stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: NOW)


def batch() -> Batch:
    return batch_of(ROWS, action=False)


def meaning(seen: Seen) -> tuple[object, ...]:
    """A request as a service reads it: everything but the spelling of its body, the signature of that, and our user agent."""
    headers = {name.lower(): value for name, value in seen.headers.items()}
    kept = ("host", "content-type", "x-amz-target", "x-amz-date", "x-amz-security-token", "accept-encoding")
    authorization = re.sub("Signature=[0-9a-f]{64}$", "", headers["authorization"])
    assert authorization != headers["authorization"]
    return seen.method, seen.path, [headers.get(name) for name in kept], authorization, orjson.loads(seen.body)


async def test_the_request_is_the_sdks(server: FakeFirehose, client: Any) -> None:
    """The same records by the SDK and by hand decode to the very same request."""
    records = [{"Data": bytes(part.documents.body(index)) + b"\n"} for part, index in batch().items()]
    theirs = await client.put_record_batch(DeliveryStreamName=STREAM, Records=records)
    ours = await Stream(STREAM, client, credentials).put(packed(batch(), "document"))
    first, second = server.seen
    assert meaning(first) == meaning(second)
    assert ours["FailedPutCount"] == theirs["FailedPutCount"]
    assert len(ours["RequestResponses"]) == len(theirs["RequestResponses"])


async def test_the_signature_is_the_sdks(server: FakeFirehose, client: Any) -> None:
    """For a body of the same bytes the SDK computes the same signature."""
    await Stream(STREAM, client, credentials).put(packed(batch(), "lines"))

    def same_body(request: Any, **_: object) -> None:
        request.data = server.seen[0].body

    client.meta.events.register("before-sign.firehose.PutRecordBatch", same_body)
    await client.put_record_batch(DeliveryStreamName=STREAM, Records=[{"Data": b"replaced"}])
    first, second = ({name.lower(): value for name, value in seen.headers.items()} for seen in server.seen)
    assert first["authorization"] == second["authorization"]


async def test_a_large_body_is_made_in_a_worker(server: FakeFirehose, client: Any) -> None:
    """With an executor a body over 1 MiB is encoded and signed off the event loop, and arrives the same."""
    rows: list[Row] = [("", "", b"x" * 700_000)] * 2
    with ThreadPoolExecutor(1) as executor:
        await Stream(STREAM, client, credentials, executor).put(packed(batch_of(rows, action=False), "document"))
    assert [len(record) for record in server.records] == [700_001, 700_001]


async def test_credentials_are_asked_for_each_time(server: FakeFirehose, client: Any) -> None:
    """Credentials that were refreshed sign the next request, with their session token."""
    keys = iter([ReadOnlyCredentials("AKID1", "secret", "one"), ReadOnlyCredentials("AKID2", "secret", "two")])

    async def refreshed() -> ReadOnlyCredentials:
        return next(keys)

    stream = Stream(STREAM, client, refreshed)
    for _ in range(2):
        await stream.put(packed(batch(), "document"))
    assert [seen.headers["X-Amz-Security-Token"] for seen in server.seen] == ["one", "two"]
    assert ["AKID1/" in server.seen[0].headers["Authorization"], "AKID2/" in server.seen[1].headers["Authorization"]] == [
        True
    ] * 2


@pytest.mark.parametrize("error", [None, CredentialRetrievalError(provider="test", error_msg="gone")])
async def test_without_credentials_nothing_is_sent(server: FakeFirehose, client: Any, error: BotoCoreError | None) -> None:
    """Credentials that are absent or cannot be had raise as in the SDK."""

    async def none() -> None:
        if error is not None:
            raise error

    with pytest.raises((NoCredentialsError, CredentialRetrievalError)):
        await Stream(STREAM, client, none).put(packed(batch(), "document"))
    assert not server.seen


@pytest.mark.parametrize(
    "answer",
    [
        refusal(400, "ResourceNotFoundException", "no such stream"),
        refusal(400, "com.amazonaws.firehose#InvalidArgumentException"),
        refusal(400, "ThrottlingException:http://internal.amazon.com/coral/"),
        refusal(503, "ServiceUnavailableException"),
        Whole(413, b'{"message":"too large"}', {"x-amzn-errortype": "RequestEntityTooLargeException"}),
        Whole(500, b"<html>oops</html>"),
        Whole(502),
        Whole(403, b"null"),
    ],
)
async def test_a_refusal_is_the_sdks(server: FakeFirehose, client: Any, answer: Whole) -> None:
    """A refused call raises the same status and code as the SDK does for that answer."""
    server.script(answer, answer)
    outcomes = []
    for call in (
        lambda: client.put_record_batch(DeliveryStreamName=STREAM, Records=[{"Data": b"x"}]),
        lambda: Stream(STREAM, client, credentials).put(packed(batch(), "document")),
    ):
        try:
            await call()
        except ClientError as error:
            outcomes.append((error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]))
        except STRANGE_ANSWER as error:
            outcomes.append((0, type(error).__name__))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("ill", [Ill.TRICKLE, Ill.HALF_OPEN])
async def test_an_answer_that_does_not_end_is_given_up(server: FakeFirehose, ill: Ill) -> None:
    """One that crawls as one that is silent, and nothing waits on its connection; the next call has another."""
    async with (
        faulty_proxy(server.port) as proxy,
        loopback_client("firehose", proxy.url, timeout_seconds=0.3) as client,
    ):
        stream = Stream(STREAM, client, credentials)
        proxy.ill = ill
        with pytest.raises(ReadTimeoutError):
            await stream.put(packed(batch(), "document"))
        proxy.ill = Ill.WELL
        assert (await stream.put(packed(batch(), "document")))["FailedPutCount"] == 0
        assert proxy.connections == 2
