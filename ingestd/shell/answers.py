"""What a sender hears: in the form of Firehose's delivery protocol, or in that of the service's own errors.

A sender tries again after whatever is not 200 (Firehose not after 413: it puts the call into its bucket for errors). So a call
that is settled is 200, one that could be settled later 503, and one that never can be 4xx, with the reason in words of ours.
"""

from __future__ import annotations

import orjson
from aiohttp import web

from ingestd.errors import IngestdError, Retryable

__all__ = ["RETRY_AFTER_SECONDS", "delivery_answer", "delivery_refusal", "put_refusal", "service_answer"]

RETRY_AFTER_SECONDS = 5
JSON_1_1 = "application/x-amz-json-1.1"
LATER = 503
DELIVERY_STATUS = {"bad_key": 401, "not_found": 404, "too_large": 413, "slow": 408}
# reason -> status and type of the service's error; what can be settled later is ServiceUnavailableException
SERVICE_ERRORS = {
    "missing_token": (400, "MissingAuthenticationTokenException"),
    "incomplete_signature": (400, "IncompleteSignatureException"),
    "unrecognized_client": (400, "UnrecognizedClientException"),
    "invalid_signature": (400, "InvalidSignatureException"),
    "unknown_operation": (400, "UnknownOperationException"),
    "malformed": (400, "SerializationException"),
    "invalid_argument": (400, "InvalidArgumentException"),
    "not_found": (400, "ResourceNotFoundException"),
    "too_large": (413, "RequestEntityTooLargeException"),
    "slow": (408, "RequestTimeoutException"),
}


def delivery_answer(request_id: str, now: float) -> web.Response:
    """All of it is settled."""
    return web.Response(body=orjson.dumps(_form(request_id, now)), content_type="application/json")


def delivery_refusal(error: IngestdError, request_id: str, now: float) -> web.Response:
    """It is not, and why."""
    later = isinstance(error, Retryable)
    status = DELIVERY_STATUS.get(error.reason, LATER if later else 400)
    body = orjson.dumps(_form(request_id, now) | {"errorMessage": str(error)})
    return web.Response(status=status, body=body, content_type="application/json", headers=_headers(status))


def service_answer(body: bytes) -> web.Response:
    """What the SDK takes for the service's answer."""
    return web.Response(body=body, content_type=JSON_1_1)


def put_refusal(error: IngestdError) -> web.Response:
    """What the SDK takes for the service's error."""
    later = (LATER, "ServiceUnavailableException")
    status, kind = SERVICE_ERRORS.get(
        error.reason, later if isinstance(error, Retryable) else (400, "InvalidArgumentException")
    )
    body = orjson.dumps({"__type": kind, "message": str(error)})
    return web.Response(status=status, body=body, content_type=JSON_1_1, headers=_headers(status) | {"x-amzn-ErrorType": kind})


def _form(request_id: str, now: float) -> dict[str, object]:
    return {"requestId": request_id, "timestamp": int(now * 1000)}


def _headers(status: int) -> dict[str, str]:
    return {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == LATER else {}
