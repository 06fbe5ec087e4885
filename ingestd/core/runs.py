"""A call's records in runs: what is read in one piece, as an object is, with a name of its own.

A compressed record (an envelope of CloudWatch Logs) is a run by itself. Text goes together as long as it is of one format, each
record ended by a newline: what the SDK brings is one event a record, and five hundred of those are not five hundred objects.
What is of no known format stays alone, so that it spoils nothing else.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Iterator

from ingestd.core.call import origin_of_arn
from ingestd.core.codecs import PLAIN, recognise
from ingestd.model import Call, RecordOrigin, Run, Source

__all__ = ["runs_of", "source_of"]

GZIP = "gzip"
NEWLINE_MEMBER = gzip.compress(b"\n", mtime=0)


def runs_of(call: Call, format_of: Callable[[bytes], str | None], *, joins_compressed: bool = False) -> list[Run]:
    """The runs in order; records of nothing but space are in none.

    `joins_compressed`: gzip goes together too, members back to back and a newline between, as an object in S3 may be.
    """
    return list(_runs(call, format_of, joins_compressed))


def _runs(call: Call, format_of: Callable[[bytes], str | None], joins_compressed: bool) -> Iterator[Run]:
    pieces: list[bytes] = []
    first = last = 0
    open_kind: str | None = None
    for place, record in enumerate(call.records):
        if not record or record.isspace():
            continue
        codec = recognise(record)
        is_text = codec is None or codec is PLAIN
        kind = format_of(record) if is_text else (GZIP if joins_compressed and codec and codec.name == GZIP else None)
        if pieces and (kind is None or kind != open_kind):
            yield Run(call, first, last, b"".join(pieces))
            pieces = []
        if not pieces:
            first = place
        if not is_text and pieces:
            pieces.append(NEWLINE_MEMBER)
        pieces.append(record if not is_text or record.endswith(b"\n") else record + b"\n")
        last, open_kind = place + 1, kind
    if pieces:
        yield Run(call, first, last, b"".join(pieces))


def source_of(run: Run) -> Source:
    """Where the run's lines come from: the same on each attempt, since its call's id and its bytes are."""
    account, region = origin_of_arn(run.call.arn)
    digest = hashlib.blake2b(run.data, digest_size=16).hexdigest()
    part = f"/{run.offset}" if run.offset else ""  # the same line may be there twice
    name = f"{run.call.id}/{run.first}/{digest}{part}"
    return Source(
        bucket="",
        key=run.call.stream,
        etag=run.etag or name,
        modified_at=run.call.at,
        region=region,
        account=account,
        record=RecordOrigin(run.call.stream, run.call.arn, run.call.id, run.first, run.call.parameters),
    )
