"""All that a cluster should hold, on each kind of server: made in one go, and found to be as it should be in the next."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ingestd.config import OpenSearchSettings, Settings
from ingestd.formats.registry import formats
from ingestd.setup.api import Api
from ingestd.setup.dashboards import HEADERS, resources
from ingestd.setup.plan import Resource, Skipped, plan
from ingestd.setup.server import recognise
from ingestd.setup.wanted import targets, wanted
from ingestd.sinks.cluster import Cluster
from tests.fakes.administration import FakeAdministration, Flavour

ROLE = {
    "name": "own",
    "users": ["me"],
    "backend_roles": ["them"],
    "datasets": ["aws.elb*"],
    "query": '{"term":{"cloud.region":"x"}}',
    "hidden_fields": ["source.ip"],
}
SERVERS: list[tuple[Flavour, str]] = [
    ("opensearch", "1.3.20"),
    ("opensearch", "2.19.1"),
    ("opensearch", "3.4.0"),
    ("plain", "3.4.0"),
    ("elasticsearch", "7.10.2"),
    ("elasticsearch", "8.19.0"),
    ("elasticsearch", "9.1.0"),
]


def settings_of(mode: str = "daily", **setup: Any) -> Settings:
    """CloudFront plays the part of a security dataset."""
    sink = {"kind": "opensearch", "urls": ["http://localhost:9200"], "mode": mode}
    roles = [ROLE, {"name": "ingestd_writer", "users": ["w"]}]
    return Settings.model_validate(
        {"sinks": {"main": sink}, "role": roles, "setup": {"security_datasets": ["aws.cloudfront*"]} | setup}
    )


@asynccontextmanager
async def api_of(server: FakeAdministration, headers: dict[str, str] | None = None) -> AsyncIterator[Api]:
    cluster = Cluster(OpenSearchSettings(urls=(server.url,)))
    try:
        yield Api(cluster, headers)
    finally:
        await cluster.close()


async def make(api: Api, settings: Settings) -> tuple[list[str], list[Skipped]]:
    """Set it up; what was not as it should be, and what cannot be."""
    (target,) = targets(settings, formats())
    things = list(wanted(target, settings, await recognise(api), security=True))
    steps = await plan(api, [thing for thing in things if isinstance(thing, Resource)])
    changed = [f"{step.change} {step.resource.kind} {step.resource.name}" for step in steps if step.change != "none"]
    for step in steps:
        if step.change != "none":
            await step.take(api)
    return changed, [thing for thing in things if isinstance(thing, Skipped)]


@pytest.mark.parametrize("mode", ["daily", "data_stream"])
@pytest.mark.parametrize(("flavour", "number"), SERVERS)
async def test_a_second_setup_changes_nothing(flavour: Flavour, number: str, mode: str) -> None:
    """Whatever the server adds to what was written, it is known again; a changed setting changes its own and no more."""
    async with FakeAdministration(flavour, number) as server, api_of(server) as api:
        first, skipped = await make(api, settings_of(mode))
        assert {change.split()[0] for change in first} == {"create"}
        assert (await make(api, settings_of(mode)))[0] == []
        changed, _ = await make(api, settings_of(mode, shards=2))
        assert {change.split()[0] for change in changed} == {"update"}
        assert {change.split()[1] for change in changed} == {"index"}
        days, _ = await make(api, settings_of(mode, shards=2, rollover_days=3))
        assert {change.split()[1] for change in days} == (
            {"retention"} if mode == "data_stream" and flavour != "plain" else set()
        )
    kinds = {thing.kind for thing in skipped}
    assert ("role" in kinds, "retention policy" in kinds) == (flavour == "plain", flavour == "plain")
    assert ("field type" in kinds) == (number == "1.3.20")


async def test_policies_come_before_the_templates_that_name_them() -> None:
    """Elasticsearch would make indices with a policy that is not there."""
    async with FakeAdministration("elasticsearch", "8.19.0") as server, api_of(server) as api:
        await make(api, settings_of())
    assert server.writes[:2] == ["_ilm/policy/ingestd-365d", "_ilm/policy/ingestd-90d"]
    body = server.things["_index_template", "ingestd-logs-aws.elb_logs"]["body"]
    assert body["template"]["settings"]["index"]["lifecycle"] == {"name": "ingestd-90d"}


async def test_opensearchs_policies_name_their_indices() -> None:
    """A state policy takes hold of what its patterns name; deletion follows age, in a stream after the rollover."""
    async with FakeAdministration("opensearch", "3.4.0") as server, api_of(server) as api:
        await make(api, settings_of())
        await make(api, settings_of("data_stream"))
    by_date = server.things["_plugins/_ism/policies", "ingestd-90d"]["body"]["policy"]
    assert "logs-aws.elb_logs-2*" in by_date["ism_template"][0]["index_patterns"]
    assert by_date["states"][0]["transitions"] == [{"state_name": "delete", "conditions": {"min_index_age": "90d"}}]
    stream = server.things["_plugins/_ism/policies", "ingestd-stream-90d"]["body"]["policy"]
    assert stream["states"][0]["actions"][0]["rollover"] == {"min_index_age": "7d", "min_primary_shard_size": "30gb"}
    assert stream["states"][0]["transitions"][0]["conditions"] == {"min_rollover_age": "90d"}


async def test_what_lives_for_ever_has_no_policy() -> None:
    """Retention of 0 days makes none, and a stream's only rolls over."""
    forever: dict[str, Any] = {"retention_days": 0, "security_retention_days": 0}
    async with FakeAdministration("opensearch", "3.4.0") as server, api_of(server) as api:
        await make(api, settings_of(**forever))
        assert not [name for kind, name in server.things if "ism" in kind]
        await make(api, settings_of("data_stream", **forever))
        (policy,) = [thing["body"]["policy"] for (kind, _), thing in server.things.items() if "ism" in kind]
    assert [state["name"] for state in policy["states"]] == ["live"]


async def test_elasticsearchs_writer_may_only_create() -> None:
    """`create_doc` neither overwrites nor reads; own roles have their query and their hidden fields."""
    async with FakeAdministration("elasticsearch", "8.19.0") as server, api_of(server) as api:
        await make(api, settings_of())
    roles = {name: thing["body"] for (kind, name), thing in server.things.items() if kind == "_security/role"}
    assert roles["ingestd_writer"]["indices"][0]["privileges"] == ["create_doc", "auto_configure"]
    own = roles["own"]["indices"][0]
    assert own["query"] == ROLE["query"]
    assert own["field_security"] == {"grant": ["*"], "except": ["source.ip"]}
    assert "logs-aws.elb_logs-2*" in own["names"]
    mapping = server.things["_security/role_mapping", "ingestd_own"]["body"]
    assert mapping["rules"] == {"any": [{"field": {"username": ["me"]}}, {"field": {"groups": ["them"]}}]}


async def test_saved_objects_are_made_once() -> None:
    """Dashboards' own too: made, then known again; what people change stays until we have something new."""
    (target,) = targets(settings_of(), formats())
    async with FakeAdministration("plain", "3.4.0") as server, api_of(server, HEADERS) as api:
        steps = await plan(api, resources(target.indices, target.everything))
        assert {step.change for step in steps} == {"create"}
        for step in steps:
            await step.take(api)
        assert {step.change for step in await plan(api, resources(target.indices, target.everything))} == {"none"}
        (name,) = [key for key in server.things if key[0] == "dashboard" and "alb" in key[1]]
        server.things[name]["attributes"]["panelsJSON"] = "[]"
        assert {step.change for step in await plan(api, resources(target.indices, target.everything))} == {"none"}
        server.things[name]["attributes"]["description"] = "made by an older one"
        (old,) = [step for step in await plan(api, resources(target.indices, target.everything)) if step.change == "update"]
        await old.take(api)
        assert {step.change for step in await plan(api, resources(target.indices, target.everything))} == {"none"}


def test_two_sinks_on_one_cluster_are_one_target() -> None:
    """Their roles would overwrite each other's otherwise; a Firehose is none."""
    one = {"kind": "opensearch", "urls": ["http://a:9200", "http://b:9200"]}
    two = {"kind": "opensearch", "urls": ["http://b:9200", "http://a:9200"], "index": "shared", "mode": "monthly"}
    other = {"kind": "opensearch", "urls": ["http://c:9200"]}
    sinks = {"one": one, "two": two, "other": other, "stream": {"kind": "firehose", "stream": "s"}}
    found = targets(Settings.model_validate({"sinks": sinks}), formats())
    assert [target.sinks for target in found] == [("one", "two"), ("other",)]
    assert "shared" in [index.name for index in found[0].indices]
