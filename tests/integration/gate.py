"""A gate between the service and a server that it calls: what passes is counted, and at any moment something may happen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
import orjson
from aiohttp import web
from yarl import URL

from tests.fakes.http import FakeServer, Items, Lost

__all__ = ["Gate"]

NOT_PASSED_ON = {"host", "connection", "transfer-encoding", "content-length", "keep-alive", "accept-encoding"}


class Gate(FakeServer):
    """Passes each request on to `target`; bulk requests meet the script first, and `Items` fail before they get there.

    `watch` is told of each moment: "Bulk asked" before a request is passed on, "Bulk applied" before its answer is. Where it
    says True, whoever asked is gone, and nothing more is done. `answers`: of each bulk request, the statuses of its items.
    """

    def __init__(self, target: str, watch: Callable[[str], bool] = lambda moment: False) -> None:
        super().__init__()
        self.answers: list[Counter[int]] = []
        self._target = target
        self._watch = watch

    def is_scripted(self, request: web.Request) -> bool:
        return _act(request) == "Bulk"

    async def handle(self, request: web.Request, body: bytes, step: Items | Lost | None) -> web.Response:
        self.seen.clear()
        if self._watch(f"{_act(request)} asked"):
            return _cut(request)
        status, headers, said = await self._passed_on(request, body, step.failures if isinstance(step, Items) else {})
        if _act(request) == "Bulk":
            self.answers.append(_statuses(status, said))
        if self._watch(f"{_act(request)} applied"):
            return _cut(request)
        return web.Response(status=status, headers=headers, body=said)

    async def _passed_on(
        self, request: web.Request, body: bytes, failures: Mapping[int, Any]
    ) -> tuple[int, dict[str, str], bytes]:
        pairs = list(zip(*[iter(body.splitlines(keepends=True))] * 2, strict=True)) if failures else []
        failing = {place: failure for place, failure in failures.items() if place < len(pairs)}
        if failing:
            body = b"".join(line for place, pair in enumerate(pairs) if place not in failing for line in pair)
        status, headers, said = await self._asked(request, body) if body or not failing else (200, {}, b'{"items":[]}')
        if failing and status == 200:
            taken = iter(orjson.loads(said)["items"])
            items = [_failed(*failing[place]) if place in failing else next(taken) for place in range(len(pairs))]
            said = orjson.dumps({"errors": True, "items": items})
        return status, headers, said

    async def _asked(self, request: web.Request, body: bytes) -> tuple[int, dict[str, str], bytes]:
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.request(
                request.method,
                URL(f"{self._target}{request.raw_path}", encoded=True),
                data=body,
                headers=_passing(request.headers),
                skip_auto_headers=("content-type", "accept-encoding"),
            ) as answer,
        ):
            return answer.status, _passing(answer.headers), await answer.read()


def _act(request: web.Request) -> str:
    """What is asked for: "Bulk", what SQS calls it, or "GetObject" and "PutObject"."""
    if request.path == "/_bulk":
        return "Bulk"
    named = request.headers.get("x-amz-target", "").rpartition(".")[2]
    return named or f"{request.method.capitalize()}Object"


def _passing(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in NOT_PASSED_ON}


def _failed(status: int, kind: str, reason: str) -> dict[str, Any]:
    return {"create": {"status": status, "error": {"type": kind, "reason": reason}}}


def _statuses(status: int, said: bytes) -> Counter[int]:
    return Counter(item["create"]["status"] for item in orjson.loads(said)["items"]) if status == 200 else Counter([status])


def _cut(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.close()
    return web.Response()
