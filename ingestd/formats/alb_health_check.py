"""Application Load Balancer health check logs.

Source: AWS, "Health check logs" of Application Load Balancers, the table "Health check log entries", 10 fields, as of
2026-11-26, in a stored copy of the page; lines of 8 (2025) are in AWS's own examples. Elastic's AWS integration has no names
for them: those of its dataset `aws.elb_logs` are used where they mean the same.
"""

from __future__ import annotations

from random import Random

from ingestd.formats.table import Column, Decimal, Endpoint, Instant, Integer, Ip, Mapped, Shape, Table, Text

__all__ = ["FORMAT"]

FAILURES = ("TimedOut", "ConnectionReset", "TargetError", "ResponseCodeMismatch")


def sample(random: Random) -> str:
    """A line of 10 columns."""
    below = random.randrange
    group, reason = below(4), random.choice(FAILURES) if below(9) == 0 else ""
    status = {"TargetError": "502", "ResponseCodeMismatch": "404", "": "200"}.get(reason, "-")
    return (
        f"{random.choice(('http', 'http', 'https'))} 2026-11-01T12:00:00.{below(1_000_000):06}Z "
        f"{below(1, 90)}.{below(10**9):09} 10.0.{below(4)}.{below(4, 250)}:8080 group-{group} "
        f"{'FAIL' if reason else 'PASS'} {status} {reason or '-'} "
        f"app/front-{group}/50dc6c495c0c918{group} 10.0.9.{below(4, 250)}"
    )


FORMAT = Table(
    name="alb_health_check",
    dataset="aws.elb_logs",
    service="elb",
    shape=Shape.SPACED,
    padded=True,
    columns=(
        Column("type", Text("aws.elb.type")),
        Column("time", Instant("@timestamp")),
        Column("latency", Decimal("aws.elb.health_check.latency.sec", minus_one_absent=True)),
        Column("target_addr", Endpoint("aws.elb.backend.ip", "aws.elb.backend.port", "aws.elb.backend.address")),
        Column("target_group_id", Text("aws.elb.target_group.name")),
        Column(
            "status",
            Text("aws.elb.health_check.status"),
            Mapped("event.outcome", (("PASS", "success"), ("FAIL", "failure"))),
        ),
        Column("status_code", Integer("aws.elb.backend.http.response.status_code")),
        Column("reason_code", Text("aws.elb.error.reason")),
        Column("elb", Text("aws.elb.name")),
        Column("ip_address", Ip("aws.elb.node.ip", "aws.elb.node.address")),
    ),
    required=6,
    comments=("#", "Enable HealthCheckLog for ELB:"),
    constants=(("event.kind", "event"), ("event.category", ("network",)), ("event.type", ("info",))),
    key=r"(?:^|/)health_check_log[._]",
    content=(
        r"(?:https?|h2|grpc|lambda) \d{4}-\d\d-\d\dT\S+ (?:-|-?\d+(?:\.\d+)?) \S+ \S+ (?:PASS|FAIL)\b"
        r"|Enable HealthCheckLog for ELB: app/"
    ),
    control=r"(?:^|/)ELBHealthCheckLogTestFile$",
    sample=sample,
)
