"""CloudFront real-time logs: values between tabs, no header line, fields as the user chose them.

Source: AWS, "Use real-time access logs", the list "Fields", 69 fields and two of functions' log data, as of 2026-11-23.
CloudFront delivers the chosen fields in that list's order, whatever the order in which they were chosen. Nothing in the log
says which they are: a `[[format]]` of the configuration, `base = "cloudfront_realtime"`, names them. Without it an object is
read that begins as those with all fields of 2020 do, 40 columns, or that has a `#Fields:` line, as some who collect these
logs write it. Field names are those of the standard logs, and what these do not have is under `aws.cloudfront`.

Numbers that only CMCD's players vouch for are kept as text: one that is none must not cost the line.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from random import Random

from ingestd.formats.cloudfront import AGENTS, CMCD, EDGES, PATHS, QUERIES, REFERERS, RESULTS, STANDARD_HEADER
from ingestd.formats.cloudfront import FORMAT as STANDARD
from ingestd.formats.table import SAMPLE_TIME, Column, Epoch, Integer, Mapped, Shape, Table, Text, Words

__all__ = ["FORMAT"]

SECOND = int(SAMPLE_TIME.timestamp())


def sample(random: Random) -> str:
    """A line of the 40 columns of 2020."""
    below = random.randrange
    result, n, path = random.choice(RESULTS), below(5000), random.choice(PATHS)
    query, agent = random.choice(QUERIES).format(n=n), random.choice(AGENTS).format(n=below(8))
    taken = f"{below(1, 900) / 1000:.3f}"
    request_id = urlsafe_b64encode(random.randbytes(40)).decode()
    headers = f"Host:www.example.com%0AUser-Agent:{agent}%0AAccept:*/*%0A"
    return (
        f"{SECOND}.{below(1000):03}\t{below(1, 224)}.{below(256)}.{below(256)}.{below(256)}\t{taken}\t"
        f"{404 if result == 'Error' else 200}\t{below(300, 300_000)}\tGET\thttps\twww.example.com\t{path.format(n=n)}\t"
        f"{below(50, 900)}\t{random.choice(EDGES)}\t{request_id}\td111111abcdef8.cloudfront.net\t{taken}\tHTTP/2.0\tIPv4\t"
        f"{agent}\t"
        f"{random.choice(REFERERS).format(n=n)}\t-\t{query}\t{result}\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\t{result}\t-\t-\t"
        f"text/html\t{below(300, 300_000)}\t-\t-\t{below(1024, 65536)}\t{result}\tDE\tgzip,%20br\t*/*\t*\t{headers}\t"
        "Host%0AUser-Agent%0AAccept%0A\t3"
    )


def _as_standard(name: str, standard: str = "") -> Column:
    """A column that the standard logs have too."""
    return Column(name, *next(column.readings for column in STANDARD.columns if column.name == (standard or name)))


FIRST = (
    Column("timestamp", Epoch("@timestamp")),
    _as_standard("c-ip"),
    _as_standard("time-to-first-byte"),
    _as_standard("sc-status"),
    _as_standard("sc-bytes"),
    _as_standard("cs-method"),
    _as_standard("cs-protocol"),
    _as_standard("cs-host", "cs(Host)"),
    _as_standard("cs-uri-stem"),
    _as_standard("cs-bytes"),
    _as_standard("x-edge-location"),
    _as_standard("x-edge-request-id"),
    _as_standard("x-host-header"),
    _as_standard("time-taken"),
    _as_standard("cs-protocol-version"),
    Column("c-ip-version", Mapped("network.type", (("IPv4", "ipv4"), ("IPv6", "ipv6")))),
    _as_standard("cs-user-agent", "cs(User-Agent)"),
    _as_standard("cs-referer", "cs(Referer)"),
    _as_standard("cs-cookie", "cs(Cookie)"),
    _as_standard("cs-uri-query"),
    _as_standard("x-edge-response-result-type"),
    _as_standard("x-forwarded-for"),
    _as_standard("ssl-protocol"),
    _as_standard("ssl-cipher"),
    _as_standard("x-edge-result-type"),
    _as_standard("fle-encrypted-fields"),
    _as_standard("fle-status"),
    _as_standard("sc-content-type"),
    _as_standard("sc-content-len"),
    _as_standard("sc-range-start"),
    _as_standard("sc-range-end"),
    _as_standard("c-port"),
    _as_standard("x-edge-detailed-result-type"),
    _as_standard("c-country"),
    Column("cs-accept-encoding", Text("aws.cloudfront.accept_encoding", percent=1)),
    Column("cs-accept", Text("aws.cloudfront.accept", percent=1)),
    _as_standard("cache-behavior-path-pattern"),
    Column("cs-headers", Words("aws.cloudfront.headers", "%0A", percent=1)),
    Column("cs-header-names", Words("aws.cloudfront.header_names", "%0A")),
    Column("cs-headers-count", Integer("aws.cloudfront.headers_count")),
)
LATER = (
    _as_standard("s-ip"),
    _as_standard("primary-distribution-id"),
    _as_standard("primary-distribution-dns-name"),
    _as_standard("origin-fbl"),
    _as_standard("origin-lbl"),
    _as_standard("asn"),
    *(_as_standard(f"cmcd-{name}") for name in CMCD),
    _as_standard("r-host"),
    _as_standard("sr-reason"),
    _as_standard("x-edge-mqcs"),
    _as_standard("distribution-tenant-id"),
    _as_standard("connection-id"),
    _as_standard("viewer-request-log-data"),
    _as_standard("viewer-response-log-data"),
)

S_IP = 2  # the place of s-ip in AWS's list, which goes on with the others where the 40 columns of 2020 end
NAMES = tuple(column.name for column in FIRST + LATER)

FORMAT = Table(
    name="cloudfront_realtime",
    dataset="aws.cloudfront_logs",
    service="cloudfront",
    shape=Shape.TABBED,
    padded=True,
    columns=FIRST + LATER,
    required=4,
    header="#Fields:",
    headless=len(FIRST),
    delivered=(*NAMES[:S_IP], "s-ip", *NAMES[S_IP : len(FIRST)], *NAMES[len(FIRST) + 1 :]),
    comments=("#",),
    constants=(("event.kind", "event"), ("event.category", ("web",)), ("event.type", ("access",))),
    key=r"real-?time",
    content=(
        rf"(?:#Version:[^\n]*\n)?#Fields:(?!{STANDARD_HEADER})[^\n]*[\s:]timestamp(?!\()"
        r"|\d{9,10}\.\d{3}\t[0-9A-Fa-f.:]+\t(?:\d+\.\d+|-)\t\d{3}\t(?:[^\t\n]*\t){11}IPv[46]\t"
    ),
    sample=sample,
)
