"""The newest event of documents, as the documents say it."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest

from ingestd.core.event_time import newest_at
from ingestd.fastpath.reference import ReferenceParser
from ingestd.formats.registry import formats
from ingestd.generate import chunks
from ingestd.model import PAD, Block, Framing, Source
from tests.fakes.documents import documents_of

AT = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
ROWS = [
    (["2026-11-22T12:00:00Z"], AT),
    (["2026-11-22T11:00:00Z", "2026-11-22T11:30:00Z", "2026-11-22T12:00:00Z"], AT),
    (["2026-11-22T12:00:00Z", "2026-11-22T11:00:00Z"], AT),  # the newest first, as some applications write
    (["2026-11-22T12:00:00.250Z"], AT + 0.25),
    (["2026-11-22T12:00:00.123456789Z"], AT + 0.123456),
    (["0000-11-22T12:00:00Z"], 0.0),
    ([], 0.0),
]


@pytest.mark.parametrize(("written", "newest"), ROWS)
@pytest.mark.parametrize("action", [True, False])
def test_the_later_of_the_first_and_the_last_counts(written: list[str], newest: float, action: bool) -> None:
    """Behind an action line and without one."""
    documents = documents_of([("i", "1", {"@timestamp": each, "message": "m"}) for each in written], action=action)
    assert newest_at(documents) == pytest.approx(newest)


def test_a_document_that_does_not_begin_with_its_time_says_none() -> None:
    """Then nothing is known, rather than something else taken for it."""
    assert newest_at(documents_of([("i", "1", {"message": '{"@timestamp":"2026-11-22T12:00:00Z"'})])) == 0.0


@pytest.mark.parametrize("name", sorted(formats()))
def test_each_format_is_understood(name: str) -> None:
    """What is read without parsing a document is what a parser of JSON finds in it."""
    table = formats()[name]
    text = b"".join(chunks(table, 200, 1, strange=0))
    source = Source(bucket="b", key="k", etag="e", modified_at=AT, region="", account="")
    documents = ReferenceParser(table, source, Framing(table.dataset, action=False)).parse(
        Block(bytearray(text) + bytearray(PAD), len(text), 0)
    )
    said = [orjson.loads(documents.body(index))["@timestamp"] for index in (0, len(documents) - 1)]
    assert newest_at(documents) == max(datetime.fromisoformat(each).timestamp() for each in said)
