"""API Gateway execution logs of REST and WebSocket APIs: what happens to a request, step by step, in words.

Source: AWS, "Set up CloudWatch logging for REST APIs in API Gateway", and lines as they are, as of 2026-11-24: AWS documents no
form. A line is `(<request id>) <text>`. The lines of a request are separate events that share its id; what some say is taken
into fields, and all keep their text as `message`. Maps of headers and bodies stay text: their values may hold any character.
A line without an id goes on with the body of the one before it, where a body's lines came apart: blanks at its beginning are
the body's. Before an id they are nobody's.

There is no time in a line: it is the event's. The API and its stage are told by the log group's name.
"""

from __future__ import annotations

from random import Random

from ingestd.formats.apigateway_text import METHODS, RESOURCES, STATUSES, request_id
from ingestd.formats.table import Column, Decimal, Integer, Mapped, Shape, Status, Table, Text

__all__ = ["FORMAT"]

FAILURES = (
    "Execution failed",
    "Execution aborted",
    "Lambda execution failed",
    "Key throttle limit exceeded",
    "Key quota limit exceeded",
    "Unauthorized request",
    "Invalid API Key identifier specified",
)
STAGE = r"(?P<api_id>[^/ ,]+)/(?P<stage>[^ ]+)"
TEXTS = (
    r"Method completed with status: (?P<status>[0-9]+)",
    r"HTTP Method: (?P<http_method>[^ ,]+), Resource Path: (?P<resource_path>.*)",
    r"Received response\. (?:Status: (?P<integration_status>[0-9]+), )?Integration latency: (?P<integration_latency>[0-9]+) ms",
    r"Extended Request Id: (?P<extended_request_id>[^ ]+)",
    rf"Verifying Usage Plan for request: [^ ]+ API Key:(?: (?P<api_key>[^ ]+))? +API Stage: {STAGE}",
    rf"Usage Plan check succeeded for API Key(?: (?P<api_key>[^ ]+))? +and API Stage {STAGE}",
    r"API Key(?: (?P<api_key>[^ ]+))? +(?P<verdict>authorized|not authorized) because .*",
    r"(?P<error>(?P<failed>Key (?:throttle|quota) limit exceeded) for RestApi (?P<api_id>[^ ,]+), Stage (?P<stage>[^ ,]+), "
    r"Resource (?P<resource_id>[^ ,]+), HttpMethod (?P<http_method>[^ ,.]+)\. "
    r"Limit: (?P<limit>[0-9.]+) Burst: (?P<burst>[0-9]+))",
    rf"(?P<error>(?P<failed>{'|'.join(FAILURES)})\b.*)",
    r"Gateway response type: (?P<response_type>[^ ]+) with status code: (?P<status>[0-9]+)",
    r"(?P<verdict>Successfully completed execution)",
    r"Endpoint request URI: (?P<endpoint>[^ ]+)",
    r"Sending request to (?P<endpoint>[^ ]+)",
    r"AWS Integration Endpoint RequestId ?: (?P<integration_request_id>[^ ]+)",
    r".*",
)
PATTERNS = (*(rf"[ \t]*\((?P<request_id>[^() ]+)\) (?P<message>{text}\s*)" for text in TEXTS), r"(?P<message>.*)")


def sample(random: Random) -> str:
    """A line of those that have fields, or one of those that have not."""
    below, identity = random.randrange, request_id(random)
    text = random.choice(
        (
            f"Starting execution for request: {identity}",
            f"HTTP Method: {random.choice(METHODS)}, Resource Path: {random.choice(RESOURCES)}",
            "Method request headers: {Accept=*/*, Host=a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com, User-Agent=curl/8.5.0}",
            f"Received response. Status: {random.choice(STATUSES)}, Integration latency: {below(3, 900)} ms",
            "Execution failed due to configuration error: Malformed Lambda proxy response",
            f"Method completed with status: {random.choice(STATUSES)}",
        )
    )
    return f"({identity}) {text}"


FORMAT = Table(
    name="apigateway_execution",
    dataset="aws.apigateway_execution",
    service="apigateway",
    shape=Shape.PATTERN,
    patterns=PATTERNS,
    columns=(
        Column("request_id", Text("http.request.id"), Text("aws.apigateway.request_id")),
        Column("extended_request_id", Text("aws.apigateway.extended_request_id")),
        Column("message", Text("message", type="text")),
        Column("http_method", Text("http.request.method"), Text("aws.apigateway.http_method")),
        Column("resource_path", Text("aws.apigateway.resource_path")),
        Column("resource_id", Text("aws.apigateway.resource_id")),
        Column("status", Status("http.response.status_code"), Integer("aws.apigateway.status")),
        Column("response_type", Text("aws.apigateway.response_type")),
        Column("endpoint", Text("aws.apigateway.integration_uri", type="wildcard")),
        Column("integration_status", Text("aws.apigateway.integration_status")),
        Column("integration_latency", Decimal("aws.apigateway.integration_latency")),
        Column("integration_request_id", Text("aws.apigateway.integration_request_id")),
        Column("error", Text("error.message")),
        Column("failed", Mapped("event.outcome", tuple((text, "failure") for text in FAILURES))),
        Column(
            "verdict",
            Mapped("event.outcome", (("Successfully completed execution", "success"), ("not authorized", "failure"))),
            Mapped("aws.apigateway.api_key_verdict", (("authorized", "authorized"), ("not authorized", "not authorized"))),
        ),
        Column("api_key", Text("aws.apigateway.api_key")),
        Column("limit", Decimal("aws.apigateway.throttle_limit")),
        Column("burst", Integer("aws.apigateway.throttle_burst")),
        Column("api_id", Text("aws.apigateway.api_id")),
        Column("stage", Text("aws.apigateway.stage")),
    ),
    required=1,
    dated_by_object=True,
    constants=(("event.kind", "event"), ("event.category", ("web",)), ("event.type", ("info",))),
    group=r"API-Gateway-Execution-Logs_([^/]+)/(.+)",
    named=("aws.apigateway.api_id", "aws.apigateway.stage"),
    key=r"API-Gateway-Execution-Logs",
    content=(
        r"[ \t]*\([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\) "
        r"(?:Extended Request Id|Verifying Usage Plan|API Key |Usage Plan check|"
        r"Key (?:throttle|quota) limit|Starting (?:authorizer|execution)|HTTP Method|Method |Endpoint |Sending request|"
        r"Received response|Successfully completed|Execution |Lambda execution|AWS Integration Endpoint|Gateway response)"
    ),
    sample=sample,
)
