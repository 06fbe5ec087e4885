"""Objects: whole or not at all, from the fake and over HTTP; what goes wrong, from a script."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import pytest
from aiobotocore.config import AioConfig
from aiohttp import web
from aiohttp.test_utils import RawTestServer
from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    FlexibleChecksumError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from moto.server import ThreadedMotoServer

from ingestd.config import ObjectSettings
from ingestd.errors import IngestdError, Poison, Retryable
from ingestd.model import ObjectRef
from ingestd.shell.clients import open_session
from ingestd.shell.fetch import S3
from ingestd.shell.objects import PIECE_BYTES, Objects
from tests.fakes.cutting_proxy import cutting_proxy
from tests.fakes.s3 import Cut, FakeS3, FakeStream, Hang, refusal

OWNER, OTHER = "111122223333", "444455556666"
KEY = "AWSLogs/111122223333/elasticloadbalancing/us-east-2/2023/a.log.gz"
BIG = random.Random(1).randbytes(5 * PIECE_BYTES + 77)


async def at_once(seconds: float) -> None:
    assert seconds >= 0


def objects(client: S3, **options: Any) -> Objects:
    return Objects(client, ObjectSettings(), **({"pause": at_once} | options))


async def read(reader: Objects, ref: ObjectRef) -> bytes:
    pieces: list[bytes] = []
    async with reader.open(ref) as body:
        async for piece, is_last in body.pieces():
            pieces.append(piece)
            assert len(piece) <= PIECE_BYTES
            assert is_last == (sum(map(len, pieces)) == body.bytes)
    return b"".join(pieces)


async def reason(reading: Awaitable[object]) -> tuple[type[IngestdError], str]:
    with pytest.raises(IngestdError) as caught:
        await reading
    return type(caught.value), caught.value.reason


# --- the same cases for the fake and for an S3 over HTTP --------------------------------------------------------------


class World(Protocol):
    """An S3 to read from, and a hand in it. `cuts`: after how many bytes the coming bodies break."""

    @property
    def client(self) -> S3: ...
    async def put(self, key: str, body: bytes) -> tuple[str, str]: ...
    def cut(self, *after: int) -> None: ...


class FakeWorld:
    """The fake."""

    def __init__(self) -> None:
        self.client = self.s3 = FakeS3()
        self.s3.buckets["logs"] = {}

    async def put(self, key: str, body: bytes) -> tuple[str, str]:
        return self.s3.put("logs", key, body)

    def cut(self, *after: int) -> None:
        self.s3.script += [Cut(each) for each in after]


@dataclass
class HttpWorld:
    """moto's S3 through the real client, and a proxy between them that breaks connections."""

    client: Any
    direct: Any
    cuts: list[int]

    async def put(self, key: str, body: bytes) -> tuple[str, str]:
        answer = await self.direct.put_object(Bucket="logs", Key=key, Body=body, ContentEncoding="gzip")
        return answer["ETag"].strip('"'), answer["VersionId"]

    def cut(self, *after: int) -> None:
        self.cuts += after


@pytest.fixture(scope="module")
def moto_port() -> Iterator[int]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield server.get_host_and_port()[1]
    server.stop()


SESSION = open_session()  # one: reading the service's model takes most of a client's making


def client_of(port: int) -> Any:
    config = AioConfig(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, read_timeout=10)
    return SESSION.create_client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="k",
        aws_secret_access_key="s",
        config=config,
    )


@asynccontextmanager
async def http_world(moto_port: int) -> AsyncIterator[HttpWorld]:
    async with cutting_proxy(moto_port) as proxy, client_of(moto_port) as direct, client_of(proxy.port) as client:
        await direct.create_bucket(Bucket="logs")
        await direct.put_bucket_versioning(Bucket="logs", VersioningConfiguration={"Status": "Enabled"})
        yield HttpWorld(client, direct, proxy.cuts)


@pytest.fixture(params=["fake", "http"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "fake":
        yield FakeWorld()
        return
    async with http_world(request.getfixturevalue("moto_port")) as found:
        yield found


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, len(BIG)])
async def test_an_object_is_read_whole(world: World, size: int) -> None:
    """Bytes come as they lie in S3 (whatever its Content-Encoding), the last piece is told, and an empty object is one."""
    etag, _ = await world.put(KEY, BIG[:size])
    reader = objects(world.client)
    assert await read(reader, ObjectRef("logs", KEY)) == BIG[:size]
    assert await read(reader, ObjectRef("logs", KEY, etag=etag)) == BIG[:size]


async def test_the_source_is_what_s3_says(world: World) -> None:
    """Etag and time come from the answer, not from the notice; account and region from the key, else from the notice."""
    etag, _ = await world.put(KEY, b"text")
    await world.put("plain.log", b"text")
    async with objects(world.client).open(ObjectRef("logs", KEY, etag="stale", region="eu-west-1", owner=OWNER)) as body:
        assert (body.source.bucket, body.source.key, body.source.etag) == ("logs", KEY, etag)
        assert (body.source.account, body.source.region) == ("111122223333", "us-east-2")
        assert body.source.modified_at > 1_600_000_000
        assert body.bytes == 4
    async with objects(world.client).open(ObjectRef("logs", "plain.log", region="eu-west-1", owner=OWNER)) as body:
        assert (body.source.account, body.source.region) == (OWNER, "eu-west-1")


async def test_a_version_is_read_though_there_is_a_newer_one(world: World) -> None:
    """The version that the notice names is read."""
    etag, version = await world.put(KEY, b"old")
    await world.put(KEY, b"new")
    reader = objects(world.client)
    assert await read(reader, ObjectRef("logs", KEY, version_id=version, etag=etag)) == b"old"
    assert await read(reader, ObjectRef("logs", KEY)) == b"new"


async def test_an_object_replaced_since_the_notice_is_read_as_it_is(world: World) -> None:
    """A stale etag costs one more request and nothing else."""
    stale, _ = await world.put(KEY, b"old")
    etag, _ = await world.put(KEY, b"new")
    async with objects(world.client).open(ObjectRef("logs", KEY, etag=stale)) as body:
        assert body.source.etag == etag
        assert [piece async for piece in body.pieces()] == [(b"new", True)]


@pytest.mark.parametrize(
    ("ref", "why"), [(ObjectRef("logs", "missing"), "no_such_key"), (ObjectRef("no-such-bucket", "a"), "no_such_bucket")]
)
async def test_what_is_not_there_is_poison(world: World, ref: ObjectRef, why: str) -> None:
    """A missing key and a missing bucket are the object's own fault."""
    assert await reason(read(objects(world.client), ref)) == (Poison, why)


@pytest.mark.parametrize("seed", range(6))
async def test_a_cut_body_is_resumed_at_any_place(world: World, seed: int) -> None:
    """Connections that break at random places cost requests and no bytes."""
    await world.put(KEY, BIG)
    rnd = random.Random(seed)
    world.cut(*(rnd.randint(1000, PIECE_BYTES * 2) for _ in range(4)))
    assert await read(objects(world.client), ObjectRef("logs", KEY)) == BIG


async def test_an_object_replaced_while_it_is_read_is_never_mixed(world: World) -> None:
    """A body that must be resumed and is another by now ends in Retryable, with nothing of the new one given."""
    await world.put(KEY, BIG)
    world.cut(PIECE_BYTES + 70_000)
    got = []

    async def reading() -> None:
        async with objects(world.client).open(ObjectRef("logs", KEY)) as body:
            async for piece, is_last in body.pieces():
                got.append(piece)
                assert not is_last
                if len(got) == 1:
                    await world.put(KEY, BIG[::-1])

    assert await reason(reading()) == (Retryable, "replaced")
    assert BIG.startswith(b"".join(got))


async def test_an_object_deleted_while_it_is_read_is_poison(world: World) -> None:
    """Nothing of it can ever be read again, and it does not count as whole."""
    await world.put(KEY, BIG)
    world.cut(PIECE_BYTES + 70_000)

    async def reading() -> None:
        async with objects(world.client).open(ObjectRef("logs", KEY)) as body:
            async for _ in body.pieces():
                await delete(world)

    assert await reason(reading()) == (Poison, "no_such_key")


async def delete(world: World) -> None:
    if isinstance(world, FakeWorld):
        world.s3.buckets["logs"].pop(KEY, None)
    else:
        assert isinstance(world, HttpWorld)
        await world.direct.delete_object(Bucket="logs", Key=KEY)


STRANGE = [
    "a b",
    "a+b",
    "a%2Fb",
    "é/日本/😀",
    "a//b",
    "./a/../b",
    "../a",
    "a/.",
    "?x=1&y#z",
    "a;b:c@d=e,f$g!h*i'(j)",
    "~-_.",
    "a\\b",
    "%",
]


@pytest.mark.parametrize("key", STRANGE)
async def test_the_key_of_the_get_is_the_key_of_the_put(world: World, key: str) -> None:
    """Keys that encodings and paths care about name the same object on the way in and on the way out."""
    await world.put(key, key.encode())
    assert await read(objects(world.client), ObjectRef("logs", key)) == key.encode()


async def test_a_connection_is_used_again_after_a_whole_body() -> None:
    """A body that was read to its end leaves its connection to the next request; one that was left early does not."""

    async def answer(request: web.BaseRequest) -> web.Response:
        headers = {"ETag": '"e"', "Last-Modified": "Tue, 14 Nov 2023 22:13:20 GMT"}
        return web.Response(body=BIG, headers=headers)

    async with RawTestServer(answer) as server, cutting_proxy(server.port or 0) as proxy, client_of(proxy.port) as client:
        for _ in range(3):
            assert await read(objects(client), ObjectRef("logs", KEY)) == BIG
        assert proxy.connections == 1
        for _ in range(3):
            async with objects(client).open(ObjectRef("logs", KEY)) as body:
                assert body.bytes == len(BIG)
        assert proxy.connections == 3


# --- from a script ----------------------------------------------------------------------------------------------------


def fake(*script: Exception | Cut | Hang | None, body: bytes = BIG) -> FakeS3:
    s3 = FakeS3(list(script))
    s3.put("logs", KEY, body)
    return s3


REF = ObjectRef("logs", KEY)

FINAL: list[tuple[Exception, type[IngestdError], str]] = [
    (refusal("NoSuchKey", 404), Poison, "no_such_key"),
    (refusal("InvalidObjectState", 403), Poison, "archived"),
    (refusal("MethodNotAllowed", 405), Poison, "delete_marker"),
    (ParamValidationError(report="bad"), Poison, "invalid_argument"),
    (refusal("AccessDenied", 403), Retryable, "access_denied"),
    (refusal("ExpiredToken", 400), Retryable, "credentials"),
    (NoCredentialsError(), Retryable, "credentials"),
    (refusal("Unheard", 400), Retryable, "unexpected_answer"),
    (refusal("PreconditionFailed", 412), Retryable, "replaced"),
]


@pytest.mark.parametrize(("error", "kind", "why"), FINAL)
@pytest.mark.parametrize("is_first", [True, False])
async def test_a_refusal_that_waiting_does_not_cure_ends_the_reading(
    error: Exception, kind: type[IngestdError], why: str, is_first: bool
) -> None:
    """One request is enough to know, at the start and when resuming, and it is typed by what to do."""
    s3 = fake(error) if is_first else fake(Cut(1000), error)
    assert await reason(read(objects(s3), REF)) == (kind, why)
    assert len(s3.requests) == (1 if is_first else 2)


PASSING: list[tuple[Exception, str]] = [
    (refusal("SlowDown", 503), "throttled"),
    (refusal("InternalError", 500), "unavailable"),
    (refusal("RequestTimeout", 400), "unavailable"),
    (ReadTimeoutError(endpoint_url="https://s3"), "unreachable"),
    (ConnectTimeoutError(endpoint_url="https://s3"), "unreachable"),
    (EndpointConnectionError(endpoint_url="https://s3"), "unreachable"),
    (TimeoutError(), "unreachable"),
]


@pytest.mark.parametrize(("error", "why"), PASSING)
async def test_a_passing_fault_is_tried_again_and_then_told(error: Exception, why: str) -> None:
    """Four faults are waited out, five are Retryable, at the start and when resuming."""
    assert await read(objects(fake(*[error] * 4)), REF) == BIG
    assert await read(objects(fake(Cut(1000), *[error] * 3)), REF) == BIG
    for script in ([error] * 5, [Cut(1000), *[error] * 4]):
        s3 = fake(*script)
        assert await reason(read(objects(s3), REF)) == (Retryable, why)
        assert len(s3.requests) == 5


async def test_pauses_are_jittered_under_a_ceiling_that_doubles() -> None:
    """Each pause lies between nothing and a ceiling that doubles to its own limit."""
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    limits = ObjectSettings(read_attempts_max=9)
    reader = Objects(fake(*[refusal("SlowDown", 503)] * 8), limits, pause=pause, rand=lambda: 0.5)
    await read(reader, REF)
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 2.5, 2.5, 2.5]


async def test_cuts_without_progress_are_bounded() -> None:
    """Five connections in a row that bring no whole piece end the reading."""
    s3 = fake(*[Cut(10)] * 9)
    assert await reason(read(objects(s3), REF)) == (Retryable, "cut")
    assert len(s3.requests) == 5


async def test_a_whole_piece_earns_the_attempts_anew() -> None:
    """A large object may be cut any number of times as long as each connection brings a piece."""
    s3 = fake(*[Cut(PIECE_BYTES + 5)] * 4, *[Cut(1)] * 4, body=BIG)
    limits = ObjectSettings(read_attempts_max=2)
    s3.script = [Cut(PIECE_BYTES + 5)] * 4
    async with Objects(s3, limits, pause=at_once).open(REF) as body:
        assert b"".join([piece async for piece, _ in body.pieces()]) == BIG
        assert body.resumes == 4


@pytest.mark.parametrize("silently", [False, True])
async def test_a_resume_asks_for_the_same_object_behind_the_last_byte(silently: bool) -> None:
    """The Range begins where the bytes ended, under If-Match of the first answer, the same version and owner."""
    s3 = fake(Cut(1234, silently), body=BIG)
    etag, version = s3.put("logs", KEY, BIG[::-1])
    ref = ObjectRef("logs", KEY, version_id="v0", owner=OWNER)
    assert await read(objects(s3), ref) == BIG
    always = {"Bucket": "logs", "Key": KEY, "VersionId": "v0", "ExpectedBucketOwner": OWNER}
    first = s3.buckets["logs"][KEY][0].etag
    assert s3.requests == [always, always | {"IfMatch": f'"{first}"', "Range": "bytes=1234-"}]
    assert (etag, version) != (first, "v0")


async def test_a_body_cut_before_its_first_byte_is_asked_for_again_whole() -> None:
    """Without a byte read there is no Range to ask for, and the identity still holds."""
    s3 = fake(Cut(0))
    assert await read(objects(s3), REF) == BIG
    assert set(s3.requests[1]) == {"Bucket", "Key", "IfMatch"}


async def test_a_connection_that_brings_nothing_counts_as_cut() -> None:
    """A body that hangs is left after the stall time, and resumed behind what it brought."""
    s3 = fake(Hang(0), Hang(1000))
    assert await read(objects(s3, stall_seconds=0.01), REF) == BIG
    assert [request.get("Range") for request in s3.requests] == [None, None, "bytes=1000-"]
    assert all(stream.is_closed for stream in s3.streams)


async def test_a_connection_that_hangs_behind_the_last_byte_has_given_all() -> None:
    """Only the end of the body is missing: the object is whole."""
    s3 = fake(Hang(len(BIG)))
    assert await read(objects(s3, stall_seconds=0.01), REF) == BIG
    assert len(s3.requests) == 1


async def test_a_rest_that_was_not_asked_for_is_refused() -> None:
    """A server that ignores the Range would give the first bytes twice."""

    class Forgetful(FakeS3):
        async def get_object(self, **request: Any) -> Any:
            request.pop("Range", None)
            return await super().get_object(**request)

    s3 = Forgetful([Cut(1000)])
    s3.put("logs", KEY, BIG)
    assert await reason(read(objects(s3), REF)) == (Retryable, "range_ignored")


async def test_a_rest_of_another_object_is_refused() -> None:
    """A server that ignores If-Match is found out by the etag of its answer."""

    class Careless(FakeS3):
        async def get_object(self, **request: Any) -> Any:
            request.pop("IfMatch", None)
            answer = await super().get_object(**request)
            self.put("logs", KEY, BIG[::-1])
            return answer

    s3 = Careless([Cut(1000)])
    s3.put("logs", KEY, BIG)
    assert await reason(read(objects(s3), REF)) == (Retryable, "replaced")


async def test_a_checksum_that_differs_is_retryable() -> None:
    """Where the client compares a checksum and finds damage, the object does not count as read."""

    class Damaged(FakeStream):
        async def read(self, amount: int) -> bytes:
            chunk = await super().read(amount)
            if not chunk:
                raise FlexibleChecksumError(error_msg="differs")
            return chunk

    class Damaging(FakeS3):
        async def get_object(self, **request: Any) -> Any:
            answer = dict(await super().get_object(**request))
            answer["Body"] = Damaged(BIG, len(BIG))
            return answer

    s3 = Damaging()
    s3.put("logs", KEY, BIG)
    assert await reason(read(objects(s3), REF)) == (Retryable, "checksum_mismatch")


async def test_the_owner_is_found_among_those_allowed_and_remembered() -> None:
    """Each GET carries an owner; the one that S3 accepts is asked first from then on."""
    s3 = fake(body=b"text")
    reader = objects(s3, owners=(OTHER, OWNER))
    for _ in range(3):
        assert await read(reader, REF) == b"text"
    assert [request["ExpectedBucketOwner"] for request in s3.requests] == [OTHER, OWNER, OWNER, OWNER]


@pytest.mark.parametrize(("owners", "owner"), [((OTHER,), None), ((OWNER,), OTHER), ((OTHER, "777788889999"), None)])
async def test_a_bucket_of_a_foreign_owner_is_denied(owners: tuple[str, ...], owner: str | None) -> None:
    """No GET is made without the expected owner, whatever the answer."""
    s3 = fake(body=b"text")
    ref = ObjectRef("logs", KEY, owner=owner)
    assert await reason(read(objects(s3, owners=owners), ref)) == (Retryable, "access_denied")
    assert all("ExpectedBucketOwner" in request for request in s3.requests)


async def test_leaving_early_closes_the_connection() -> None:
    """A reader that stops in the middle, by error or cancellation, leaves nothing open."""
    s3 = fake()
    started = asyncio.Event()

    async def leave() -> None:
        async with objects(s3).open(REF) as body:
            async for _ in body.pieces():
                raise Poison("content is of no known format", reason="unknown_format")

    async def wait_for_ever() -> None:
        async with objects(s3).open(REF) as body:
            async for _ in body.pieces():
                started.set()
                await asyncio.Event().wait()

    assert await reason(leave()) == (Poison, "unknown_format")
    task = asyncio.create_task(wait_for_ever())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [stream.is_closed for stream in s3.streams] == [True, True]


async def test_random_faults_never_change_the_bytes() -> None:
    """Whatever the order of cuts, silent ends and passing faults, an object is given whole or not at all."""
    outcomes = {"whole": 0, "not": 0}
    for seed in range(300):
        rnd = random.Random(seed)
        body = BIG[: rnd.choice([0, 1, 1000, PIECE_BYTES, len(BIG)])]
        faults: list[Callable[[], Exception | Cut | None]] = [
            lambda rnd=rnd: Cut(rnd.randint(0, PIECE_BYTES * 2), rnd.random() < 0.5),  # type: ignore[misc]  # bound now
            lambda: refusal("SlowDown", 503),
            lambda: EndpointConnectionError(endpoint_url="https://s3"),
            lambda: None,
        ]
        s3 = fake(*(rnd.choice(faults)() for _ in range(rnd.randint(0, 12))), body=body)
        got: list[bytes] = []
        ended = False
        try:
            async with objects(s3).open(REF) as opened:
                async for piece, is_last in opened.pieces():
                    got.append(piece)
                    ended = is_last
        except Retryable:
            outcomes["not"] += 1
        else:
            outcomes["whole"] += 1
        assert body.startswith(b"".join(got)), seed
        assert ended == (len(b"".join(got)) == len(body) and bool(got)), seed
        assert all(stream.is_closed for stream in s3.streams), seed
    assert min(outcomes.values()) > 10
