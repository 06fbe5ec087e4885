"""Application Load Balancer access logs.

Source: AWS, "Access logs for your Application Load Balancer", the table "Access log entries", as of 2026-11-23, and the fields
of `ALB_ACCESS_LOGS` in aws-cdk 2.275 (`mixins-preview`), 34 in the same order, as of 2026-11-26. Lines of 16 columns (a type,
and those of a classic balancer), 18 (2016) and up to 34 (2026) are seen. Field names are those of Elastic's AWS integration,
dataset `aws.elb_logs`, where it names one.
"""

from __future__ import annotations

from random import Random

from ingestd.formats.table import (
    Column,
    Decimal,
    Endpoint,
    Instant,
    Integer,
    Ip,
    Request,
    Shape,
    Status,
    Table,
    Text,
    Tls,
    Words,
)

__all__ = ["FORMAT"]

STATUSES = (
    (200,) * 70 + (304,) * 10 + (301, 302, 302, 400, 401, 403, 404, 404, 404, 404, 404, 429, 460, 500, 502, 502, 503, 504)
)
METHODS = ("GET",) * 16 + ("POST",) * 4 + ("PUT", "HEAD", "DELETE", "OPTIONS")
HOSTS = ("www.example.com", "api.example.com", "shop.example.com", "static.example.com", "admin.example.com", "example.com")
PATHS = (
    "/",
    "/login",
    "/api/v1/users/{n}",
    "/api/v1/users/{n}/orders?limit=50&offset={n}",
    "/api/v2/search?q=term{n}&page=2",
    "/products/{n}/reviews",
    "/static/js/main.{n}.js",
    "/static/css/site.{n}.css",
    "/images/{n}.png",
    "/cart?item={n}&utm_source=newsletter&utm_medium=email",
    "/healthz",
    "/favicon.ico",
)
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{n}.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.{n} Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:{n}.0) Gecko/20100101 Firefox/{n}.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_{n} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "python-requests/2.31.{n}",
    "curl/8.{n}.0",
    "-",
)
CIPHERS = ("TLS_AES_128_GCM_SHA256 TLSv1.3",) * 3 + ("ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2",)
GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{}/{:016x}"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/7df02eb2-668d-4e32-919c-{:012x}"


def sample(random: Random) -> str:
    """A line of 30 columns, as load balancers wrote them from 2024 on."""
    below, bits = random.randrange, random.getrandbits
    status, host = random.choice(STATUSES), random.choice(HOSTS)
    scheme, port = ("http", 80) if below(5) == 0 else (random.choice(("https", "https", "h2")), 443)
    secure = port == 443
    reached = status not in (301, 460, 503)
    target = f"10.0.{below(4)}.{below(4, 250)}:8080" if reached else "-"
    times = f"0.00{below(5)} 0.{below(900):03} 0.000" if reached else "-1 -1 -1"
    path = random.choice(PATHS).format(n=below(5000))
    version = "HTTP/2.0" if scheme == "h2" else "HTTP/1.1"
    group = below(4)
    return (
        f"{scheme} 2026-11-01T12:00:00.{below(1_000_000):06}Z app/front-{group}/50dc6c495c0c918{group} "
        f"{below(1, 224)}.{below(256)}.{below(256)}.{below(256)}:{below(1024, 65536)} {target} {times} "
        f"{status} {status if reached else '-'} {below(40, 3000)} {below(100, 60_000)} "
        f'"{random.choice(METHODS)} {"https" if secure else "http"}://{host}:{port}{path} {version}" '
        f'"{random.choice(AGENTS).format(n=below(8))}" {random.choice(CIPHERS) if secure else "- -"} '
        f"{GROUP.format(f'group-{group}', group + 0x73E2D6BC24D8A067) if reached else '-'} "
        f'"Root=1-{bits(32):08x}-{bits(96):024x}" "{host if secure else "-"}" '
        f'"{CERTIFICATE.format(group) if secure else "-"}" {below(5)} 2026-11-01T12:00:00.{below(1000):03}000Z '
        f'"{"forward" if reached else "redirect" if status == 301 else "waf,forward"}" '
        f'"{f"https://{host}:443{path}" if status == 301 else "-"}" "-" "{target}" "{status if reached else "-"}" '
        f'"{"Ambiguous" if status == 400 else "-"}" "{"UriNonCompliant" if status == 400 else "-"}" TID_{bits(128):032x}'
    )


FORMAT = Table(
    name="alb",
    dataset="aws.elb_logs",
    service="elb",
    shape=Shape.SPACED,
    padded=True,
    columns=(
        Column("type", Text("aws.elb.type")),
        Column("time", Instant("@timestamp")),
        Column("elb", Text("aws.elb.name")),
        Column("client:port", Endpoint("source.ip", "source.port", "source.address")),
        Column("target:port", Endpoint("aws.elb.backend.ip", "aws.elb.backend.port", "aws.elb.backend.address")),
        Column("request_processing_time", Decimal("aws.elb.request_processing_time.sec", minus_one_absent=True)),
        Column("target_processing_time", Decimal("aws.elb.backend_processing_time.sec", minus_one_absent=True)),
        Column("response_processing_time", Decimal("aws.elb.response_processing_time.sec", minus_one_absent=True)),
        Column("elb_status_code", Status("http.response.status_code")),
        Column("target_status_code", Integer("aws.elb.backend.http.response.status_code")),
        Column("received_bytes", Integer("http.request.body.bytes")),
        Column("sent_bytes", Integer("http.response.body.bytes")),
        Column("request", Request()),
        Column("user_agent", Text("user_agent.original")),
        Column("ssl_cipher", Text("tls.cipher")),
        Column("ssl_protocol", Tls("aws.elb.ssl_protocol")),
        Column("target_group_arn", Text("aws.elb.target_group.arn")),
        Column("trace_id", Text("aws.elb.trace_id")),
        Column("domain_name", Text("destination.domain")),
        Column("chosen_cert_arn", Text("aws.elb.chosen_cert.arn")),
        Column("matched_rule_priority", Integer("aws.elb.matched_rule_priority", minus_one_absent=True)),
        Column("request_creation_time", Instant("event.start")),
        Column("actions_executed", Words("aws.elb.action_executed", ",")),
        Column("redirect_url", Text("aws.elb.redirect_url", type="wildcard")),
        Column("error_reason", Text("aws.elb.error.reason")),
        Column("target:port_list", Words("aws.elb.target_port", " ")),
        Column("target_status_code_list", Words("aws.elb.target_status_code", " ")),
        Column("classification", Text("aws.elb.classification")),
        Column("classification_reason", Text("aws.elb.classification_reason")),
        Column("conn_trace_id", Text("aws.elb.conn_trace_id")),
        Column("transformed_host", Text("aws.elb.transformed_host")),
        Column("transformed_uri", Text("aws.elb.transformed_uri", type="wildcard")),
        Column("request_transform_status", Text("aws.elb.request_transform_status")),
        Column("ip_address", Ip("aws.elb.node.ip", "aws.elb.node.address")),
    ),
    required=16,
    comments=("#", "Enable AccessLog for ELB:"),
    constants=(
        ("event.kind", "event"),
        ("event.category", ("web",)),
        ("event.type", ("access",)),
        ("aws.elb.protocol", "http"),
    ),
    key=r"_elasticloadbalancing_[a-z0-9-]+_app\.",
    # A health check's line begins alike, but with a number behind the time.
    content=(r'"?(?:https?|h2|grpcs|wss?)"? "?\d{4}-\d\d-\d\dT\S+ (?!-?\d+(?:\.\d+)? |- )\S+ |Enable AccessLog for ELB: app/'),
    control=r"(?:^|/)ELB(?:Access|Connection)LogTestFile$",
    sample=sample,
)
