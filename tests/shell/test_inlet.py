"""The inlet's port: who is let in, what is answered to whom, and what a sender cannot do to it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from pydantic import SecretStr

from ingestd.config import InletSettings
from ingestd.model import Call
from ingestd.shell.calls import Calls
from ingestd.shell.inlet import Door, Inlet
from ingestd.shell.listening import serve_inlet
from ingestd.shell.telemetry import Telemetry
from ingestd.shell.workers import Workers
from tests.fakes.certificates import authority
from tests.fakes.senders import ARN, KEY, Delivery

NOW = 1_795_550_400.0
DELIVERY = Delivery([b"one", b"two"])
PLAIN = Delivery([b"one"], is_compressed=False)


@dataclass
class Rig:
    """An inlet on a port of its own, before a pipeline that settles at once, or never."""

    settles: bool = True
    is_open: bool = True
    begun: list[Call] = field(default_factory=list)
    telemetry: Telemetry = field(default_factory=Telemetry)
    url: str = ""
    http: aiohttp.ClientSession = field(init=False)

    async def send(self, delivery: Delivery, **changed: Any) -> tuple[int, Any, Any]:
        sent = {"data": delivery.body, "headers": delivery.headers, **changed}
        async with self.http.post(f"{self.url}/firehose", **sent) as answer:
            return answer.status, orjson.loads(await answer.read()), answer.headers

    def begin(self, call: Call, calls: Calls) -> int:
        self.begun.append(call)
        if self.settles:
            asyncio.get_running_loop().call_soon(calls.settle, len(self.begun))
        return len(self.begun)

    @property
    def outcomes(self) -> dict[str, int]:
        return self.telemetry.snapshot().counters["calls"]


@asynccontextmanager
async def rig(settles: bool = True, trusted: Path | None = None, **given: Any) -> AsyncIterator[Rig]:
    made = Rig(settles)
    settings = InletSettings(host="127.0.0.1", port=0, **{"api_key": SecretStr(f"old {KEY}"), **given})
    calls = Calls(made.telemetry, calls_max=settings.calls_max, held_bytes_max=settings.held_bytes_max, begin=made.begin)
    workers, clock = Workers(1), asyncio.get_running_loop().time
    inlet = Inlet(settings, calls, made.telemetry, workers, Door(lambda: made.is_open, clock, lambda: NOW))
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=trusted) if trusted else True)
    async with serve_inlet(settings, inlet) as port, aiohttp.ClientSession(connector=connector) as made.http:
        made.url = f"{'https' if trusted else 'http'}://127.0.0.1:{port}"
        yield made
        calls.give_all_back()
    workers.close()


async def test_a_delivery_is_answered_in_the_protocols_form() -> None:
    """With its own id, and the time in milliseconds."""
    async with rig() as made:
        status, answer, headers = await made.send(DELIVERY)
        assert (status, answer) == (200, {"requestId": DELIVERY.request_id, "timestamp": 1_795_550_400_000})
        assert headers["Content-Type"].startswith("application/json")
        (call,) = made.begun
        assert (call.records, call.stream, call.arn) == ((b"one", b"two"), "logs", ARN)
        assert made.outcomes == {"received": 1, "settled": 1}


@pytest.mark.parametrize("key", [KEY, "old"])
async def test_any_of_the_keys_opens(key: str) -> None:
    """So that a key can be changed without a gap."""
    async with rig() as made:
        assert (await made.send(Delivery([b"x"], key=key)))[0] == 200


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], int, str]] = {
    "a wrong key": ({"headers": Delivery([], key="guess").headers}, {}, 401, "bad_key"),
    "no key": ({"headers": Delivery([], key="").headers}, {}, 401, "bad_key"),
    "two keys": ({"headers": Delivery([], key=f"old {KEY}").headers}, {}, 401, "bad_key"),
    "no delivery at all": ({"headers": {}}, {}, 401, "bad_key"),
    "no keys in the settings": ({}, {"api_key": None, "credentials": SecretStr("a:b")}, 401, "bad_key"),
    "a body that is no gzip": ({"data": b"{}"}, {}, 400, "malformed"),
    "a body that is no JSON": ({"data": b"x", "headers": PLAIN.headers}, {}, 400, "malformed"),
    "another stream": ({}, {"streams": ("app-*",)}, 404, "not_found"),
    "a body too large": ({"data": bytes(70_000), "headers": PLAIN.headers}, {"body_bytes_max": 65_536}, 413, "too_large"),
    "no room": ({}, {"held_bytes_max": 1 << 20}, 503, "over_budget"),
}


# aiohttp's client warns of bodies over 1 MiB; one of the rows needs it.
@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_refused_hears_why(name: str) -> None:
    """In the protocol's form, with the code that says whether to try again; and it is counted."""
    changed, given, status, reason = REFUSED[name]
    sent = Delivery([bytes(400_000)] * 2, is_compressed=False) if name == "no room" else DELIVERY
    async with rig(**given) as made:
        found, answer, headers = await made.send(sent, **changed)
        assert found == status
        assert set(answer) == {"requestId", "timestamp", "errorMessage"}
        assert answer["errorMessage"]
        assert ("Retry-After" in headers) == (status == 503)
        assert made.outcomes == {reason: 1}
        assert made.begun == []


async def test_a_service_that_is_not_ready_lets_nobody_in() -> None:
    """Starting, draining or over its budget: 503, before anything is read."""
    async with rig() as made:
        made.is_open = False
        status, _, headers = await made.send(DELIVERY)
        assert (status, headers["Retry-After"], made.outcomes) == (503, "5", {"busy": 1})


async def test_calls_that_come_too_fast_are_answered_later() -> None:
    """One a second: of two at once the second waits."""
    async with rig(calls_per_second_max=1) as made:
        assert [(await made.send(DELIVERY))[0] for _ in range(2)] == [200, 503]
        assert made.outcomes == {"received": 1, "settled": 1, "rate": 1}


async def test_what_is_not_settled_in_time_is_answered_later() -> None:
    """And stays under way, with its bytes, until it has come to its end."""
    async with rig(settles=False, answer_seconds=0.05) as made:
        status, answer, _ = await made.send(DELIVERY)
        assert (status, answer["errorMessage"]) == (503, "not settled yet")
        assert made.outcomes == {"received": 1, "late": 1}
    assert made.outcomes == {"received": 1, "late": 1, "given_back": 1}


async def test_a_body_in_chunks_is_read_like_any_other() -> None:
    """Of no announced length."""

    async def pieces() -> AsyncIterator[bytes]:
        for byte in DELIVERY.body:
            yield bytes([byte])

    async with rig() as made:
        assert (await made.send(DELIVERY, data=pieces()))[0] == 200
        assert made.begun[0].records == (b"one", b"two")


async def raw(made: Rig, *pieces: bytes) -> bytes:
    """What is answered to bytes on a connection, until it is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(made.url.rsplit(":", 1)[1]))
    for piece in pieces:
        writer.write(piece)
    async with asyncio.timeout(20):
        answer = await reader.read()
    writer.close()
    return answer


async def test_a_slow_sender_is_cut_off() -> None:
    """Its body never ends; it is answered, and the connection is closed."""
    head = f"POST /firehose HTTP/1.1\r\nHost: x\r\nX-Amz-Firehose-Access-Key: {KEY}\r\nContent-Length: 1000\r\n\r\n"
    async with rig(stall_seconds=0.1) as made:
        answer = await raw(made, head.encode(), b"x" * 10)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert made.outcomes == {"slow": 1}


async def test_a_connection_too_many_is_closed() -> None:
    """Those that were there before are served."""
    async with rig(connections_max=1) as made:
        assert (await made.send(DELIVERY))[0] == 200
        assert await raw(made) == b""
        assert (await made.send(DELIVERY))[0] == 200


@pytest.mark.parametrize("request_line", [b"GET / HTTP/1.1", b"PUT /firehose HTTP/1.1", b"POST /other HTTP/1.1", b"nonsense"])
async def test_another_request_is_answered_and_no_more(request_line: bytes) -> None:
    """By its status; nothing is begun."""
    async with rig() as made:
        answer = await raw(made, request_line + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert answer[9:12] in (b"404", b"405", b"400")
        assert made.begun == []


async def test_it_has_tls_of_its_own(tmp_path: Path) -> None:
    """By certificate files; who trusts their authority is served."""
    made_by = authority(tmp_path / "ours")
    async with rig(trusted=made_by.ca_file, cert_file=str(made_by.server_file)) as made:
        assert (await made.send(DELIVERY))[0] == 200


async def sdk(made: Rig, target: str, body: bytes = b"{}", **headers: str) -> tuple[int, str]:
    given = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1", **headers}
    async with made.http.post(f"{made.url}/", data=body, headers=given) as answer:
        return answer.status, orjson.loads(await answer.read())["__type"]


async def test_who_does_not_sign_is_refused_as_by_the_service() -> None:
    """In its words, before the body is read."""
    async with rig() as made:
        assert await sdk(made, "Firehose_20150804.PutRecord") == (400, "MissingAuthenticationTokenException")
        half = await sdk(made, "Firehose_20150804.PutRecord", Authorization="AWS4-HMAC-SHA256 Credential=x")
        assert half == (400, "IncompleteSignatureException")
        assert made.outcomes == {"missing_token": 1, "incomplete_signature": 1}
