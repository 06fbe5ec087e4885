"""A cluster's administration over HTTP: JSON in, JSON out, and what it refuses said in its own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import orjson

from ingestd.errors import Fatal, Retryable
from ingestd.sinks.cluster import Answer
from ingestd.sinks.payload import Pieces

__all__ = ["Api", "Requests"]

JSON = {"content-type": "application/json"}
AGAIN_LATER = (429, 502, 503, 504)
NO_SUCH_THING = 404
REASON_CHARS_MAX = 500


class Requests(Protocol):
    """What carries a request: a `Cluster`."""

    async def request(
        self, method: str, path: str, *, params: Mapping[str, str], headers: Mapping[str, str], body: Pieces
    ) -> Answer: ...


class Api:
    """Asks one server. `headers` go with each request."""

    def __init__(self, requests: Requests, headers: Mapping[str, str] | None = None) -> None:
        self._requests = requests
        self._headers = JSON | dict(headers or {})

    async def status(self, path: str) -> int:
        """How the server answers a question, whatever it says."""
        return (await self._ask("GET", path, {}, b"")).status

    async def found(self, path: str, **params: str) -> Any:
        """What is there; None if nothing is."""
        answer = await self._ask("GET", path, params, b"")
        return None if answer.status == NO_SUCH_THING else _content(answer, "GET", path)

    async def send(self, method: str, path: str, body: object, params: Mapping[str, str] | None = None) -> Any:
        """Have something done, or raise Fatal with the reason that the server gives."""
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        return _content(await self._ask(method, path, params or {}, content), method, path)

    async def _ask(self, method: str, path: str, params: Mapping[str, str], content: bytes) -> Answer:
        answer = await self._requests.request(
            method, path, params=params, headers=self._headers, body=[content] if content else []
        )
        if answer.status in AGAIN_LATER:
            raise Retryable("the server is not ready", reason="unavailable", status=answer.status)
        if answer.status == 401:
            raise Fatal("the server refuses these credentials", reason="unauthorized")
        return answer


def _content(answer: Answer, method: str, path: str) -> Any:
    if answer.status >= 400:
        said = answer.body.decode(errors="replace")[:REASON_CHARS_MAX]
        raise Fatal(
            "the server refuses this", reason="refused", method=method, path=path, status=answer.status, said=_reason(said)
        )
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return {}


def _reason(said: str) -> str:
    """The server's reason alone, where it has the usual form."""
    try:
        error = orjson.loads(said)["error"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return said
    return str(error.get("reason", said)) if isinstance(error, dict) else str(error)
