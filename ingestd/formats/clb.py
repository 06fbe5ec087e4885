"""Classic Load Balancer access logs.

Source: AWS, "Access logs for your Classic Load Balancer", the table "Access log entries", 15 fields, as of 2026-11-23. Lines
from before 2015 end with the request. Field names are those of Elastic's AWS integration, dataset `aws.elb_logs`.

A TCP listener writes `-` for both statuses, and `"- - - "` for the request.
"""

from __future__ import annotations

from random import Random

from ingestd.formats.alb import AGENTS, METHODS, PATHS, STATUSES
from ingestd.formats.table import (
    Column,
    Decimal,
    Endpoint,
    Instant,
    Integer,
    Request,
    Shape,
    Status,
    Table,
    Text,
    Tls,
)

__all__ = ["FORMAT"]


def sample(random: Random) -> str:
    """A line of 15 columns, of a listener for HTTPS, HTTP or TCP."""
    below = random.randrange
    status, kind = random.choice(STATUSES), below(8)
    reached = status not in (460, 503)
    target = f"10.0.{below(4)}.{below(4, 250)}:80" if reached else "-"
    times = f"0.{below(900):06} 0.{below(900_000):06} 0.{below(90):06}" if reached else "-1 -1 -1"
    statuses, request, agent = f"{status} {status if reached else 0}", "- - - ", "-"
    if kind:
        path = random.choice(PATHS).format(n=below(5000))
        url = f"https://www.example.com:443{path}" if kind > 2 else f"http://www.example.com:80{path}"
        request, agent = f"{random.choice(METHODS)} {url} HTTP/1.1", random.choice(AGENTS).format(n=below(8))
    else:
        statuses = "- -"
    return (
        f"2026-11-01T12:00:00.{below(1_000_000):06}Z front-{below(4)} "
        f"{below(1, 224)}.{below(256)}.{below(256)}.{below(256)}:{below(1024, 65536)} {target} {times} {statuses} "
        f'{below(40, 3000)} {below(100, 60_000)} "{request}" "{agent}" '
        f"{'ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2' if kind > 2 else '- -'}"
    )


FORMAT = Table(
    name="clb",
    dataset="aws.elb_logs",
    service="elb",
    shape=Shape.SPACED,
    padded=True,
    columns=(
        Column("timestamp", Instant("@timestamp")),
        Column("elb", Text("aws.elb.name")),
        Column("client:port", Endpoint("source.ip", "source.port", "source.address")),
        Column("backend:port", Endpoint("aws.elb.backend.ip", "aws.elb.backend.port", "aws.elb.backend.address")),
        Column("request_processing_time", Decimal("aws.elb.request_processing_time.sec", minus_one_absent=True)),
        Column("backend_processing_time", Decimal("aws.elb.backend_processing_time.sec", minus_one_absent=True)),
        Column("response_processing_time", Decimal("aws.elb.response_processing_time.sec", minus_one_absent=True)),
        Column("elb_status_code", Status("http.response.status_code")),
        Column("backend_status_code", Integer("aws.elb.backend.http.response.status_code")),
        Column("received_bytes", Integer("http.request.body.bytes")),
        Column("sent_bytes", Integer("http.response.body.bytes")),
        Column("request", Request()),
        Column("user_agent", Text("user_agent.original")),
        Column("ssl_cipher", Text("tls.cipher")),
        Column("ssl_protocol", Tls("aws.elb.ssl_protocol")),
    ),
    required=12,
    comments=("#", "Enable AccessLog for ELB:"),
    constants=(("event.kind", "event"), ("event.category", ("web",)), ("event.type", ("access",))),
    key=r"_elasticloadbalancing_[a-z0-9-]+_[A-Za-z0-9-]+_\d{8}T\d{4}Z_",
    content=(
        r"\d{4}-\d\d-\d\dT\S+ \S+ \S+:\d+ \S+ -?\d+(?:\.\d+)? -?\d+(?:\.\d+)? -?\d+(?:\.\d+)? "
        r"|Enable AccessLog for ELB: [^/\s]+ at "
    ),
    sample=sample,
)
