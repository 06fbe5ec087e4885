"""The client of one cluster: what it sends, whom it trusts, and whom it asks."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from aiohttp import web
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import NoCredentialsError

from ingestd.config import OpenSearchSettings
from ingestd.errors import Fatal, Retryable
from ingestd.sinks.cluster import Answer, Cluster
from ingestd.sinks.credentials import Credentials
from tests.fakes.bulk import FakeBulk
from tests.fakes.certificates import authority
from tests.fakes.http import Items, Lost, Seen, Silence, Whole

BODY = b'{"create":{"_index":"a","_id":"1"}}\n{"n":1}\n'
HEADERS = {"content-type": "application/x-ndjson"}


@asynccontextmanager
async def cluster_of(*urls: str, credentials: Credentials | None = None, **settings: object) -> AsyncIterator[Cluster]:
    cluster = Cluster(OpenSearchSettings.model_validate({"urls": urls, "timeout_seconds": 5.0} | settings), credentials)
    try:
        yield cluster
    finally:
        await cluster.close()


async def ask(cluster: Cluster, body: bytes = BODY) -> Answer:
    return await cluster.request(
        "POST", "/_bulk", params={"filter_path": "errors,items.*.status"}, headers=HEADERS, body=[body]
    )


@pytest.fixture
async def server() -> AsyncIterator[FakeBulk]:
    async with FakeBulk() as server:
        yield server


@pytest.mark.parametrize(
    ("settings", "sent"),
    [
        ({}, None),
        (
            {"auth": "basic", "username": "writer", "password": "päss:word"},
            "Basic " + base64.b64encode("writer:päss:word".encode()).decode(),
        ),
        ({"auth": "api_key", "api_key": "a2V5"}, "ApiKey a2V5"),
    ],
)
async def test_each_kind_of_credentials_has_its_header(server: FakeBulk, settings: dict[str, Any], sent: str | None) -> None:
    """Basic and API key go into the authorization header, none sends none; the body goes out untouched."""
    async with cluster_of(server.url, **settings) as cluster:
        assert (await ask(cluster)).status == 200
    assert server.seen[0].headers.get("authorization", server.seen[0].headers.get("Authorization")) == sent
    assert server.seen[0].body == BODY


def signature(seen: Seen, url: str, credentials: ReadOnlyCredentials, service: str) -> str:
    """The signature that AWS would expect of this request, from the request alone."""
    headers = {name.lower(): value for name, value in seen.headers.items()}
    signed = headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    parts = urlsplit(seen.path)
    query = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in parse_qsl(parts.query))
    request = AWSRequest(
        "POST", f"{url}{parts.path}?{query}", {name: headers[name] for name in signed if name != "host"}, seen.body
    )
    request.context["timestamp"] = headers["x-amz-date"]
    auth = SigV4Auth(credentials, service, "eu-west-1")
    return str(auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request))


@pytest.mark.parametrize("service", ["es", "aoss"])
async def test_each_request_is_signed_over_its_bytes_with_the_credentials_of_the_moment(server: FakeBulk, service: str) -> None:
    """The signature fits the bytes that went out, and the credentials as they are by then, token included."""
    keys = [ReadOnlyCredentials("AKID1", "secret1", "token1"), ReadOnlyCredentials("AKID2", "secret2", "token2")]
    turns = iter(keys)

    async def credentials() -> ReadOnlyCredentials:
        return next(turns)

    sigv4 = {"auth": "sigv4", "region": "eu-west-1", "service": service}
    async with cluster_of(server.url, credentials=credentials, **sigv4) as cluster:
        for key in keys:
            await ask(cluster)
            seen = server.seen[-1]
            headers = {name.lower(): value for name, value in seen.headers.items()}
            assert headers["x-amz-content-sha256"] == hashlib.sha256(seen.body).hexdigest()
            assert headers["x-amz-security-token"] == key.token
            assert f"Credential={key.access_key}/" in headers["authorization"]
            assert headers["authorization"].endswith(f"Signature={signature(seen, server.url, key, service)}")


async def test_no_credentials_are_a_failure_of_their_own(server: FakeBulk) -> None:
    """When AWS credentials are not to be had, nothing is sent and the reason says so."""

    async def nothing() -> ReadOnlyCredentials | None:
        return None

    async def failing() -> ReadOnlyCredentials:
        raise NoCredentialsError

    for credentials in (nothing, failing):
        async with cluster_of(server.url, auth="sigv4", region="eu-west-1", credentials=credentials) as cluster:
            with pytest.raises(Retryable) as caught:
                await ask(cluster)
        assert caught.value.reason == "credentials"
    assert not server.seen


async def test_the_settings_authority_is_trusted_and_no_other(tmp_path: Path) -> None:
    """TLS works with the authority of the settings; another's certificate is refused, unless checking is switched off."""
    ours, other = authority(tmp_path / "ours"), authority(tmp_path / "other")
    async with FakeBulk(tls=ours.server) as server:
        async with cluster_of(server.url, ca_file=str(ours.ca_file)) as cluster:
            assert (await ask(cluster)).status == 200
        async with cluster_of(server.url, ca_file=str(other.ca_file)) as cluster:
            with pytest.raises(Retryable) as caught:
                await ask(cluster)
        async with cluster_of(server.url, dangerously_skip_certificate_check=True) as cluster:
            assert (await ask(cluster)).status == 200
    assert caught.value.reason == "certificate"


def test_an_unreadable_ca_file_is_fatal(tmp_path: Path) -> None:
    """A CA file that is not there, or is none, is said before the first request."""
    (tmp_path / "empty.pem").write_text("nothing")
    for name in ("missing.pem", "empty.pem"):
        settings = OpenSearchSettings(urls=("https://localhost",), ca_file=str(tmp_path / name))
        with pytest.raises(Fatal) as caught:
            Cluster(settings)
        assert caught.value.reason == "ca_file"


def test_an_unreadable_certificate_of_ours_is_fatal(tmp_path: Path) -> None:
    """A client certificate that is not there, or has no key, is said before the first request."""
    ours = authority(tmp_path / "ours")
    for path in (tmp_path / "missing.pem", ours.ca_file):
        with pytest.raises(Fatal) as caught:
            Cluster(OpenSearchSettings(urls=("https://localhost",), client_cert_file=str(path)))
        assert caught.value.reason == "client_cert_file"


async def test_our_certificate_is_shown_to_who_asks(tmp_path: Path) -> None:
    """A server that lets nobody in without a certificate lets us in with ours, and not without."""
    ours = authority(tmp_path / "ours")
    ours.server.verify_mode = ssl.CERT_REQUIRED
    ours.server.load_verify_locations(ours.ca_file)
    pem = str(ours.ca_file.parent / "server.pem")
    async with FakeBulk(tls=ours.server) as server:
        async with cluster_of(server.url, ca_file=str(ours.ca_file), client_cert_file=pem) as cluster:
            assert (await ask(cluster)).status == 200
        async with cluster_of(server.url, ca_file=str(ours.ca_file)) as cluster:
            with pytest.raises(Retryable):
                await ask(cluster)


@pytest.mark.parametrize(
    "settings",
    [
        {"auth": "sigv4", "region": "eu-west-1"},
        {"auth": "basic", "username": "u"},
        {"auth": "basic", "password": "p"},
        {"auth": "api_key"},
    ],
)
def test_authentication_needs_all_of_its_parts(settings: dict[str, Any]) -> None:
    """Half of what a kind of authentication needs is said to be half before the first request."""
    with pytest.raises(Fatal) as caught:
        Cluster(OpenSearchSettings.model_validate({"urls": ["http://localhost"]} | settings))
    assert caught.value.reason == "credentials"


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("100000", 300.0), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None), ("²", None)]
)
async def test_retry_after_is_heard_within_reason(server: FakeBulk, header: str, seconds: float | None) -> None:
    """Retry-After counts when it is in seconds, up to five minutes."""
    server.script(Whole(429, b"", {"retry-after": header}))
    async with cluster_of(server.url) as cluster:
        assert await ask(cluster) == Answer(429, b"", seconds)


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 413, 429, 500, 502, 503, 504])
async def test_any_status_is_an_answer(server: FakeBulk, status: int) -> None:
    """A status is never an exception here, and its body comes back as it was."""
    server.script(Whole(status, b"caf\xc3\xa9", {"warning": '299 OpenSearch-3 "deprecated"'}))
    async with cluster_of(server.url) as cluster:
        assert await ask(cluster) == Answer(status, b"caf\xc3\xa9")


async def test_nodes_are_used_in_turn() -> None:
    """Requests go round all nodes."""
    async with FakeBulk() as one, FakeBulk() as two, cluster_of(one.url, two.url) as cluster:
        for _ in range(6):
            await ask(cluster)
        assert (len(one.seen), len(two.seen)) == (3, 3)


@pytest.mark.parametrize("fault", ["says 503", "is gone", "is silent"])
async def test_a_node_that_fails_is_left_out(fault: str) -> None:
    """A node that says 503, cannot be reached or does not answer costs one request; then the others carry on without it."""
    async with FakeBulk() as one, FakeBulk() as two, cluster_of(one.url, two.url, timeout_seconds=0.5) as cluster:
        if fault == "is gone":
            await one.stop()
        one.script(*[Silence() if fault == "is silent" else Whole(503)] * 6)
        failures = 0
        for _ in range(6):
            try:
                failures += (await ask(cluster)).status == 503
            except Retryable:
                failures += 1
        assert (failures, len(two.seen)) == (1, 5)


async def test_a_slow_node_gets_less() -> None:
    """While a node owes an answer, the others get what comes."""
    async with FakeBulk() as one, FakeBulk() as two, cluster_of(one.url, two.url) as cluster:
        one.script(Silence())
        while not one.seen:
            owed = asyncio.create_task(ask(cluster))
            while not (one.seen or owed.done()):  # noqa: ASYNC110 - the server is in this very loop
                await asyncio.sleep(0)
        before = len(two.seen)
        for _ in range(5):
            await ask(cluster)
        assert (len(one.seen), len(two.seen) - before) == (1, 5)
        owed.cancel()


async def test_a_connection_is_used_again() -> None:
    """One after the other, all requests go over one connection."""
    peers: set[object] = set()

    class Counting(FakeBulk):
        async def handle(self, request: web.Request, body: bytes, step: Items | Lost | None) -> web.Response:
            assert request.transport is not None
            peers.add(request.transport.get_extra_info("peername"))
            return await super().handle(request, body, step)

    async with Counting() as server, cluster_of(server.url) as cluster:
        for _ in range(5):
            await ask(cluster)
    assert len(peers) == 1


@pytest.mark.parametrize(
    ("auth", "old", "new", "sent"),
    [
        ("basic", {"username": "u", "password": "old"}, {"password": "new"}, "Basic " + base64.b64encode(b"u:new").decode()),
        ("api_key", {"api_key": "old"}, {"api_key": "new"}, "ApiKey new"),
    ],
)
async def test_a_secret_that_is_refused_is_asked_for_again(
    server: FakeBulk, auth: str, old: dict[str, str], new: dict[str, str], sent: str
) -> None:
    """The request that is refused is answered so; the next one has what the secret is by then."""
    asked = 0
    given = {"urls": [server.url], "auth": auth}

    async def renew() -> OpenSearchSettings:
        nonlocal asked
        asked += 1
        return OpenSearchSettings.model_validate(given | old | new)

    server.script(Whole(401), Whole(200))
    cluster = Cluster(OpenSearchSettings.model_validate(given | old), renew=renew)
    assert [(await ask(cluster)).status for _ in range(3)] == [401, 200, 200]
    await cluster.close()
    assert asked == 1
    headers = [{name.lower(): value for name, value in seen.headers.items()} for seen in server.seen]
    assert [each["authorization"] == sent for each in headers] == [False, True, True]


@pytest.mark.parametrize("ends", [[], [1], [1023, 1024, 1025], range(0, 5 << 20, 1 << 20)])
async def test_a_large_body_goes_out_whole(server: FakeBulk, ends: Iterable[int]) -> None:
    """A body of several MiB arrives as it was, in however many pieces, and nothing warns of its size."""
    body = b'{"create":{"_index":"a","_id":"1"}}\n{"s":"%s"}\n' % (b"x" * (5 << 20))
    pieces = [memoryview(body)[start:end] for start, end in pairwise([0, *ends, len(body)])]
    async with cluster_of(server.url) as cluster:
        assert (await cluster.request("POST", "/_bulk", params={}, headers=HEADERS, body=pieces)).status == 200
    assert server.seen[0].body == body
    assert server.seen[0].headers["Content-Length"] == str(len(body))


async def test_nothing_that_passes_is_logged(server: FakeBulk, caplog: pytest.LogCaptureFixture) -> None:
    """Bodies, answers and passwords are in no log, at any level, whatever fails."""
    caplog.set_level(logging.DEBUG)
    server.script(Whole(400, b"canary-answer"), Whole(503, b"canary-answer"))
    async with cluster_of(server.url, auth="basic", username="u", password="canary-password") as cluster:
        for _ in range(3):
            await ask(cluster, b'{"create":{"_index":"a","_id":"1"}}\n{"s":"canary-payload"}\n')
        await server.stop()
        with pytest.raises(Retryable):
            await ask(cluster)
    assert "canary" not in caplog.text
    assert not [record for record in caplog.records if record.name.startswith("opensearch")]
