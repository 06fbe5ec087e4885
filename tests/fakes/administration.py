"""The administration of OpenSearch and Elasticsearch as their documentation gives it: what is written comes back grown.

Templates and roles are held to the real OpenSearch by the integration tests; OpenSearch's state policies (whose plugin they do
not have), Elasticsearch and Dashboards stand here by what their reference pages show.
"""

from __future__ import annotations

import copy
import re
from typing import Any, Literal

import orjson
from aiohttp import web

from tests.fakes.http import FakeServer, Items, Lost

__all__ = ["FakeAdministration", "Flavour"]

Flavour = Literal["opensearch", "elasticsearch", "plain"]
KINDS = {
    "opensearch": ("_plugins/_ism/policies", "_plugins/_security/api/roles", "_plugins/_security/api/rolesmapping"),
    "elasticsearch": ("_ilm/policy", "_security/role", "_security/role_mapping"),
    "plain": (),
}
Things = dict[tuple[str, str], dict[str, Any]]


class FakeAdministration(FakeServer):
    """One server. `plain`: OpenSearch without plugins. `root` is what it says of itself; `things` what it holds, as written."""

    def __init__(self, flavour: Flavour, number: str, *, tagline: str | None = None, plugins: tuple[str, ...] = ()) -> None:
        super().__init__()
        is_elastic = flavour == "elasticsearch"
        version = {"number": number} if is_elastic else {"number": number, "distribution": "opensearch"}
        words = tagline or ("You Know, for Search" if is_elastic else "The OpenSearch Project: https://opensearch.org/")
        self.root: dict[str, Any] = {"name": "node", "version": version, "tagline": words}
        self.features = ("ilm", "security") if is_elastic else ()
        self.things: Things = {}
        self.writes: list[str] = []
        self._flavour = flavour
        self._plugins = plugins
        self._sequence = 0

    async def handle(self, request: web.Request, body: bytes, step: Items | Lost | None) -> web.Response:
        path = request.path.strip("/")
        if not path:
            return web.json_response(self.root)
        if path == "_cat/plugins":
            return web.json_response([{"component": name} for name in self._plugins])
        if path == "_cat/indices":
            return web.json_response([], status=200 if self._flavour == "plain" else 401)
        if path == "_xpack" and self.features:
            return web.json_response({"features": {name: {"available": True, "enabled": True} for name in self.features}})
        for kind in ("_index_template", *KINDS[self._flavour]):
            if path == kind:
                return web.json_response({})
            if found := re.fullmatch(rf"{kind}/([^/]+)", path):
                return self._thing(request, kind, found[1], body)
        if found := re.fullmatch(r"api/saved_objects/([^/]+)/([^/]+)", path):
            return self._saved_object(request, found[1], found[2], body)
        return web.json_response({"error": f"no handler found for uri [{request.path}]"}, status=400)

    def _thing(self, request: web.Request, kind: str, name: str, body: bytes) -> web.Response:
        there = self.things.get((kind, name))
        if request.method == "GET":
            if there is None:
                return web.json_response({"error": "not found", "status": 404}, status=404)
            return web.json_response(self._grown(kind, name, copy.deepcopy(there["body"]), there["sequence"]))
        assert request.method == "PUT"
        if kind.endswith("_ism/policies") and there and request.query.get("if_seq_no") != str(there["sequence"]):
            reason = "version conflict, document already exists"
            return web.json_response({"error": {"type": "version_conflict_engine_exception", "reason": reason}}, status=409)
        self._sequence += 1
        self.things[kind, name] = {"body": orjson.loads(body), "sequence": self._sequence}
        self.writes.append(f"{kind}/{name}")
        return web.json_response({"acknowledged": True})

    def _grown(self, kind: str, name: str, body: dict[str, Any], sequence: int) -> dict[str, Any]:
        """What was written, with what the server adds."""
        if kind == "_index_template":
            body["composed_of"] = []
            body["template"].setdefault("aliases", {})
            if "data_stream" in body:
                body["data_stream"] = {"timestamp_field": {"name": "@timestamp"}, "hidden": False}
            return {"index_templates": [{"name": name, "index_template": body}]}
        if kind.endswith("_ism/policies"):
            body["policy"] |= {"policy_id": name, "last_updated_time": 1, "schema_version": 21, "error_notification": None}
            for template in body["policy"]["ism_template"]:
                template["last_updated_time"] = 1
            for state in body["policy"]["states"]:
                for action in state["actions"]:
                    action.get("rollover", {}).setdefault("copy_alias", False)
            return {"_id": name, "_version": 1, "_seq_no": sequence, "_primary_term": 1} | body
        if kind == "_ilm/policy":
            return {name: body | {"version": sequence, "modified_date": "2026-11-22T10:00:00Z", "in_use_by": {"indices": []}}}
        if kind == "_security/role":
            rights = [right | {"allow_restricted_indices": False} for right in body["indices"]]
            return {name: body | {"indices": rights, "applications": [], "run_as": [], "metadata": {}}}
        if kind == "_security/role_mapping":
            return {name: body | {"metadata": {}}}
        return {name: body | {"reserved": False, "hidden": False, "static": False, "hosts": []}}

    def _saved_object(self, request: web.Request, kind: str, name: str, body: bytes) -> web.Response:
        if not (request.headers.get("osd-xsrf") or request.headers.get("kbn-xsrf")):
            return web.json_response({"statusCode": 400, "message": "Request must contain a kbn-xsrf header."}, status=400)
        there = self.things.get((kind, name))
        if request.method == "GET":
            if there is None:
                return web.json_response({"statusCode": 404, "error": "Not Found"}, status=404)
            return web.json_response(
                {"id": name, "type": kind, "version": "WzEsMV0=", "migrationVersion": {kind: "7.9.3"}} | there
            )
        if there and request.query.get("overwrite") != "true":
            return web.json_response({"statusCode": 409, "error": "Conflict"}, status=409)
        self.things[kind, name] = orjson.loads(body)
        self.writes.append(f"{kind}/{name}")
        return web.json_response({"id": name})
