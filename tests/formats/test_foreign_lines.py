"""Lines of another format than the one that is believed of them: each has one outcome."""

from __future__ import annotations

import orjson
import pytest

from ingestd.fastpath.parser import open_parser
from ingestd.formats.registry import formats
from ingestd.generate import lines
from ingestd.model import Block, Documents, Framing, Source

SOURCE = Source("bucket", "key", "etag", 1.7e9)


def parse(name: str, data: bytes) -> Documents:
    parser = open_parser(formats()[name], SOURCE, Framing(formats()[name].dataset, action=False))
    return parser.parse(Block(bytearray(data + bytes(64)), len(data), 0))


@pytest.mark.parametrize("name", formats())
def test_lines_of_other_formats_have_one_outcome_each(name: str) -> None:
    """A format that is believed of another's lines makes a document or a reject of each, or skips it; none is lost.

    Some become documents: of a load balancer's lines those whose columns hold numbers where a flow log has them.
    """
    for other in formats().values():
        text = [line.encode() for line in other.preamble] + list(lines(other, 60, 1, strange=0.3))
        result = parse(name, b"".join(line + b"\n" for line in text))
        offsets = [*result.offsets.tolist(), *(reject.offset for reject in result.rejects)]
        assert result.lines == len(text) == len(offsets) + result.skipped
        assert len(set(offsets)) == len(offsets)
        documents = [orjson.loads(result.body(index)) for index in range(len(result))]
        assert all(document["event"]["dataset"] == formats()[name].dataset for document in documents)
