"""The audit against fakes: each way in which lines can be missing is seen, and nothing else is taken for one."""

from __future__ import annotations

import gzip
from collections.abc import Collection
from dataclasses import replace

import pytest

from ingestd.audit import Audit, Dead, Row
from ingestd.config import RouteSettings as Route
from ingestd.errors import Fatal
from ingestd.model import DeadLetter, Place
from ingestd.setup.api import Api
from ingestd.shell.listing import Listed, listed
from ingestd.shell.workers import Workers
from tests.fakes.http import Whole
from tests.fakes.s3 import refusal
from tests.test_redrive import World, world
from tests.test_service import ALB, log

FIVE = {"main": 5, "other": 5}
LISTED = Listed("a.gz", "e", 1, 0.0)
LINE = DeadLetter("line", "bad_number", "", Place("logs", "a.gz", offset=0), b"", 0, 0.0)
DOCUMENT = replace(LINE, kind="document", place=replace(LINE.place, sink="main"))


def dead(*letters: DeadLetter) -> Dead:
    found = Dead()
    for letter in letters:
        found.add(letter)
    return found


@pytest.mark.parametrize(
    ("row", "missing"),
    [
        (Row(LISTED, {"main": 5}, dead(), FIVE, set()), 0),
        (Row(LISTED, {"main": 3}, dead(), FIVE, set()), 2),
        (Row(LISTED, {"main": 4}, dead(DOCUMENT, DOCUMENT), FIVE, set()), 0),
        (Row(LISTED, {"main": 5, "other": 4}, dead(DOCUMENT), FIVE, set()), 1),
        (Row(LISTED, {"main": 5}, dead(LINE), FIVE, {(0, ""), (9, "")}), 1),
        (Row(LISTED, {"main": 5}, dead(LINE, replace(LINE, place=replace(LINE.place, offset=9))), FIVE, {(0, ""), (9, "")}), 0),
        (Row(LISTED, {"main": 6}, dead(), FIVE, {(0, "")}), 1),
        (Row(LISTED, {"main": 4}, dead(LINE), FIVE, {(0, "")}), 1),
        (Row(LISTED, {"main": 4}, dead(LINE), FIVE, set()), 0),
        (Row(LISTED, {"main": 0}, dead(replace(LINE, kind="object")), FIVE, {(0, "")}), 0),
        (Row(LISTED, {"main": 0}, dead()), 0),
    ],
)
def test_lines_are_missing_that_left_no_trace(row: Row, missing: int) -> None:
    """Documents by the sink that lacks most, rejects by their dead letters; what can be read by now may be dead still."""
    assert row.missing == missing
    assert row.is_gap is (missing > 0)


async def audited(around: World, letters: dict[str, Dead] | None = None, to_read: Collection[str] | None = None) -> list[Row]:
    settings, workers = around.settings(), Workers(1)
    sink = settings.sinks["main"]
    cluster = around.clients.cluster(sink)  # type: ignore[arg-type]  # it is the OpenSearch sink
    audit = Audit("logs", settings, around.clients, workers, letters or {}, {"main": Api(cluster)})
    objects = [found async for found in listed(around.s3, "logs")]
    try:
        return [row async for row in audit.rows(objects, to_read)]
    finally:
        workers.close()
        await cluster.close()


async def test_what_arrived_is_whole_and_what_was_lost_is_seen() -> None:
    """Objects by the hundred; one that was never read, one of which a document was lost, one that cannot be read."""
    async with world() as around:
        for number in range(120):
            around.announce(f"{number:03}.gz", log(ALB, 2))
        await around.serve()
        assert [row for row in await audited(around) if row.is_gap] == []
        around.s3.put("logs", "never.gz", gzip.compress(log(ALB, 3)))
        around.s3.put("logs", "odd.gz", b"\x1f\x8b and nonsense")
        del around.bulk.documents[min(around.bulk.documents)]
        gaps = {row.found.key: row for row in await audited(around) if row.is_gap}
        assert gaps["never.gz"].missing == 3
        assert gaps["odd.gz"].unread == "corrupt"
        (other,) = gaps.keys() - {"never.gz", "odd.gz"}
        assert gaps[other].missing == 1


async def test_a_sample_reads_few_but_sees_what_is_wholly_missing() -> None:
    """What has a trace in the index is read only if it was chosen; an empty object has none, and nothing is missing of it."""
    async with world() as around:
        for name in ("a.gz", "b.gz", "c.gz"):
            around.announce(name, log(ALB, 2))
        await around.serve()
        around.s3.put("logs", "empty.gz", gzip.compress(b""))
        around.s3.put("logs", "never.gz", gzip.compress(log(ALB, 1)))
        rows = {row.found.key: row for row in await audited(around, to_read={"b.gz"})}
        assert {key for key, row in rows.items() if row.documents is not None} == {"b.gz", "empty.gz", "never.gz"}
        assert {key for key, row in rows.items() if row.is_gap} == {"never.gz"}


async def test_what_no_cluster_should_have_is_not_asked_for() -> None:
    """Dropped objects, control files, folders, and what goes to a stream alone."""
    async with world() as around:
        for key in ("drop/a.gz", "stream/a.gz", "folder/", "AWSLogs/1/ELBAccessLogTestFile", "keep/a.gz"):
            around.s3.put("logs", key, b"" if key.endswith("/") else gzip.compress(log(ALB, 1)))
        around.routes = (Route(key="^drop/", drop=True), Route(key="^stream/", sinks=("stream",)), Route(sinks=("main",)))
        assert [row.found.key for row in await audited(around)] == ["keep/a.gz"]


async def test_what_cannot_be_known_is_a_gap() -> None:
    """S3 does not give the object: it is not said to be whole."""
    async with world() as around:
        around.announce("a.gz", log(ALB, 2))
        await around.serve()
        around.s3.script += [None, *[refusal("AccessDenied", 403)] * 9]
        (row,) = await audited(around)
        assert (row.is_gap, row.unread) == (True, "access_denied")


async def test_half_an_answer_is_none() -> None:
    """A shard that failed would look as if documents were missing: it is an error, and no gap."""
    async with world() as around:
        around.s3.put("logs", "a.gz", gzip.compress(log(ALB, 2)))
        around.bulk.script(Whole(200, b'{"_shards":{"failed":1},"aggregations":{}}'))
        around.bulk.is_scripted = lambda request: True  # type: ignore[method-assign]
        with pytest.raises(Fatal, match="not whole"):
            await audited(around)
