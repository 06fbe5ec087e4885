"""Golden cases of every format: tests/formats/<name>/input/*.log and what they become, found without any list.

`expected/X.ndjson` are the documents of `input/X.log`, byte for byte, `expected/X.rejects.ndjson` what is rejected of it.
To make them anew after a change (then read the difference): `INGESTD_REGENERATE=1 python -m pytest tests/formats/test_cases.py`
"""

from __future__ import annotations

import os
from pathlib import Path

import orjson
import pytest

from ingestd.config import ObjectSettings
from ingestd.fastpath.cutting import open_cutter
from ingestd.fastpath.parser import open_parser
from ingestd.formats.registry import detect, formats
from ingestd.formats.table import Shape
from ingestd.model import PAD, Block, Documents, Framing, Source

HERE = Path(__file__).parent
REGENERATES = bool(os.environ.get("INGESTD_REGENERATE"))
CASES = sorted(HERE.glob("*/input/*.log"))
SOURCE = Source(
    bucket="logs", key="a/key.log", etag="0123", modified_at=1_741_000_000.0, region="eu-west-1", account="123456789012"
)


def framing(name: str) -> Framing:
    return Framing(dataset=formats()[name].dataset, action=False)


def whole_lines(name: str, data: bytes) -> bytes:
    """The object with a newline behind its last line; records as the lines that their cutter makes of them."""
    if formats()[name].shape is not Shape.JSON:
        return data + (b"" if data.endswith(b"\n") or not data else b"\n")
    cutter = open_cutter(formats()[name], ObjectSettings())
    cutter.push(data)
    assert cutter.next() is None
    cutter.finish()
    block = cutter.next()
    assert isinstance(block, Block)
    return bytes(block.data[: block.size])


def cut(data: bytes, *, every_line: bool) -> list[Block]:
    """Whole lines as one block, or as a block a line."""
    pieces = [line + b"\n" for line in data.split(b"\n")[:-1]] if every_line else [data]
    blocks, offset = [], 0
    for piece in pieces:
        blocks.append(Block(bytearray(piece) + bytearray(PAD), len(piece), offset))
        offset += len(piece)
    return blocks


def parsed(name: str, data: bytes, *, every_line: bool = False) -> tuple[bytes, bytes, list[Documents]]:
    """Documents, rejects as NDJSON, and the blocks' results."""
    parser = open_parser(formats()[name], SOURCE, framing(name))
    results = [parser.parse(block) for block in cut(data, every_line=every_line)]
    rejects = [
        {"offset": reject.offset, "reason": reject.reason, "column": reject.column, "raw": reject.raw.decode("latin-1")}
        for result in results
        for reject in result.rejects
    ]
    lines = b"".join(orjson.dumps(reject, option=orjson.OPT_APPEND_NEWLINE) for reject in rejects)
    return b"".join(bytes(result.data) for result in results), lines, results


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_golden(path: Path) -> None:
    """A log becomes exactly the documents and rejects beside it."""
    name, expected = path.parts[-3], path.parent.parent / "expected"
    documents, rejects, _ = parsed(name, whole_lines(name, path.read_bytes()))
    for suffix, got in ((".ndjson", documents), (".rejects.ndjson", rejects)):
        golden = expected / f"{path.stem}{suffix}"
        if REGENERATES:
            golden.write_bytes(got)
        assert got.splitlines() == golden.read_bytes().splitlines()


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_cut_at_every_line(path: Path) -> None:
    """A log cut into blocks at every line gives the same documents, rejects and counts as in one block."""
    name, data = path.parts[-3], whole_lines(path.parts[-3], path.read_bytes())
    whole_documents, whole_rejects, (whole,) = parsed(name, data)
    documents, rejects, results = parsed(name, data, every_line=True)
    assert documents == whole_documents
    assert rejects == whole_rejects
    for count in ("lines", "skipped", "dropped", "drifted"):
        assert sum(getattr(result, count) for result in results) == getattr(whole, count)


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_conservation(path: Path) -> None:
    """Every line of a log has one outcome, and documents are JSON at the offsets of their lines."""
    name, data = path.parts[-3], whole_lines(path.parts[-3], path.read_bytes())
    _, _, (result,) = parsed(name, data)
    assert result.lines == len(data.removesuffix(b"\n").split(b"\n"))
    assert result.lines == len(result) + len(result.rejects) + result.skipped + result.dropped
    for index, offset in enumerate(result.offsets.tolist()):
        assert not data[:offset].rpartition(b"\n")[2].strip()
        assert orjson.loads(result.body(index))["log"]["offset"] == offset


@pytest.mark.parametrize("name", formats())
def test_every_format_has_cases_and_is_recognised(name: str) -> None:
    """Each format has golden cases, and its documented one is recognised by its content, but for what takes only events."""
    documented = HERE / name / "input" / "documented.log"
    assert documented in CASES
    found = detect("any/key", documented.read_bytes())
    assert found is formats()[name] or (found is None and name == "cloudwatch_logs")
