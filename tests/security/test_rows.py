"""What an attacker may try who can write lines, keys, notices or dead letters: one test for each row of the promise.

S5 (fields without number), S7 (permissions) and S8 (the image) are held where their matter lies, by tests of those names:
tests/integration/test_healing.py, tests/deploy/test_permissions.py, tests/deploy/test_manifests.py, tests/test_dockerfile.py.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import random
import time
from collections.abc import Callable, Iterator
from typing import Any, get_args

import orjson
import pytest
import structlog
from pydantic import SecretStr

from ingestd.config import ObjectSettings, QueueSettings, RouteSettings, Section, Settings
from ingestd.core.notice import Allowed, read_notice
from ingestd.errors import Poison
from ingestd.shell import logs
from ingestd.shell.objects import Objects
from tests.fakes.http import Whole
from tests.fakes.s3 import FakeS3, refusal
from tests.test_redrive import World, world
from tests.test_service import ALB, log, notice

OWNER = FakeS3().owner
EVIL = "evil.example"
ASKED_WITH = {"Bucket", "Key", "VersionId", "IfMatch", "Range", "ExpectedBucketOwner"}


def bridge(bucket: str, **more: Any) -> str:
    """EventBridge's form of a notice."""
    detail = {"bucket": {"name": bucket}, "object": {"key": "a.gz"}}
    return json.dumps({"detail-type": "Object Created", "source": "aws.s3", "account": OWNER, "detail": detail} | more)


FORGED = {
    "a foreign bucket": notice("not-ours", "a.gz"),
    "an ARN for a bucket": notice(f"arn:aws:s3:eu-west-1:{OWNER}:accesspoint/evil", "a.gz"),
    "a URL for a bucket": notice(f"https://{EVIL}/logs", "a.gz"),
    "a bucket of nearly that name": notice("logs2", "a.gz"),
    "a foreign owner": bridge("logs", account="999999999999"),
    "a foreign bucket of ours": bridge("not-ours"),
}


class Owned(World):
    """A world whose settings also say who owns the buckets."""

    def settings(self) -> Settings:
        settings = super().settings()
        queue = QueueSettings(url=settings.queue.url, buckets=self.buckets, owners=(OWNER,))
        return settings.model_copy(update={"queue": queue})


@pytest.fixture
def quiet() -> Iterator[io.StringIO]:
    """The service's log, from debug on, in the form that machines read."""
    out = io.StringIO()
    logs.configure(Settings.model_validate({"log": {"level": "debug", "form": "json"}}).log, out)
    yield out
    structlog.reset_defaults()


@pytest.mark.parametrize("name", FORGED)
async def test_s1_a_forged_notice_makes_no_call(name: str) -> None:
    """A bucket, owner or region off the list is never named to S3; each GET of ours says whose bucket it must be."""
    async with world() as around:
        around.__class__ = Owned
        around.announce("a.gz", log(ALB, 1))
        around.sqs.waiting.append(FORGED[name])
        await around.serve()
        asked = [(request["Bucket"], request["Key"], request["ExpectedBucketOwner"]) for request in around.s3.requests]
        assert asked == [("logs", "a.gz", OWNER)]
        assert [letter.kind for letter in around.s3.letters()] == ["message"]


async def test_s2_no_address_is_taken_from_a_message() -> None:
    """URLs, ARNs, regions and endpoints in every place of a notice: S3 is asked by bucket and key, with nothing of them."""
    async with world() as around:
        body = json.loads(notice("logs", "a.gz"))
        record = body["Records"][0]
        record |= {"awsRegion": "us-evil-1", "endpoint": f"http://{EVIL}", "responseElements": {"x-amz-id-2": EVIL}}
        record["s3"] |= {"configurationId": EVIL, "endpoint_url": f"http://{EVIL}", "arn": f"arn:aws:s3:::{EVIL}"}
        record["s3"]["bucket"] |= {
            "arn": f"arn:aws:s3:::{EVIL}",
            "ownerIdentity": {"principalId": EVIL},
            "url": f"http://{EVIL}",
        }
        record["s3"]["object"] |= {"url": f"http://{EVIL}/a", "region": "us-evil-1"}
        around.s3.put("logs", "a.gz", gzip.compress(log(ALB, 1)))
        wrapped = {"Type": "Notification", "Message": json.dumps(body), "SigningCertURL": f"http://{EVIL}", "TopicArn": EVIL}
        around.sqs.waiting += [json.dumps(body), json.dumps(wrapped | {"UnsubscribeURL": f"http://{EVIL}"})]
        await around.serve()
        assert [request["Key"] for request in around.s3.requests] == ["a.gz", "a.gz"]
        assert all(set(request) <= ASKED_WITH for request in around.s3.requests)
        assert "evil" not in repr(around.s3.requests)
        assert len(around.sqs.deleted) == 2


MIB = 1 << 20
HOSTILE = {
    "open brackets": "[" * MIB,
    "10,000 deep": "[" * 10_000 + "]" * 10_000,
    "many keys": "{" + ",".join(f'"{number}":{number}' for number in range(70_000)) + "}",
    "one text": '"' + "a" * (MIB - 2) + '"',
    "numbers for records": '{"Records": [' + "1," * 500_000 + "1]}",
    "numbers for everything": json.dumps(
        {"Records": [{"s3": {"bucket": {"name": 1}, "object": {"key": [2]}}, "eventName": {}}]}
    ),
    "more than a MiB": " " * (MIB + 1),
}


def cpu_seconds(work: Callable[[], object]) -> float:
    """The least of some runs."""
    least = float("inf")
    for _ in range(5):
        began = time.thread_time()
        work()
        least = min(least, time.thread_time() - began)
    return least


@pytest.mark.parametrize("name", HOSTILE)
def test_s3_a_hostile_notice_is_poison_and_cheap(name: str) -> None:
    """Of any depth, size and type: it is Poison for no more CPU than it takes to parse ten honest MiB of JSON."""
    honest = orjson.dumps([{"key": "k" * 40, "size": 1}] * (MIB // 60))

    def refuse() -> None:
        with pytest.raises(Poison):
            read_notice(HOSTILE[name], Allowed(("logs",)))

    assert cpu_seconds(refuse) <= 10 * cpu_seconds(lambda: orjson.loads(honest))


async def test_s3_the_key_of_the_get_is_the_key_of_the_put() -> None:
    """Ten thousand strange keys, from the notice to the call."""
    rnd, s3 = random.Random(3), FakeS3()
    objects = Objects(s3, ObjectSettings())
    alphabet = "abz019-_.~/+ %&=?#;:@$,<>^`{}|\\\"'\n\r\t\x00\x7fé日\U0001f600"
    for _ in range(10_000):
        key = "".join(rnd.choices(alphabet, k=rnd.randint(1, 40))) + rnd.choice(["", "%2F", "..", "//", "%25", "+"])
        s3.put("logs", key, b"")
        (ref,) = read_notice(notice("logs", key), Allowed(("logs",))).objects
        async with objects.open(ref):
            assert s3.requests.pop()["Key"] == key
        del s3.buckets["logs"]


INJECTED = (
    r'"}\x0a{\"create\":{\"_index\":\"evil\",\"_id\":\"1\"}}\x0a{\"a\":1}',
    r"\x0d\x0a\x0d\x0aPOST /_bulk HTTP/1.1",
    r"\x22,\x22_index\x22:\x22evil\x22,\x22_id\x22:\x22x",
    r"\x00\xe2\x80\xa8\xff",
)


async def test_s4_a_line_cannot_write_action_lines() -> None:
    """Newlines, `_id`, `_index` and quotes inside fields: two lines of body a document, and metadata that is ours alone."""
    async with world() as around:
        lines = [line for line in log(ALB, 40).splitlines() if line.count(b'"') > 4]
        hostile = []
        for number, line in enumerate(lines):
            before, agent, behind = line.split(b'" "')[0], line.split(b'"')[3], line.split(b'"', 4)[4]
            hostile.append(before + b'" "' + agent + INJECTED[number % len(INJECTED)].encode() + b'"' + behind)
        around.announce("logs\n{}.gz", b"\n".join(hostile) + b"\n")
        await around.serve()
        bodies = [gzip.decompress(seen.body) if seen.body[:2] == b"\x1f\x8b" else seen.body for seen in around.bulk.seen]
        rows = [row for body in bodies for row in body.split(b"\n")[:-1]]
        assert len(rows) == 2 * len(around.bulk.documents) > 0
        for action in rows[::2]:
            ((verb, meta),) = orjson.loads(action).items()
            assert (verb, set(meta)) == ("create", {"_index", "_id"})
            assert meta["_index"].startswith("logs-aws.elb_logs-")
            assert meta["_id"].isalnum()
        assert len(around.bulk.documents) + len(around.s3.letters()) == len(lines)


CANARY = "canary-7f3a91"


def with_canaries(section: Section) -> Section:
    """The same with a canary for each secret, which is found by its type, so that a new one is not forgotten."""
    changed: dict[str, Any] = {}
    for name, info in type(section).model_fields.items():
        value = getattr(section, name)
        if SecretStr in (info.annotation, *get_args(info.annotation)):
            changed[name] = SecretStr(CANARY)
        elif isinstance(value, Section):
            changed[name] = with_canaries(value)
        elif isinstance(value, dict):
            changed[name] = {key: with_canaries(each) for key, each in value.items()}
    return section.model_copy(update=changed)


@pytest.mark.parametrize("auth", ["basic", "api_key"])
async def test_s6_logs_hold_nothing_raw_and_no_secret(quiet: io.StringIO, auth: str) -> None:
    """Everything fails that can, with hostile keys, at the level of debug: one JSON object a line, no secret in any of it."""
    hostile = 'x\n{"event":"forged"}\x1b[2J.gz'

    class Secretive(World):
        def settings(self) -> Settings:
            settings = super().settings()
            sink = settings.sinks["main"].model_copy(update={"auth": auth, "username": "u"})
            found = with_canaries(settings.model_copy(update={"sinks": settings.sinks | {"main": sink}}))
            assert isinstance(found, Settings)
            return found

    async with world() as around:
        around.__class__ = Secretive
        around.routes = (RouteSettings(sinks=("main",)),)
        for body in (*FORGED.values(), "what?\n\x1b[2J", notice("logs", hostile), notice("logs", "gone.gz")):
            around.sqs.waiting.append(body)
        around.announce("odd\n.gz", b"nonsense \x1b[2J\n")
        around.announce("a.gz", log(ALB, 2))
        around.bulk.script(Whole(503, b"no\n"), Whole(200, b"<html>"), Whole(500))
        around.s3.script += [refusal("AccessDenied", 403), refusal("Odd\nCode\x1b[2J", 400)]
        await around.serve()
        said = quiet.getvalue() + repr(around.settings()) + str(around.settings().model_dump())
        letters = repr(around.s3.letters())
        sent = repr([seen.headers for seen in around.bulk.seen])
    events = [orjson.loads(line) for line in quiet.getvalue().splitlines()]
    assert {"ready", "object not read", "stopped"} <= {event["event"] for event in events}
    assert not any(event.get("event") == "forged" for event in events)
    assert "\x1b" not in quiet.getvalue()
    assert CANARY not in said + letters
    wire = base64.b64encode(f"u:{CANARY}".encode()).decode() if auth == "basic" else CANARY
    assert wire in sent
    assert wire not in said + letters
