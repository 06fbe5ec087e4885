"""Formats with the rules that the settings have for them, and what is said of fields that they do not have."""

from __future__ import annotations

from decimal import Decimal
from ipaddress import ip_network
from typing import Any

import pytest

from ingestd.config import Settings
from ingestd.config.mistakes import ConfigError
from ingestd.formats.registry import formats
from ingestd.formats.ruled import ruled_formats
from ingestd.formats.rules import Choice, Condition, Rules, Test
from ingestd.formats.table import Table
from tests.formats.test_own import RECORDS

HEALTHY = {"field": "url.path", "equals": ["/healthz"]}


def ruled(*rules: dict[str, Any], **others: Any) -> dict[str, Table]:
    return dict(ruled_formats(Settings.model_validate({"rule": rules, **others})))


def rules_of(name: str, *rules: dict[str, Any]) -> Rules:
    return ruled(*rules)[name].rules


def test_each_test() -> None:
    """A condition asks what it says."""
    asked: list[dict[str, Any]] = [
        {"field": "url.path", "begins": ["/a", "/b"]},
        {"field": "url.path", "ends": "c"},
        {"field": "url.path", "contains": "d"},
        {"field": "http.response.status_code", "at_least": 0.1, "at_most": 300},
        {"field": "source.ip", "networks": ["10.0.0.0/8", "::/0"]},
    ]
    rule = {"name": "r", "action": "sample", "one_in": 7, "when": asked}
    assert rules_of("alb", rule).choices == (
        Choice(
            "r",
            (
                Condition("url.path", Test.BEGINS, texts=("/a", "/b")),
                Condition("url.path", Test.ENDS, texts=("c",)),
                Condition("url.path", Test.CONTAINS, texts=("d",)),
                Condition("http.response.status_code", Test.WITHIN, least=Decimal("0.1"), most=Decimal(300)),
                Condition("source.ip", Test.FROM, networks=(ip_network("10.0.0.0/8"), ip_network("::/0"))),
            ),
            7,
        ),
    )  # fmt: skip


def test_a_rule_without_formats_is_for_all_that_have_its_fields() -> None:
    """Others are read as they always are."""
    found = ruled({"name": "r", "action": "drop", "when": [HEALTHY]})
    having = {name for name, table in formats().items() if any(leaf.path == "url.path" for leaf in table.leaves())}
    assert {name for name, table in found.items() if table.rules.choices} == having
    assert {"alb", "cloudfront"} < having < set(found)


def test_a_rule_is_for_the_formats_that_it_names() -> None:
    """And for the user's own."""
    choices = {"name": "r", "action": "sample", "one_in": 2, "formats": ["alb", "orders"]}
    fields = {"name": "f", "action": "redact", "fields": ["order.id", "order.skus"]}
    found = ruled(choices, fields, format=[RECORDS])
    assert {name for name, table in found.items() if table.rules.choices or table.rules.redacted} == {"alb", "orders"}
    assert found["orders"].rules.redacted == ("order.id", "order.skus")


TEXT_TESTS = "equals, begins, ends, contains; in alb it is a wildcard"


@pytest.mark.parametrize(
    ("change", "path", "found", "allowed"),
    [
        ({"formats": ["abl"]}, "rule.0.formats.0", "'abl'", 'in rule "r" alb, '),
        ({"when": [HEALTHY | {"field": "url.pth"}]}, "rule.0.when.0.field", "'url.pth'", "url.path"),
        ({"formats": ["nlb", "alb"]}, "rule.0.when.0.field", "'url.path'", "a field that lines of nlb fill: "),
        ({"when": [HEALTHY, {"field": "@timestamp", "begins": "2"}]}, "rule.0.when.1.field", "'@timestamp'", "a field that"),
        ({"when": [{"field": "event.kind", "begins": "2"}]}, "rule.0.when.0.field", "'event.kind'", "a field that"),
        ({"when": [{"field": "url.path", "at_most": 2}]}, "rule.0.when.0.field", "'url.path'", TEXT_TESTS),
        ({"when": [{"field": "url.path", "networks": ["::/0"]}]}, "rule.0.when.0.field", "'url.path'", TEXT_TESTS),
        ({"when": [{"field": "event.start", "begins": "2"}]}, "rule.0.when.0.field", "'event.start'", "another field; "),
        ({"when": [HEALTHY, {"field": "dns.question.name", "equals": "x"}]}, "rule.0.when",
         "'url.path and dns.question.name'", "one format has all of"),
        ({"action": "redact", "when": [], "fields": ["url.quer"]}, "rule.0.fields.0", "'url.quer'", "url.query"),
        ({"action": "redact", "when": [], "fields": ["@timestamp"]}, "rule.0.fields.0", "'@timestamp'", "a field that"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_rule(change: dict[str, Any], path: str, found: str, allowed: str) -> None:
    """The mistake names the rule, what was found, and which fields there are."""
    with pytest.raises(ConfigError) as caught:
        ruled({"name": "r", "action": "drop", "when": [HEALTHY]} | change)
    (mistake,) = caught.value.mistakes
    assert (mistake.path, mistake.found) == (path, found)
    assert allowed in mistake.allowed
    assert 'in rule "r"' in mistake.allowed


def test_secrets_of_a_format_that_is_none() -> None:
    """It is told at once, with the formats there are."""
    with pytest.raises(ConfigError) as caught:
        ruled_formats(Settings.model_validate({"secrets": {"formats": ["alb", "s3"]}}))
    (mistake,) = caught.value.mistakes
    assert (mistake.path, mistake.found) == ("secrets.formats.1", "'s3'")
    assert "s3access" in mistake.allowed
