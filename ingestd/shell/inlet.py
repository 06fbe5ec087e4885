"""The way in for records whose sender brings them itself: `POST /firehose` for Firehose, `POST /` for the SDK.

A call is let in if there is room, known by its key before its body is read, read within limits, and answered when it is
settled: 200, and nothing before that. What it brings goes the way of an object's content (pipeline.py). None of it is logged.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

import orjson
import structlog
from aiohttp import web
from pydantic import SecretStr

from ingestd.config import InletSettings
from ingestd.core.call import DESCRIBE, OPERATIONS, delivered, described, put, put_answer
from ingestd.core.rate import Rate
from ingestd.core.signature import read_signature
from ingestd.errors import IngestdError, Poison, Retryable
from ingestd.model import Call
from ingestd.shell.answers import delivery_answer, delivery_refusal, put_refusal, service_answer
from ingestd.shell.body import BodyLimits, decoded, read_body
from ingestd.shell.calls import Calls, Hold
from ingestd.shell.telemetry import Telemetry
from ingestd.shell.workers import Workers

__all__ = ["Door", "Inlet"]

log = structlog.get_logger()

TARGET = "Firehose_20150804."
WHILE_READ = 3  # times the body: it, the texts in it, and the records that they become
ID_CHARS_MAX = 128


@dataclass(frozen=True, slots=True)
class Door:
    """What the inlet needs of the service: whether it takes calls now, and the time."""

    is_open: Callable[[], bool]
    clock: Callable[[], float]
    wall_clock: Callable[[], float]


class Inlet:
    """Answers calls. Its settings have their secrets in place."""

    def __init__(self, settings: InletSettings, calls: Calls, telemetry: Telemetry, workers: Workers, door: Door) -> None:
        self._settings = settings
        self._calls = calls
        self._telemetry = telemetry
        self._workers = workers
        self._door = door
        self._limits = BodyLimits(settings.body_bytes_max, settings.stall_seconds, settings.bytes_per_second_min)
        self._rate = Rate(settings.calls_per_second_max, door.clock())
        self._keys = [key.encode() for key in _words(settings.api_key)]
        pairs = (word.partition(":") for word in _words(settings.credentials))
        self._secrets = {key_id: secret for key_id, _, secret in pairs}

    async def deliver(self, request: web.Request) -> web.Response:
        """Firehose's own call."""
        headers = _headers(request)
        name = headers.get("x-amz-firehose-request-id", "")[:ID_CHARS_MAX]
        hold = self._calls.hold()
        try:
            self._let_in()
            self._check_key(headers.get("x-amz-firehose-access-key", ""))
            body = await self._read(request, hold)
            call = await self._made(hold, body, headers.get("content-encoding", ""), lambda text: delivered(text, headers))
            await self._settle(call, hold)
        except IngestdError as error:
            self._refused(error, hold, name)
            return delivery_refusal(error, name, self._door.wall_clock())
        return delivery_answer(call.id, self._door.wall_clock())

    async def serve_sdk(self, request: web.Request) -> web.Response:
        """The SDK's call."""
        headers = _headers(request)
        operation = headers.get("x-amz-target", "").removeprefix(TARGET)
        hold = self._calls.hold()
        try:
            self._let_in()
            signed = read_signature(headers, self._door.wall_clock())
            if signed.key_id not in self._secrets:
                signed.check(request.method, request.rel_url.raw_path, headers, b"", self._secrets)
            body = await self._read(request, hold)
            signed.check(request.method, request.rel_url.raw_path, headers, body, self._secrets)
            if operation not in OPERATIONS or not headers.get("x-amz-target", "").startswith(TARGET):
                raise Poison(f"only {', '.join(OPERATIONS)} are answered here", reason="unknown_operation")
            if operation == DESCRIBE:
                answer = self._description(described(body), signed.region)
                hold.release()
                return service_answer(answer)
            name = _call_id(headers)
            call = await self._made(hold, body, "", lambda text: put(operation, text, name, self._door.wall_clock()))
            await self._settle(call, hold)
        except IngestdError as error:
            self._refused(error, hold, "")
            return put_refusal(error)
        return service_answer(put_answer(operation, call))

    def _let_in(self) -> None:
        if not self._door.is_open() or not self._calls.has_room:
            raise Retryable("no room for a call now", reason="busy")
        if not self._rate.allows(self._door.clock()):
            raise Retryable("calls come too fast", reason="rate")

    def _check_key(self, given: str) -> None:
        """Each key is compared, whole and in constant time."""
        found = [hmac.compare_digest(key, given.encode("utf-8", "surrogateescape")) for key in self._keys]
        if not any(found):
            raise Poison("x-amz-firehose-access-key is not known", reason="bad_key")

    async def _read(self, request: web.Request, hold: Hold) -> bytes:
        return await read_body(request.content, request.content_length, self._limits, self._door.clock, hold.be)

    async def _made(self, hold: Hold, body: bytes, encoding: str, make: Callable[[bytes], Call]) -> Call:
        """The call that a body is; in a worker, for it may be large. Then its records are all that is held."""
        text = await self._workers.run(lambda: decoded(body, encoding, self._settings.body_bytes_max))
        hold.be(len(body) + WHILE_READ * len(text))
        call = await self._workers.run(lambda: make(text))
        if not self._is_ours(call.stream):
            raise Poison("this stream is not taken here", reason="not_found")
        hold.be(call.bytes)
        self._telemetry.count("bytes", len(body), "received")
        return call

    async def _settle(self, call: Call, hold: Hold) -> None:
        """Wait for the call's end, as long as its sender does; it goes on without him."""
        future = self._calls.take(call, hold)
        done, _ = await asyncio.wait([future], timeout=self._settings.answer_seconds)
        if not done:
            self._calls.is_late(call)
            raise Retryable("not settled yet", reason="late")
        if future.cancelled() or future.exception() is not None or not future.result():
            raise Retryable("not settled", reason="given_back")

    def _is_ours(self, stream: str) -> bool:
        return any(fnmatchcase(stream, pattern) for pattern in self._settings.streams)

    def _description(self, stream: str, region: str) -> bytes:
        """What producers ask for before they begin: that the stream is there."""
        if not self._is_ours(stream):
            raise Poison("this stream is not taken here", reason="not_found")
        description = {
            "DeliveryStreamName": stream,
            "DeliveryStreamARN": f"arn:aws:firehose:{region}:000000000000:deliverystream/{stream}",
            "DeliveryStreamStatus": "ACTIVE",
            "DeliveryStreamType": "DirectPut",
            "VersionId": "1",
            "Destinations": [],
            "HasMoreDestinations": False,
        }
        return orjson.dumps({"DeliveryStreamDescription": description})

    def _refused(self, error: IngestdError, hold: Hold, name: str) -> None:
        hold.release() if error.reason not in ("late", "given_back") else None
        if error.reason != "given_back":
            self._telemetry.count("calls", 1, error.reason)
        tell = log.warning if error.reason in ("malformed", "too_large", "invalid_argument", "not_found") else log.debug
        tell("call refused", reason=error.reason, why=error.message, request_id=name, **error.fields)


def _words(secret: SecretStr | None) -> list[str]:
    return secret.get_secret_value().split() if secret else []


def _headers(request: web.Request) -> dict[str, str]:
    """By names in lower case; several of one name as one, with commas."""
    names = dict.fromkeys(name.lower() for name in request.headers)
    return {name: ",".join(request.headers.getall(name)) for name in names}


def _call_id(headers: Mapping[str, str]) -> str:
    """What stays when the SDK tries again; where it says nothing of the kind, what only the same bytes can have."""
    said = headers.get("amz-sdk-invocation-id") or headers["authorization"]
    return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()
