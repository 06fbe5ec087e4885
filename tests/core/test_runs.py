"""Runs: what goes together, what stays alone, and that names are the same on each attempt."""

from __future__ import annotations

import bz2
import gzip
from dataclasses import replace

import pytest

from ingestd.core.identity import object_id
from ingestd.core.inflate import Inflater
from ingestd.core.runs import runs_of, source_of
from ingestd.model import Call
from tests.fakes.senders import ARN

A, B, STRANGE, PACKED, OTHER = b"a one", b"b two\n", b"? three", gzip.compress(b"a four"), bz2.compress(b"a five")


def call(*records: bytes) -> Call:
    return Call("id", "logs", records, 1_795_550_400.0, ARN)


def format_of(record: bytes) -> str | None:
    return {b"a": "first", b"b": "second"}.get(record[:1])


RUNS: dict[str, tuple[tuple[bytes, ...], list[tuple[int, int, bytes]]]] = {
    "nothing": ((), []),
    "space": ((b"", b" \n"), []),
    "one format": ((A, A, b"", A), [(0, 4, b"a one\n" * 3)]),
    "two formats": ((A, B, B, A), [(0, 1, b"a one\n"), (1, 3, b"b two\n" * 2), (3, 4, b"a one\n")]),
    "no format": ((STRANGE, STRANGE, A), [(0, 1, b"? three\n"), (1, 2, b"? three\n"), (2, 3, b"a one\n")]),
    "compressed": ((PACKED, PACKED, A, OTHER), [(0, 1, PACKED), (1, 2, PACKED), (2, 3, b"a one\n"), (3, 4, OTHER)]),
}


@pytest.mark.parametrize("name", RUNS)
def test_text_of_one_format_goes_together(name: str) -> None:
    """Each record on lines of its own; what is compressed or not known is alone."""
    records, expected = RUNS[name]
    assert [(run.first, run.last, run.data) for run in runs_of(call(*records), format_of)] == expected


def test_gzip_goes_together_where_an_object_is_made_of_it() -> None:
    """Members back to back, a newline between, so that a record without one does not run into the next."""
    (packed, other) = runs_of(call(PACKED, PACKED, OTHER), format_of, joins_compressed=True)
    inflater = Inflater(1 << 20, 1100.0)
    inflater.feed(packed.data)
    pieces = []
    while piece := inflater.read(1 << 10):
        pieces.append(piece)
    assert b"".join([*pieces, inflater.finish()]) == b"a four\na four"
    assert (other.first, other.data) == (2, OTHER)


def test_a_run_has_the_same_name_on_each_attempt_and_no_others() -> None:
    """By stream, call, record and content; the time of the attempt is not in it."""
    (run,) = runs_of(call(A, A), format_of)
    name = object_id(source_of(run))
    assert object_id(source_of(replace(run, call=replace(run.call, at=0.0)))) == name
    others = [
        replace(run, call=replace(run.call, id="other")),
        replace(run, call=replace(run.call, stream="other")),
        replace(run, first=1),
        replace(run, data=b"a six\n"),
    ]
    assert len({name, *(object_id(source_of(other)) for other in others)}) == 5
    source = source_of(run)
    assert (source.account, source.region, source.bucket) == ("123456789012", "eu-west-1", "")
