"""S3 server access logs as CloudWatch Logs has them: the columns of `s3access` as members of an object.

Source: AWS, "Log format in CloudWatch Logs" of the S3 user guide, schema V_1_0, as of 2026-11-24, and the fields of
`S3_SERVER_ACCESS_LOGS` in aws-cdk 2.275 (`mixins-preview`), as of 2026-11-26, which name three of them otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

import orjson

from ingestd.formats import s3access
from ingestd.formats.table import Column, Moment, Shape, Text

__all__ = ["FORMAT"]

RENAMED = {"bucket_owner": "bucket_owner_id", "bucket": "bucket_name", "key": "key_name"}
ALSO = {  # what else a column is called
    "bytes_sent": ("bytes_sent_size",),
    "total_time": ("total_time_ms", "total_duration"),
    "turn_around_time": ("turn_around_time_ms", "turn_around_duration"),
}


def sample(random: Random) -> str:
    """A record of a read or a write."""
    below = random.randrange
    key, found = f"data/part-{below(5000)}.parquet", below(9) > 0
    record = {
        "schema_version_id": "V_1_0",
        "bucket_arn": "arn:aws:s3:::bucket-1",
        "bucket_name": "bucket-1",
        "request_time": f"2026-11-01T12:00:00.{below(1000):03}Z",
        "bucket_owner_id": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be",
        "remote_ip": f"192.0.2.{below(256)}",
        "requester": "arn:aws:sts::123456789012:assumed-role/app/i-0123456789",
        "request_id": f"{random.getrandbits(64):016X}",
        "operation": "REST.GET.OBJECT",
        "key_name": key,
        "request_uri": f"GET /bucket-1/{key} HTTP/1.1",
        "http_status": 200 if found else 404,
        "error_code": None if found else "NoSuchKey",
        "bytes_sent": below(10**7),
        "object_size": below(10**7) if found else None,
        "total_time": below(900),
        "turn_around_time": below(90),
        "referer": None,
        "user_agent": f"aws-cli/2.{below(20)}",
        "signature_version": "SigV4",
        "cipher_suite": "TLS_AES_128_GCM_SHA256",
        "authentication_type": "AuthHeader",
        "host_header": "bucket-1.s3.eu-central-1.amazonaws.com",
        "tls_version": "TLSv1.3",
        "source_region": "eu-central-1",
    }
    return orjson.dumps(record).decode()


FORMAT = replace(
    s3access.FORMAT,
    name="s3access_json",
    shape=Shape.JSON,
    columns=(
        Column("schema_version_id"),
        Column("request_time", Moment("@timestamp")),
        Column("bucket_arn", Text("aws.s3access.bucket_arn")),
        *(
            Column(RENAMED.get(column.name, column.name), *column.readings)
            for column in s3access.FORMAT.columns
            if column.name != "time"
        ),
        *(Column(name, *column.readings) for column in s3access.FORMAT.columns for name in ALSO.get(column.name, ())),
    ),
    required=0,
    runs=False,
    padded=False,
    comments=(),
    dashes=True,
    rest="aws.s3access.extra_members",  # `extra` is a list of strings in the indices that both write to
    key="",
    content=r"(?=.* schema_version_id )(?=.* bucket_arn ).* operation ",
    sample=sample,
)
