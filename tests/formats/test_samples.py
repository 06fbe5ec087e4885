"""Lines gathered from the world, read as an independent, plain reader read them.

The samples are not the project's: they lie in ../shared/samples beside the repository, or in $INGESTD_SAMPLES; without them
these tests are skipped. CHOICES lists where this project reads a value otherwise, and why.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from ingestd.fastpath.parser import open_parser
from ingestd.formats.registry import detect, formats
from ingestd.model import Block, Documents, Framing, Source

SAMPLES = Path(os.environ.get("INGESTD_SAMPLES") or Path(__file__).parents[2].parent / "shared" / "samples")
FOLDERS = {"alb": "alb", "cloudfront": "cloudfront_std"}
LOGS = [(name, path) for name, folder in FOLDERS.items() for path in sorted((SAMPLES / folder).glob("*.log"))]
REJECTED = {"snowplow": "sc-status is the letter i: the publisher numbered the columns with letters"}
Flat = dict[str, Any]

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="samples lie outside of the repository")

ALB_PATHS = {
    "client_ip": "source.ip",
    "client_port": "source.port",
    "target_ip": "aws.elb.backend.ip",
    "target_port": "aws.elb.backend.port",
    "request_time": "aws.elb.request_processing_time.sec",
    "target_time": "aws.elb.backend_processing_time.sec",
    "response_time": "aws.elb.response_processing_time.sec",
    "status": "http.response.status_code",
    "target_status": "aws.elb.backend.http.response.status_code",
    "bytes_in": "http.request.body.bytes",
    "bytes_out": "http.response.body.bytes",
    "method": "http.request.method",
    "url": "url.original",
    "path": "url.path",
    "query": "url.query",
    "user_agent": "user_agent.original",
    "tls_cipher": "tls.cipher",
    "target_group_arn": "aws.elb.target_group.arn",
    "trace_id": "aws.elb.trace_id",
    "domain_name": "destination.domain",
    "type": "aws.elb.type",
    "error_reason": "aws.elb.error.reason",
    "redirect_url": "aws.elb.redirect_url",
    "rule_priority": "aws.elb.matched_rule_priority",
    "conn_trace_id": "aws.elb.conn_trace_id",
}
CLOUDFRONT_PATHS = {
    "client_ip": "source.ip",
    "client_port": "source.port",
    "method": "http.request.method",
    "host": "aws.cloudfront.domain",
    "x_host": "destination.domain",
    "path_raw": "url.path",
    "query_raw": "url.query",
    "status": "http.response.status_code",
    "bytes_out": "http.response.bytes",
    "bytes_in": "http.request.bytes",
    "referer_raw": "http.request.referrer",
    "user_agent_decoded_once": "user_agent.original",
    "cookie_raw": "aws.cloudfront.cookies",
    "result_type": "aws.cloudfront.edge_result_type",
    "request_id": "http.request.id",
    "edge": "aws.cloudfront.edge_location",
    "scheme": "url.scheme",
    "time_taken_s": "aws.cloudfront.time_taken.sec",
    "ttfb_s": "aws.cloudfront.time_to_first_byte",
    "xff": "aws.cloudfront.x_forwarded_for",
    "tls_cipher": "tls.cipher",
    "content_type": "http.response.mime_type",
    "content_len": "http.response.body.bytes",
}
PATHS = {"alb": ALB_PATHS, "cloudfront": CLOUDFRONT_PATHS}


def milliseconds(text: str | None) -> int | None:
    return None if text is None else int(datetime.fromisoformat(text).timestamp() * 1000)


def tls_name(document: Flat, otherwise: str) -> str | None:
    if otherwise in document or "tls.version" not in document:
        return document.get(otherwise)
    return f"{document['tls.version_protocol'].upper()}v{document['tls.version']}"


def http_name(document: Flat) -> str | None:
    return f"HTTP/{document['http.version']}" if "http.version" in document else None


DERIVED: dict[str, dict[str, Callable[[Flat], Any]]] = {
    "alb": {
        "ts_ms": lambda document: milliseconds(document["@timestamp"]),
        "creation_ms": lambda document: milliseconds(document.get("event.start")),
        "protocol": http_name,
        "tls_protocol": lambda document: tls_name(document, "aws.elb.ssl_protocol"),
        "actions": lambda document: document.get("aws.elb.action_executed", []),
    },
    "cloudfront": {
        "ts_ms": lambda document: milliseconds(document["@timestamp"]),
        "protocol": http_name,
        "tls_protocol": lambda document: tls_name(document, "aws.cloudfront.ssl_protocol"),
    },
}
OTHERS = {"_anomaly", "user_agent_raw"}  # of the truth: a remark, and a value that is compared decoded

# (truth's name, truth's value, document) -> whether the document says the same in another way
CHOICES: dict[str, tuple[str, Callable[[Any, Flat], bool]]] = {
    **{
        name: ("-1 is AWS's word for none, and is left out", lambda value, document: value == -1)
        for name in ("request_time", "target_time", "response_time", "rule_priority")
    },
    "client_ip": (
        "what is no address (x.0.0.0) is kept whole under source.address",
        lambda value, document: document["source.address"].startswith(value),
    ),
    "client_port": (
        "what is no address (x.0.0.0) is kept whole under source.address",
        lambda value, document: document["source.address"].endswith(f":{value}"),
    ),
    "target_ip": (
        "what is no address (X.X.X.X) is kept whole under aws.elb.backend.address",
        lambda value, document: document["aws.elb.backend.address"].startswith(value),
    ),
    "target_port": (
        "what is no address (X.X.X.X) is kept whole under aws.elb.backend.address",
        lambda value, document: document["aws.elb.backend.address"].endswith(f":{value}"),
    ),
    "user_agent": (
        "escapes of quoted values are decoded",
        lambda value, document: value.replace(r"\x22", '"') == document["user_agent.original"],
    ),
    "user_agent_decoded_once": (
        "user agents that CloudFront encoded twice are decoded twice",
        lambda value, document: value.replace("%20", " ").replace("%3B", ";") == document["user_agent.original"],
    ),
    "protocol": (
        "a version is what follows the slash; what has none (a letter for a column) is no version",
        lambda value, document: "/" not in value and "http.version" not in document,
    ),
}


def parsed(name: str, data: bytes) -> Documents:
    data += b"" if data.endswith(b"\n") else b"\n"
    parser = open_parser(formats()[name], Source("bucket", "key", "etag", 0.0), Framing("dataset", action=False))
    return parser.parse(Block(bytearray(data), len(data), 0))


def flat(document: dict[str, Any], prefix: str = "") -> Flat:
    found: Flat = {}
    for key, value in document.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return found


def line_numbers(data: bytes) -> dict[int, int]:
    """Line number, from 1, by offset."""
    offset, numbers = 0, {}
    for number, line in enumerate(data.split(b"\n"), 1):
        numbers[offset] = number
        offset += len(line) + 1
    return numbers


@pytest.mark.parametrize(("name", "path"), LOGS, ids=lambda value: getattr(value, "stem", value))
def test_every_line_has_one_outcome(name: str, path: Path) -> None:
    """A gathered log is recognised, each line of it has one outcome, and only lines known to be broken are rejected."""
    data = path.read_bytes()
    found = detect("key", data)
    assert found is formats()[name]
    result = parsed(name, data)
    assert result.lines == len(data.removesuffix(b"\n").split(b"\n"))
    assert result.lines == len(result) + len(result.rejects) + result.skipped
    assert not result.rejects or path.stem.rpartition("-")[0] in REJECTED


@pytest.mark.parametrize(("name", "path"), LOGS, ids=lambda value: getattr(value, "stem", value))
def test_values_agree_with_the_truth(name: str, path: Path) -> None:
    """A document says what the plain reader understood of its line, or differs by a listed choice."""
    data = path.read_bytes()
    result = parsed(name, data)
    truth = {entry["line"]: entry for entry in map(orjson.loads, path.with_suffix(".truth.jsonl").read_bytes().splitlines())}
    numbers = line_numbers(data)
    for index, offset in enumerate(result.offsets.tolist()):
        document, entry = flat(orjson.loads(result.body(index))), truth[numbers[offset]]
        assert entry["kind"] == "record"
        assert not entry["norm"].keys() - PATHS[name].keys() - DERIVED[name].keys() - OTHERS
        assert not differences(name, entry["norm"], document)
    skipped = {number for number, entry in truth.items() if entry["kind"] != "record"}
    assert result.skipped >= len(skipped)


def differences(name: str, norm: Flat, document: Flat) -> list[tuple[str, Any, Any]]:
    """(name, truth's value, document's value) where they disagree without a listed choice."""
    found = []
    for key, value in norm.items():
        if key in OTHERS:
            continue
        derive = DERIVED[name].get(key)
        got = derive(document) if derive else document.get(PATHS[name][key])
        if got != value and not (key in CHOICES and CHOICES[key][1](value, document)):
            found.append((key, value, got))
    return found
