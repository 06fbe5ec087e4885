"""A log group's ways to the service: what the stack makes for each, and nothing of it unless it is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from ingestd.demo.cloud import embedded_server
from ingestd.demo.environment import sealed_environment
from tests.deploy.documents import DEPLOY, template
from tests.deploy.stack import made_stack
from tests.deploy.test_cloudformation import PARAMETERS, settings_of

MADE = {"GroupStream", "GroupStreamRole", "Subscription", "SubscriptionRole"}


@pytest.fixture
def aws() -> Iterator[str]:
    with sealed_environment(), embedded_server() as url:
        yield url


def test_a_group_goes_by_s3_where_nothing_else_is_said() -> None:
    """The group is subscribed to by a stream into the first log bucket (moto makes no such stream: what the template says)."""
    made = template()["Resources"]
    condition, _, by_s3 = made["GroupStream"]["Properties"]["ExtendedS3DestinationConfiguration"]["Fn::If"]
    assert condition == "DeliversDirectly"
    assert by_s3["BucketARN"]["Fn::Sub"][1] == {"Name": {"Fn::Select": [0, {"Ref": "LogBuckets"}]}}
    assert made["Subscription"]["Properties"]["DestinationArn"] == {"Fn::GetAtt": "GroupStream.Arn"}
    assert {made[name]["Condition"] for name in MADE} == {"HasLogGroup"}


async def test_without_a_group_nothing_is_made_for_one(aws: str) -> None:
    """Off by default."""
    async with made_stack(aws, PARAMETERS) as stack:
        assert not stack.resources.keys() & MADE


def straight() -> Any:
    return template()["Resources"]["GroupStream"]["Properties"]["HttpEndpointDestinationConfiguration"]["Fn::If"]


def test_straight_delivery_is_what_the_inlet_expects() -> None:
    """gzip, the key from the secret that the task has it from, and a bucket for what cannot be delivered."""
    condition, made, _ = straight()
    assert condition == "DeliversDirectly"
    assert made["RequestConfiguration"] == {"ContentEncoding": "GZIP"}
    assert made["SecretsManagerConfiguration"]["SecretARN"] == {"Ref": "InletSecretArn"}
    assert made["S3BackupMode"] == "FailedDataOnly"
    (task,) = template()["Resources"]["TaskDefinition"]["Properties"]["ContainerDefinitions"]
    condition, secret, _ = task["Secrets"][1]["Fn::If"]
    assert (condition, secret["ValueFrom"]) == ("HasInlet", {"Fn::Sub": "${InletSecretArn}:api_key::"})
    settings = settings_of({"INGESTD_INLET__PORT": "8443", secret["Name"]: "key", "INGESTD_SINKS__FIREHOSE__STREAM": "logs"})
    assert settings.inlet.port in {each["ContainerPort"] for each in task["PortMappings"]}


def test_the_module_has_the_same_ways() -> None:
    """Its variables are the stack's parameters by another spelling, and off as they are."""
    text = (DEPLOY / "terraform" / "variables.tf").read_text(encoding="utf-8")
    given = dict(
        re.findall(
            r'variable "((?:inlet|log_group)_\w+)" \{[^}]*?default\s+= (""|null)', text.replace('{\\"api_key\\":\\"...\\"}', "")
        )
    )
    names = {"".join(word.capitalize() for word in name.split("_")) for name in given}
    assert names == {name for name in template()["Parameters"] if name.startswith(("Inlet", "LogGroup"))}
    assert set(given.values()) == {'""'}
