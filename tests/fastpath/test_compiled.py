"""The kernel makes what the reference makes: documents, places, rejects and counts, byte for byte."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingestd.fastpath import compiled
from ingestd.fastpath.compiled import CompiledParser
from ingestd.fastpath.kernel.codes import COLUMNS_MAX, LINE_MAX
from ingestd.fastpath.kernel.jit import NUMBA
from ingestd.fastpath.order import Order
from ingestd.fastpath.plan import compile_plan
from ingestd.fastpath.reference import ReferenceParser
from ingestd.fastpath.room import Room
from ingestd.formats.registry import formats
from ingestd.formats.table import (
    SEPARATORS,
    ClfTime,
    Column,
    Cut,
    DateTime,
    Decimal,
    Endpoint,
    Epoch,
    Instant,
    Integer,
    Ip,
    IpList,
    Mapped,
    Piece,
    Request,
    Shape,
    Status,
    Table,
    Text,
    Tls,
    Version,
    Words,
)  # fmt: skip
from ingestd.generate import chunks, lines
from ingestd.model import PAD, Block, Documents, Framing, Source

SLOW = bool(NUMBA.config.DISABLE_JIT)  # the kernel as plain Python, and its vectors byte by byte: some 20 ms a line
LINES = 48 if SLOW else 6000
LINES_OF_A_LOG = int(os.environ.get("INGESTD_KERNEL_LINES", LINES // 12))
EXAMPLES = 3 if SLOW else 120
STEP = 97 if SLOW else 1
CUTS_MAX = 2500
SOURCE = Source("bucket", 'a/"key".gz', "etag", 1_793_534_400.0, "eu-central-1", "123456789012")  # 2026-11-01
FRAMINGS = {
    "bulk": Framing("set", action=True, index="logs", outlier_index='odd "one"', days_past=3),
    "monthly": Framing("set", action=True, index="logs", period="monthly", outlier_index="odd", days_past=1, days_ahead=0),
    "plain": Framing("set", action=False),
    "with id": Framing("set", action=False, id_field=True),
    "with all": Framing("set", action=True, id_field=True, original=True, index="i", period="none", outlier_index="o"),
}


def named(table: Table) -> str:
    return table.name


def unused(random: Random) -> str:
    return ""


MEANINGS: tuple[tuple[str, str | tuple[str, ...]], ...] = (
    *((str(number), (f"bit {number}", '"')) for number in range(64)),
    ("Success", "success"),
    ("Failed:ClientCertExpired", "failure"),
    ("a much longer value than others", "x" * 200),
    ("ü", "ü"),
    ("", "empty"),
)
SHAPES = (Shape.SPACED, Shape.SPACED_RAW, Shape.TABBED, Shape.CSV)


def toy(shape: Shape) -> Table:
    """One column for each kind of reading, and paths that two of them fill, in one way or in several."""
    columns = (
        Column("t", Instant("@timestamp"), Instant("event.created")),
        Column("date", DateTime("event.start", time="time")),
        Column("time"),
        Column("text", Text("x.text"), Text("y.again")),
        Column("p1", Text("x.once", percent=1)),
        Column("p2", Text("x.twice", percent=2)),
        Column("n", Integer("x.n")),
        Column("m", Integer("x.m", minus_one_absent=True)),
        Column("d", Decimal("x.d", minus_one_absent=True)),
        Column("s", Status("x.status")),
        Column("ip", Ip("source.ip", "source.address")),
        Column("to", Endpoint("target.ip", "target.port", "target.address")),
        Column("words", Words("x.words", ",")),
        Column("via", IpList("x.via", "network.forwarded_ip")),
        Column("tls", Tls("x.tls")),
        Column("v", Version("x.version")),
        Column("request", Request()),
        Column("text2", Text("x.text")),
        Column("epoch", Epoch("x.at", instead="epoch2"), Epoch("@timestamp")),
        Column("epoch2", Epoch("x.then")),
        Column("clf", ClfTime("x.clf"), ClfTime("@timestamp")),
        Column("mapped", Mapped("x.mapped", MEANINGS), Text("x.mapped")),
        Column("cut", Cut(";", (Piece("x.a", "a="), Piece("x.b", "b=", "date"), Piece("x.a"))), Cut("; ", (Piece("x.c"),))),
        Column("list", Words("x.list", "%0A", percent=1), Words("x.twice_list", '","', percent=2)),
        Column("loose", Tls("x.tls", version="x.v", protocol="x.p", loose=True), Integer("x.mixed")),
        Column("mixed", Words("x.mixed", ","), Text("x.mixed"), Integer("x.status")),
    )
    return Table(
        "toy", "toy", "toy", shape, columns, 1, "", "", unused,
        header="#Fields:", comments=("#",), constants=(("event.kind", "event"), ("x.constant", ("a", "b"))),
    )  # fmt: skip


COMPILED = [table for table in formats().values() if isinstance(table, Table) and table.shape in (*SHAPES, Shape.JSON)]
INPUTS = [
    path
    for path in sorted((Path(__file__).parent.parent / "formats").glob("*/input/*.log"))
    if path.parts[-3] in {table.name for table in COMPILED}
]
TOYS = {
    **{shape.value: toy(shape) for shape in SHAPES},
    **{f"{shape.value}, runs": replace(toy(shape), runs=True) for shape in SHAPES},
    **{f"{shape.value}, {mark}": replace(toy(shape), separator=mark) for shape in SHAPES for mark in '|;\t"\\[]'},
    "names as header": replace(toy(Shape.SPACED_RAW), header="", runs=True),
    "dated by object": replace(toy(Shape.CSV), dated_by_object=True, required=3),
    "every line a comment": replace(toy(Shape.SPACED), comments=("",)),
    **{f"{shape.value}, padded": replace(toy(shape), padded=True) for shape in SHAPES},
}
VALUES: dict[str, tuple[str, ...]] = {
    "t": ("2026-11-01T00:00:00Z", "2026-10-31T23:59:59.123456", "2024-02-29T12:00:00.1Z",
          "2023-02-29T12:00:00Z", "1969-12-31T00:00:00Z", "-", "2016-12-31T23:59:60Z", "2016-12-31T23:59:60.5",
          "2016-12-31T23:59:61Z", "2016-12-31T24:59:60Z", "2016-12-31T23:60:60Z", "2016-12-32T23:59:60Z",
          "2016-12-31T23:59:60x"),
    "date": ("2026-11-01", "2000-02-29", "1900-01-01", "2026-11-1", "-"),
    "time": ("23:59:60", "23:59:60.5", "23:59:61", "00:00:00", "23:59:59.999999999", "24:00:00", "12:00:00Z", "12:00:00.", "-"),
    "text": ("a", "-", "--", "", 'a"b', "\\x22", "é€😀", "\x00\x1f\x7f", "[x]", "x" * 130),
    "p1": ("a%20b", "%", "%2", "%22%5c%00", "%C3%A9", "%ff%fe", "%2520", "x" * 63 + "%20", "x" * 62 + "%20y"),
    "p2": ("a%2520b", "%252", "%25%32%30", "%2522", "a%20b", "é%2525"),
    "n": ("0", "-0", "007", "000", "-007", "-1", "1" * 18, "1" * 19, "+1", "1.0", "", "x"),
    "m": ("-1", "-1.0", "-1.000", "-1.", "-01", "5"),
    "d": (".5", "-.5", "1.", "1e9", "1E-18", "1e19", "007.50", "-00.5e+07", "0.0", "1e", "-1", "nan",
          "1" * 18 + "." + "2" * 18),
    "s": ("200", "000", "399", "400", "-5", "0200", "1e2", "99999"),
    "ip": ("1.2.3.4", "256.1.1.1", "01.2.3.4", "1.2.3", "::", "::1", "1::", "2001:db8::1", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4",
           "1:2:3:4:5:6:1.2.3.4", "1::3:4:5:6:7:1.2.3.4", "1:2:3:4:5:6:7::", ":::", "1:", ":1", "12345::", "fe80::1%eth0",
           "1::2::3", "::1.2.3.4.5"),
    "to": ("1.2.3.4:80", "1.2.3.4", "1.2.3.4:65536", "[::1]:443", "::1:443", "1.2.3.4:00080", "a.b:80", ":80",
           "[1.2.3.4]:80", "[::1]"),
    "words": ("a,b", "a", ",", "-,-", "a,,-,b", 'q"uote,\\'),
    "via": ("1.2.3.4", "1.2.3.4,%20::1", "\\x201.2.3.4:80%20,[::1]:80", "unknown,%20", "%20", "[2001:db8::1], x", "-,1.1.1.1"),
    "tls": ("TLSv1.2", "TLSv1", "SSLv3", "TLSv12", "TLS", "SSLv3.0", "tlsv1.2", "TLSv1."),
    "v": ("HTTP/1.1", "HTTP/", "HTTP", "/2", "a/b/c", "x/-"),
    "request": ("GET http://h:80/p?q HTTP/1.1", "GET https://[::1]:443/ HTTP/2.0", "- http://host:80- -", "GET /a b c HTTP/1.0",
                "-  -", "GET", "GET  ", "GET x", "GET ?q -", "GET a+b.c-1://h?q?r HTTP/", "GET 1http://x/ HTTP/1.1",
                "GET http://h:99999/",
                "GET http://a:b:1/ HTTP/1.1", "GET http://[x/ HTTP/1.1", "GET http://[::1]x:1/",
                "GET https:// HTTP/1.1", "GET HTTP/1.1"),
    "text2": ("z", "-"),
    "epoch": ("-", "0", "1793491199", "1793491199.5", "1793491199.123456789", "1793491199.1234567890", "1793491199.",
              "12345678",
              "1793491199123", "1793491199123.5", "17934911991234", "179349119912345", "1793491199123456", "17934911991234567",
              "1793491199123456789", "0" * 19, "9" * 19, "1" * 20, "7258118399", "7258118400", "00000000001", "-1", "951782400",
              "4107542399", "1709164800"),
    "epoch2": ("-", "5", "x", "99999999999999"),
    "clf": (*(f"{day}:00:30:00 {zone}" for day in ("01/Jan/1970", "31/Dec/2199", "29/Feb/2024") for zone in ("+0100", "-2359")),
            *(f"{day}:00:00:00 -0530" for day in ("31/Dec/1969", "01/Jan/2200", "29/Feb/2023", "01/nov/2026", "01/Xyz/2026")),
            *(f"01/Nov/2026:{rest}" for rest in ("24:00:00 +0000", "00:00:00 +2400", "00:00:00 +0060", "00:00:00 0000", "0")),
            *(f"{day}:00:00:00 +0000" for day in ("01/Nov/0000", "01-Nov-2026", "00/Nov/2026", "1/Nov/20260")),
            "31/Oct/2026:23:59:59 +0000", "31/Dec/2016:23:59:60 +0000", "01/Jan/2017:08:59:60 +0900",
            "31/Dec/2016:23:59:61 +0000", "31/Nov/2016:23:59:60 +0000"),
    "mapped": ("6", "17", "63", "Success", "Failed:ClientCertExpired", "Failed:ClientCertExpires",
               "a much longer value than others",
               "a much longer value then others", "ü", "nothing", "\x80\x81\x82\x83\x84\x85\x86\x87"),
    "cut": ("b=2016-12-31T23:59:60Z", "a=1;b=2026-11-01T00:00:00;3", "1;2;3;4", ";;", "a=;b=;", "-;-;-", "a=-;b=-", "x; y",
            "x;", "b=2026-11-01T00:00:00Z", "; "),
    "list": ("a%0Ab%20c", "%0A", "-%0A-", "a%0", 'h2","http/1.1', '%22","%2525","-","', "%0A%0Aé%0A%FF",
             "%2D%0A%0A" + "%01" * 70),
    "loose": ("TLSv1.2", "tlsv12", "TLSV1.1", "sslV3", "TLSv1", "tlsv1.", "tlsv123", "tlsv1x2", "xlsv12", "7", "tls"),
    "mixed": ("a,b", "-,", "7", ","),
}  # fmt: skip


def blocks(data: bytes, size: int, begin: int = 0) -> list[Block]:
    """Whole lines, `size` bytes of them at most where lines allow; `begin`: where in the object they are."""
    made, at = [], 0
    while at < len(data):
        stop = data.rfind(b"\n", at, at + size) + 1 or data.index(b"\n", at) + 1
        made.append(Block(bytearray(data[at:stop]) + bytearray(b"\xff" * PAD), stop - at, begin + at))
        at = stop
    return made


def seen(documents: Documents) -> list[Any]:
    """All of a result that must be the same."""
    arrays = [array.tolist() for array in (documents.starts, documents.bodies, documents.offsets)]
    counts = [documents.lines, documents.skipped, documents.dropped, documents.drifted, documents.by_rule]
    return [bytes(documents.data), *arrays, documents.rejects, counts]


def same(table: Table, data: bytes, framing: Framing = FRAMINGS["bulk"], size: int = 1 << 20) -> int:
    """Assert that both parsers make the same of it; returns how many lines the kernel did not read itself."""
    kernel, reference = CompiledParser(table, SOURCE, framing), ReferenceParser(table, SOURCE, framing)
    fallback = 0
    for block in blocks(data, size):
        before = bytes(block.data)
        got, wanted = kernel.parse(block), reference.parse(block)
        assert seen(got) == seen(wanted)
        assert bytes(block.data) == before
        fallback += got.fallback
    return fallback


@pytest.mark.parametrize("framing", FRAMINGS.values(), ids=list(FRAMINGS))
@pytest.mark.parametrize("table", COMPILED, ids=named)
def test_generated_lines(table: Table, framing: Framing) -> None:
    """Generated logs come out the same in every framing, and nothing of them is left to the reference.

    Of records only plausible ones: strange ones often are.
    """
    is_record = table.shape is Shape.JSON
    made = chunks(table, LINES // 4 if is_record else LINES, seed=11, strange=0 if is_record else 0.02)
    assert same(table, b"".join(made), framing) == 0


@pytest.mark.parametrize("table", COMPILED, ids=named)
def test_a_whole_log(table: Table) -> None:
    """One log, some of its lines strange, comes out the same from its first line to its last, however many there are."""
    kernel, reference = (parser(table, SOURCE, FRAMINGS["bulk"]) for parser in (CompiledParser, ReferenceParser))
    lines_read = begin = 0
    for piece in chunks(table, LINES_OF_A_LOG, seed=13):
        for block in blocks(piece, 1 << 20, begin):
            got = kernel.parse(block)
            assert seen(got) == seen(reference.parse(block))
            lines_read += got.lines
        begin += len(piece)
    assert lines_read == LINES_OF_A_LOG + len(table.preamble)


@pytest.mark.parametrize("size", [1, 1000, 1 << 16])
@pytest.mark.parametrize("table", COMPILED, ids=named)
def test_strange_lines_in_blocks_of_any_size(table: Table, size: int) -> None:
    """Strange lines come out the same however the object is cut into blocks."""
    same(table, b"".join(chunks(table, LINES // 6, seed=12, strange=1.0)), FRAMINGS["with all"], size)


@pytest.mark.parametrize("table", [*COMPILED, *TOYS.values()], ids=[*map(named, COMPILED), *TOYS])
def test_what_the_kernel_reads(table: Table) -> None:
    """Each line format is compiled, and so is whatever else a table of lines may ask for."""
    assert compile_plan(table, FRAMINGS["bulk"], Order.documented(table)) is not None


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_every_cut_of_every_fixture(path: Path) -> None:
    """A line cut short anywhere, or begun anywhere, comes out the same; one of many thousand bytes, at CUTS_MAX places."""
    table = formats()[path.parts[-3]]
    for line in path.read_bytes().split(b"\n")[: 3 if SLOW else None]:
        step = max(STEP, len(line) // CUTS_MAX)
        pieces = [line[:cut] for cut in range(0, len(line), step)] + [line[cut:] for cut in range(0, len(line), 7 * step)]
        same(table, b"".join(piece + b"\n" for piece in pieces), FRAMINGS["plain"])


@pytest.mark.parametrize("table", TOYS.values(), ids=list(TOYS))
def test_every_reading_in_every_shape(table: Table) -> None:
    """Each reading's own corner cases come out the same, bare, quoted, in brackets and beside each other."""
    random, gap, made = Random(4), table.between.decode(), []
    for name, values in VALUES.items():
        for value in values:
            for form in ("{}", '"{}"', "[{}]"):
                columns = [VALUES["t"][0], *(random.choice(VALUES[c.name]) for c in table.columns[1:])]
                columns = [f'"{v}"' if gap in v else v for v in columns] if random.random() < 0.9 else columns
                if random.random() < 0.7:  # a number or a time that is none rejects; let most lines become documents
                    columns[6:10], columns[18], columns[20] = ["1", "-1", ".5", "200"], "1793491199", "-"
                    columns[24:26] = ["-", "7"]
                columns[[column.name for column in table.columns].index(name)] = form.format(value)
                made.append((gap * random.choice((1, 1, 2, 3)) if table.runs else gap).join(columns))
    same(table, "\n".join([*(made[::STEP]), ""]).encode(), FRAMINGS["with all"])


@pytest.mark.parametrize("table", [*COMPILED, *TOYS.values()], ids=[*map(named, COMPILED), *TOYS])
@settings(max_examples=EXAMPLES)
@given(noise=st.lists(st.binary(max_size=300), max_size=6), size=st.sampled_from([1, 64, 1 << 20]))
@example(noise=[b" \xef\xbb\xbf"], size=1)
def test_noise(table: Table, noise: list[bytes], size: int) -> None:
    """Arbitrary bytes come out the same."""
    same(table, b"".join(line + b"\n" for line in noise), FRAMINGS["with all"], size)


PIECES = [
    b" ",
    b"\t",
    b'"',
    b"\\",
    b"[",
    b"]",
    b"-",
    b"%2",
    b"#Fields:",
    b"\xff",
    b"\r",
    b"\xef\xbb\xbf",
    b":",
    b"/",
    b"9",
    b",",
    b"\n",
]


@pytest.mark.parametrize("table", COMPILED, ids=named)
@settings(max_examples=EXAMPLES)
@given(
    seed=st.integers(0, 50),
    edits=st.lists(
        st.tuples(st.integers(0, 4000), st.integers(0, 3), st.one_of(st.sampled_from(PIECES), st.binary(max_size=99))),
        max_size=12,
    ),
)
def test_damaged_lines(table: Table, seed: int, edits: list[tuple[int, int, bytes]]) -> None:
    """Plausible and strange lines, cut and spliced anywhere, come out the same."""
    data = b"".join(line + b"\n" for line in samples(table)[seed : seed + 6])
    for place, length, piece in edits:
        place %= len(data)
        data = data[:place] + piece + data[place + length :]
    same(table, data + b"\n", FRAMINGS["bulk"])


def samples(table: Table) -> list[bytes]:
    if table.name not in SAMPLES:
        SAMPLES[table.name] = list(lines(table, 60, seed=5, strange=0.5))
    return SAMPLES[table.name]


SAMPLES: dict[str, list[bytes]] = {}


@pytest.mark.parametrize(
    "header",
    [
        "#Fields: date time c-ip cs-method sc-bytes x-edge-location",
        "#Fields:\tc-ip\tc-ip\tTIME\tdate\tunknown\tsc-bytes\tx-edge-location\tcs-method\tcs(User-Agent)",
        "#Fields: date time",
        "#Fields:",
        "#Fields: date time x-edge-location sc-bytes c-ip \u00fc\"\\name",
        "#Fields: " + " ".join(f"n{i}" for i in range(COLUMNS_MAX + 5)),
        "#Fields: date time x-edge-location sc-bytes c-ip " + "long" * 100,
    ],
)  # fmt: skip
def test_header_lines(header: str) -> None:
    """A header line decides the columns' order, also in the middle of a block and for the blocks after it."""
    rows = "2026-11-01\t00:00:00\t1.2.3.4\tGET\t5\tx\ty\tz\n2026-11-01\t00:00:00\tFRA\t7\t::1\t-\t\tq\n"
    rows += "1.2.3.4\t-\t00:00:00\t2026-11-01\t-\t1\n"
    rows += rows.replace("\t", " ") + rows.replace("\t", "   ")
    data = f"{rows}{header}\n{rows}#Fields: date time x-edge-location sc-bytes c-ip\n{rows}{header}\r\n{rows}".encode()
    for size in (1, 100, 1 << 20):
        same(formats()["cloudfront"], data, FRAMINGS["bulk"], size)


@pytest.mark.parametrize(
    "size", [62, 63, 64, 65, 127, 128, 129, *([] if SLOW else [LINE_MAX - 30, LINE_MAX, LINE_MAX + 1, 200_000])]
)
@pytest.mark.parametrize("shape", SHAPES)
def test_long_lines(shape: Shape, size: int) -> None:
    """Lines around the vectors' width and around the longest that the kernel reads come out the same, worst characters too."""
    gap = SEPARATORS[shape]
    quote = "" if shape is Shape.TABBED else '"'
    made = [gap.join([VALUES["t"][0], *"----", char * max(0, size - 40)]) for char in ("a", "\x01", "%", "%41", '"')]
    made += [
        gap.join([VALUES["t"][0], *"--", quote + "\\x01" * (size // 4) + quote, "-", "%"]),
        "#" * size,
        " " * size,
        "[" * size,
    ]
    for line in made:
        same(toy(shape), f"{line[:size]}\n{line[:size]}\n".encode(), FRAMINGS["with all"])


@pytest.mark.parametrize("count", [COLUMNS_MAX - 65, COLUMNS_MAX - 64, COLUMNS_MAX - 1, COLUMNS_MAX, COLUMNS_MAX + 1, 2000])
@pytest.mark.parametrize("shape", SHAPES)
def test_many_columns(shape: Shape, count: int) -> None:
    """Lines around the most columns that the kernel keeps come out the same."""
    gap = SEPARATORS[shape]
    same(toy(shape), (gap.join([VALUES["t"][0]] + ["-"] * 17 + [""] * (count - 18)) + "\n").encode())
    same(toy(shape), (gap.join([VALUES["t"][0]] + ["-"] * 17 + ['"x" '] * (count - 18)) + "\n").encode())


def test_a_header_that_names_fewer_columns() -> None:
    """An object whose columns are too many for the kernel, until a header says which of them there are, comes out the same."""
    columns = (Column("t", Instant("@timestamp")), *(Column(f"c{i}", Text(f"c.n{i}")) for i in range(COLUMNS_MAX)))
    table = Table("t", "t", "t", Shape.SPACED, columns, 1, "", "", unused, header="")
    same(table, b"2026-11-01T00:00:00Z a b\nc7 t\n" + 9 * b"x 2026-11-01T00:00:00Z\n", FRAMINGS["with all"], 40)


def test_more_documents_than_room() -> None:
    """A block of more documents, or more rejects, than the arrays were made for comes out the same."""
    table = Table("t", "t", "t", Shape.SPACED, (Column("t", Instant("@timestamp")),), 1, "", "", unused)
    good = b"2026-11-01T00:00:00Z\n"
    count = 50 if SLOW else 3000
    same(table, good * 8 * count + b"bad\n" * count + good)


@pytest.mark.parametrize("data", [b"", b"\n", b"no newline at the end", b"\n\n\nx"])
def test_blocks_out_of_the_ordinary(data: bytes) -> None:
    """An empty block, a block without padding, one whose last line is open: the reference's answer."""
    table = formats()["alb"]
    block = Block(bytearray(data), len(data), 10**12 - 1)
    args = (table, SOURCE, FRAMINGS["bulk"])
    assert seen(CompiledParser(*args).parse(block)) == seen(ReferenceParser(*args).parse(block))


def test_documents_outlive_the_next_block() -> None:
    """Documents stay what they were while the same parser reads on: a buffer goes round only when nobody reads it."""
    table = formats()["alb"]
    parser, data = CompiledParser(table, SOURCE, FRAMINGS["bulk"]), b"".join(chunks(table, LINES, seed=3))
    kept = [parser.parse(block) for block in blocks(data, 1 << 19)]
    copies = [bytes(documents.data) for documents in kept]
    again = [parser.parse(block) for block in blocks(data, 1 << 19)]
    assert [bytes(documents.data) for documents in kept] == copies == [bytes(documents.data) for documents in again]


def test_offsets_far_into_an_object() -> None:
    """Ids and offsets have their digits wherever the block stands."""
    table, line = formats()["alb"], samples(formats()["alb"])[0] + b"\n"
    for offset in [0, 9, 10, 99_999_999, 100_000_000, 123_456_789_012, 10**12 - len(line)]:
        block = Block(bytearray(line) + bytearray(PAD), len(line), offset)
        args = (table, SOURCE, FRAMINGS["with all"])
        assert seen(CompiledParser(*args).parse(block)) == seen(ReferenceParser(*args).parse(block))


def test_no_room_to_spare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents come out the same when room is found out only as the kernel asks for it, and is never more than it asks."""

    class Tight:
        def take(self, size: int) -> Any:
            return np.empty(size, np.uint8)

    monkeypatch.setattr(compiled, "BUFFERS", Tight())
    monkeypatch.setattr(Room, "of", lambda _, raw_bytes: 0)
    monkeypatch.setattr(compiled, "LINE_USUAL", 0)
    monkeypatch.setattr(compiled, "SMALL", 0)
    for table in COMPILED:
        same(table, b"".join(chunks(table, 40, seed=2, strange=1.0)), FRAMINGS["with all"])


def test_two_threads_do_not_meet() -> None:
    """Parsers in two threads at once make what each makes alone."""
    made = [(table, b"".join(chunks(table, LINES // 4, seed=9))) for table in COMPILED]
    with ThreadPoolExecutor(2) as pool:
        for task in [pool.submit(same, table, data, FRAMINGS["bulk"], 1 << 16) for table, data in made for _ in range(2)]:
            task.result()
