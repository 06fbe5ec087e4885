"""`check --connect` against clients that permit and refuse: what is said, and that nothing is taken or left."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson
import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from ingestd.config import DeadLetterSettings, FirehoseSettings, OpenSearchSettings, QueueSettings, Settings
from ingestd.errors import Fatal
from ingestd.probe import Probe, probes
from ingestd.shell.clients import Clients, open_clients
from tests.deploy.test_permissions import OF_FILE
from tests.fakes.bulk import FakeBulk
from tests.fakes.http import Whole
from tests.test_service import notice

URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/notices"
SETTINGS = Settings(
    queue=QueueSettings(url=URL, buckets=("logs",)),
    sinks={"stream": FirehoseSettings(stream="logs", region="eu-west-1")},
    dead_letters=DeadLetterSettings(bucket="dead"),
)
# What AWS answers to a call that is permitted and wrong on purpose.
TOLD = {"delete_message_batch": "ReceiptHandleIsInvalid", "change_message_visibility_batch": "ReceiptHandleIsInvalid"}
TOLD |= {"put_object": "BadDigest", "put_record_batch": "InvalidArgumentException"}


def error(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Call")


class Body:
    def close(self) -> None:
        return


class Aws:
    """Every client in one: answers as AWS would to a role without what is `denied`."""

    def __init__(self, denied: str = "", waiting: str = "", keys: tuple[str, ...] = ("a.gz",)) -> None:
        self.denied, self.waiting, self.keys = denied, waiting, keys
        self.asked: dict[str, dict[str, Any]] = {}

    def __getattr__(self, operation: str) -> Any:
        async def call(**request: Any) -> Any:
            self.asked[operation] = request
            if operation in self.denied.split():
                raise error("AccessDenied", 403)
            if operation in TOLD:
                raise error(TOLD[operation], 400)
            return self.answer(operation, request)

        return call

    def answer(self, operation: str, request: dict[str, Any]) -> Any:
        if operation == "receive_message":
            return {"Messages": [{"Body": self.waiting}] if self.waiting else []}
        if operation == "get_queue_attributes":
            return {"Attributes": {}}
        if operation == "list_objects_v2":
            when = type("When", (), {"timestamp": lambda _: 0.0})()
            return {"Contents": [{"Key": key, "ETag": "e", "Size": 1, "LastModified": when} for key in self.keys]}
        if request["Key"] not in (*self.keys, "told.gz"):
            raise error("NoSuchKey", 404) if "list_objects_v2" not in self.denied else error("AccessDenied", 403)
        return {"Body": Body()}


async def tried(aws: Aws) -> dict[str, Probe]:
    clients = Clients(aws, aws, {"eu-west-1": aws}, None)  # type: ignore[arg-type]  # no session is asked for
    return {probe.statement.actions[0]: probe async for probe in probes(SETTINGS, clients) if probe.statement}


async def test_with_all_permissions_all_is_well() -> None:
    """Nothing is hidden from others, deleted, or written."""
    aws = Aws()
    assert {probe.result for probe in (await tried(aws)).values()} == {"ok"}
    assert aws.asked["receive_message"]["VisibilityTimeout"] == 0
    assert aws.asked["get_object"]["Range"] == "bytes=0-0"


DENIED = {
    "receive_message": "sqs:ReceiveMessage",
    "get_queue_attributes": "sqs:GetQueueAttributes",
    "delete_message_batch": "sqs:DeleteMessage",
    "change_message_visibility_batch": "sqs:ChangeMessageVisibility",
    "get_object": "s3:GetObject",
    "put_object": "s3:PutObject",
    "put_record_batch": "firehose:PutRecordBatch",
}


@pytest.mark.parametrize("operation", DENIED)
async def test_what_is_missing_is_named(operation: str) -> None:
    """It alone, with the statement to add: an action of deploy/iam-policy.json, on what the settings name."""
    found = await tried(Aws(denied=operation))
    assert {action: probe.result for action, probe in found.items() if probe.result != "ok"} == {DENIED[operation]: "denied"}
    statement = found[DENIED[operation]].statement
    assert statement
    shown = orjson.loads(str(statement))
    assert set(shown["Action"]) <= set(OF_FILE[shown["Sid"]]["Action"])
    names = {"REGION": "eu-west-1", "ACCOUNT": "123456789012", "QUEUE": "notices", "LOG_BUCKET": "logs"}
    wanted = OF_FILE[shown["Sid"]]["Resource"][0]
    for name, value in {**names, "DEAD_LETTER_BUCKET": "dead", "STREAM": "logs"}.items():
        wanted = wanted.replace(name, value) if name != "LOG_BUCKET" or "DEAD" not in wanted else wanted
    assert shown["Resource"][0].replace("ACCOUNT", "123456789012") == wanted


async def test_all_actions_of_the_policy_are_tried() -> None:
    """But the cluster's, whose sink is another test's."""
    found = await tried(Aws())
    actions = {action for probe in found.values() if probe.statement for action in probe.statement.actions}
    assert actions == {action for each in OF_FILE.values() for action in each["Action"]} - {"es:ESHttpPost"}


async def test_without_listing_the_object_of_a_waiting_notice_is_read() -> None:
    """A service's role cannot list: what is announced names an object all the same."""
    aws = Aws(denied="list_objects_v2", waiting=notice("logs", "told.gz"))
    assert (await tried(aws))["s3:GetObject"].result == "ok"
    assert aws.asked["get_object"]["Key"] == "told.gz"


async def test_what_cannot_be_known_is_not_called_denied() -> None:
    """S3 says AccessDenied to a missing key, too, where listing is not permitted."""
    assert (await tried(Aws(denied="list_objects_v2")))["s3:GetObject"].result == "unknown"


async def test_without_credentials_it_says_so() -> None:
    """In words, and as no matter of permissions."""

    class Nobody(Aws):
        def answer(self, operation: str, request: dict[str, Any]) -> Any:
            raise NoCredentialsError

    probe = (await tried(Nobody()))["sqs:ReceiveMessage"]
    assert (probe.result, probe.detail) == ("failed", "no AWS credentials: no variables, no profile, no role")


async def test_what_is_not_there_is_no_matter_of_permissions() -> None:
    """A queue of another name: failed, with AWS's word for it."""

    class NoQueue(Aws):
        def answer(self, operation: str, request: dict[str, Any]) -> Any:
            raise error("AWS.SimpleQueueService.NonExistentQueue", 400)

    probe = (await tried(NoQueue()))["sqs:ReceiveMessage"]
    assert (probe.result, probe.detail) == ("failed", "AWS.SimpleQueueService.NonExistentQueue")


@pytest.mark.parametrize(("status", "result"), [(400, "ok"), (401, "denied"), (403, "denied"), (503, "failed")])
async def test_a_cluster_is_asked_with_nothing_to_write(status: int, result: str) -> None:
    """Its refusal of these credentials is told from its not being well."""
    async with FakeBulk() as bulk:
        bulk.script(*[] if status == 400 else [Whole(status)])
        settings = Settings(sinks={"main": OpenSearchSettings(urls=(bulk.url,))})
        settings = settings.model_copy(update={"queue": SETTINGS.queue})
        aws = Aws()
        clients = Clients(aws, aws, {}, None)  # type: ignore[arg-type]  # no session is asked for
        found = [probe async for probe in probes(settings, clients)]
    assert (found[-1].what, found[-1].result) == ("reach the cluster of sinks.main", result)
    assert bulk.documents == {}


async def test_without_a_region_it_is_said_where_one_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where neither settings, variables nor a profile have one: no waiting mends that."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    with pytest.raises(Fatal, match="no region is known"):
        async with open_clients(SETTINGS):
            pass
