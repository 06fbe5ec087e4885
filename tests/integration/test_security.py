"""Who may do what after `ingestd setup --security`, on a real server with the security plugin."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ingestd.config import OpenSearchSettings
from ingestd.demo.cloud import DEAD_LETTERS, LOGS, embedded_cloud
from ingestd.errors import Fatal
from ingestd.model import Verdict
from ingestd.sinks.cluster import Cluster
from ingestd.sinks.opensearch import OpenSearchSink
from tests.fakes.certificates import authority
from tests.fakes.documents import Row, batch_of
from tests.integration.asking import Server, set_up
from tests.integration.server import ADMIN, Node
from tests.integration.service import RunningService, environment, settled

PREFIX = "secured"
LOG_INDEX, SECRET_INDEX = f"{PREFIX}-aws.elb_logs-2026.11.22", f"{PREFIX}-aws.cloudfront_logs-2026.11.22"
STRANGE_INDEX = "payroll"
PASSWORD = "a-long-Passphrase-of-theirs-7"
USERS = {"writer": "ingestd_writer", "reader": "logs_reader", "officer": "security_reader", "support": "support_reader"}
ROLES = [
    *({"name": role, "users": [user]} for user, role in USERS.items() if role != "support_reader"),
    {
        "name": "support_reader",
        "users": ["support"],
        "datasets": ["aws.elb*"],
        "query": '{"term": {"cloud.region": "eu-west-1"}}',
        "hidden_fields": ["user_agent.original"],
        "masked_fields": ["source.ip"],
    },
]
# CloudFront plays the part of a security dataset here.
SETTINGS = {
    "sinks__opensearch__index": f"{PREFIX}-{{dataset}}",
    "setup__security_datasets": "aws.cloudfront*",
    "role": json.dumps(ROLES),
}


def event(region: str) -> dict[str, object]:
    return {
        "@timestamp": "2026-11-22T10:00:00Z",
        "cloud": {"region": region},
        "source": {"ip": "192.0.2.1"},
        "user_agent": {"original": "curl/8"},
    }


EVENTS: list[Row] = [
    (LOG_INDEX, "a", event("eu-west-1")),
    (LOG_INDEX, "b", event("us-east-1")),
    (SECRET_INDEX, "c", event("eu-west-1")),
]


@pytest.fixture(scope="module")
def admin(secure_node: Node) -> Server:
    """The server as its administrator sees it, once it is set up, has users, and holds what the writer wrote."""
    admin = Server(secure_node.url, ADMIN, ca_file=secure_node.ca_file)
    asyncio.run(furnish(admin))
    return admin


async def furnish(admin: Server) -> None:
    result = await set_up(admin, "--security", **SETTINGS)
    assert result.exit_code == 0, result.output
    for user in USERS:
        await admin.put(f"/_plugins/_security/api/internalusers/{user}", {"password": PASSWORD})
    await admin.put(f"/{STRANGE_INDEX}/_doc/1?refresh=true", {"salary": 1})
    async with sink_as(admin, "writer") as sink:
        assert await sink.send(batch_of(EVENTS)) == Verdict(3)
    await admin.post(f"/{PREFIX}-*/_refresh")


def seen_by(admin: Server, user: str) -> Server:
    return replace(admin, user=user, password=PASSWORD)


@asynccontextmanager
async def sink_as(admin: Server, user: str, **more: object) -> AsyncIterator[OpenSearchSink]:
    given = {"urls": [admin.url], "auth": "basic", "username": user, "password": PASSWORD, "ca_file": str(admin.ca_file)}
    settings = OpenSearchSettings.model_validate(given | more)
    sink = OpenSearchSink("main", settings, Cluster(settings))
    try:
        yield sink
    finally:
        await sink.close()


async def test_a_second_setup_changes_nothing(admin: Server) -> None:
    """Roles and mappings too are found to be as they should be."""
    result = await set_up(admin, "--security", **SETTINGS)
    assert result.exit_code == 0
    # How many there are is a matter of how many formats there are: none may be made or changed.
    assert re.search(r"0 created, 0 updated, [1-9][0-9]* as they should be", result.output)


async def test_the_writer_meets_itself(admin: Server) -> None:
    """The writer's check passes, and what it sends again is there already."""
    async with sink_as(admin, "writer") as sink:
        await sink.check()
        assert await sink.send(batch_of(EVENTS)) == Verdict(3, duplicates=(0, 1, 2))


async def test_the_writer_makes_data_streams(admin: Server) -> None:
    """Its right to make indices goes for a stream of its own as well."""
    stream = SETTINGS | {"sinks__opensearch__index": "streamed-{dataset}", "sinks__opensearch__mode": "data_stream"}
    assert (await set_up(admin, "--security", **stream)).exit_code == 0
    async with sink_as(admin, "writer") as sink:
        assert await sink.send(batch_of([("streamed-aws.elb_logs", "a", event("eu-west-1"))])) == Verdict(1)
    assert (await set_up(admin, "--security", **SETTINGS)).exit_code == 0


async def test_the_writer_keeps_to_its_indices(admin: Server) -> None:
    """Documents for any other index pause the sink: the fault is not theirs."""
    async with sink_as(admin, "writer") as sink:
        verdict = await sink.send(batch_of([*EVENTS, ("other", "1", {"n": 1})]))
    assert (verdict.retry, verdict.refused, verdict.paused) == ((3,), (), "forbidden")


FORBIDDEN = [
    ("writer", "GET", f"/{LOG_INDEX}/_search"),
    ("writer", "GET", f"/{LOG_INDEX}/_doc/a"),
    ("writer", "POST", f"/{LOG_INDEX}/_count"),
    ("writer", "DELETE", f"/{LOG_INDEX}/_doc/b"),
    ("writer", "POST", f"/{LOG_INDEX}/_update/a"),
    ("writer", "POST", f"/{LOG_INDEX}/_delete_by_query"),
    ("writer", "DELETE", f"/{LOG_INDEX}"),
    ("writer", "POST", f"/{LOG_INDEX}/_close"),
    ("writer", "GET", "/_cat/indices"),
    ("writer", "PUT", "/_index_template/theirs"),
    ("writer", "GET", "/_plugins/_security/api/roles"),
    ("reader", "GET", f"/{SECRET_INDEX}/_search"),
    ("reader", "GET", f"/{SECRET_INDEX}/_doc/c"),
    ("reader", "GET", f"/{PREFIX}-aws.cloudfront_logs/_search"),
    ("reader", "GET", f"/{STRANGE_INDEX}/_search"),
    ("reader", "DELETE", f"/{LOG_INDEX}"),
    ("reader", "PUT", f"/{LOG_INDEX}/_doc/x"),
    ("officer", "GET", f"/{STRANGE_INDEX}/_search"),
    ("officer", "GET", f"/{LOG_INDEX}/_search"),
    ("officer", "DELETE", f"/{SECRET_INDEX}"),
    ("support", "GET", f"/{SECRET_INDEX}/_search"),
]

BODIES = {
    "a": {"doc": {"n": 1}},
    "x": {"n": 1},
    "_delete_by_query": {"query": {"match_all": {}}},
    "theirs": {"index_patterns": ["theirs-*"]},
}


@pytest.mark.parametrize(("user", "method", "path"), FORBIDDEN)
async def test_what_nobody_gave_is_forbidden(admin: Server, user: str, method: str, path: str) -> None:
    """The writer neither reads, changes nor deletes; readers do not see each other's indices, nor anybody else's."""
    status, said = await seen_by(admin, user).ask(method, path, BODIES.get(path.rpartition("/")[2]))
    assert status == 403, said


@pytest.mark.parametrize(("user", "index", "ids"), [("reader", LOG_INDEX, ["a", "b"]), ("officer", SECRET_INDEX, ["c"])])
async def test_readers_see_what_is_theirs(admin: Server, user: str, index: str, ids: list[str]) -> None:
    """By the index's name, and by the name that stands for all of them."""
    for name in (index, index.rpartition("-")[0]):
        hits = (await seen_by(admin, user).get(f"/{name}/_search"))["hits"]["hits"]
        assert sorted(hit["_id"] for hit in hits) == ids


async def test_a_role_may_see_some_documents_and_some_fields(admin: Server) -> None:
    """Only documents that its query finds, without the hidden fields, and hashes for the masked ones."""
    hits = (await seen_by(admin, "support").get(f"/{LOG_INDEX}/_search"))["hits"]["hits"]
    assert [hit["_id"] for hit in hits] == ["a"]
    source = hits[0]["_source"]
    assert "user_agent" not in source or "original" not in source["user_agent"]
    assert source["source"]["ip"] != "192.0.2.1"


@pytest.mark.parametrize("path", ["/", "/_cat/indices", f"/{LOG_INDEX}/_search", "/_search", "/_cluster/health"])
async def test_nobody_gets_in_without_a_password(admin: Server, path: str) -> None:
    """Without credentials, and with wrong ones, the answer is 401."""
    for stranger in (replace(admin, user=None), replace(admin, user="writer", password="guess")):
        assert (await stranger.ask("GET", path))[0] == 401


async def test_a_wrong_authority_is_refused(admin: Server, tmp_path: Path) -> None:
    """A server whose certificate another CA signed gets neither the password nor the documents; the sink pauses."""
    other = authority(tmp_path / "other")
    async with sink_as(admin, "writer", ca_file=str(other.ca_file)) as sink:
        verdict = await sink.send(batch_of(EVENTS))
        with pytest.raises(Fatal) as caught:
            await sink.check()
    assert caught.value.reason == "certificate"
    assert (verdict.retry, verdict.paused) == ((0, 1, 2), "certificate")


async def test_a_certificate_of_ours_is_a_name(admin: Server, secure_node: Node) -> None:
    """Mutual TLS: with the administrator's certificate and no password, what only the administrator may is answered."""
    folder = secure_node.ca_file.parent
    for cert, status in ((None, 401), (str(folder / "admin.pem"), 200)):
        key = str(folder / "admin.key") if cert else None
        given = {"urls": [admin.url], "ca_file": str(admin.ca_file), "client_cert_file": cert, "client_key_file": key}
        cluster = Cluster(OpenSearchSettings.model_validate(given))
        answer = await cluster.request("GET", "/_plugins/_security/api/roles", params={}, headers={}, body=[])
        await cluster.close()
        assert answer.status == status


async def test_a_setup_with_too_little_rights_says_so(admin: Server) -> None:
    """The service's own account cannot set anything up, and setup ends with what the server says."""
    result = await set_up(seen_by(admin, "writer"), **SETTINGS)
    assert result.exit_code == 1
    assert "no permissions" in result.output


async def test_a_rotated_password_loses_nothing(admin: Server, tmp_path: Path) -> None:
    """With the old password all waits, nothing is a dead letter; once its file has the new one, all goes in, each line once."""
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    sink = {
        "sinks__opensearch__url": admin.url,
        "sinks__opensearch__ca_file": str(admin.ca_file),
        "sinks__opensearch__auth": "basic",
        "sinks__opensearch__username": "writer",
        "sinks__opensearch__password_file": str(password),
        "sinks__opensearch__index": f"{PREFIX}-{{dataset}}",
        "retry__ceiling_seconds": "2",
    }
    line = (Path(__file__).parents[1] / "formats/alb/input/documented.log").read_bytes().splitlines()[0]
    async with embedded_cloud() as cloud:
        await admin.put("/_plugins/_security/api/internalusers/writer", {"password": f"{PASSWORD}-new"})
        for number in range(3):
            body = gzip.compress(b"\n".join([line] * 10), mtime=number)
            await cloud.s3.put_object(Bucket=LOGS, Key=f"AWSLogs/{number}.log.gz", Body=body)
        with RunningService.started(tmp_path, environment(cloud, **sink)) as service:
            await service.until(lambda: b"sink paused" in service.log.read_bytes())
            assert await cloud.backlog() == 3
            password.write_text(f"{PASSWORD}-new\n")
            await settled(cloud, service)
            assert service.stop() == 0
        assert b"sink resumed" in service.log.read_bytes()
        assert [letter async for letter in cloud.contents(DEAD_LETTERS)] == []
    await admin.put("/_plugins/_security/api/internalusers/writer", {"password": PASSWORD})
    assert await admin.count(f"{PREFIX}-aws.elb_logs", "aws.s3.object.key:AWSLogs*") == 30


async def test_a_setup_with_a_wrong_password_says_so(admin: Server) -> None:
    """Wrong credentials end a setup at once."""
    result = await set_up(replace(admin, password="guess"), **SETTINGS)
    assert (result.exit_code, "refuses these credentials" in result.output) == (1, True)
