"""S3 server access logs.

Source: AWS, "Amazon S3 server access log format", the list "Log record fields", 27 fields, as of 2026-11-23; lines of 17
(2012), 18 (to 2019), 24, 25 and 26 columns are seen, and AWS says that more may come. Field names are those of Elastic's AWS
integration, dataset `aws.s3access`, which keeps many values twice: under `aws.s3access`, and where ECS has a name for them.

Nothing is escaped in these lines, though URI, referrer and user agent are a client's own words. The key stands as it is
written, percent-encoded, and twice so where it is odd.
"""

from __future__ import annotations

from base64 import b64encode
from random import Random

from ingestd.formats.alb import AGENTS
from ingestd.formats.table import ClfTime, Column, Integer, Ip, Request, Shape, Status, Table, Text, Tls

__all__ = ["FORMAT"]

OWNER = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
REQUESTERS = ("-", OWNER, "arn:aws:iam::123456789012:user/reader", "arn:aws:sts::123456789012:assumed-role/app/i-0123456789")
OPERATIONS = ("REST.GET.OBJECT",) * 12 + ("REST.PUT.OBJECT", "REST.HEAD.OBJECT", "REST.DELETE.OBJECT", "REST.GET.BUCKET")
KEYS = (
    "images/{n}.png",
    "data/2026/11/01/part-{n}.parquet",
    "docs/a%2520file%2520{n}.pdf",
    "index.html",
    "backup/{n}/db.tar.gz",
)
SECURE = "TLS_AES_128_GCM_SHA256"


def sample(random: Random) -> str:
    """A line of 27 columns."""
    below, bits = random.randrange, random.getrandbits
    operation, key = random.choice(OPERATIONS), random.choice(KEYS).format(n=below(5000))
    method = operation.split(".")[1]
    requester, bucket = random.choice(REQUESTERS), f"bucket-{below(4)}"
    found = below(12) > 0
    listing = operation == "REST.GET.BUCKET"
    uri = f"/{bucket}?list-type=2&prefix=data%2F" if listing else f"/{bucket}/{key}"
    size = below(100, 9_000_000)
    status, error = ("200", "-") if found else ("404", "NoSuchKey")
    sizes = f"{size if method == 'GET' and found else '-'} {'-' if listing or not found else size}"
    signed = "- - -" if requester == "-" else "SigV4"
    signature, authentication = ("-", "-") if signed == "- - -" else (signed, "AuthHeader")
    return (
        f"{OWNER} {bucket} [01/Nov/2026:12:00:00 +0000] {below(1, 224)}.{below(256)}.{below(256)}.{below(256)} {requester} "
        f'{bits(64):016X} {operation} {"-" if listing else key} "{method} {uri} HTTP/1.1" {status} {error} {sizes} '
        f'{below(5, 900)} {below(4, 90)} "-" "{random.choice(AGENTS).format(n=below(8))}" - '
        f"{b64encode(random.randbytes(56)).decode()} {signature} {SECURE} {authentication} "
        f"{bucket}.s3.eu-central-1.amazonaws.com TLSv1.3 - - eu-central-1"
    )


FORMAT = Table(
    name="s3access",
    dataset="aws.s3access",
    service="s3access",
    shape=Shape.SPACED_RAW,
    padded=True,
    runs=True,
    columns=(
        Column("bucket_owner", Text("aws.s3access.bucket_owner")),
        Column("bucket", Text("aws.s3access.bucket")),
        Column("time", ClfTime("@timestamp")),
        Column("remote_ip", Ip("client.ip", "client.address"), Ip("aws.s3access.remote_ip", "client.address")),
        Column("requester", Text("aws.s3access.requester"), Text("client.user.id")),
        Column("request_id", Text("aws.s3access.request_id")),
        Column("operation", Text("aws.s3access.operation"), Text("event.action")),
        Column("key", Text("aws.s3access.key", type="wildcard")),
        Column("request_uri", Text("aws.s3access.request_uri", type="wildcard"), Request()),
        Column("http_status", Integer("aws.s3access.http_status"), Status("http.response.status_code")),
        Column("error_code", Text("aws.s3access.error_code"), Text("event.code")),
        Column("bytes_sent", Integer("aws.s3access.bytes_sent"), Integer("http.response.body.bytes")),
        Column("object_size", Integer("aws.s3access.object_size")),
        Column("total_time", Integer("aws.s3access.total_time")),
        Column("turn_around_time", Integer("aws.s3access.turn_around_time")),
        Column(
            "referer",
            Text("aws.s3access.referrer", type="wildcard"),
            Text("http.request.referrer", type="wildcard"),
        ),
        Column("user_agent", Text("aws.s3access.user_agent"), Text("user_agent.original")),
        Column("version_id", Text("aws.s3access.version_id")),
        Column("host_id", Text("aws.s3access.host_id")),
        Column("signature_version", Text("aws.s3access.signature_version")),
        Column("cipher_suite", Text("aws.s3access.cipher_suite"), Text("tls.cipher")),
        Column("authentication_type", Text("aws.s3access.authentication_type")),
        Column("host_header", Text("aws.s3access.host_header")),
        Column("tls_version", Text("aws.s3access.tls_version"), Tls("aws.s3access.tls_version", loose=True)),
        Column("access_point_arn", Text("aws.s3access.access_point_arn")),
        Column("acl_required", Text("aws.s3access.aclrequired")),
        Column("source_region", Text("aws.s3access.source_region")),
    ),
    required=17,
    comments=("#",),
    constants=(("event.kind", "event"), ("event.category", ("web",)), ("event.type", ("access",))),
    key=r"(?:^|/)\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-[0-9A-F]{16}$",
    content=r"[^\s\[\"]+ [^\s\[\"]+ \[[^\]\n]*\] +\S+ +\S+ +\S+ +[A-Z][A-Za-z0-9]*\.[A-Z]",
    sample=sample,
)
