"""What people look at first, log by log: the panels of each dashboard, as data. `dashboards.py` makes saved objects of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["BOARDS", "HEALTH", "Board", "Panel"]

Width = Literal[16, 24, 48]  # of the 48 columns that a dashboard has


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture.

    time    how many over time, in the colours of `field` if there is one
    spread  the median, 95th and 99th percentile of `field` over time
    top     the most frequent values of `field`, in a table
    sum     the sum of `field` over time
    latest  the newest event of each value of `field`
    number  how many, as a number
    """

    kind: Literal["time", "spread", "top", "sum", "latest", "number"]
    title: str
    field: str = ""
    query: str = ""
    width: Width = 24


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard on one dataset, with the columns of its search."""

    name: str
    title: str
    dataset: str
    columns: tuple[str, ...]
    panels: tuple[Panel, ...]


STATUS = "http.response.status_code"
FAILED = f"{STATUS} >= 500"

BOARDS = (
    Board(
        "alb",
        "Application load balancers",
        "aws.elb_logs",
        ("source.ip", "http.request.method", STATUS, "destination.domain", "url.path", "user_agent.original"),
        (
            Panel("time", "Requests by status", STATUS, width=48),
            Panel("spread", "Seconds in the target", "aws.elb.backend_processing_time.sec"),
            Panel("time", "Failures by load balancer", "aws.elb.name", FAILED),
            Panel("top", "Paths that fail", "url.path", FAILED),
            Panel("top", "Reasons of failures", "aws.elb.error.reason"),
            Panel("top", "Clients", "source.ip", width=16),
            Panel("top", "Hosts", "destination.domain", width=16),
            Panel("top", "User agents", "user_agent.original", width=16),
            Panel("sum", "Bytes sent", "http.response.body.bytes"),
            Panel("top", "Ciphers", "tls.cipher"),
        ),
    ),
    Board(
        "cloudfront",
        "CloudFront",
        "aws.cloudfront_logs",
        ("source.ip", "http.request.method", STATUS, "destination.domain", "url.path", "aws.cloudfront.edge_result_type"),
        (
            Panel("time", "Requests by result", "aws.cloudfront.edge_result_type", width=48),
            Panel("time", "Requests by status", STATUS),
            Panel("spread", "Seconds to the first byte", "aws.cloudfront.time_to_first_byte"),
            Panel("sum", "Bytes sent", "http.response.bytes"),
            Panel("top", "Edges", "aws.cloudfront.edge_location"),
            Panel("top", "Paths that fail", "url.path", f"{STATUS} >= 400"),
            Panel("top", "What went wrong", "aws.cloudfront.edge_detailed_result_type", f"{STATUS} >= 400"),
            Panel("top", "Clients", "source.ip", width=16),
            Panel("top", "Referrers", "http.request.referrer", width=16),
            Panel("top", "User agents", "user_agent.original", width=16),
        ),
    ),
    Board(
        "apigateway",
        "API Gateway",
        "aws.apigateway_logs",
        ("source.ip", "http.request.method", STATUS, "aws.apigateway.resource_path", "aws.apigateway.route_key"),
        (
            Panel("time", "Requests by status", STATUS, width=48),
            Panel("spread", "Milliseconds in the integration", "aws.apigateway.integration_latency"),
            Panel("spread", "Milliseconds in all", "aws.apigateway.response_latency"),
            Panel("time", "Failures by API", "aws.apigateway.api_id", FAILED),
            Panel("top", "Resources that fail", "aws.apigateway.resource_path", FAILED),
            Panel("top", "Errors of integrations", "aws.apigateway.integration_error_message"),
            Panel("top", "Errors", "error.message"),
            Panel("top", "Clients", "source.ip", width=16),
            Panel("top", "Routes", "aws.apigateway.route_key", width=16),
            Panel("top", "API keys", "aws.apigateway.api_key_id", width=16),
        ),
    ),
    Board(
        "application",
        "Applications",
        "application",
        ("service.name", "log.level", "message", "error.type", "trace.id"),
        (
            Panel("time", "Events by level", "log.level", width=48),
            Panel("time", "Events by service", "service.name"),
            Panel("time", "Errors by service", "service.name", "log.level : error"),
            Panel("top", "Services", "service.name"),
            Panel("top", "Kinds of errors", "error.type"),
            Panel("time", "Events that did not fit the mapping as they were", "service.name", "tags : ingestd_healed"),
        ),
    ),
)

# ingestd as its work shows it: its own counters are Prometheus's to draw.
HEALTH = Board(
    "health",
    "ingestd: what arrives",
    "*",
    ("event.dataset", "aws.s3.bucket.name", "aws.s3.object.key", "log.offset", "tags"),
    (
        Panel("time", "Documents by dataset", "event.dataset", width=48),
        Panel("latest", "Newest event of each dataset", "event.dataset"),
        Panel("top", "Documents by bucket", "aws.s3.bucket.name"),
        Panel("time", "Documents that did not fit the mapping as they were", "event.dataset", "tags : ingestd_healed"),
        Panel("number", "All documents"),
    ),
)
