"""The order of a document's fields, shared by the reference and the kernel so that their bytes can be compared.

A document's fields are a tree. Its order: `@timestamp`; then each object and field where the table first names it (columns in
documented order, their readings, their leaves), the table's constants, `extra`; then what every document carries. Fields of
one object stand together at the place of its first.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

import orjson

from ingestd.formats.table import Table
from ingestd.model import Framing, RecordOrigin, Source

__all__ = ["ID", "OFFSET", "ORIGINAL", "TIMESTAMP", "fixed", "paths", "second"]

TIMESTAMP = "@timestamp"
OFFSET = "log.offset"  # a bare number: the line's offset in the decoded object
ID = "event.id"
ORIGINAL = "event.original"


@lru_cache(maxsize=1024)
def paths(table: Table, framing: Framing) -> tuple[str, ...]:
    """The dotted path of each field that a document may have, in the order in which they are written."""
    named = [TIMESTAMP, *(leaf.path for leaf in table.leaves()), *(path for path, _ in table.constants), table.extra]
    named += ["event.dataset", "cloud", "aws.s3", "aws.firehose", OFFSET]
    named += [ID] * framing.id_field + [ORIGINAL] * framing.original
    tree: dict[str, object] = {}
    for path in named:
        *objects, last = path.split(".")
        node = tree
        for name in objects:
            node = node.setdefault(name, {})  # type: ignore[assignment]  # a leaf is never an object: tests hold tables to it
        node.setdefault(last, None)
    return tuple(_walk(tree, ""))


def _walk(tree: dict[str, object], prefix: str) -> list[str]:
    found: list[str] = []
    for name, below in tree.items():
        found += _walk(below, f"{prefix}{name}.") if isinstance(below, dict) else [prefix + name]
    return found


def fixed(table: Table, framing: Framing, source: Source) -> dict[str, bytes]:
    """JSON values that are the same in all documents of an object, by path. `cloud`, `aws.s3`, `aws.firehose` are whole."""
    cloud: dict[str, object] = {"provider": "aws"}
    if source.account:
        cloud["account"] = {"id": source.account}
    if source.region:
        cloud["region"] = source.region
    values: dict[str, object] = dict(table.constants)
    values |= {"event.dataset": framing.dataset, "cloud": cloud}
    if source.record is None:
        values["aws.s3"] = {"bucket": {"name": source.bucket}, "object": {"key": source.key}}
    else:
        values["aws.firehose"] = _told(source.record)
    return {path: orjson.dumps(value) for path, value in values.items()}


def _told(record: RecordOrigin) -> dict[str, object]:
    told = {"stream": record.stream, "arn": record.arn, "request_id": record.request_id, "record": record.record}
    told["parameters"] = dict(record.parameters)
    return {name: value for name, value in told.items() if value not in ("", {})}


def second(at: float) -> bytes:
    """Epoch seconds as a document writes them."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
