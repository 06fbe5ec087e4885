r"""Route 53 public DNS query logs: each query of a public hosted zone.

Source: AWS, "Public DNS query logging", the list of values, 10 fields of version 1.0, as of 2026-11-26. They come to a log
group of CloudWatch, by AWS's advice one that is named `/aws/route53/ZONE`. Field names are those of Elastic's AWS integration,
dataset `aws.route53_public_logs`. What is no letter, digit, `-` or `_` of a name stands there as an octal escape, `\052`, and
stays one.

Names hardly repeat, since a log has no queries that a resolver answered itself: of the 115,145 lines of such a log in Splunk's
"Boss of the SOC" data set, version 3, 114,428 have names of their own, words that were guessed, of 8.1 letters in the mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from ingestd.formats.table import Column, Instant, Ip, Mapped, Shape, Table, Text

__all__ = ["FORMAT"]

HOSTS = ("www", "api", "mail", "cdn", "autodiscover", "vpn", "static", "app{n}", "ns{n}", "mx{n}", "eu{n}.api", r"\052.dev")
OF_MAIL = ("_dmarc", "_mta-sts", "_smtp._tls", "s{n}._domainkey", "selector{n}._domainkey", "default._domainkey")
CONSONANTS, VOWELS = "bcdfghklmnprstv", "aeiou"
TYPES = ("A",) * 6 + ("AAAA", "AAAA", "AAAA", "HTTPS", "HTTPS", "NS", "SOA", "CAA", "DS")
EDGES = (
    *("AMS1-C1", "ARN56-C1", "BOM50-C1", "DEN50-C1", "DFW3", "FRA6", "GRU1-C1", "HKG62-C1"),
    *("IAD12", "ICN51", "JFK5", "LHR3", "NRT20", "NRT53", "SEA19", "SIN2-C1"),
)
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
    below, bits = random.randrange, random.getrandbits
    name, types, code = _question(random)
    is_short = below(4) > 0
    network = f"{below(1, 224)}.{below(256)}.{below(256)}" if is_short else f"2001:db8:{bits(16):x}"
    resolver = f"{network}.{below(256)}" if is_short else f"{network}:{bits(12):x}::{bits(16):x}"
    client = f"{below(1, 224)}.{below(256)}.{below(256)}.0/24" if is_short else f"2001:db8:{bits(16):x}::/48"
    return (
        f"1.0 2026-11-01T12:00:00.{below(1000):03}Z Z0123456789ABCDEFGHI{below(4)} {name}example.com "
        f"{random.choice(types)} {code if below(30) else 'REFUSED'} {'UDP' if below(12) else 'TCP'} {random.choice(EDGES)} "
        f"{resolver} {'-' if below(3) else client}"
    )


def _question(random: Random) -> tuple[str, Sequence[str], str]:
    """What is asked for of the zone, with a point at its end, as which types, and what the answer is: hosts, what stands beside
    them for mail and certificates, and names that are guessed."""
    below, host = random.randrange, random.choice(HOSTS).format(n=random.randrange(30)) + "."
    kind = below(20)
    if kind < 9:
        return host if below(5) else "", TYPES, "NOERROR"
    if kind < 12:
        return random.choice(OF_MAIL).format(n=below(30)) + ".", ("TXT",), "NOERROR"
    if kind < 13:
        return f"_acme-challenge.{host}", ("TXT", "CNAME"), "NOERROR"
    if kind < 14:
        return f"_{random.getrandbits(128):032x}.{host}", ("CNAME",), "NOERROR"
    guess = "".join(random.choice(CONSONANTS) + random.choice(VOWELS) for _ in range(below(2, 6)))
    number = str(below(100)) if below(4) == 0 else ""
    return f"{guess}{number}.{host if below(8) == 0 else ''}", TYPES, "NXDOMAIN"


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
