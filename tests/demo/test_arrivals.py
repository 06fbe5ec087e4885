"""What arrived is read back as it is, repetitions and all."""

from __future__ import annotations

import gzip

import orjson

from ingestd.demo.arrivals import Arrivals, read_dead_letters
from ingestd.demo.cloud import ARRIVALS, DEAD_LETTERS, STREAM, embedded_cloud
from ingestd.demo.destination import StreamDestination
from ingestd.model import DeadLetter, Place
from ingestd.sinks.deadletter import encode

LINE = DeadLetter("line", "bad_number", "sc-bytes", Place(bucket="logs", key="a", offset=20), b"1 x", 3)
DOCUMENT = DeadLetter("document", "mapper_parsing_exception", "", Place(key="a", offset=0, sink="demo"), b"{}", 2)
OBJECT = DeadLetter("object", "truncated", "", Place(key="broken"), b"\x1f\x8b", 2)
MESSAGE = DeadLetter("message", "not_a_notice", "", Place(message_id="m"), b"hello", 5)


def test_a_dead_letter_is_filed_by_what_it_is() -> None:
    """Lines and documents go by key and offset, objects by key, messages by reason; all count among the reasons."""
    arrivals = Arrivals()
    for letter in (LINE, DOCUMENT, OBJECT, MESSAGE, LINE):
        arrivals.add_letter(encode(letter))
    assert arrivals.letters == {"a": [20, 0, 20]}
    assert arrivals.objects == {"broken": 1}
    assert arrivals.messages == {"not_a_notice": 1}
    assert arrivals.reasons == {"bad_number": 2, "mapper_parsing_exception": 1, "truncated": 1, "not_a_notice": 1}


def test_events_go_by_the_number_that_their_id_ends_with() -> None:
    """Events of one envelope have its offset; documents and dead letters of them are told apart."""
    arrivals, name = Arrivals(), "00000000000012345678000000000003"
    document = {"aws": {"s3": {"object": {"key": "a"}}, "cloudwatch": {"log_group": "g"}}, "log": {"offset": 700}}
    arrivals.add_document(document, name)
    arrivals.add_letter(encode(DeadLetter("line", "bad_json", "", Place(key="a", offset=700, event_id=name), b"{", 1)))
    assert (arrivals.documents, arrivals.letters) == ({"a": [3]}, {"a": [3]})


async def test_the_embedded_aws_is_read_to_the_last_record() -> None:
    """Documents come from the stream's objects, however many a request had, and letters from the dead letters' prefix."""
    records = [
        orjson.dumps(
            {"event": {"id": f"id{offset}"}, "aws": {"s3": {"object": {"key": "a"}}}, "log": {"offset": offset}},
            option=orjson.OPT_APPEND_NEWLINE,
        )
        for offset in (0, 10, 10)
    ]
    arrivals = Arrivals()
    async with embedded_cloud() as cloud:
        for batch in (records[:2], records[2:]):
            await cloud.firehose.put_record_batch(DeliveryStreamName=STREAM, Records=[{"Data": record} for record in batch])
        body = gzip.compress(encode(LINE) + encode(OBJECT))
        await cloud.s3.put_object(Bucket=ARRIVALS, Key=f"{DEAD_LETTERS}2026/11/23/x.ndjson.gz", Body=body)
        await StreamDestination(cloud).read(arrivals)
        await read_dead_letters(cloud, arrivals)
    assert sorted(arrivals.documents["a"]) == [0, 10, 10]
    assert arrivals.ids == {"id0", "id10"}
    assert (arrivals.letters, arrivals.objects) == ({"a": [20]}, {"broken": 1})
