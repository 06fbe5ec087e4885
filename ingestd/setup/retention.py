"""Retention and rollover: OpenSearch by index state management, Elasticsearch by index lifecycle management.

A policy is named by what it does, and takes hold of an index when that is made. Age is counted from then, so a backfilled
index lives as long as any other. A data stream rolls over first; its indices' age begins with that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ingestd.config import SetupSettings
from ingestd.setup.indices import Index
from ingestd.setup.plan import Resource, Skipped
from ingestd.setup.server import Server

__all__ = ["policies", "policy_name"]

KIND = "retention policy"
PRIORITY = 500  # over other policies' claims to the same indices
ISM_NEW = (2, 0)  # from which on it counts age from the rollover, and size by shard
ISM_RETRY = {"count": 3, "backoff": "exponential", "delay": "1m"}


def policy_name(index: Index, settings: SetupSettings) -> str | None:
    """The policy that holds an index; None if it lives for ever."""
    days = settings.security_retention_days if index.is_sensitive else settings.retention_days
    if not index.is_stream:
        return f"ingestd-{days}d" if days else None
    return f"ingestd-stream-{days}d" if days else "ingestd-stream"


def policies(indices: Sequence[Index], settings: SetupSettings, server: Server) -> list[Resource | Skipped]:
    """The policies that the indices need."""
    held: dict[str, list[Index]] = {}
    for index in indices:
        if name := policy_name(index, settings):
            held.setdefault(name, []).append(index)
    if held and not server.can("retention"):
        lacking = "ILM" if server.distribution == "elasticsearch" else "index management"
        return [Skipped(KIND, name, f"the server has no {lacking}") for name in sorted(held)]
    make = _ilm if server.distribution == "elasticsearch" else _ism
    return [make(name, members, settings, server) for name, members in sorted(held.items())]


def _days(index: Index, settings: SetupSettings) -> int:
    return settings.security_retention_days if index.is_sensitive else settings.retention_days


def _ism(name: str, indices: list[Index], settings: SetupSettings, server: Server) -> Resource:
    first = indices[0]
    days = _days(first, settings)
    is_new = server.distribution == "opensearch" and server.version >= ISM_NEW
    size = "min_primary_shard_size" if is_new else "min_size"
    rollover = {"min_index_age": f"{settings.rollover_days}d", size: f"{settings.rollover_gib}gb"}
    age = "min_rollover_age" if first.is_stream and is_new else "min_index_age"
    transition = {"state_name": "delete", "conditions": {age: f"{days}d"}}
    states: list[dict[str, Any]] = [
        {
            "name": "live",
            "actions": [{"retry": ISM_RETRY, "rollover": rollover}] if first.is_stream else [],
            "transitions": [transition] if days else [],
        }
    ]
    if days:
        states.append({"name": "delete", "actions": [{"retry": ISM_RETRY, "delete": {}}], "transitions": []})
    patterns = sorted(pattern for index in indices for pattern in index.patterns)
    wanted = {
        "policy": {
            "description": "made by ingestd setup",
            "default_state": "live",
            "states": states,
            "ism_template": [{"index_patterns": patterns, "priority": PRIORITY}],
        }
    }
    return Resource(KIND, name, f"{server.api}/_ism/policies/{name}", wanted, params=_sequence, is_grown=True)


def _sequence(answer: Any) -> Mapping[str, str]:
    """A policy is changed only as the one that was read."""
    return {"if_seq_no": str(answer["_seq_no"]), "if_primary_term": str(answer["_primary_term"])}


def _ilm(name: str, indices: list[Index], settings: SetupSettings, server: Server) -> Resource:
    days, is_stream = _days(indices[0], settings), indices[0].is_stream
    size = "max_primary_shard_size" if server.version >= (7, 13) else "max_size"
    rollover = {"max_age": f"{settings.rollover_days}d", size: f"{settings.rollover_gib}gb"}
    phases: dict[str, Any] = {"hot": {"min_age": "0ms", "actions": {"rollover": rollover} if is_stream else {}}}
    if days:
        phases["delete"] = {"min_age": f"{days}d", "actions": {"delete": {"delete_searchable_snapshot": True}}}
    return Resource(
        KIND,
        name,
        f"/_ilm/policy/{name}",
        {"policy": {"phases": phases}},
        found=lambda answer: answer.get(name),
        is_grown=True,
    )
