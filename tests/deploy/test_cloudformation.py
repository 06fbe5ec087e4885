"""The stack: free of faults, made in an AWS, and at work there with nothing but what it made."""

from __future__ import annotations

import asyncio
import gzip
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from aiobotocore.session import get_session

from ingestd.config import Settings
from ingestd.config.loading import load
from ingestd.demo.cloud import embedded_server
from ingestd.demo.environment import sealed_environment
from ingestd.formats.registry import formats
from ingestd.generate import lines
from ingestd.service import Service
from ingestd.shell.clients import Clients
from tests.deploy.documents import template
from tests.deploy.stack import TEMPLATE, Stack, made_stack
from tests.deploy.test_permissions import NAMED_OTHERWISE, OF_FILE, actions
from tests.fakes.aws import loopback_client, moto_stream, moto_stream_records

LINT = Path(sys.executable).with_name("cfn-lint")
PATIENCE_SECONDS = 60
PARAMETERS = {
    "LogBuckets": "my-logs,more-logs",
    "CreateLogBucket": "true",
    "Announcement": "s3",
    "Sink": "firehose",
    "FirehoseStream": "arrivals",
}
OPENSEARCH = {"Sink": "opensearch", "OpenSearchUrl": "https://search.example", "OpenSearchAuth": "basic"} | {
    "OpenSearchUsername": "ingestd",
    "OpenSearchSecretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:opensearch",
}


@pytest.fixture
def aws() -> Iterator[str]:
    with sealed_environment(), embedded_server() as url:
        yield url


def test_cfn_lint_finds_nothing() -> None:
    """Neither errors nor warnings."""
    run = subprocess.run([LINT, str(TEMPLATE)], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "")


async def container(url: str, stack: Stack) -> Any:
    async with loopback_client("ecs", url) as ecs:
        answer = await ecs.describe_task_definition(taskDefinition=stack.resources["TaskDefinition"])
    return answer["taskDefinition"]["containerDefinitions"][0]


def variables(of: Any) -> dict[str, str]:
    return {each["name"]: each["value"] for each in of["environment"]}


def settings_of(environ: Mapping[str, str]) -> Settings:
    return load(None, environ, formats=formats())


async def test_lines_go_through_what_the_stack_made(aws: str) -> None:
    """Its queue, its bucket, its place for dead letters, and the settings of its task; and no call that its role refuses."""
    alb = formats()["alb"]
    body = b"".join(line + b"\n" for line in lines(alb, 300, 1, strange=0))
    async with made_stack(aws, PARAMETERS) as stack, moto_stream(aws, "arrivals"), loopback_client("s3", aws) as s3:
        # moto leaves out a bucket's notifications when CloudFormation sets them: they are those of the template.
        queues = template()["Resources"]["LogBucket"]["Properties"]["NotificationConfiguration"]["Fn::If"][2]
        (announced,) = queues["QueueConfigurations"]
        told = {"QueueArn": stack.outputs["QueueArn"], "Events": [announced["Event"]]}
        await s3.put_bucket_notification_configuration(
            Bucket="my-logs", NotificationConfiguration={"QueueConfigurations": [told]}
        )
        await s3.put_object(Bucket="my-logs", Key="alb/a.log.gz", Body=gzip.compress(body))
        await s3.put_object(Bucket="my-logs", Key="alb/strange.bin", Body=b"\x00\x01\x02" * 100)
        settings = local(settings_of(variables(await container(aws, stack))), aws)
        calls = await served(settings, aws, "arrivals", 300)
        letters = await s3.list_objects_v2(Bucket=stack.outputs["DeadLetterBucketName"], Prefix="ingestd/dead-letters/")
    assert letters["KeyCount"] == 1
    permitted = actions(OF_FILE)
    asked = {action for call in calls for action in NAMED_OTHERWISE.get(call, {call})}
    assert asked <= permitted
    assert {call.partition(":")[0] for call in calls} == {"s3", "sqs"}  # Firehose's are written by hand: its records arrived


def local(settings: Settings, url: str) -> Settings:
    """The same settings on this machine: only where AWS is, and the port, are others."""
    name = (settings.queue.url or "").rsplit("/", 1)[-1]
    return settings.model_copy(
        update={
            "aws": settings.aws.model_copy(update={"endpoint_url": url}),
            "queue": settings.queue.model_copy(update={"url": f"{url}/123456789012/{name}", "wait_seconds": 1}),
            "dead_letters": settings.dead_letters.model_copy(update={"batch_seconds": 0.1}),
            "http": settings.http.model_copy(update={"host": "127.0.0.1", "port": 0}),
        }
    )


async def served(settings: Settings, url: str, stream: str, wanted: int) -> set[str]:
    """Run the service until `wanted` records have arrived and the queue is empty; the calls that it made."""
    calls: set[str] = set()

    def saw(model: Any, **_: Any) -> None:
        calls.add(f"{model.service_model.service_name}:{model.name}")

    async with (
        loopback_client("s3", url) as s3,
        loopback_client("sqs", url) as sqs,
        loopback_client("firehose", url) as firehose,
        loopback_client("sqs", url) as ours,
    ):
        for client in (s3, sqs, firehose):
            client.meta.events.register("before-call", saw)
        service, stop = Service(settings), asyncio.Event()
        task = asyncio.create_task(service.run(stop, Clients(s3, sqs, {settings.aws.region: firehose}, get_session())))
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not task.done():
                answer = await ours.get_queue_attributes(QueueUrl=settings.queue.url, AttributeNames=names)
                if not any(int(answer["Attributes"][name]) for name in names):
                    break
                await asyncio.sleep(0.05)
        stop.set()
        await task
        assert len(await moto_stream_records(url, stream)) == wanted
    return calls


async def test_a_cluster_with_a_password_gets_it_as_a_secret(aws: str) -> None:
    """The task's variables and its secret make valid settings, and the password stands in none of the variables."""
    async with made_stack(aws, PARAMETERS | OPENSEARCH) as stack:
        made = await container(aws, stack)
    # moto's tasks have no secrets: those of the template.
    (task,) = template()["Resources"]["TaskDefinition"]["Properties"]["ContainerDefinitions"]
    condition, secret, _ = task["Secrets"][0]["Fn::If"]
    assert condition == "HasSecret"
    assert secret["ValueFrom"] == {"Ref": "OpenSearchSecretArn"}
    _, key, password = secret["Name"]["Fn::If"]
    settings = settings_of(variables(made) | {password: "hidden"})
    assert settings.sinks["main"].model_dump(include={"kind", "urls", "auth", "username"}) == {
        "kind": "opensearch",
        "urls": ("https://search.example",),
        "auth": "basic",
        "username": "ingestd",
    }
    with_key = variables(made) | {key: "hidden", "INGESTD_SINKS__MAIN__AUTH": "api_key", "INGESTD_SINKS__MAIN__USERNAME": ""}
    assert settings_of(with_key).sinks["main"].model_dump(include={"auth"}) == {"auth": "api_key"}


def test_the_queue_gives_up_late_and_to_a_place_that_keeps() -> None:
    """Its dead-letter queue is the stack's own, keeps for SQS's maximum of fourteen days and outlives the stack."""
    resources = template()["Resources"]
    queue, given_up = resources["Queue"]["Properties"], resources["DeadLetterQueue"]
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": "DeadLetterQueue.Arn"}
    assert queue["RedrivePolicy"]["maxReceiveCount"] >= 10
    assert given_up["Properties"]["MessageRetentionPeriod"] == 1209600
    assert given_up["DeletionPolicy"] == "Retain"
    assert queue["VisibilityTimeout"] == Settings().queue.visibility_seconds


def test_the_task_ends_later_than_the_service() -> None:
    """ECS kills only after the drain; the health check is ingestd's own; the root file system is not written to."""
    (one,) = template()["Resources"]["TaskDefinition"]["Properties"]["ContainerDefinitions"]
    assert one["StopTimeout"] > Settings().drain_seconds
    assert one["HealthCheck"]["Command"] == ["CMD", "ingestd", "health"]
    assert one["ReadonlyRootFilesystem"] is True
    assert one["PortMappings"][0]["ContainerPort"] == Settings().http.port


def test_the_backlog_counts_what_is_in_flight() -> None:
    """A target by messages that wait alone would let tasks go in the middle of their work."""
    policy = template()["Resources"]["ScaleOnBacklog"]["Properties"]["TargetTrackingScalingPolicyConfiguration"]
    metrics = {each["Id"]: each for each in policy["CustomizedMetricSpecification"]["Metrics"]}
    assert metrics["drain"]["Expression"] == "(visible + inflight) / (measured * tasks)"
    assert [each for each in metrics if metrics[each]["ReturnData"]] == ["target"]


def test_what_scaling_goes_by_is_what_the_service_tells() -> None:
    """The names of its metrics and their namespace; the log that they are told in is at a level that has them."""
    (one,) = template()["Resources"]["TaskDefinition"]["Properties"]["ContainerDefinitions"]
    told = {each["Name"]: each["Value"] for each in one["Environment"] if "Name" in each}
    policy = template()["Resources"]["ScaleOnBacklog"]["Properties"]["TargetTrackingScalingPolicyConfiguration"]
    stats = [
        each["MetricStat"]["Metric"] for each in policy["CustomizedMetricSpecification"]["Metrics"] if "MetricStat" in each
    ]
    ours = {each["MetricName"]: each["Namespace"] for each in stats if not str(each["Namespace"]).startswith(("AWS/", "ECS/"))}
    assert set(ours) == {"MessagesPerSecond", "SinkLimited"}
    assert all(namespace == told["INGESTD_LOG__EMF_NAMESPACE"] for namespace in ours.values())
    assert "INGESTD_LOG__LEVEL" not in told
    source = (Path(__file__).parents[2] / "ingestd" / "signals.py").read_text(encoding="utf-8")
    assert all(f'"{name}"' in source for name in ours)
