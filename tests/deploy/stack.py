"""The stack as moto makes it: the template's own resources, asked for by their names in the template."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.aws import loopback_client

__all__ = ["TEMPLATE", "Stack", "made_stack"]

TEMPLATE = Path(__file__).parents[2] / "deploy" / "cloudformation.yaml"
NAME = "logs"


@dataclass(frozen=True, slots=True)
class Stack:
    """What was made: logical name -> physical, and the outputs."""

    resources: Mapping[str, str]
    outputs: Mapping[str, str]


@asynccontextmanager
async def made_stack(url: str, parameters: Mapping[str, str]) -> AsyncIterator[Stack]:
    """Make the stack in the AWS at `url`, inside a network of its own."""
    async with loopback_client("cloudformation", url) as client, loopback_client("ec2", url) as ec2:
        vpc = (await ec2.create_vpc(CidrBlock="10.0.0.0/16"))["Vpc"]["VpcId"]
        subnet = (await ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24"))["Subnet"]["SubnetId"]
        given = {"Image": "registry.example/ingestd:1", "VpcId": vpc, "SubnetIds": subnet, **parameters}
        await client.create_stack(
            StackName=NAME,
            TemplateBody=TEMPLATE.read_text(encoding="utf-8"),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
            Capabilities=["CAPABILITY_IAM"],
        )
        found = (await client.describe_stacks(StackName=NAME))["Stacks"][0]
        assert found["StackStatus"] == "CREATE_COMPLETE"
        listed = (await client.describe_stack_resources(StackName=NAME))["StackResources"]
        yield Stack(
            {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in listed if "PhysicalResourceId" in each},
            {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", ())},
        )
