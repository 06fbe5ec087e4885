"""A bulk endpoint that behaves as OpenSearch 3 does, held to it by the bulk contract (tests/contract/bulk_endpoint.py)."""

from __future__ import annotations

import gzip
import re
import ssl
from collections import Counter, defaultdict
from fnmatch import fnmatchcase
from typing import Any

import orjson
from aiohttp import web

from tests.fakes.http import FakeServer, Items, Lost

__all__ = ["FakeBulk"]

Failure = tuple[int, str, str]


class FakeBulk(FakeServer):
    """`documents` by (index, id); `sent` counts how often each was asked for, `stored` how often it was made (never twice)."""

    def __init__(self, *, bytes_max: int = 100 << 20, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        self.bytes_max = bytes_max
        self.documents: dict[tuple[str, str], dict[str, Any]] = {}
        self.sent: Counter[tuple[str, str]] = Counter()
        self.stored: Counter[tuple[str, str]] = Counter()
        self._numbers: defaultdict[str, set[str]] = defaultdict(set)
        self._blocks: dict[str, Failure] = {}

    def is_scripted(self, request: web.Request) -> bool:
        return request.path == "/_bulk"

    async def handle(self, request: web.Request, body: bytes, step: Items | Lost | None) -> web.Response:
        if request.path == "/_bulk":
            return self._bulk(request, body, step)
        if found := re.fullmatch(r"/([^/]+)/_close", request.path):
            self._blocks[found[1]] = (400, "index_closed_exception", "closed")
        elif found := re.fullmatch(r"/([^/]+)/_settings", request.path):
            self._set(found[1], orjson.loads(body))
        elif found := re.fullmatch(r"/([^/]+)/_search", request.path):
            return web.json_response(self._counts(found[1], orjson.loads(body)["aggs"]["objects"]["filters"]["filters"]))
        return web.json_response({"acknowledged": True})

    def _counts(self, pattern: str, filters: dict[str, Any]) -> dict[str, Any]:
        """The documents of objects, by bucket and key: the one question that is asked here."""
        held = [document for (index, _), document in self.documents.items() if fnmatchcase(index, pattern)]
        buckets = {}
        for name, wanted in filters.items():
            bucket, key = (next(iter(each["bool"]["should"][0]["term"].values())) for each in wanted["bool"]["filter"])
            where = [(each["aws"]["s3"]["bucket"]["name"], each["aws"]["s3"]["object"]["key"]) for each in held]
            buckets[name] = {"doc_count": where.count((bucket, key))}
        return {"_shards": {"failed": 0}, "aggregations": {"objects": {"buckets": buckets}}}

    def _set(self, index: str, settings: dict[str, Any]) -> None:
        for name, status in (("read_only_allow_delete", 429), ("write", 403)):
            if settings.get(f"index.blocks.{name}"):
                self._blocks[index] = (status, "cluster_block_exception", f"index [{index}] blocked by: [...];")

    def _bulk(self, request: web.Request, body: bytes, step: Items | Lost | None) -> web.Response:
        if request.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        if len(body) > self.bytes_max:
            return web.Response(status=413)
        if not body.endswith(b"\n"):
            return _refuse("illegal_argument_exception", r"The bulk request must be terminated by a newline [\n]")
        lines = body.split(b"\n")[:-1]
        if len(lines) < 2:
            return _refuse("action_request_validation_exception", "Validation Failed: 1: no requests added;")
        try:
            actions = [orjson.loads(line)["create"] for line in lines[::2]]
        except (orjson.JSONDecodeError, KeyError):
            return _refuse("json_e_o_f_exception", "Unexpected end-of-input")
        failures = step.failures if isinstance(step, Items) else {}
        results = []
        for position, (action, source) in enumerate(zip(actions, lines[1::2], strict=False)):
            failure = failures.get(position)
            assert not isinstance(failure, str)
            results.append(self._create(action["_index"], action["_id"], source, failure))
        return self._answer(results, filtered="filter_path" in request.query)

    def _create(self, index: str, name: str, source: bytes, failure: Failure | None) -> dict[str, Any]:
        self.sent[index, name] += 1
        failure = failure or self._blocks.get(index) or self._fault(index, name, source)
        meta = {"_index": index, "_id": name}
        if failure:
            status, kind, reason = failure
            return meta | {"status": status, "error": {"type": kind, "reason": reason}}
        self.documents[index, name] = orjson.loads(source)
        self.stored[index, name] += 1
        self._numbers[index] |= {field for field, value in self.documents[index, name].items() if isinstance(value, int)}
        return meta | {"_version": 1, "result": "created", "status": 201}

    def _fault(self, index: str, name: str, source: bytes) -> Failure | None:
        if index.lower() != index:
            return 400, "invalid_index_name_exception", f"Invalid index name [{index}], must be lowercase"
        try:
            document = orjson.loads(source)
        except orjson.JSONDecodeError:
            return 400, "mapper_parsing_exception", "failed to parse"
        if not isinstance(document, dict):
            return 400, "mapper_parsing_exception", "failed to parse"
        for field in self._numbers[index]:
            value = document.get(field)
            if isinstance(value, str) and not value.isdigit():
                return 400, "mapper_parsing_exception", f"failed to parse field [{field}] of type [long]"
        if (index, name) in self.documents:
            return 409, "version_conflict_engine_exception", f"[{name}]: version conflict, document already exists"
        return None

    def _answer(self, results: list[dict[str, Any]], *, filtered: bool) -> web.Response:
        errors = any("error" in result for result in results)
        answer: dict[str, Any] = {"took": 1}
        kept = ("status", "error") if filtered else None
        items = [{key: value for key, value in result.items() if kept is None or key in kept} for result in results]
        answer |= {"errors": errors, "items": [{"create": item} for item in items]}
        return web.Response(body=orjson.dumps(answer), content_type="application/json", charset="UTF-8")


def _refuse(kind: str, reason: str) -> web.Response:
    error = {"root_cause": [{"type": kind, "reason": reason}], "type": kind, "reason": reason}
    return web.json_response({"error": error, "status": 400}, status=400)
