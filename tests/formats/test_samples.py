"""Lines gathered from the world, read as an independent, plain reader read them.

The samples are not the project's: they lie in ../shared/samples beside the repository, or in $INGESTD_SAMPLES; without them
these tests are skipped. CHOICES lists where this project reads a value otherwise, and why.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from ingestd.fastpath.parser import open_parser
from ingestd.formats.registry import detect, formats
from ingestd.formats.table import Table
from ingestd.model import Block, Documents, Framing, Reject, Source

SAMPLES = Path(os.environ.get("INGESTD_SAMPLES") or Path(__file__).parents[2].parent / "shared" / "samples")
FOLDERS = {
    "alb": "alb",
    "clb": "clb",
    "nlb_tls": "nlb",
    "cloudfront_std": "cloudfront",
    "cloudfront_rt": "cloudfront_realtime",
    "s3access": "s3access",
    "s3access_bad": "s3access",
    "vpcflow": "vpcflow",
    "vpcflow_anomaly": "vpcflow",
}
LOGS = [(name, path) for folder, name in FOLDERS.items() for path in sorted((SAMPLES / folder).glob("*.log"))]
UNREADABLE = ("bad_number", "bad_timestamp", "missing_timestamp")
LEAP_SECOND = "second must be in 0..59"  # of Python's dates, which have none: a document says the end of the second before it
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
ESCAPE = re.compile(r'\\x([0-9a-fA-F]{2})|\\(["\\])')
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
NLB_PATHS = {
    "client_ip": "source.ip",
    "client_port": "source.port",
    "target_ip": "aws.elb.backend.ip",
    "target_port": "aws.elb.backend.port",
    "bytes_in": "source.bytes",
    "bytes_out": "destination.bytes",
    "connection_ms": "aws.elb.connection_time.ms",
    "handshake_ms": "aws.elb.tls_handshake_time.ms",
    "tls_cipher": "tls.cipher",
    "domain_name": "destination.domain",
}
S3_PATHS = {
    "client_ip": "client.ip",
    "method": "http.request.method",
    "url": "url.original",
    "path": "url.path",
    "query": "url.query",
    "status": "http.response.status_code",
    "error_code": "aws.s3access.error_code",
    "bytes_out": "http.response.body.bytes",
    "object_size": "aws.s3access.object_size",
    "total_ms": "aws.s3access.total_time",
    "turnaround_ms": "aws.s3access.turn_around_time",
    "referer": "http.request.referrer",
    "user_agent": "user_agent.original",
    "key": "aws.s3access.key",
    "operation": "aws.s3access.operation",
    "requester": "aws.s3access.requester",
    "host": "aws.s3access.host_header",
    "tls_protocol": "aws.s3access.tls_version",
    "version_id": "aws.s3access.version_id",
}
VPC_PATHS = {
    "src_ip": "source.ip",
    "dst_ip": "destination.ip",
    "src_port": "source.port",
    "dst_port": "destination.port",
    "packets": "source.packets",
    "bytes": "source.bytes",
    "action": "aws.vpcflow.action",
    "log_status": "aws.vpcflow.log_status",
    "account": "aws.vpcflow.account_id",
    "eni": "aws.vpcflow.interface_id",
    "vpc": "aws.vpcflow.vpc_id",
}
PATHS = {
    "alb": ALB_PATHS,
    "clb": ALB_PATHS,
    "nlb": NLB_PATHS,
    "cloudfront": CLOUDFRONT_PATHS,
    "cloudfront_realtime": CLOUDFRONT_PATHS,
    "s3access": S3_PATHS,
    "vpcflow": VPC_PATHS,
}


def milliseconds(text: str | None) -> int | None:
    return None if text is None else int(datetime.fromisoformat(text).timestamp() * 1000)


def tls_name(document: Flat, otherwise: str) -> str | None:
    if otherwise in document or "tls.version" not in document:
        return document.get(otherwise)
    return f"{document['tls.version_protocol'].upper()}v{document['tls.version']}"


def http_name(document: Flat) -> str | None:
    return f"HTTP/{document['http.version']}" if "http.version" in document else None


def number(text: str | None) -> int | None:
    return None if text is None else int(text)


def headers(document: Flat) -> list[list[str]]:
    return [header.split(":", 1) for header in document.get("aws.cloudfront.headers", [])]


Derivations = dict[str, Callable[[Flat], Any]]
TIME: Derivations = {"ts_ms": lambda document: milliseconds(document["@timestamp"])}
REQUEST: Derivations = TIME | {"protocol": http_name}
ELB: Derivations = REQUEST | {
    "creation_ms": lambda document: milliseconds(document.get("event.start")),
    "tls_protocol": lambda document: tls_name(document, "aws.elb.ssl_protocol"),
    "actions": lambda document: document.get("aws.elb.action_executed", []),
}
CLOUDFRONT: Derivations = REQUEST | {"tls_protocol": lambda document: tls_name(document, "aws.cloudfront.ssl_protocol")}
DERIVED: dict[str, Derivations] = {
    "alb": ELB,
    "clb": ELB,
    "nlb": ELB,
    "cloudfront": CLOUDFRONT,
    "cloudfront_realtime": CLOUDFRONT
    | {"headers": headers, "header_count": lambda document: document.get("aws.cloudfront.headers_count")},
    "s3access": REQUEST,
    "vpcflow": {
        "start_ms": lambda document: milliseconds(document.get("event.start")),
        "end_ms": lambda document: milliseconds(document.get("event.end")),
        "protocol": lambda document: number(document.get("network.iana_number")),
        "tcp_flags": lambda document: number(document.get("aws.vpcflow.tcp_flags")),
    },
}
OTHERS = {"_anomaly", "user_agent_raw"}  # of the truth: a remark, and a value that is compared decoded

# (truth's name, truth's value, document) -> whether the document says the same in another way
CHOICES: dict[str, tuple[str, Callable[[Any, Flat], bool]]] = {
    **{
        name: ("-1 is AWS's word for none, and is left out", lambda value, document: value == -1)
        for name in ("request_time", "target_time", "response_time", "rule_priority", "connection_ms", "handshake_ms")
    },
    "client_ip": (
        "what is no address (x.0.0.0) is kept whole under source.address",
        lambda value, document: document.get("source.address", "").startswith(value),
    ),
    "client_port": (
        "what is no address (x.0.0.0) is kept whole under source.address",
        lambda value, document: document.get("source.address", "").endswith(f":{value}"),
    ),
    "target_ip": (
        "what is no address (X.X.X.X) is kept whole under aws.elb.backend.address",
        lambda value, document: document.get("aws.elb.backend.address", "").startswith(value),
    ),
    "target_port": (
        "what is no address (X.X.X.X) is kept whole under aws.elb.backend.address",
        lambda value, document: document.get("aws.elb.backend.address", "").endswith(str(value)),
    ),
    "user_agent": (
        "escapes of quoted values are decoded",
        lambda value, document: unescaped(value) == document["user_agent.original"],
    ),
    "user_agent_decoded_once": (
        "user agents that CloudFront encoded twice are decoded twice",
        lambda value, document: value.replace("%20", " ").replace("%3B", ";") == document["user_agent.original"],
    ),
    "method": (
        "the method is what stands before the first space, also of a request line without one between method and URL",
        lambda value, document: value is None and "/" in document["http.request.method"],
    ),
    **{
        name: (
            "what stands before the first space is not taken for a URL",
            lambda value, document: value == document["http.request.method"],
        )
        for name in ("url", "path")
    },
    "tls_protocol": (
        "protocols are told in one way, whatever the case, and with a dot",
        lambda value, document: value == f"tlsv{document['tls.version'].replace('.', '')}",
    ),
    "vpc": (
        "a line without a header that has all columns up to its version is one of that version",
        lambda value, document: value is None and int(document["aws.vpcflow.version"]) > 2,
    ),
    "tcp_flags": (
        "a line without a header that has all columns up to its version is one of that version",
        lambda value, document: value is None and int(document["aws.vpcflow.version"]) > 2,
    ),
    "protocol": (
        "a version is what follows the slash; what has none (a letter for a column) is no version",
        lambda value, document: "/" not in value and "http.version" not in document,
    ),
}


def unescaped(text: str) -> str:
    return ESCAPE.sub(lambda found: found[2] or chr(int(found[1], 16)), text)


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


def truth_of(path: Path) -> dict[int, dict[str, Any]]:
    """What the plain reader made of each line, by its number."""
    return {entry["line"]: entry for entry in map(orjson.loads, path.with_suffix(".truth.jsonl").read_bytes().splitlines())}


def is_right(reject: Reject, entry: dict[str, Any], table: Table) -> bool:
    """Whether a line may be rejected so: the plain reader made nothing of it either, or has no value for the column."""
    if entry["kind"] == "bad":
        return True
    if reject.reason == "too_few_columns":
        return len(entry["raw"]) < table.required
    value = entry["raw"].get(reject.column, "")
    return reject.reason in UNREADABLE and not NUMBER.fullmatch(value) and None in entry["norm"].values()


def identified(value: Any) -> str:
    return f"{value.parent.name}-{value.stem}" if isinstance(value, Path) else ""


@pytest.mark.parametrize(("name", "path"), LOGS, ids=identified)
def test_every_line_has_one_outcome(name: str, path: Path) -> None:
    """A gathered log is recognised if it has a line to read, each line has one outcome, and only broken ones are rejected."""
    data, truth, table = path.read_bytes(), truth_of(path), formats()[name]
    found, numbers = detect("key", data), line_numbers(data)
    assert found is table or (found is None and all(entry["kind"] != "record" for entry in truth.values()))
    result = parsed(name, data)
    assert result.lines == len(data.removesuffix(b"\n").split(b"\n"))
    assert result.lines == len(result) + len(result.rejects) + result.skipped
    assert not [reject for reject in result.rejects if not is_right(reject, truth[numbers[reject.offset]], table)]


@pytest.mark.parametrize(("name", "path"), LOGS, ids=identified)
def test_values_agree_with_the_truth(name: str, path: Path) -> None:
    """A document says what the plain reader understood of its line, or differs by a listed choice."""
    data = path.read_bytes()
    result, truth, numbers = parsed(name, data), truth_of(path), line_numbers(data)
    for index, offset in enumerate(result.offsets.tolist()):
        document, entry = flat(orjson.loads(result.body(index))), truth[numbers[offset]]
        if entry["kind"] == "bad" and LEAP_SECOND in entry["why"]:
            continue
        assert entry["kind"] == "record"
        assert not entry["norm"].keys() - PATHS[name].keys() - DERIVED[name].keys() - OTHERS
        assert not differences(name, entry["norm"], document)
    kinds = [entry["kind"] for entry in truth.values()]
    assert result.skipped >= len(kinds) - kinds.count("record") - kinds.count("bad")
    bad = {number for number, entry in truth.items() if entry["kind"] == "bad" and LEAP_SECOND not in entry["why"]}
    assert bad <= {numbers[reject.offset] for reject in result.rejects}


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
