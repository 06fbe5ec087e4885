"""API Gateway access logs as text: CLF, CSV and XML, as its console proposes them for REST, HTTP and WebSocket APIs.

Source: AWS, "Access logging for REST APIs", "Customize HTTP API access logs" and "Configure logging for a WebSocket API", the
examples of formats, as of 2026-11-24. Each is known with and without `$context.extendedRequestId`, which the newer examples
have at their end (REST as XML: second). The CLF of REST APIs has no space behind the time's bracket; the quoted part of HTTP
APIs has four words, since a route's key is `GET /path` or `$default`.

They come in CloudWatch envelopes, or as they are from a stage that logs to a stream named `amazon-apigateway-...`. Another
choice of variables is a user's own format: a `[[format]]` with `base = "apigateway_text"` and patterns whose groups are named
as the variables are (`integrationLatency`), for which the columns are all that records in JSON have (apigateway.py).
"""

from __future__ import annotations

from random import Random
from uuid import UUID

from ingestd.formats.apigateway import FORMAT as RECORDS
from ingestd.formats.table import Shape, Table

__all__ = ["FORMAT", "RESOURCES", "request_id"]

RESOURCES = ("/", "/pets", "/pets/{petId}", "/orders/{orderId}/items", "/{proxy+}")
METHODS = ("GET", "GET", "GET", "POST", "PUT", "DELETE")
STATUSES = (200, 200, 200, 200, 201, 304, 400, 403, 404, 429, 500, 502, 504)
WHO = r"(?P<ip>[^ ]+) (?P<caller>[^ ]+) (?P<user>[^ ]+) \[(?P<requestTime>[^\]]*)\] ?"
SIZE = "(?P<status>[0-9]+|-) (?P<responseLength>[0-9]+|-)"
ID = "(?P<requestId>[^ ]+)(?: (?P<extendedRequestId>[^ ]+))?"
FORMS = {"requestTime": "[0-9]{2}/[A-Za-z]{3}/[0-9]{4}:[^,]*|-", "eventType": "CONNECT|MESSAGE|DISCONNECT|-"}


def _csv(*names: str) -> str:
    values = ",".join(f"(?P<{name}>{FORMS.get(name, '[^,]*')})" for name in names)
    return values + "(?:,(?P<extendedRequestId>[^,]*))?"


def _xml(*names: str) -> str:
    elements = "".join(f" *(?:<{name}>(?P<{name}>[^<]*)</{name}>)?" for name in names)
    return f' *<request id="(?P<requestId>[^"]*)">{elements} *</request> *'


PATTERNS = (
    WHO + rf'"(?P<httpMethod>[A-Za-z]+|-) (?P<resourcePath>/[^ "]*|-) (?P<protocol>[^ "]+)" {SIZE} {ID}',
    WHO + rf'"(?P<httpMethod>[A-Za-z]+|-) (?P<routeKey>[^"]*) (?P<protocol>HTTP[^ "]*|-)" {SIZE} {ID}',
    WHO + rf'"(?P<eventType>{FORMS["eventType"]}) (?P<routeKey>[^"]*) (?P<connectionId>[^ "]+)" (?P<status>[0-9]+|-) {ID}',
    _xml(
        "extendedRequestId", "ip", "caller", "user", "requestTime", "httpMethod", "eventType", "resourcePath", "routeKey",
        "status", "protocol", "responseLength", "connectionId",
    ),
    _xml("ip", "requestTime", "httpMethod", "routeKey", "status", "protocol", "responseLength", "extendedRequestId"),
    _csv(
        "ip", "caller", "user", "requestTime", "httpMethod", "resourcePath", "protocol", "status", "responseLength",
        "requestId",
    ),
    _csv("ip", "caller", "user", "requestTime", "eventType", "routeKey", "connectionId", "status", "requestId"),
    _csv("ip", "requestTime", "httpMethod", "routeKey", "protocol", "status", "responseLength", "requestId"),
)  # fmt: skip


def request_id(random: Random) -> str:
    """A request's id, a UUID."""
    return str(UUID(int=random.getrandbits(128), version=4))


def sample(random: Random) -> str:
    """A line in the CLF of REST APIs."""
    below = random.randrange
    return (
        f"{below(1, 224)}.{below(256)}.{below(256)}.{below(256)} - - [01/Nov/2026:12:00:00 +0000]"
        f'"{random.choice(METHODS)} {random.choice(RESOURCES)} HTTP/1.1" {random.choice(STATUSES)} {below(20, 90_000)} '
        f"{request_id(random)}"
    )


FORMAT = Table(
    name="apigateway_text",
    dataset=RECORDS.dataset,
    service="apigateway",
    shape=Shape.PATTERN,
    padded=True,
    patterns=PATTERNS,
    columns=tuple(column for column in RECORDS.columns if column.name.isidentifier()),
    required=1,
    constants=RECORDS.constants,
    key=r"amazon-apigateway-|api-?gateway",
    content=(
        r'[^ \n]+ [^ \n]+ [^ \n]+ \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] ?"[A-Z]+ [^"\n]* [^ "\n]+" '
        r"(?:\d{3}|-) (?:(?:\d+|-) )?(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[\w-]{15,16}=)(?: [\w=-]+)?"
        r"[ \t\r]*(?:\n|\Z)"
        r"|[^,\n]+,(?:[^,\n]*,[^,\n]*,)?\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4},[A-Z]+,[^,\n]*,[^,\n]*,[^,\n]*,"
        r'| *<request id="[^"\n]*"> *<(?:ip|extendedRequestId)>'
    ),
    sample=sample,
)
