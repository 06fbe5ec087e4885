"""Logs that are put for a service to take, and what must then be in a sink: each line once."""

from __future__ import annotations

import gzip
import hashlib

from ingestd.core.identity import document_id, object_id
from ingestd.demo.cloud import LOGS, Cloud
from ingestd.formats.registry import formats
from ingestd.generate import chunks
from ingestd.model import Source
from tests.fakes.bulk import FakeBulk

__all__ = ["assert_whole", "put_logs"]


async def put_logs(cloud: Cloud, objects: int, lines: int, name: str = "log") -> set[str]:
    """Put so many objects of ALB lines, whose notices follow by themselves; the ids of all lines."""
    ids: set[str] = set()
    for number in range(objects):
        raw = b"".join(chunks(formats()["alb"], lines, number, strange=0.0))
        key, body = f"{name}/{number}.log.gz", gzip.compress(raw)
        await cloud.s3.put_object(Bucket=LOGS, Key=key, Body=body)
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        part, offset = object_id(Source(LOGS, key, etag, 0.0)), 0
        for line in raw.splitlines(keepends=True):
            ids.add(document_id(part, offset))
            offset += len(line)
    return ids


def assert_whole(bulk: FakeBulk, wanted: set[str]) -> None:
    """Each line is there, none is there twice, and nothing else is."""
    names = [name for _, name in bulk.documents]
    assert len(names) == len(set(names)), "an id is in two indices"
    assert set(bulk.stored.values()) <= {1}
    assert wanted - set(names) == set(), "lines are lost"
    assert set(names) - wanted == set(), "there is more than was put"
