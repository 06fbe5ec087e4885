"""Who may do what: the writer may add and nothing else, readers see their own datasets and no others.

* A right is given by an index's exact patterns, never by `logs-*`: what nobody has thought of is seen by nobody.
* An index that holds any security dataset is not for logs_reader, whatever else is in it.
* Users, passwords and groups are the operator's; here they are only mapped to roles, and only where the settings name any.

OpenSearch cannot tell `create` from `index` (one action is asked for in both), so there a writer that knows an id could write
that document anew; it can neither read, update nor delete. Elasticsearch has `create_doc`. In a data stream neither can.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ingestd.config import RoleSettings
from ingestd.config.rules import BUILT_IN_ROLES
from ingestd.setup.api import Api
from ingestd.setup.indices import Index, fits
from ingestd.setup.plan import Resource, Skipped
from ingestd.setup.server import Server

__all__ = ["is_open", "roles"]

WRITER, LOGS_READER, SECURITY_READER = BUILT_IN_ROLES
KIND = "role"
WRITE_ACTIONS = (
    "indices:data/write/bulk*",
    "indices:data/write/index",
    "indices:admin/create",
    "indices:admin/data_stream/create",
    "indices:admin/mapping/put",
    "indices:admin/mapping/auto_put",
)
READ_ACTIONS = ("read", "indices:admin/get", "indices:admin/mappings/get", "indices:admin/aliases/get")
Grant = tuple[Index, str | None]  # an index, and the query that its documents must fit


async def is_open(anonymous: Api) -> bool:
    """Whether the server shows its indices to somebody without credentials."""
    return await anonymous.status("/_cat/indices") < 300


def roles(indices: Sequence[Index], settings: Sequence[RoleSettings], server: Server) -> list[Resource | Skipped]:
    """The roles, ours and the settings' own, and who has them."""
    given = {role.name: role for role in settings}
    names = [*BUILT_IN_ROLES, *(name for name in given if name not in BUILT_IN_ROLES)]
    if not server.can("security"):
        return [Skipped(KIND, name, "the server has no security: whoever reaches it can do everything") for name in names]
    made: list[Resource | Skipped] = []
    for name in names:
        role = given.get(name)
        grants = _grants(name, role, indices)
        if not grants:
            made.append(Skipped(KIND, name, "there is no index that it could read"))
            continue
        write = server.distribution == "elasticsearch"
        made.append(_elastic_role(name, grants, role) if write else _role(name, grants, role, server))
        if role and (role.users or role.backend_roles):
            made.append(_elastic_mapping(role) if write else _mapping(role, server))
    return made


def _grants(name: str, role: RoleSettings | None, indices: Sequence[Index]) -> list[Grant]:
    if name == WRITER:
        return [(index, None) for index in indices]
    if name in (LOGS_READER, SECURITY_READER):
        return [(index, None) for index in indices if index.is_sensitive is (name == SECURITY_READER)]
    assert role is not None
    grants: list[Grant] = []
    for index in indices:
        seen = [dataset for dataset in index.datasets if fits([dataset], role.datasets)]
        if seen:
            others = len(seen) < len(index.datasets)
            grants.append((index, _query(role.query, seen if others else ())))
    return grants


def _query(query: str | None, datasets: Sequence[str]) -> str | None:
    """A role's query, and where an index is shared, also that documents are of its datasets."""
    if not datasets:
        return query
    filters: list[Any] = [{"terms": {"event.dataset": list(datasets)}}]
    if query:
        filters.append(json.loads(query))
    return json.dumps({"bool": {"filter": filters}})


def _patterns(indices: Iterable[Index]) -> list[str]:
    return sorted(name for index in indices for name in index.names)


def _by_query(grants: Sequence[Grant]) -> dict[str | None, list[Index]]:
    held: dict[str | None, list[Index]] = {}
    for index, query in grants:
        held.setdefault(query, []).append(index)
    return held


def _role(name: str, grants: Sequence[Grant], role: RoleSettings | None, server: Server) -> Resource:
    is_writer = name == WRITER
    permissions: list[dict[str, Any]] = []
    for query, members in _by_query(grants).items():
        permission: dict[str, Any] = {
            "index_patterns": _patterns(members),
            "allowed_actions": list(WRITE_ACTIONS if is_writer else READ_ACTIONS),
            "fls": [f"~{field}" for field in role.hidden_fields] if role else [],
            "masked_fields": list(role.masked_fields) if role else [],
        }
        if query:
            permission["dls"] = query
        permissions.append(permission)
    wanted = {
        "cluster_permissions": ["indices:data/write/bulk" if is_writer else "cluster_composite_ops_ro"],
        "index_permissions": permissions,
    }
    path = f"{server.api}/_security/api/roles/{name}"
    return Resource(KIND, name, path, wanted, found=lambda answer: answer.get(name), is_grown=True)


def _mapping(role: RoleSettings, server: Server) -> Resource:
    path = f"{server.api}/_security/api/rolesmapping/{role.name}"
    wanted = {"users": list(role.users), "backend_roles": list(role.backend_roles)}
    return Resource("role mapping", role.name, path, wanted, found=lambda answer: answer.get(role.name), is_grown=True)


def _elastic_role(name: str, grants: Sequence[Grant], role: RoleSettings | None) -> Resource:
    privileges = ["create_doc", "auto_configure"] if name == WRITER else ["read", "view_index_metadata"]
    rights: list[dict[str, Any]] = []
    for query, members in _by_query(grants).items():
        right: dict[str, Any] = {"names": _patterns(members), "privileges": privileges}
        if role and role.hidden_fields:
            right["field_security"] = {"grant": ["*"], "except": list(role.hidden_fields)}
        if query:
            right["query"] = query
        rights.append(right)
    wanted: Mapping[str, Any] = {"cluster": [], "indices": rights}
    return Resource(KIND, name, f"/_security/role/{name}", wanted, found=lambda answer: answer.get(name), is_grown=True)


def _elastic_mapping(role: RoleSettings) -> Resource:
    names = {"username": role.users, "groups": role.backend_roles}
    rules = [{"field": {kind: list(values)}} for kind, values in names.items() if values]
    wanted = {"enabled": True, "roles": [role.name], "rules": {"any": rules}}
    name = role.name if role.name.startswith("ingestd") else f"ingestd_{role.name}"
    path = f"/_security/role_mapping/{name}"
    return Resource("role mapping", name, path, wanted, found=lambda answer: answer.get(name), is_grown=True)
