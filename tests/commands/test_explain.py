"""`ingestd parse --explain` tells what the service would do with an object, and `parse` reads objects in S3."""

from __future__ import annotations

import asyncio
import gzip
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from ingestd.cli import main
from ingestd.commands import objects
from ingestd.config import ObjectSettings, Settings
from ingestd.demo.cloud import embedded_server
from ingestd.demo.environment import sealed_environment
from ingestd.errors import Retryable
from ingestd.model import ObjectRef, Source
from ingestd.shell.objects import Objects
from tests.commands.test_parse_command import log
from tests.core.test_envelope import ID, envelope, event
from tests.fakes.aws import loopback_client
from tests.fakes.s3 import FakeS3, refusal

CONFIG = """
[queue]
url = "https://sqs.eu-west-1.amazonaws.com/123456789012/ingestd"
buckets = ["my-logs"]

[sinks.main]
kind = "opensearch"
url = "https://search.example:9200"

[sinks.stream]
kind = "firehose"
stream = "logs"
region = "eu-west-1"

[dead_letters]
bucket = "dead"

[[route]]
key = "^alb/"
sinks = ["main", "stream"]

[[route]]
key = "^junk/"
drop = true

[[route]]
log_group = "/noise/*"
drop = true

[[route]]
key = "^cwl/"
sinks = ["main"]
"""


def run(*arguments: object, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(main, ["parse", *map(str, arguments)], input=stdin)


def story(*arguments: object, stdin: bytes = b"", fails: bool = False) -> dict[str, Any]:
    result = run("--explain", "--json", *arguments, stdin=stdin)
    told: dict[str, Any] = orjson.loads(result.stdout)
    assert result.exit_code == fails
    return told


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "ingestd.toml"
    path.write_text(CONFIG)
    return path


def test_the_whole_story(config: Path) -> None:
    """Notice, route, compression, format and why, where each document goes, what is rejected, and where dead letters go."""
    data = log("alb", 3) + b"no log\n" + log("alb", 1).rstrip() + b' "-" "-" "-" 10.0.0.1 new\n'
    told = story("-", "--config", config, "--as", "s3://my-logs/alb/a.gz", stdin=gzip.compress(data))
    assert "queue.buckets allows it" in told["notice"]
    assert told["route"] == '[[route]] 1 of 4, key = "^alb/", sinks = ["main","stream"]'
    assert (told["compression"], told["decoded_bytes"]) == ("gzip", len(data))
    assert (told["format"], told["why"]) == ("alb", "by its content")
    assert [told[name] for name in ("lines", "documents", "skipped", "dropped")] == [5, 4, 0, 0]
    (reject,) = told["rejects"]
    assert (reject["reason"], reject["column"], reject["lines"]) == ("too_few_columns", "elb", 1)
    assert reject["examples"] == [{"offset": len(log("alb", 3)), "event_id": "", "text": "no log"}]
    assert told["dead_letters"] == "s3://dead/ingestd/dead-letters/"
    (drift,) = told["drift"]
    assert (drift["format"], drift["field"], drift["lines"]) == ("alb", "aws.elb.extra", 1)
    assert '"new"' in drift["examples"][0]["text"]
    assert [(row["sink"], row["kind"], row["documents"]) for row in told["destinations"]] == [
        ("main", "opensearch", 4),
        ("stream", "firehose", 4),
    ]
    assert told["destinations"][0]["into"].startswith("logs-aws.elb_logs-")
    assert told["destinations"][1]["into"] == "logs"
    assert told["samples"][0]["aws"]["s3"]["bucket"]["name"] == "my-logs"


def test_for_a_terminal(config: Path) -> None:
    """People read it a subject a line, and nothing in it can move their cursor."""
    data = log("alb", 1) + b"\x1b]0;owned\x07\n"
    result = run("--explain", "--config", config, "--as", "s3://my-logs/alb/a", "-", stdin=data)
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    labels = [line[:15].strip() for line in result.stdout.splitlines()]
    assert [label for label in labels if label] == [
        "-", "notice", "route", "compression", "format", "lines", "goes to", "goes to", "rejected", "document",
    ]  # fmt: skip
    assert r"at 472: \x1b]0;owned\x07" in result.stdout
    assert 'user_agent.original: "' in result.stdout


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("s3://other/alb/a", {"notice": "foreign_bucket"}),
        ("s3://my-logs/junk/a", {"route": "2 of 4", "problem": "dropped"}),
        ("s3://my-logs/else/a", {"problem": "no_route"}),
        ("s3://my-logs/AWSLogs/ELBAccessLogTestFile", {"problem": "control_object"}),
    ],
)
def test_what_would_not_be_read(config: Path, place: str, said: dict[str, str]) -> None:
    """Buckets that are not allowed, keys that no route fits or that one drops, and test files of AWS are told as such."""
    told = story("-", "--config", config, "--as", place, stdin=log("alb", 2))
    assert all(text in told[name] for name, text in said.items())
    assert told["lines"] == (2 if "notice" in said else 0)


def test_an_object_of_no_known_format() -> None:
    """It says what was tried, what the key would have had it be, and how it begins."""
    key = "s3://logs/AWSLogs/123456789012/vpcflowlogs/eu-west-1/a"
    told = story("-", "--as", key, stdin=b"hello world\n", fails=True)
    assert told["problem"].startswith("unknown_format")
    assert "vpcflow" in told["problem"]
    assert {"alb", "vpcflow", "cloudtrail"} <= set(told["tried"])
    assert told["head"] == "hello world\n"


def test_a_broken_object() -> None:
    """What could be read of it is told beside what is wrong."""
    told = story("-", stdin=gzip.compress(log("alb", 3000))[:-20], fails=True)
    assert told["problem"].startswith("truncated")
    assert (told["compression"], told["format"]) == ("gzip", "alb")


def test_events_of_log_groups(config: Path) -> None:
    """Each log group of an envelope is told with its format, and what a route drops is counted."""
    kept = envelope(event(1, "START RequestId: 8f5e0b0c-53a2-4f6c-a3a2-0d6d2b4e1d3f Version: $LATEST"))
    noise = envelope(event(2), event(3), logGroup="/noise/a")
    packed = gzip.compress(gzip.compress(kept) + gzip.compress(noise))
    told = story("-", "--config", config, "--as", "s3://my-logs/cwl/a", stdin=packed)
    assert (told["compression"], told["format"], told["first_id"]) == ("gzip+gzip", "envelope", f"{ID}1")
    assert told["carried"] == [{"log_group": "/aws/lambda/pets", "format": "lambda_logs", "documents": 1}]
    assert [told[name] for name in ("lines", "documents", "dropped")] == [3, 1, 2]


RULES = """
[[rule]]
name = "own"
action = "drop"
[[rule.when]]
field = "url.path"
contains = "/canary"

[[rule]]
name = "some"
action = "sample"
formats = ["alb"]
one_in = 2

[[rule]]
name = "who"
action = "redact"
fields = ["source.ip", "user_agent.original"]
"""


def test_what_rules_do(config: Path) -> None:
    """Each rule is named with how many lines it dropped, kept or redacted, and where, but with no text of theirs."""
    config.write_text(CONFIG + RULES)
    plain = [line + b"\n" for line in log("alb", 40).splitlines()]
    hidden = b"GET https://example.com:443/canary?token=canary-secret HTTP/1.1"
    dropped = re.sub(rb'"[^"]*"', b'"' + hidden + b'"', plain[0], count=1)
    data = dropped + b"".join(plain)
    told = story("-", "--config", config, "--as", "s3://my-logs/alb/a", stdin=data)
    rows = {(row["rule"], row["outcome"], row["field"]): row for row in told["rules"]}
    assert rows["own", "dropped", ""] | {"lines": 0} == {
        "rule": "own", "outcome": "dropped", "field": "", "lines": 0, "examples": [{"offset": 0, "event_id": "", "text": ""}],
    }  # fmt: skip
    kept = rows["some", "kept", ""]["lines"]
    assert rows["own", "dropped", ""]["lines"] == 1
    assert (rows["some", "dropped", ""]["lines"], told["documents"], told["dropped"]) == (40 - kept, kept, 41 - kept)
    assert rows["who", "redacted", "source.ip"]["lines"] == kept
    assert told["masked"] == 1
    result = run("--explain", "--config", config, "--as", "s3://my-logs/alb/a", "-", stdin=data)
    assert "own: 1 line dropped, at 0" in result.stdout
    assert f"some: {kept} lines kept, of a sample, the first at " in result.stdout
    assert "canary-secret" not in result.stdout


def test_what_rules_do_with_events(config: Path) -> None:
    """Of events it says the ids, too."""
    rule = '[[rule]]\nname = "mute"\naction = "drop"\n[[rule.when]]\nfield = "log.level"\nequals = "DEBUG"\n'
    config.write_text(CONFIG + rule)
    data = envelope(event(1, '{"level":"INFO","message":"a"}'), event(2, '{"level":"DEBUG","message":"b"}'))
    told = story("-", "--config", config, "--as", "s3://my-logs/cwl/a", stdin=data)
    (row,) = told["rules"]
    assert (row["rule"], row["outcome"], row["lines"], told["dropped"]) == ("mute", "dropped", 1, 1)
    assert row["examples"] == [{"offset": 0, "event_id": f"{ID}2", "text": ""}]


def test_a_format_that_is_believed() -> None:
    """With --format it is read so whatever it is, and --explain says why."""
    told = story("-", "--format", "clb", stdin=log("alb", 2))
    assert (told["format"], told["why"]) == ("clb", "as it was asked to be read")


@pytest.mark.parametrize(
    "arguments",
    [["--explain", "--rejects", "x", "-"], ["--json", "-"], ["--as", "-", "-"], ["s3://bucket"], ["s3://bucket/a/"], ["s3://"]],
)
def test_usage(arguments: list[str]) -> None:
    """What contradicts itself, or names no object, is a usage error."""
    assert run(*arguments).exit_code == 2


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with sealed_environment(), embedded_server() as url:
        asyncio.run(_furnish(url))
        os.environ["INGESTD_AWS__ENDPOINT_URL"] = url
        yield url


async def _furnish(url: str) -> None:
    async with loopback_client("s3", url) as s3:
        await s3.create_bucket(Bucket="my-logs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        await s3.put_object(Bucket="my-logs", Key="alb/a b.gz", Body=gzip.compress(log("alb", 5)))


def test_parse_reads_from_s3(aws: str) -> None:
    """An object in S3 becomes the documents that the service would make of it, by the settings of [aws]."""
    result = run("s3://my-logs/alb/a b.gz")
    documents = [orjson.loads(line) for line in result.stdout_bytes.splitlines()]
    assert (result.exit_code, len(documents)) == (0, 5)
    assert documents[0]["aws"]["s3"] == {"bucket": {"name": "my-logs"}, "object": {"key": "alb/a b.gz"}}
    assert result.stderr == "5 lines: 5 documents, 0 rejected, 0 skipped\n"


def test_explain_reads_from_s3(aws: str, config: Path) -> None:
    """The story of an object in S3 has the id that its first document would have."""
    told = story("s3://my-logs/alb/a b.gz", "--config", config)
    assert (told["format"], told["documents"], told["problem"]) == ("alb", 5, "")
    assert told["first_id"].endswith("000000000000")


@pytest.mark.parametrize(
    ("place", "said"),
    [("s3://my-logs/none", "no_such_key: the bucket my-logs has no such key"), ("s3://nobodys/a", "no_such_bucket")],
)
def test_what_is_not_there(aws: str, place: str, said: str) -> None:
    """It says what is lacking; the other objects are read, and the exit status is 1."""
    result = run(place, "s3://my-logs/alb/a b.gz")
    assert (result.exit_code, len(result.stdout_bytes.splitlines())) == (1, 5)
    assert said in result.stderr
    assert said in story(place, fails=True)["problem"]


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("AccessDenied", 403, "s3:GetObject on arn:aws:s3:::my-logs/a"),
        ("ExpiredToken", 400, "no credentials that AWS takes"),
        ("PermanentRedirect", 301, "another region"),
        ("KMS.DisabledException", 400, "KMS key"),
    ],
)
def test_what_s3_refuses(monkeypatch: pytest.MonkeyPatch, code: str, status: int, said: str) -> None:
    """A refusal names the permission, or the setting, that is lacking."""

    async def reached(settings: Settings, stack: AsyncExitStack) -> Objects:
        return Objects(FakeS3(script=[refusal(code, status)]), ObjectSettings())

    monkeypatch.setattr(objects, "_reached", reached)
    result = run("s3://my-logs/a")
    assert result.exit_code == 1
    assert said in result.stderr


def test_a_body_that_is_cut_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """An object that S3 never gives whole is an error, after what was read of it."""

    class Cut:
        """An object whose body breaks."""

        source = Source("my-logs", "a", "e", 0.0)

        async def pieces(self) -> AsyncIterator[tuple[bytes, bool]]:
            yield log("alb", 1), False
            raise Retryable("object is cut again and again", reason="cut")

        def open(self, ref: ObjectRef) -> Any:
            return self

        async def __aenter__(self) -> Cut:
            return self

        async def __aexit__(self, *_: object) -> None:
            pass

    async def reached(settings: Settings, stack: AsyncExitStack) -> Cut:
        return Cut()

    monkeypatch.setattr(objects, "_reached", reached)
    result = run("s3://my-logs/a")
    assert (result.exit_code, "cut again and again" in result.stderr) == (1, True)


def test_a_blank_object() -> None:
    """Blank lines are of any format: nothing is wrong with an object of nothing else."""
    told = story("-", stdin=b"\n \r\n")
    assert (told["problem"], told["lines"], told["skipped"]) == ("", 2, 2)
    assert told["why"] == "it is blank, and every format skips blank lines"
