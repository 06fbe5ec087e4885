"""The order of a document's fields, shared by the reference and the kernel so that their bytes can be compared.

A document's fields are a tree. Its order: `@timestamp`; then each object and field where the table first names it (columns in
documented order, their readings, their leaves), the table's constants, `extra`; then what every document carries, and what
those of events in envelopes do. Fields of one object stand together at the place of its first.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

import orjson

from ingestd.formats.table import Table
from ingestd.model import Carrier, Framing, RecordOrigin, Source

__all__ = ["CLOUDWATCH", "FIREHOSE", "ID", "OFFSET", "ORIGINAL", "TIMESTAMP", "fixed", "paths", "second"]

TIMESTAMP = "@timestamp"
OFFSET = "log.offset"  # a bare number: the line's offset in the decoded object
ID = "event.id"
CLOUDWATCH = "aws.cloudwatch"
FIREHOSE = "aws.firehose"
ORIGINAL = "event.original"


@lru_cache(maxsize=1024)
def paths(table: Table, framing: Framing, carried: bool = False) -> tuple[str, ...]:
    """The dotted path of each field that a document may have, in the order in which they are written.

    `carried`: a document of an event, which always says its id.
    """
    named = [TIMESTAMP, *(leaf.path for leaf in table.leaves()), *(path for path, _ in table.constants), table.extra]
    named += ["event.dataset", "cloud", "aws.s3", FIREHOSE, OFFSET]
    named += [CLOUDWATCH] * carried + [ID] * (framing.id_field or carried) + [ORIGINAL] * framing.original
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
    """JSON values that are the same in all documents of an object, or of a log stream in it, by path.

    `cloud`, `aws.s3`, `aws.firehose` and `aws.cloudwatch` are whole objects.
    """
    cloud: dict[str, object] = {"provider": "aws"}
    if source.account:
        cloud["account"] = {"id": source.account}
    if source.region:
        cloud["region"] = source.region
    values: dict[str, object] = dict(table.constants)
    values |= {"event.dataset": framing.dataset, "cloud": cloud}
    if source.record is None:
        values["aws.s3"] = {"bucket": {"name": source.bucket}, "object": {"key": source.key}}
    if source.record or source.failure:
        told = _told(source.record) if source.record else {}
        values[FIREHOSE] = ({"failure": dict(source.failure)} if source.failure else {}) | told
    if source.carrier:
        values |= _carried(table, source.carrier)
    return {path: orjson.dumps(value) for path, value in values.items()}


def _carried(table: Table, carrier: Carrier) -> dict[str, object]:
    """What the envelope says of its events, and what the log group's name does."""
    stream: dict[str, object] = {"log_group": carrier.group, "log_stream": carrier.stream}
    if carrier.filters:
        stream["subscription_filters"] = carrier.filters
    named = re.match(table.group, carrier.group) if table.group else None
    return {CLOUDWATCH: stream} | dict(zip(table.named, named.groups() if named else (), strict=False))


def _told(record: RecordOrigin) -> dict[str, object]:
    told = {"stream": record.stream, "arn": record.arn, "request_id": record.request_id, "record": record.record}
    told["parameters"] = dict(record.parameters)
    return {name: value for name, value in told.items() if value not in ("", {})}


def second(at: float) -> bytes:
    """Epoch seconds as a document writes them."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
