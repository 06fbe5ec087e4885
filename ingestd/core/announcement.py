"""A notice of ours: an object announced as S3 itself would, so that whoever reads notices takes it as any other."""

from __future__ import annotations

from urllib.parse import quote_plus

import orjson

__all__ = ["announcement"]


def announcement(bucket: str, key: str, *, etag: str | None = None, size: int | None = None) -> str:
    """The body of a message that names one object. It tells no time: how late the object is, is not the service's doing."""
    entry: dict[str, object] = {"key": quote_plus(key)}
    if etag is not None:
        entry["eTag"] = etag
    if size is not None:
        entry["size"] = size
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": entry},
    }
    return orjson.dumps({"Records": [record]}).decode()
