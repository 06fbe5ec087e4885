"""Secrets in lines are masked before anything reads them: each of their bytes, no other, by the kernel as by the reference."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestd.config import Settings
from ingestd.fastpath.compiled import CompiledParser
from ingestd.fastpath.masking import MaskingParser
from ingestd.fastpath.parser import open_parser
from ingestd.fastpath.reference import ReferenceParser
from ingestd.formats.registry import formats
from ingestd.formats.ruled import ruled_formats
from ingestd.formats.rules import Rules
from ingestd.formats.table import Table
from ingestd.generate import chunks
from ingestd.model import PAD, Block, Carrier, Documents, Events, Framing
from tests.fastpath.test_compiled import FRAMINGS, LINES, SHAPES, SLOW, SOURCE, TOYS, seen
from tests.fastpath.test_rules import ALB

NAMES = ("token", "password", "x-amz-signature", "pw", "a.name-with_all-letters-of-length")
FRAMING = Framing("set", action=False, original=True)
TABLES = {
    **{shape.value: replace(TOYS[shape.value], rules=Rules(masked=NAMES)) for shape in SHAPES},
    "piped": replace(TOYS["csv, |"], rules=Rules(masked=NAMES)),
    "json": replace(formats()["events"], rules=Rules(masked=NAMES)),
    "pattern": replace(formats()["cloudwatch_logs"], rules=Rules(masked=NAMES)),
}
PIECES = [
    "token", "PASSWORD", "pw", NAMES[4], "xtoken", "=", "=", "=", "%3D", "%3d", "%253D", "%25", "%26", "%2526", "&", "?", ";",
    "]", "%5D", "%255d", "%5b", "[", "%3F", "%253Ftoken%253D", "\\", "\\u003d", "\\u0026token", "\\u003Dx", '\\"', '"', "\\n",
    "\\\\", " ", "\t", ",", "|", "a", "u", "3", "D", "%2", "é", "\x01", "secret", "x" * 61, "\n", "25", "-", ".",
]  # fmt: skip
URL_CHARS = "abcXYZ019-._~!$'()*+,;:@/?%"


def block(data: bytes, room: int = PAD) -> Block:
    return Block(bytearray(data + bytes(room)), len(data), 0)


def masked_by(table: Table, data: bytes, *, is_compiled: bool, room: int = PAD) -> bytes:
    """What the parser inside gets to see."""
    found: list[bytes] = []
    made = ReferenceParser(table, SOURCE, FRAMING).parse(block(b""))

    def parse(given: Block) -> Documents:
        found.append(bytes(given.data))
        return made

    given = block(data, room)
    MaskingParser(table, parse, is_compiled=is_compiled).parse(given)
    assert bytes(given.data) == data + bytes(room)
    return found[0][: len(data)]


def masked(name: str, data: bytes) -> bytes:
    """The same, by the reference and by the kernel."""
    (found,) = {masked_by(TABLES[name], data, is_compiled=is_compiled) for is_compiled in (False, True)}
    return found


@pytest.mark.parametrize("name", TABLES)
@settings(max_examples=10 if SLOW else 120)
@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_the_kernel_masks_what_the_reference_does(name: str, pieces: list[str]) -> None:
    """Whatever stands in a block; lines and their ends stay where they are, and a second time changes nothing."""
    data = "".join(pieces).encode() + b"\n"
    found = masked(name, data)
    assert all(new in (old, ord("*")) for old, new in zip(data, found, strict=True))
    assert masked(name, found) == found


@settings(max_examples=20 if SLOW else 300)
@given(
    name=st.sampled_from(["token", "ToKeN", "Password", "user[password]", "user%5bpassword%5D", "X-Amz-Signature"]),
    secret=st.text(URL_CHARS, min_size=1, max_size=90),
    around=st.tuples(st.text("abc/?&;=:", max_size=70), st.text("xyz=&", max_size=70)),
    times=st.integers(0, 2),
)
def test_no_secret_is_shown_and_nothing_else_is_hidden(name: str, secret: str, around: tuple[str, str], times: int) -> None:
    """A parameter of a URL, or of a URL that is a parameter of another and encoded once or twice, is stars to its end."""
    times = 0 if "%" in name else times
    query = f"?{name}={secret}"
    for _ in range(times):
        query, secret = quote(query), quote(secret)
    sign = ("=", "%3D", "%253D")[times]
    before, value = query[: query.index(sign) + len(sign)], query[query.index(sign) + len(sign) :]
    assert value == secret
    for shape in ("spaced", "spaced_raw", "tabbed", "json", "pattern"):
        line = f'"{around[0]}?{before}{secret}&{around[1]}" {around[1]}\n'.encode()
        assert masked(shape, line) == line.replace(f"{before}{secret}".encode(), f"{before}{'*' * len(secret)}".encode())


@pytest.mark.parametrize(
    ("name", "line", "wanted"),
    [
        ("spaced", rb'"GET /?token=a\"b\\ HTTP/1.1"', rb'"GET /?token=****** HTTP/1.1"'),
        ("spaced", rb'"/?token=a\\" "b"', rb'"/?token=***" "b"'),
        ("spaced_raw", rb'"/?token=a\" b', rb'"/?token=**" b'),
        ("tabbed", b"a\ttoken=x;y\tpw=z", b"a\ttoken=***\tpw=*"),
        ("csv", b"a,token=x;y,b", b"a,token=***,b"),
        ("piped", b"token=x,y|pw=|z", b"token=***|pw=|z"),
        ("json", rb'{"a":"?token\u003dx\u0026b\/c=1&pw=x\u003dy\/z"}', rb'{"a":"?token\u003d*\u0026b\/c=1&pw=***********"}'),
        ("json", rb'{"a":"{\"q\":\"?token=x\",\"b\":1}"}', rb'{"a":"{\"q\":\"?token=*\",\"b\":1}"}'),
        ("json", rb'{"a":"b\ntoken=x\tc"}', rb'{"a":"b\ntoken=*\tc"}'),
        ("json", rb'{"a":"\u0026token=x"}', rb'{"a":"\u0026token=*"}'),
        ("pattern", b"{token=x, page=1, xtoken=2, token.x=3, tokens=4}", b"{token=** page=1, xtoken=2, token.x=3, tokens=4}"),
        ("tabbed", b"next=%2Fcb%3Ftoken%3Dx%26y%3D1&z=2", b"next=%2Fcb%3Ftoken%3D*%26y%3D1&z=2"),
        ("tabbed", b"next=%252Fcb%253Fpw%253Dx%2526y%26a", b"next=%252Fcb%253Fpw%253D*%2526y%26a"),
        ("tabbed", b"token=a%26b&%20pw=c", b"token=*****&%20pw=*"),
    ],
)
def test_where_a_secret_ends(name: str, line: bytes, wanted: bytes) -> None:
    """By what its shape and its encoding say."""
    assert masked(name, line + b"\n") == wanted + b"\n"


def test_more_secrets_than_room() -> None:
    """There is always room for what is kept aside."""
    data = b"pw=x&" * (40 if SLOW else 5000) + b"\n"
    assert masked("tabbed", data) == data.replace(b"x", b"*")


def test_a_block_without_room_behind_it() -> None:
    """The kernel reads past the end; where nothing is there, the reference masks."""
    assert masked_by(TABLES["tabbed"], b"pw=x\n", is_compiled=True, room=0) == b"pw=*\n"


LEAKS = tuple(ruled_formats(Settings()).values())


@pytest.mark.parametrize("table", [table for table in LEAKS if table.rules.masked], ids=lambda table: table.name)
def test_generated_lines(table: Table) -> None:
    """With masking on, as it is unless it is switched off, kernel and reference make the same, and rejects are as they came."""
    data = b"".join(chunks(table, max(LINES // 24, 20), seed=12, strange=0.1))
    data = data.replace(b"?", b"?token=hush&").replace(b"-\t-", b"pw=hush\t-")
    framing = FRAMINGS["with all"]
    plain, fast = ReferenceParser(table, SOURCE, framing), CompiledParser(table, SOURCE, framing)
    wanted = MaskingParser(table, plain.parse, is_compiled=False).parse(block(data))
    got = MaskingParser(table, fast.parse, is_compiled=True).parse(block(data))
    assert (seen(got), got.masked) == (seen(wanted), wanted.masked)
    assert b"token=hush" not in bytes(got.data)
    assert all(data[each.offset : each.offset + len(each.raw)] == each.raw for each in got.rejects)


def test_a_document_and_a_reject() -> None:
    """No field of a document has the secret, event.original neither; a reject has the line as it came."""
    table = ruled_formats(Settings())["alb"]
    good = ALB.format(path="/a?X-Amz-Signature=0123&b=1", status="200", agent="-", actions="waf").encode()
    bad = good.replace(b" 200 ", b" x ", 1)
    found = open_parser(table, SOURCE, FRAMING).parse(block(good + bad))
    (document,) = [orjson.loads(line) for line in bytes(found.data).splitlines()]
    assert document["url"]["query"] == "X-Amz-Signature=****&b=1"
    assert b"0123" not in bytes(found.data)
    assert b"X-Amz-Signature=****&" in bytes(document["event"]["original"], "ascii")
    assert [reject.raw + b"\n" for reject in found.rejects] == [bad]
    assert found.masked == 2


def test_rejects_behind_joints() -> None:
    """Also where the object has no newlines between its records, a reject has its record as it came."""
    records = [b'{"url":"/?pw=%d"}' % number for number in range(3)] + [b'{"url":"/?pw=4",}', b'{"pw=5&":x}']
    data, joints, place = b"".join(record + b"\n" for record in records), [], -1
    for record in records[:-1]:
        place += len(record) + 1
        joints.append(place)
    for plain in (ReferenceParser(TABLES["json"], SOURCE, FRAMING), CompiledParser(TABLES["json"], SOURCE, FRAMING)):
        given = replace(block(data), offset=70, joints=tuple(joints))
        found = MaskingParser(TABLES["json"], plain.parse, is_compiled=True).parse(given)
        assert [reject.raw for reject in found.rejects] == records[3:]
        assert [reject.offset - 70 for reject in found.rejects] == [len(b"".join(records[:3])), len(b"".join(records[:4]))]
        assert found.offsets.tolist() == [70, 86, 102]


@pytest.mark.parametrize("name", ["json", "pattern", "spaced"])
def test_events(name: str) -> None:
    """Events stand side by side without newlines: a secret ends where its event does; rejects are as they came."""
    texts = [b"\n {pw=x", b"token=yz", b"GET /?pw=", b"a b pw=c\n"]
    ends, end = [], 0
    for text in texts:
        end += len(text)
        ends.append(end)
    given: dict[str, Any] = {"events": Events(tuple(ends), ("a", "b", "c", "d"), (0, 0, 0, 0))}
    source = replace(SOURCE, carrier=Carrier("group", "stream"))
    parser = open_parser(TABLES[name], source, FRAMING)
    found = parser.parse(replace(block(b"".join(texts)), **given))
    assert found.masked == 3
    assert {reject.id: reject.raw for reject in found.rejects} == {
        "json": dict(zip("abcd", (text.strip() for text in texts), strict=True)),
        "pattern": {},
        "spaced": dict(zip("abcd", (text.rstrip(b"\n") for text in texts), strict=True)),
    }[name]
    originals = [orjson.loads(line)["event"]["original"] for line in bytes(found.data).splitlines()]
    assert originals == ([] if name != "pattern" else ["\n {pw=*", "token=**", "GET /?pw=", "a b pw=*"])


def test_what_is_switched_off() -> None:
    """[] masks nothing; a format of the user's own is masked as its base is."""
    off = ruled_formats(Settings.model_validate({"secrets": {"formats": []}}))
    assert not any(table.rules.masked for table in off.values())
    edge = {"name": "edge", "base": "cloudfront_realtime", "fields": ["timestamp", "cs-uri-query"]}
    ours = {"name": "ours", "columns": [{"name": "t", "type": "time", "field": "@timestamp"}]}
    found = ruled_formats(Settings.model_validate({"format": [edge, ours], "secrets": {"parameters": ["Mine"]}}))
    assert (found["edge"].rules.masked, found["ours"].rules.masked, found["events"].rules.masked) == (("mine",), (), ())
