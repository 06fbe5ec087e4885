"""CloudFront standard logs, W3C extended: a `#Fields:` line, then values between tabs.

Source: AWS, "Standard logging reference", the list "Log file fields", 33 fields, as of 2026-11-26, in a stored copy of the
page. Files of 12 (2011), 18, 19, 23, 24, 26 and 33 columns are seen, and parts of files without their header line. Logs of
version 2 are of the same form; their users choose the fields, also those of the real-time logs that stand below the 33, so that
these are known by a header alone; they are as aws-cdk 2.275 (`mixins-preview`) lists them for `ACCESS_LOGS`, as of 2026-11-26.
Field names are those of Elastic's AWS integration, dataset `aws.cloudfront_logs`, where it names one.

`required` ends at `c-ip`: a line of the documented order needs its time and who asked.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from random import Random

from ingestd.formats.table import (
    Column,
    DateTime,
    Decimal,
    Epoch,
    Integer,
    Ip,
    IpList,
    Shape,
    Status,
    Table,
    Text,
    Tls,
    Version,
)

__all__ = ["FORMAT", "STANDARD_HEADER"]

EDGES = ("FRA56-P3", "IAD89-C1", "SFO53-P2", "NRT57-P4", "LHR62-C5", "SYD62-P1", "GRU3-C2", "BOM78-P8")
RESULTS = ("Hit",) * 12 + ("Miss",) * 5 + ("RefreshHit", "Redirect")
PATHS = (
    "/",
    "/index.html",
    "/assets/app.{n}.js",
    "/assets/theme.{n}.css",
    "/images/products/{n}.webp",
    "/video/{n}/segment-{n}.ts",
    "/api/v1/items/{n}",
    "/docs/a%20file%20{n}.pdf",
    "/favicon.ico",
)
QUERIES = ("-",) * 5 + ("v={n}", "id={n}&lang=en", "q=blue%20shoes&page={n}", "utm_source=mail&utm_campaign=c{n}")
REFERERS = ("-", "-", "https://www.example.com/", "https://www.example.com/list?page={n}", "https://search.example.net/")
TYPES = ("text/html", "application/javascript", "text/css", "image/webp", "application/json", "-")
AGENTS = (
    "Mozilla/5.0%20(Windows%20NT%2010.0;%20Win64;%20x64)%20AppleWebKit/537.36%20(KHTML,%20like%20Gecko)"
    "%20Chrome/{n}.0.0.0%20Safari/537.36",
    "Mozilla/5.0%20(Macintosh;%20Intel%20Mac%20OS%20X%2010_15_7)%20AppleWebKit/605.1.15%20(KHTML,%20like%20Gecko)"
    "%20Version/17.{n}%20Safari/605.1.15",
    "Mozilla/5.0%20(X11;%20Linux%20x86_64;%20rv:{n}.0)%20Gecko/20100101%20Firefox/{n}.0",
    "Mozilla/5.0%2520(iPhone;%2520CPU%2520iPhone%2520OS%252017_{n}%2520like%2520Mac%2520OS%2520X)",
    "curl/8.{n}.0",
    "-",
)
TWO_ABSENT, RANGE = "-\t-", "0\t65535"
SECURE = ("TLSv1.3\tTLS_AES_128_GCM_SHA256",) * 3 + ("TLSv1.2\tECDHE-RSA-AES128-GCM-SHA256",)


def sample(random: Random) -> str:
    """A line of 33 columns."""
    below = random.randrange
    result, n = random.choice(RESULTS), below(5000)
    status, size = (
        (301, 0) if result == "Redirect" else (random.choice((200, 200, 200, 200, 206, 304, 404)), below(200, 300_000))
    )
    if status >= 400:
        result = "Error"
    agent = random.choice(AGENTS).format(n=below(8))
    taken = below(1, 900)
    first = taken - below(taken)
    secure = below(8) > 0
    body = f"{random.choice(TYPES)}\t{size}" if status in (200, 206, 404) else TWO_ABSENT
    forwarded = "-" if below(9) else f"192.0.2.{below(256)},%20198.51.100.{below(256)}"
    request_id = urlsafe_b64encode(random.randbytes(40)).decode()
    return (
        f"2026-11-01\t12:00:00\t{random.choice(EDGES)}\t{size + 350}\t{below(1, 224)}.{below(256)}.{below(256)}.{below(256)}\t"
        f"{'POST' if below(20) == 0 else 'GET'}\td111111abcdef8.cloudfront.net\t{random.choice(PATHS).format(n=n)}\t{status}\t"
        f"{random.choice(REFERERS).format(n=n)}\t{agent}\t{random.choice(QUERIES).format(n=n)}\t"
        f"{'-' if below(4) else f'session={n:08x}'}\t{result}\t{request_id}\twww.example.com\t"
        f"{'https' if secure else 'http'}\t{below(50, 900)}\t{taken / 1000:.3f}\t"
        f"{forwarded}\t{random.choice(SECURE) if secure else TWO_ABSENT}\t"
        f"{result}\t{'HTTP/2.0' if secure else 'HTTP/1.1'}\t-\t-\t{below(1024, 65536)}\t{first / 1000:.3f}\t"
        f"{result}\t{body}\t{RANGE if status == 206 else TWO_ABSENT}"
    )


DOCUMENTED = (
    Column("date", DateTime("@timestamp", time="time")),
    Column("time"),
    Column("x-edge-location", Text("aws.cloudfront.edge_location")),
    Column("sc-bytes", Integer("http.response.bytes")),
    Column("c-ip", Ip("source.ip", "source.address")),
    Column("cs-method", Text("http.request.method")),
    Column("cs(Host)", Text("aws.cloudfront.domain")),
    Column("cs-uri-stem", Text("url.path", type="wildcard")),
    Column("sc-status", Status("http.response.status_code")),
    Column("cs(Referer)", Text("http.request.referrer", type="wildcard")),
    Column("cs(User-Agent)", Text("user_agent.original", percent=2)),
    Column("cs-uri-query", Text("url.query", type="wildcard")),
    Column("cs(Cookie)", Text("aws.cloudfront.cookies", type="wildcard")),
    Column("x-edge-result-type", Text("aws.cloudfront.edge_result_type")),
    Column("x-edge-request-id", Text("http.request.id")),
    Column("x-host-header", Text("destination.domain")),
    Column("cs-protocol", Text("network.protocol"), Text("url.scheme")),
    Column("cs-bytes", Integer("http.request.bytes")),
    Column("time-taken", Decimal("aws.cloudfront.time_taken.sec")),
    Column("x-forwarded-for", IpList("aws.cloudfront.x_forwarded_for", "network.forwarded_ip")),
    Column("ssl-protocol", Tls("aws.cloudfront.ssl_protocol")),
    Column("ssl-cipher", Text("tls.cipher")),
    Column("x-edge-response-result-type", Text("aws.cloudfront.edge_response_result_type")),
    Column("cs-protocol-version", Version()),
    Column("fle-status", Text("aws.cloudfront.fle_status")),
    Column("fle-encrypted-fields", Integer("aws.cloudfront.fle_encrypted_fields")),
    Column("c-port", Integer("source.port")),
    Column("time-to-first-byte", Decimal("aws.cloudfront.time_to_first_byte")),
    Column("x-edge-detailed-result-type", Text("aws.cloudfront.edge_detailed_result_type")),
    Column("sc-content-type", Text("http.response.mime_type")),
    Column("sc-content-len", Integer("http.response.body.bytes")),
    Column("sc-range-start", Integer("aws.cloudfront.range_start")),
    Column("sc-range-end", Integer("aws.cloudfront.range_end")),
)
CMCD = (
    "encoded-bitrate",
    "buffer-length",
    "buffer-starvation",
    "content-id",
    "object-duration",
    "deadline",
    "measured-throughput",
    "next-object-request",
    "next-range-request",
    "object-type",
    "playback-rate",
    "requested-maximum-throughput",
    "streaming-format",
    "session-id",
    "stream-type",
    "startup",
    "top-bitrate",
    "version",
)
SELECTABLE = (
    # Date and time are the same instant to the second, and so is `timestamp`; alone each is the event's time.
    Column("timestamp(ms)", Epoch("@timestamp"), Epoch("event.end")),
    Column("timestamp", Epoch("@timestamp")),
    Column("asn", Integer("source.as.number")),
    Column("c-country", Text("source.geo.country_iso_code")),
    Column("origin-fbl", Decimal("aws.cloudfront.origin_first_byte_latency.sec")),
    Column("origin-lbl", Decimal("aws.cloudfront.origin_last_byte_latency.sec")),
    Column("cache-behavior-path-pattern", Text("aws.cloudfront.cache_behavior")),
    Column("DistributionId", Text("aws.cloudfront.distribution_id")),
    Column("distribution-tenant-id", Text("aws.cloudfront.distribution_tenant_id")),
    Column("connection-id", Text("aws.cloudfront.connection_id")),
    Column("s-ip", Ip("destination.ip", "destination.address")),
    Column("primary-distribution-id", Text("aws.cloudfront.distribution_id")),
    Column("primary-distribution-dns-name", Text("aws.cloudfront.distribution_domain")),
    Column("r-host", Text("aws.cloudfront.origin_host")),
    Column("sr-reason", Text("aws.cloudfront.origin_reason")),
    Column("x-edge-mqcs", Text("aws.cloudfront.media_quality_score")),
    *(Column(f"cmcd-{name}", Text(f"aws.cloudfront.cmcd.{name.replace('-', '_')}", percent=1)) for name in CMCD),
    Column("viewer-request-log-data", Text("aws.cloudfront.viewer_request_log_data", percent=1, type="wildcard")),
    Column("viewer-response-log-data", Text("aws.cloudfront.viewer_response_log_data", percent=1, type="wildcard")),
)
STANDARD_HEADER = r"(?=[^\n]*[\s:](?:(?:date|time)(?![\w-])|cs\(|timestamp\())"  # names that no header of a real-time log has

FORMAT = Table(
    name="cloudfront",
    dataset="aws.cloudfront_logs",
    service="cloudfront",
    shape=Shape.TABBED,
    padded=True,
    columns=DOCUMENTED + SELECTABLE,
    required=5,
    header="#Fields:",
    headless=len(DOCUMENTED),
    comments=("#",),
    constants=(("event.kind", "event"), ("event.category", ("web",)), ("event.type", ("access",))),
    key=r"(?:^|/)E[0-9A-Z]+\.\d{4}-\d\d-\d\d-\d\d\.[0-9a-f]+\.gz$",
    # RTMP logs, long gone, have a header and a beginning much like these: what tells them apart is behind it. Real-time logs,
    # where somebody gives them a header, are told by their `timestamp`, which standard logs of version 2 have beside their own.
    content=(
        rf"(?:#Version:[^\n]*\n)?#Fields:(?:{STANDARD_HEADER}|(?![^\n]*[\s:]timestamp(?!\()))"
        r"(?![^\n]*[\s:](?:x-event\s"  # logs of RTMP
        r"|s-(?!ip\s)[a-z]|sc-(?:substatus|win32-status)\s|cs-username\s|c-dns\s))"  # web servers' own, as IIS writes them
        r"[^\n]*[\s:](?:c-ip|cs[-(][\w-]+\)?|sc-[\w-]+|x-edge-[\w-]+|time-taken|timestamp\(ms\))(?![\w-])"
        r"|\d{4}-\d\d-\d\d\t\d\d:\d\d:\d\d\t[^\t\n]*\t(?:\d+|-)\t"
    ),
    sample=sample,
    preamble=("#Version: 1.0", "#Fields: " + " ".join(column.name for column in DOCUMENTED)),
)
