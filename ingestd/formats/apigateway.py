"""API Gateway access logs in JSON: `$context` variables under names that users choose, mostly those of AWS's own templates.

Source: AWS, "Set up CloudWatch logging for REST APIs", "Customize HTTP API access logs" and "Monitor WebSocket API execution",
as of 2026-11-24. A variable is known by the template's name for it and by its own (`$context.identity.sourceIp` as `ip`,
`sourceIp` and `identity.sourceIp`). Field names are those of Elastic's AWS integration, dataset `aws.apigateway_logs`.
"""

from __future__ import annotations

from random import Random

import orjson

from ingestd.formats.table import ClfTime, Column, Decimal, Epoch, Integer, Ip, Reading, Shape, Status, Table, Text, Version

__all__ = ["FORMAT"]

PATHS = ("/pets", "/pets/{petId}", "/orders", "/orders/{orderId}/lines")
API = "aws.apigateway"


def sample(random: Random) -> str:
    """A record of a REST, an HTTP or a WebSocket API's template."""
    below, kind = random.randrange, random.choice(("rest", "rest", "http", "websocket"))
    path, status = random.choice(PATHS), random.choice((200, 200, 201, 403, 502))
    record = {"requestId": f"{random.getrandbits(128):032x}", "ip": f"192.0.2.{below(256)}"}
    if kind != "http":
        record |= {"caller": "-", "user": "-"}
    record["requestTime"] = "01/Nov/2026:12:00:00 +0000"
    if kind == "rest":
        record |= {"httpMethod": "GET", "resourcePath": path}
    elif kind == "http":
        record |= {"httpMethod": "GET", "routeKey": f"GET {path}"}
    else:
        record |= {"eventType": "MESSAGE", "routeKey": "$default"}
    record["status"] = str(status)
    if kind == "websocket":
        record["connectionId"] = f"{random.getrandbits(64):016x}="
    else:
        record |= {"protocol": "HTTP/1.1", "responseLength": str(below(90_000)), "integrationLatency": str(below(900))}
    return orjson.dumps(record).decode()


def known(names: str, *readings: Reading) -> tuple[Column, ...]:
    """The same under each of these names."""
    return tuple(Column(name, *readings) for name in names.split())


FORMAT = Table(
    name="apigateway",
    dataset="aws.apigateway_logs",
    service="apigateway",
    shape=Shape.JSON,
    columns=(
        *known("requestTimeEpoch", Epoch("@timestamp")),
        *known("requestTime", ClfTime("@timestamp")),
        *known("requestId", Text(f"{API}.request_id"), Text("http.request.id")),
        *known("extendedRequestId", Text(f"{API}.extended_request_id")),
        *known("ip sourceIp identity.sourceIp", Ip("source.ip", "source.address")),
        *known("caller identity.caller", Text(f"{API}.caller")),
        *known("user identity.user", Text("user.id")),
        *known("userArn identity.userArn", Text(f"{API}.user_arn")),
        *known("principalId authorizer.principalId", Text(f"{API}.principal_id")),
        *known("userAgent identity.userAgent", Text("user_agent.original")),
        *known("apiKeyId identity.apiKeyId", Text(f"{API}.api_key_id")),
        *known("httpMethod", Text("http.request.method")),
        *known("resourcePath", Text(f"{API}.resource_path")),
        *known("routeKey", Text(f"{API}.route_key")),
        *known("path", Text("url.path", type="wildcard")),
        *known("protocol", Text("network.protocol"), Version()),
        *known("status", Status("http.response.status_code")),
        *known("responseLength", Integer("http.response.body.bytes")),
        *known("responseLatency", Decimal(f"{API}.response_latency")),
        *known("integrationLatency integration.latency", Decimal(f"{API}.integration_latency")),
        *known("integrationStatus integration.status", Text(f"{API}.integration_status")),
        *known("integrationErrorMessage integrationError integration.error", Text(f"{API}.integration_error_message")),
        *known("integrationRequestId integration.requestId", Text(f"{API}.integration_request_id")),
        *known("errorMessage error.message", Text("error.message")),
        *known("errorMessageString error.messageString", Text("error.message")),
        *known("errorResponseType error.responseType errorType", Text("error.type")),
        *known("validationError error.validationErrorString", Text(f"{API}.validation_error")),
        *known("authorizerError authorizer.error", Text(f"{API}.authorizer.error")),
        *known("authorizerLatency authorizer.latency", Decimal(f"{API}.authorizer.latency")),
        *known("authorizerStatus authorizer.status", Text(f"{API}.authorizer.status")),
        *known("stage", Text(f"{API}.stage")),
        *known("apiId", Text(f"{API}.api_id")),
        *known("accountId", Text(f"{API}.account_id")),
        *known("resourceId", Text(f"{API}.resource_id")),
        *known("domainName", Text("url.domain")),
        *known("domainPrefix", Text(f"{API}.domain_prefix")),
        *known("eventType", Text(f"{API}.event_type")),
        *known("connectionId", Text(f"{API}.connection_id")),
        *known("connectedAt", Epoch(f"{API}.connected_at")),
        *known("messageId", Text(f"{API}.message_id")),
        *known("messageDirection", Text(f"{API}.message_direction")),
        *known("xrayTraceId", Text("trace.id")),
        *known("wafResponseCode waf.status", Text(f"{API}.waf_response_code")),
        *known("webaclArn", Text(f"{API}.web_acl_arn")),
    ),
    required=0,
    dashes=True,
    constants=(("event.kind", "event"), ("event.category", ("web",)), ("event.type", ("access",))),
    key="",
    content=(
        r"(?=.* requestId )(?=.* (?:requestTime|requestTimeEpoch) )"
        r".* (?:resourcePath|routeKey|httpMethod|connectionId|apiId|domainName|extendedRequestId) "
    ),
    sample=sample,
)
