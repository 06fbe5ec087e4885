"""JSON records gathered from the world, read as an independent, plain reader read them; see `test_samples.py`."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from ingestd.config import ObjectSettings
from ingestd.fastpath.decoding import Decoding
from ingestd.fastpath.reader import LineReader, Reader
from ingestd.formats.registry import detect, formats
from ingestd.model import Documents, Framing, Source, Way

SAMPLES = Path(os.environ.get("INGESTD_SAMPLES") or Path(__file__).parents[2].parent / "shared" / "samples")
FOLDERS = {
    "app_json": "events",
    "apigw_json": "apigateway",
    "cloudfront_v2": "cloudfront_json",
    "cloudtrail": "cloudtrail",
    "waf": "waf",
}
LOGS = [(name, path) for folder, name in FOLDERS.items() for path in sorted((SAMPLES / folder).glob("*.log"))]
Flat = dict[str, Any]

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="samples lie outside of the repository")


def milliseconds(document: Flat) -> int:
    return int(datetime.fromisoformat(document["@timestamp"]).timestamp() * 1000)


def at(*paths: str) -> Callable[[Flat], Any]:
    """What stands at the first of these paths that there is."""
    return lambda document: next((document[path] for path in paths if path in document), None)


COMMON: dict[str, Callable[[Flat], Any]] = {
    "ts_ms": milliseconds,
    "client_ip": at("source.ip"),
    "method": at("http.request.method"),
    "status": at("http.response.status_code"),
    "bytes_out": at("http.response.body.bytes"),
    "user_agent": at("user_agent.original"),
    "path": at("url.path"),
    "query": at("url.query"),
    "request_id": at("http.request.id"),
}
VALUES: dict[str, dict[str, Callable[[Flat], Any]]] = {
    "events": {},
    "apigateway": COMMON | {"route": at("aws.apigateway.route_key", "aws.apigateway.resource_path")},
    # Date and time are an event's own time here, the milliseconds are its end.
    "cloudfront_json": {
        "ts_ms": lambda document: milliseconds({"@timestamp": document["event.end"]}),
        "host": at("destination.domain"),
        "edge": at("aws.cloudfront.edge_location"),
        "cookie_raw": at("aws.cloudfront.cookies"),
    },
    "cloudtrail": {
        "ts_ms": milliseconds,
        "event_id": at("aws.cloudtrail.event_id"),
        "event_name": at("event.action"),
        "source_ip": at("source.ip", "source.address"),
        "region": at("aws.cloudtrail.region"),
    },
    "waf": COMMON | {"action": at("event.action"), "rule": at("rule.id"), "host": at("destination.domain")},
}


def parsed(data: bytes) -> tuple[str, list[Documents]]:
    """The format's name, and what became of the object."""
    names: list[str] = []

    def choose(head: bytes) -> Reader:
        form = detect("key", head)
        assert form is not None
        names.append(form.name)
        way = Way(form.name, Framing("dataset", action=False), ("out",), "out")
        return LineReader(form, [way], Source("bucket", "key", "etag", 0.0))

    decoding = Decoding(ObjectSettings(), choose, formats().values())
    decoding.feed(data, is_last=True)
    results: list[Documents] = []
    while (step := decoding.step()) is not None:
        results += step
    return names[0], results


def flat(document: dict[str, Any], prefix: str = "") -> Flat:
    found: Flat = {}
    for key, value in document.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return found


@pytest.mark.parametrize(("name", "path"), LOGS, ids=lambda value: value.stem if isinstance(value, Path) else value)
def test_records_agree_with_the_truth(name: str, path: Path) -> None:
    """A gathered log is recognised, each record of it becomes a document that says what the plain reader understood of it."""
    found, results = parsed(path.read_bytes())
    assert found == name
    documents = [flat(orjson.loads(result.body(index))) for result in results for index in range(len(result))]
    truth = [orjson.loads(line) for line in path.with_suffix(".truth.jsonl").read_bytes().splitlines()]
    assert not any(result.rejects for result in results)
    if name == "cloudtrail" and not any(entry["norm"] for entry in truth):  # a digest file is no log
        assert sum(result.skipped for result in results) == len(truth)
        truth = []
    assert [entry["kind"] for entry in truth] == ["record"] * len(documents)
    for entry, document in zip(truth, documents, strict=True):
        assert entry["norm"] == {key: VALUES[name][key](document) for key in entry["norm"]}
