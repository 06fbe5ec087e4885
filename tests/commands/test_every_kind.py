"""One object of each kind that AWS writes, in one folder: `parse --format auto` names and reads every one."""

from __future__ import annotations

import bz2
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import orjson
import pyarrow as pa
import pytest
from click.testing import CliRunner
from pyarrow import parquet

from ingestd.cli import main
from ingestd.formats.registry import formats
from ingestd.generate import chunks
from ingestd.generate_events import control_message, envelopes
from tests.fastpath.test_columnar import FLOWS
from tests.zstandard import zstd

LINES = 20
ENVELOPE = "envelope"
CODECS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "gzip+gzip": lambda data: gzip.compress(gzip.compress(data)),
    "zstd": zstd.compress,
    "bzip2": bz2.compress,
    "plain": bytes,
}
CODECS_OF_PARQUET = ("none", "snappy", "gzip", "zstd", "brotli", "lz4")
EDGE = {
    "date": "2026-11-01",
    "time": "12:00:00",
    "x_edge_location": "FRA50",
    "sc_status": 200,
    "cs_uri_stem": "/a",
    "asn": 64500,
}
TRANSIT = {
    "version": 6,
    "resource_type": "TransitGateway",
    "account_id": "1",
    "tgw_id": "tgw-1",
    "srcaddr": "192.0.2.1",
    "end": 1,
}


def log(name: str) -> bytes:
    return b"".join(chunks(formats()[name], LINES, 1, strange=0))


def in_envelopes(name: str) -> bytes:
    return control_message() + b"".join(each.data for each in envelopes(formats()[name], LINES, 1, strange=0))


def columnar(row: dict[str, object], codec: str) -> bytes:
    out = io.BytesIO()
    parquet.write_table(pa.table({name: [value] for name, value in row.items()}), out, compression=codec)
    return out.getvalue()


@pytest.fixture(scope="module")
def kinds() -> dict[str, tuple[bytes, str, str]]:
    """Object, format and compression of each kind, by a name."""
    kinds = {}
    for name in formats():
        if name != "cloudwatch_logs":  # which takes events alone
            kinds[name] = log(name), name, "plain"
        kinds[f"{name} in envelopes"] = gzip.compress(in_envelopes(name)), ENVELOPE, "gzip"
    for codec, pack in CODECS.items():
        kinds[f"lines by {codec}"] = pack(log("alb")), "alb", codec
        kinds[f"records by {codec}"] = pack(log("cloudtrail")), "cloudtrail", codec
        kinds[f"envelopes by {codec}"] = pack(in_envelopes("lambda_logs")), ENVELOPE, codec
    for codec in CODECS_OF_PARQUET:
        first = {name: pa.array(values)[0].as_py() for name, values in FLOWS.items()}
        kinds[f"flows by {codec}"] = columnar(first, codec), "vpcflow", "parquet"
    kinds["edge in Parquet"] = columnar(EDGE, "snappy"), "cloudfront", "parquet"
    kinds["transit in Parquet"] = columnar(TRANSIT, "snappy"), "tgwflow", "parquet"
    kinds["anything in Parquet"] = columnar({"time": "2026-11-01T12:00:00Z", "what": 1}, "snappy"), "events", "parquet"
    kinds["Parquet in gzip"] = gzip.compress(columnar(EDGE, "snappy")), "cloudfront", "gzip+parquet"
    return kinds


def test_every_kind_is_named_and_read(kinds: dict[str, tuple[bytes, str, str]], tmp_path: Path) -> None:
    """Each object is of the format and compression that it is, and each of its lines or rows becomes a document."""
    for name, (data, _, _) in kinds.items():
        (tmp_path / name).write_bytes(data)
    result = CliRunner().invoke(main, ["parse", "--explain", "--json", str(tmp_path)])
    assert result.exit_code == 0
    stories = {Path(story["object"]).name: story for story in map(orjson.loads, result.stdout_bytes.splitlines())}
    assert {name: (stories[name]["format"], stories[name]["compression"]) for name in kinds} == {
        name: (form, codec) for name, (_, form, codec) in kinds.items()
    }
    for name, story in stories.items():
        assert (story["problem"], story["rejects"]) == ("", []), name
        assert story["documents"] == (1 if "parquet" in story["compression"] else LINES), name
        assert story["lines"] == story["documents"] + story["skipped"], name
    carried = {name: [each["format"] for each in story["carried"]] for name, story in stories.items() if story["carried"]}
    assert {name: forms for name, forms in carried.items() if "in envelopes" in name} == {
        f"{name} in envelopes": [name] for name in formats()
    }


def test_the_documents_are_those_of_each_kind(kinds: dict[str, tuple[bytes, str, str]], tmp_path: Path) -> None:
    """Without --explain they are on standard output, as many as there are, each with its own format's dataset."""
    names = [name for name in formats() if name in kinds]
    for name in names:
        (tmp_path / name).write_bytes(kinds[name][0])
    result = CliRunner().invoke(main, ["parse", str(tmp_path)])
    datasets = [orjson.loads(line)["event"]["dataset"] for line in result.stdout_bytes.splitlines()]
    assert result.exit_code == 0
    assert datasets == [formats()[name].dataset for name in names for _ in range(LINES)]


@pytest.mark.parametrize(
    "data", [b"hello world\n", b"\0\1\2\3", b"\x89PNG\r\n\x1a\n", b"<html></html>", b"PK\3\4", b"a,b\n1,2\n"]
)
@pytest.mark.parametrize("pack", CODECS.values(), ids=CODECS)
def test_an_unknown_kind_says_what_was_tried(data: bytes, pack: Callable[[bytes], bytes]) -> None:
    """What is no log becomes no document; its dead letter, and whoever asks here, hears of each format that was tried."""
    result = CliRunner().invoke(main, ["parse", "--explain", "--json", "-"], input=pack(data))
    story = orjson.loads(result.stdout)
    assert result.exit_code == 1
    assert story["problem"].startswith("unknown_format")
    assert (story["tried"], story["documents"]) == (list(formats()), 0)
