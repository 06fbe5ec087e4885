"""One OpenSearch or Elasticsearch cluster over HTTP, by opensearch-py's transport: its pool of nodes, its signer, no retries.

* Any status is an answer and comes back as one; only the lack of an answer raises. Who tries again is decided by the caller.
* Nodes are used in turn, a slow one less: the fewer requests a node has under way, the sooner it gets the next. One that cannot
  be reached, does not answer in time, or says 502-504, is left out for a while and then tried again.
* opensearch-py logs bodies and turns warning headers into warnings; here it does neither, for bodies are payload.
* A signature covers the body as it goes out, compressed, and is made with credentials asked for at that moment. A password or
  an API key that is refused is asked for again, so that one that was rotated is picked up.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import aiohttp
from opensearchpy import AsyncHttpConnection, AsyncOpenSearch, RoundRobinSelector
from opensearchpy.exceptions import ConnectionError as NoAnswer
from opensearchpy.exceptions import ConnectionTimeout, TransportError
from opensearchpy.serializer import Serializer

from ingestd import __version__
from ingestd.config import OpenSearchSettings
from ingestd.errors import Retryable
from ingestd.sinks.authorization import authorization, signer
from ingestd.sinks.certificates import sink_tls
from ingestd.sinks.credentials import Credentials
from ingestd.sinks.payload import Body, Pieces

__all__ = ["Answer", "Cluster", "Renew"]

NODE_IS_SICK = (502, 503, 504)
NODE_REST_SECONDS = 5.0  # how long a sick node is left out at first; it doubles
NODE_REST_DOUBLINGS_MAX = 3
RETRY_AFTER_SECONDS_MAX = 300.0
REFUSED = 401

Renew = Callable[[], Awaitable[OpenSearchSettings]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said. `after_seconds` is its Retry-After, where it gave one in seconds."""

    status: int
    body: bytes
    after_seconds: float | None = None


class Cluster:
    """A client of one cluster; belongs to the event loop that first uses it. `renew`: the settings with secrets as of now."""

    def __init__(
        self, settings: OpenSearchSettings, credentials: Credentials | None = None, renew: Renew | None = None
    ) -> None:
        self._signer = signer(settings, credentials)
        self._authorization = authorization(settings)
        self._renew = renew if self._authorization else None
        self._client = AsyncOpenSearch(
            list(settings.urls),
            connection_class=_Connection,
            serializer=_AsItIs(),
            http_auth=self._signer,
            headers={"user-agent": f"ingestd/{__version__}"},
            selector_class=_LeastBusy,
            ssl_context=sink_tls(settings),
            timeout=settings.timeout_seconds,
            maxsize=settings.permits_max,
            max_retries=0,
            retry_on_timeout=True,  # of no retries at all; but only so it leaves out who is silent
            retry_on_status=NODE_IS_SICK,
            dead_timeout=NODE_REST_SECONDS,
            timeout_cutoff=NODE_REST_DOUBLINGS_MAX,
        )

    async def request(
        self, method: str, path: str, *, params: Mapping[str, str], headers: Mapping[str, str], body: Pieces
    ) -> Answer:
        """Ask once; the body is its pieces one after the other.

        Raises Retryable with reason timeout, unreachable, certificate or credentials when there is no answer.
        """
        if self._signer is not None:
            await self._signer.refresh()
        answer = await self._answer(method, path, params=dict(params), body=body, headers=self._authorization | dict(headers))
        if answer.status == REFUSED and self._renew is not None:
            self._authorization = authorization(await self._renew())
        return answer

    async def _answer(self, method: str, path: str, **asked: Any) -> Answer:
        try:
            return cast(Answer, await self._client.transport.perform_request(method, path, **asked))
        except ConnectionTimeout as error:
            raise Retryable("the cluster did not answer in time", reason="timeout") from error
        except NoAnswer as error:
            certificate = isinstance(error.info, aiohttp.ClientSSLError)
            raise Retryable("no answer from the cluster", reason="certificate" if certificate else "unreachable") from error
        except TransportError as error:
            return cast(Answer, error.info)

    async def close(self) -> None:
        await self._client.close()
        for connection in self._client.transport.seed_connections:  # the transport itself forgets nodes that it left out
            if isinstance(connection, _Connection):
                await connection.close()


class _Connection(AsyncHttpConnection):
    """opensearch-py's connection to one node, that gives back any answer whole. `under_way`: requests without an answer yet."""

    under_way = 0

    async def perform_request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is opensearch-py's
        ignore: Collection[int] = (),
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, str], Answer]:
        payload: Any = Body(body) if body else None
        self.under_way += 1
        try:
            status, fields, text = await super().perform_request(
                method, url, params, payload, timeout, range(300, 600), headers
            )
        finally:
            self.under_way -= 1
        answer = Answer(status, text.encode("utf-8", "surrogatepass"), _seconds(fields.get("retry-after")))
        if status in NODE_IS_SICK:
            raise TransportError(status, "", answer)
        return status, {}, answer

    def log_request_success(self, *args: object, **kwargs: object) -> None: ...

    def log_request_fail(self, *args: object, **kwargs: object) -> None: ...

    def _raise_warnings(self, warning_headers: object) -> None: ...


class _LeastBusy(RoundRobinSelector):
    """The node with the fewest requests under way; equals in turn."""

    def select(self, connections: Sequence[Any]) -> Any:
        fewest = min(connection.under_way for connection in connections)
        return super().select([connection for connection in connections if connection.under_way == fewest])


class _AsItIs(Serializer):
    """Lets bytes out and answers in untouched: bodies are encoded and answers read elsewhere."""

    mimetype = "application/json"

    def loads(self, s: Any) -> Any:
        return s

    def dumps(self, data: Any) -> Any:
        return data


def _seconds(retry_after: str | None) -> float | None:
    if retry_after is None or not retry_after.isascii() or not retry_after.isdigit():
        return None
    return min(float(retry_after), RETRY_AFTER_SECONDS_MAX)
