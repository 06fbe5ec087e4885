"""Envelopes gathered from the world: every event of them has one outcome, and says what an independent reader read of it.

As for `test_samples.py`, they lie beside the repository or in $INGESTD_SAMPLES, and without them nothing is tested here.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from ingestd.config import ObjectSettings
from ingestd.core.envelope import is_envelope
from ingestd.core.routing import Route, Router
from ingestd.errors import Poison
from ingestd.fastpath.decoding import Decoding
from ingestd.fastpath.ways import Ways
from ingestd.formats.names import first_names
from ingestd.formats.registry import detect, formats
from ingestd.model import Documents, Framing, Source
from tests.formats import test_record_samples, test_samples
from tests.formats.test_samples import SAMPLES

ENVELOPES = sorted((SAMPLES / "cwl_envelope").glob("*.log"))
COMPARED = {"cwl_envelope", *test_samples.FOLDERS, *test_record_samples.FOLDERS}
OTHERS = [path for path in sorted(SAMPLES.glob("*/*.log")) if path.parent.name not in COMPARED]
FORMATS = {  # of the log groups that there are; the flow logs are of a user's own fields, which nothing names
    "/aws/lambda/storms-cloudwatch-event": "lambda_logs",
    "testLogGroup": "cloudwatch_logs",
    "test-log-group": "cloudwatch_logs",
    "/aws/vpc/flowlogs": "cloudwatch_logs",
}

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="samples lie outside of the repository")


def read(data: bytes) -> Iterator[Documents]:
    ways = Ways(formats(), Router((), ("out",)), ("out",), lambda name, dataset: Framing(dataset, action=False, original=True))
    source = Source("bucket", "key", "etag", 0.0)
    decoding = Decoding(ObjectSettings(), lambda head: ways.reader(source, Route(("out",)), head), formats().values())
    decoding.feed(data, is_last=True)
    while (found := decoding.step()) is not None:
        yield from found


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda data: gzip.compress(gzip.compress(data) + gzip.compress(data))])
@pytest.mark.parametrize("path", ENVELOPES, ids=lambda path: path.stem)
def test_events(path: Path, pack: Any) -> None:
    """Each event is a document with its id, its text, and where it is from, however often the object was compressed."""
    truth = [orjson.loads(line)["norm"] for line in path.with_suffix(".truth.jsonl").read_bytes().splitlines()]
    data = pack(path.read_bytes())
    times = 2 if data[:2] == b"\x1f\x8b" and gzip.decompress(data)[:2] == b"\x1f\x8b" else 1
    made = list(read(data))
    documents = [orjson.loads(each.body(index)) for each in made for index in range(len(each))]
    assert not [reject for each in made for reject in each.rejects]
    wanted = {event[0]: (event, entry) for entry in truth for event in entry["events"][: entry["emit"]]}
    assert sorted(document["event"]["id"] for document in documents) == sorted([*wanted] * times)
    for document in documents:
        (_, _, text, fields), entry = wanted[document["event"]["id"]]
        assert document["event"]["original"] == text.strip("\n")
        assert document["aws"]["cloudwatch"]["log_group"] == entry["group"]
        assert document["aws"]["cloudwatch"]["log_stream"] == entry["stream"]
        assert document["cloud"]["account"]["id"] == (fields or {}).get("@aws.account", entry["owner"])
        assert document["cloud"].get("region") == (fields or {}).get("@aws.region")
    found = {
        (document["aws"]["cloudwatch"]["log_group"], each)
        for each in {x.way.format for x in made if x.way}
        for document in documents
    }
    assert all(each == FORMATS[group] for group, each in found if group in FORMATS)


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_others(path: Path) -> None:
    """What no other test compares is a dead letter whole, or each line and record of it has one outcome."""
    data = path.read_bytes()
    if not is_envelope(first_names(data)) and detect("key", data) is None:
        with pytest.raises(Poison, match="no known format"):
            list(read(data))
        return
    made = list(read(data))
    assert made
    assert all(each.lines == len(each) + len(each.rejects) + each.skipped for each in made)
