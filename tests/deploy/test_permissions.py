"""What the tasks may do is what the code can ask for, no more and no less: in each of the places that say it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from botocore import xform_name
from botocore.session import Session

from ingestd.config import DeadLetterSettings, InletSettings
from tests.deploy.documents import DEPLOY, loaded_json, template

ROOMS = Path(__file__).parents[2] / "ingestd"
SERVICES = ("firehose", "s3", "sqs")
OUTSIDE = {"bench", "demo"}  # their calls go to the embedded AWS alone
ANSWERED = {"call.py"}  # the calls that it names come in
OPERATOR = {
    "backfill",
    "letterbox.py",
    "listing.py",
    "sending.py",
}  # what people run by hand, with more permissions than the service has
ASKED_BY_HAND = {"firehose:DescribeDeliveryStream"}  # a sink's check(): for whoever sets it up, never for a task
# Batches have no permission of their own, and a version that is named asks for one more.
NAMED_OTHERWISE = {
    "sqs:ChangeMessageVisibilityBatch": {"sqs:ChangeMessageVisibility"},
    "sqs:DeleteMessageBatch": {"sqs:DeleteMessage"},
    "sqs:SendMessageBatch": {"sqs:SendMessage"},
    "s3:ListObjectsV2": {"s3:ListBucket"},
    "s3:GetObject": {"s3:GetObject", "s3:GetObjectVersion"},
}
# The cluster is not called by the SDK: a bulk request is a POST.
BY_HTTP = {"es:ESHttpPost"}
# Asked for by S3 in our name, where a bucket has a key of its own.
IN_OUR_NAME = {"kms:Decrypt"}


def operations() -> Mapping[str, str]:
    """How the SDK, or a request that is written by hand, spells each operation of the services that we call -> the action."""
    session = Session()
    return {
        name: f"{service}:{operation}"
        for service in SERVICES
        for operation in session.get_service_model(service).operation_names
        for name in (xform_name(operation), operation)
    }


def words(path: Path) -> Iterator[str]:
    """Each attribute and each string of a module: a call by name, or by a name that is passed on."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def asked_for(*, by_operator: bool = False) -> set[str]:
    """The actions behind the calls in the service's modules, or in those of the operator's commands alone."""
    known = operations()
    paths = [(path, set(path.relative_to(ROOMS).parts)) for path in ROOMS.rglob("*.py")]
    modules = [path for path, parts in paths if not (OUTSIDE | ANSWERED) & parts and bool(OPERATOR & parts) is by_operator]
    calls = {known[word] for path in modules for word in words(path) if word in known}
    return {action for call in calls - ASKED_BY_HAND for action in NAMED_OTHERWISE.get(call, {call})}


def statements(policy: Any) -> dict[str, Any]:
    """By name; what is there only on a condition is taken as there."""
    plain = [each["Fn::If"][1] if "Fn::If" in each else each for each in policy["Statement"]]
    return {each["Sid"]: each for each in plain}


def of_template() -> dict[str, Any]:
    (policy,) = template()["Resources"]["TaskRole"]["Properties"]["Policies"]
    return statements(policy["PolicyDocument"])


OF_FILE = statements(loaded_json("iam-policy.json"))
OF_OPERATOR = statements(loaded_json("iam-operator-policy.json"))


def actions(of: Mapping[str, Any]) -> set[str]:
    return {action for each in of.values() for action in each["Action"]}


def test_s7_the_policy_allows_what_the_code_asks_for() -> None:
    """Sets equal (S7): a call that is added without its permission is found, and a permission without a call."""
    assert actions(OF_FILE) == asked_for() | BY_HTTP


def test_s7_the_operator_s_policy_allows_what_its_commands_ask_for() -> None:
    """What the commands that are run by hand call themselves, and what the pipeline calls that some of them run."""
    of_pipeline = {"s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "firehose:PutRecordBatch"}
    assert of_pipeline <= asked_for()
    assert actions(OF_OPERATOR) == asked_for(by_operator=True) | of_pipeline | BY_HTTP


def test_cloudformation_says_the_same() -> None:
    """Statement by statement; decryption by a key of the buckets' own comes on top."""
    found = of_template()
    assert actions({"": found.pop("ReadEncryptedLogs")}) == IN_OUR_NAME
    assert {sid: each["Action"] for sid, each in found.items()} == {sid: each["Action"] for sid, each in OF_FILE.items()}
    assert all(each["Effect"] == "Allow" for each in found.values())


def test_terraform_takes_its_actions_from_the_file() -> None:
    """It gives each statement its resources, and names no action but the key's."""
    text = (DEPLOY / "terraform" / "iam.tf").read_text(encoding="utf-8")
    assert 'jsondecode(file("${path.module}/../iam-policy.json")).Statement' in text
    (given,) = re.findall(r"task_resources = \{(.*?)\n  \}", text, re.DOTALL)
    assert set(re.findall(r"^    (\w+) += ", given, re.MULTILINE)) == set(OF_FILE)
    (ours,) = re.findall(r'resource "aws_iam_role_policy" "task" \{(.*?)\n\}', text, re.DOTALL)
    assert set(re.findall(r'Action += \["([^"]+)"\]', ours)) == IN_OUR_NAME


def test_nothing_is_allowed_everywhere() -> None:
    """Each resource is one queue, one stream, one path, or what is in one bucket."""
    for each in [*OF_FILE.values(), *OF_OPERATOR.values()]:
        for resource in each["Resource"]:
            assert resource.count("*") <= 1
            assert "*" not in resource or re.fullmatch(
                r"arn:aws:s3:::[A-Z_]+/.*\*|arn:aws:es:.*/DOMAIN/logs-\*/_search", resource
            )
    written = {sid: each["Resource"][0] for sid, each in OF_FILE.items() if each["Action"] == ["s3:PutObject"]}
    assert written == {
        "WriteDeadLetters": f"arn:aws:s3:::DEAD_LETTER_BUCKET/{DeadLetterSettings().prefix}*",
        "SpoolCalls": f"arn:aws:s3:::LOG_BUCKET/{InletSettings().spool_prefix}*",
    }
