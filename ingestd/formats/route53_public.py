r"""Route 53 public DNS query logs: each query of a public hosted zone.

Source: AWS, "Public DNS query logging", the list of values, 10 fields of version 1.0, as of 2026-11-26. They come to a log
group of CloudWatch, by AWS's advice one that is named `/aws/route53/ZONE`. Field names are those of Elastic's AWS integration,
dataset `aws.route53_public_logs`. What is no letter, digit, `-` or `_` of a name stands there as an octal escape, `\052`, and
stays one.
"""

from __future__ import annotations

from random import Random

from ingestd.formats.table import Column, Instant, Ip, Mapped, Shape, Table, Text

__all__ = ["FORMAT"]

NAMES = (
    "example.com",
    "www.example.com",
    "api{n}.example.com",
    "_dmarc.example.com",
    r"\052.dev.example.com",
    "bad{n}.example.com",
)
TYPES = ("A",) * 6 + ("AAAA", "AAAA", "HTTPS", "MX", "TXT", "NS", "CAA")
EDGES = ("FRA6", "IAD12", "JFK5", "GRU1-C1", "DEN50-C1", "NRT20-C3")
FAILED = (
    "FORMERR",
    "SERVFAIL",
    "NXDOMAIN",
    "NOTIMP",
    "REFUSED",
    "YXDOMAIN",
    "YXRRSET",
    "NXRRSET",
    "NOTAUTH",
    "NOTZONE",
    "BADVERS",
)


def sample(random: Random) -> str:
    """A line of one query."""
    below = random.randrange
    name = random.choice(NAMES)
    code = "NXDOMAIN" if name.startswith("bad") else "NOERROR" if below(30) else "REFUSED"
    is_short = below(5) > 0
    resolver = f"192.0.2.{below(256)}" if is_short else f"2001:db8:{below(65536):x}::{below(65536):x}"
    subnet = "-" if below(3) else f"198.51.{below(256)}.0/24" if is_short else f"2001:db8:{below(65536):x}::/48"
    return (
        f"1.0 2026-11-01T12:00:00.{below(1000):03}Z Z0123456789ABCDEFGHI{below(4)} {name.format(n=below(90))} "
        f"{random.choice(TYPES)} {code} {'UDP' if below(12) else 'TCP'} {random.choice(EDGES)} {resolver} {subnet}"
    )


FORMAT = Table(
    name="route53_public",
    dataset="aws.route53_public_logs",
    service="route53_public",
    shape=Shape.SPACED_RAW,
    padded=True,
    columns=(
        Column("version", Text("aws.route53.version")),
        Column("query_timestamp", Instant("@timestamp")),
        Column("hosted_zone_id", Text("aws.route53.hosted_zone_id")),
        Column("query_name", Text("dns.question.name")),
        Column("query_type", Text("dns.question.type")),
        Column(
            "response_code",
            Text("dns.response_code"),
            Mapped("event.outcome", (("NOERROR", "success"), *((code, "failure") for code in FAILED))),
        ),
        Column(
            "protocol",
            Mapped("network.transport", (("UDP", "udp"), ("TCP", "tcp"))),
            Text("network.transport"),
            Mapped("network.iana_number", (("UDP", "17"), ("TCP", "6"))),
        ),
        Column("edge_location", Text("aws.route53.edge_location")),
        Column("resolver_ip", Ip("source.ip", "source.address")),
        Column("edns_client_subnet", Text("aws.route53.edns_client_subnet")),
    ),
    required=9,
    constants=(
        ("event.kind", "event"),
        ("event.category", ("network",)),
        ("event.type", ("protocol",)),
        ("network.protocol", "dns"),
    ),
    group=r"/aws/route53/",
    key="",
    content=(
        r"\d+\.\d+ \d{4}-\d\d-\d\dT[\d:.]+Z [0-9A-Z]+ \S+ [A-Z0-9]+ [A-Z0-9]+ (?:UDP|TCP) \S+ "
        r"[0-9A-Fa-f.:]+(?:[ \t\r\n]|\Z)"
    ),
    sample=sample,
)
