"""Each call of AWS that the docs show is made, as it is shown, in an AWS on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore import xform_name
from botocore.session import Session
from botocore.validate import validate_parameters

from ingestd.demo.cloud import embedded_server
from ingestd.demo.environment import ACCOUNT, sealed_environment
from tests.deploy.stack import made_stack
from tests.fakes.aws import loopback_client
from tests.shown import PAGES, commands

# The command line's own; what they do is asked of the API in their place, or shown elsewhere.
DEPLOY = ["aws", "cloudformation", "deploy"]
ROLE = json.dumps({"Version": "2012-10-17", "Statement": []})
SHOWN = [command for page in PAGES for command in commands(page, "aws") if command[:3] != DEPLOY]
NOT_IN_MOTO = {"start_message_move_task"}  # their arguments are checked, and no more
GROUP, BUCKET, DEAD_QUEUE = "/aws/lambda/pets", "my-logs", "dead"


@pytest.fixture
def aws() -> Iterator[str]:
    with sealed_environment(), embedded_server() as url:
        yield url


def operation(command: list[str]) -> tuple[str, str, dict[str, Any]]:
    """Service, method and arguments of the SDK: each option by the name and the shape that the service's model gives it."""
    _, service, name, *options = command
    service = service.removesuffix("api")
    model = Session().get_service_model(service)
    found = {xform_name(each, "-"): each for each in model.operation_names}
    shape = model.operation_model(found[name]).input_shape
    assert shape is not None
    members = {xform_name(each, "-"): each for each in shape.members}
    given: dict[str, Any] = {}
    for option, value in zip(options[::2], options[1::2], strict=True):
        member = members[option.removeprefix("--")]
        given[member] = value if shape.members[member].type_name == "string" else json.loads(value)
    validate_parameters(given, shape)
    return service, xform_name(found[name]), given


def filled(command: list[str], names: dict[str, str]) -> list[str]:
    """With what was made in the place of what the reader is to fill in."""
    for name, value in names.items():
        command = [word.replace(name, value) for word in command]
    return command


async def test_each_call_is_made(aws: str) -> None:
    """In the order in which they stand, on a bucket, a log group and a dead-letter queue that are there."""
    assert {command[1] for command in SHOWN} >= {"s3api", "firehose", "logs", "sqs"}
    async with (
        loopback_client("s3", aws) as s3,
        loopback_client("iam", aws) as iam,
        loopback_client("logs", aws) as logs,
        loopback_client("sqs", aws) as sqs,
    ):
        await s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
        await logs.create_log_group(logGroupName=GROUP)
        role = (await iam.create_role(RoleName="made", AssumeRolePolicyDocument=ROLE))["Role"]["Arn"]
        url = (await sqs.create_queue(QueueName=DEAD_QUEUE))["QueueUrl"]
        dead = (await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"]))["Attributes"]["QueueArn"]
        await sqs.create_queue(
            QueueName="notices",
            Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 20})},
        )
        names = {"ARN_OF_THE_DEAD_LETTER_QUEUE": dead, "FIREHOSE_ROLE_ARN": role, "LOGS_ROLE_ARN": role}
        names |= {"REGION": s3.meta.region_name, "ACCOUNT": ACCOUNT}
        for command in SHOWN:
            service, method, given = operation(filled(command, names))
            if method in NOT_IN_MOTO:
                continue
            async with loopback_client(service, aws) as client:
                await getattr(client, method)(**given)
        filters = (await logs.describe_subscription_filters(logGroupName=GROUP))["subscriptionFilters"]
    assert [each["destinationArn"].rsplit("/", 1)[-1] for each in filters] == ["logs-to-s3"]


async def test_the_stack_is_made_with_the_parameters_that_are_shown(aws: str) -> None:
    """All but the network, which is the reader's own; the queue and its dead letters' place are told."""
    (command,) = [each for page in PAGES for each in commands(page, *DEPLOY)]
    options = command[command.index("--parameter-overrides") + 1 :]
    given = dict(each.split("=", 1) for each in options)
    network = {"VpcId", "SubnetIds"}
    assert network <= set(given)
    async with made_stack(aws, {name: value for name, value in given.items() if name not in network}) as stack:
        assert {"QueueUrl", "TaskRoleArn", "LogGroupName"} <= set(stack.outputs)
