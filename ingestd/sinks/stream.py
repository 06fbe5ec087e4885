"""One delivery stream over HTTP: by hand where the SDK is slow, by the SDK's own parts everywhere else.

* Of a stock call, validating and serialising the request take half the time and parsing the answer a quarter. So the body is
  written by the kernel and the answer is read by orjson.
* Endpoint, region, connections, certificates, proxies and timeouts are the SDK client's, SigV4 and the parsing of errors are
  botocore's, and so are the exceptions: what goes wrong means what it means in the SDK.
* To the SDK an answer that crawls is not late, for it is never silent. Here all of it has the time of one silence: a sink holds
  few requests at once, and each that crawls is one less.
* No retries: they have their owner elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.exceptions import ClientError, ConnectionClosedError, NoCredentialsError, ReadTimeoutError
from botocore.parsers import create_parser

from ingestd.fastpath.records import RecordEncoder
from ingestd.sinks.credentials import Credentials
from ingestd.sinks.packs import Packs
from ingestd.sinks.payload import Body

if TYPE_CHECKING:
    from types_aiobotocore_firehose.client import FirehoseClient

__all__ = ["Stream"]

OPERATION = "PutRecordBatch"
HANDED_OVER_BYTES_MIN = 1 << 20  # a smaller body costs less to make (half a millisecond) than to hand to another thread
ERRORS_FROM = 300


class _Request(AWSRequest):
    """botocore prepares the whole request anew each time its body is asked for; this body is what it is."""

    @property
    def body(self) -> Any:
        return self.data


class Stream:
    """PutRecordBatch on one stream. The client is lent, and so is the executor; without one, bodies are made in place."""

    def __init__(self, name: str, client: FirehoseClient, credentials: Credentials, executor: Executor | None = None) -> None:
        meta = client.meta
        model: Any = meta.service_model
        self._url = meta.endpoint_url if meta.endpoint_url.endswith("/") else f"{meta.endpoint_url}/"
        self._region = meta.region_name
        config: Any = meta.config  # botocore sets its options dynamically
        self._answer_seconds = float(config.read_timeout)
        self._signing_name = model.signing_name
        self._headers = {
            "Content-Type": f"application/x-amz-json-{model.metadata['jsonVersion']}",
            "User-Agent": str(config.user_agent),
            "X-Amz-Target": f"{model.metadata['targetPrefix']}.{OPERATION}",
        }
        self._head = b'{"DeliveryStreamName":%b,"Records":[' % orjson.dumps(name)
        self._encoder = RecordEncoder()
        self._errors = create_parser("json")
        self._http: Any = client._endpoint.http_session  # type: ignore[attr-defined]  # there is no public way to it
        self._credentials = credentials
        self._executor = executor

    async def put(self, packs: Packs) -> Mapping[str, Any]:
        """The answer to one call; its shape is for the caller to judge.

        Raises what the SDK raises: ClientError when AWS refuses the call, BotoCoreError when there is no answer. ValueError for
        an answer that is no JSON object.
        """
        credentials = await self._credentials()
        if credentials is None:
            raise NoCredentialsError
        if self._executor is None or int((packs.ends - packs.begins).sum()) < HANDED_OVER_BYTES_MIN:
            request = self._request(packs, credentials)
        else:
            request = await asyncio.get_running_loop().run_in_executor(self._executor, self._request, packs, credentials)
        response = await self._http.send(request)
        body = await self._body(response)
        if response.status_code >= ERRORS_FROM:
            raise self._error(response.status_code, response.headers, body)
        answer = orjson.loads(body)
        if not isinstance(answer, dict):
            raise ValueError("the answer is no object")
        return answer

    def _request(self, packs: Packs, credentials: Any) -> AWSPreparedRequest:
        """Encoded and signed; the body's digest is the larger part of the work, and both are done without the GIL."""
        body = self._encoder.body(self._head, packs.data, packs.begins, packs.ends, b"]}")
        request = _Request("POST", self._url, headers=self._headers, data=body)
        SigV4Auth(credentials, self._signing_name, self._region).add_auth(request)
        payload: Any = Body([body])
        return AWSPreparedRequest("POST", self._url, request.headers, payload, stream_output=True)

    async def _body(self, response: Any) -> bytes:
        """All that is answered; a response that is not read to its end closes its connection."""
        try:
            async with asyncio.timeout(self._answer_seconds):
                body: bytes = await response.content
        except TimeoutError as error:
            raise ReadTimeoutError(endpoint_url=self._url, error=error) from error
        except aiohttp.ClientError as error:
            raise ConnectionClosedError(endpoint_url=self._url, error=error) from error
        return body

    def _error(self, status: int, headers: Mapping[str, str], body: bytes) -> ClientError:
        no_shape: Any = None  # an error has none
        parsed = self._errors.parse({"status_code": status, "headers": headers, "body": body}, no_shape)
        return ClientError(parsed, OPERATION)
