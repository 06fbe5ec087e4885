"""The kernel makes of JSON records what the reference makes: whatever stands at whatever path, and however it is written."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestd.fastpath.kernel.json_text import LEVELS
from ingestd.formats.registry import formats
from ingestd.formats.table import (
    Boolean,
    Column,
    DateTime,
    Decimal,
    Epoch,
    Instant,
    Integer,
    Ip,
    Items,
    Json,
    Mapped,
    Moment,
    Pairs,
    Shape,
    Status,
    Table,
    Text,
    Words,
)
from tests.fastpath.test_compiled import FRAMINGS, SLOW, same, unused

TIME = {"t": "2026-11-01T12:00:00Z"}


def toy(*, catches: bool = False, dashes: bool = False, dated: bool = False) -> Table:
    """Places of each kind, at several depths, fields that two of them fill, and arrays that are looked into."""
    columns = (
        Column("t", Instant("@timestamp")),
        Column("m", Moment("@timestamp"), Moment("x.moment")),
        Column("e", Epoch("x.epoch", instead="e2")),
        Column("e2"),
        Column("date", DateTime("x.joined", time="time")),
        Column("time"),
        Column("text", Text("x.text")),
        Column("again", Text("x.text")),
        Column("a.b.c", Text("x.deep")),
        Column("a.b.n", Integer("x.n")),
        Column("a.d", Decimal("x.d")),
        Column("a", Text("x.a")),
        Column("flag", Boolean("x.flag")),
        Column("ip", Ip("x.ip", "x.address")),
        Column("s", Status("x.status")),
        Column("w", Words("x.words", ",")),
        Column("k", Json("x.kept")),
        Column("k.known", Text("x.known")),
        Column("k.in.side", Text("x.inside")),
        Column("j", Json("x.json")),
        Column("i", Items("x.items")),
        Column("p", Pairs("x.pairs")),
        Column("l[].name", Items("x.names")),
        Column("l"),
        Column("h[name=host].value", Text("x.host")),
        Column("h[name=N].value", Integer("x.number")),
        Column("h[value=x].name", Boolean("x.boolean")),
        Column("h[].value", Items("x.values")),
        Column("h[name=in].side.a", Text("x.side"), Text("x.side2")),
        Column("h[name=d].value", Words("x.split", ",")),
        Column("h", Pairs("x.h")),
        Column("o.r[].name", Words("x.joined_names", ",")),
        Column("o.r[name=x].value", Text("x.text")),
        Column("a.l[].b.c", Items("x.below")),
        Column("k.l[name=x].value", Instant("x.then")),
        Column("map", Mapped("x.mapped", (("yes", "1"), ("no", ("a", "b"))))),
    )
    return Table(
        "toy", "toy", "toy", Shape.JSON, columns, 0, "", "", unused,
        constants=(("event.kind", "event"),), catches=catches, dashes=dashes, dated_by_object=dated, rest="rest",
    )  # fmt: skip


def returning() -> Table:
    """A table that catches, whose columns fill one field in twos and threes, or may be unreadable, at several depths."""
    columns = (
        Column("t", Moment("@timestamp")),
        Column("m", Moment("@timestamp")),
        Column("a.b", Moment("@timestamp")),
        Column("text", Text("x.text")),
        Column("again", Text("x.text")),
        Column("a.d", Text("x.text")),
        Column("e", Text("x.one"), Text("x.two")),
        Column("e2", Text("x.one"), Text("x.two")),
        Column("s", Integer("x.n")),
        Column("a.b.n", Integer("x.deep")),
        Column("a.b.c", Decimal("x.d")),
        Column("k.in.side", Integer("x.inside")),
        Column("k.known", Decimal("x.known")),
        Column("flag", Boolean("x.flag")),
        Column("ip", Ip("x.ip", "x.address")),
        Column("map", Text("x.mapped"), Mapped("x.meaning", (("yes", "1"), ("no", ("a", "b"))))),
        Column("i", Items("x.items")),
        Column("w", Words("x.words", ",")),
        Column("time"),
    )
    return Table(
        "toy", "toy", "toy", Shape.JSON, columns, 0, "", "", unused, catches=True, dated_by_object=True, rest="rest"
    )  # fmt: skip


TOYS = [toy(), toy(catches=True, dated=True), toy(dashes=True), returning()]
NAMES = ["t", "m", "e", "e2", "date", "time", "text", "again", "a", "b", "c", "n", "d", "flag", "ip", "s", "w", "k", "known",
         "in", "side", "j", "i", "p", "l", "map", "h", "a.b", "a.b.c", "k.in", "k.known", "b.c", "new", "", "ü", "name",
         "value", "o", "r", "o.r", "a long name of a member"]  # fmt: skip
SCALARS: list[Any] = [
    None, True, False, "", "-", "x", "1", "true", "yes", "a,b,-", "2026-11-01T00:00:00", "2026-11-01T12:00:00.5+0000",
    "12:00:00",
    "2026-11-01", "2026-11-01 12:00:00,5+01:00", "1793534400123", "2026-11-01t23:30:00.123456789-0130", "2026-11-01 12:00:00 Z",
    "1970-01-01T00:30:00+01:00", "2199-12-31T23:30:00-01:00", "1793534400123.75",
    "2026-02-29T00:00:00+00", "2026-06-30 23:59:60,5+01:00", "2026-06-30T23:59:60Z", "\ud800",
    "192.0.2.1", "404", "quote\"", "back\\slash", "tab\tnew\n",
    "\x01\x1f\x7f", "é€😀", "x" * 70, 0, -1, 7, 1793534400, 1793534400.25, 0.5, 1.10, -0.0, 1e300, 1e-7,
    0.00001, 123456789012345678, 1793534400.1234567, 0.30000000000000004, 9007199254740993.5, 1793534400123456789, 1e21,
    12345678901234567890, 99999999999999999999999,
]  # fmt: skip
PAIR_NAMES: list[Any] = ["host", "HOST", "n", "N", "d", "in", "x", "é", "İ", 'quo"te', "", "x" * 9, "X" * 9, "x" * 257, None, 7]


def items(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What stands in arrays that columns look into."""
    optional = {"side": inner, "b": st.dictionaries(st.sampled_from(["c", "b"]), inner, max_size=2), "more": inner}
    pair = st.fixed_dictionaries({"name": st.sampled_from(PAIR_NAMES)}, optional={"value": inner} | optional)
    return st.lists(st.one_of(pair, pair, pair, inner), max_size=5)


VALUES = st.recursive(
    st.sampled_from(SCALARS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=4), items(inner)
    ),
    max_leaves=12,
)  # fmt: skip
RECORDS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8)
PIECES = [b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u00e9", b"\\ud83d", b"\\/", b" ", b"\t", b"0", b"-", b".", b"e5",
          b"null",
          b'"a":1,', b"\xff", b"\xc3\xa9", b"\n", b"tru"]  # fmt: skip


def written(record: dict[str, Any], form: str) -> bytes:
    if form == "plain":
        return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    if form == "spaced":
        return b" \t" + json.dumps(record, indent=1).replace("\n", " \r").encode()
    return json.dumps(record, ensure_ascii=form == "ascii").encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("table", TOYS, ids=["plain", "catching", "dashed", "returning"])
@settings(max_examples=5 if SLOW else 250)
@given(
    records=st.lists(RECORDS, min_size=1, max_size=6),
    form=st.sampled_from(["plain", "spaced", "ascii", "utf-8"]),
    edits=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 3), st.sampled_from(PIECES)), max_size=2),
    has_time=st.booleans(),
)
def test_any_record(
    table: Table, records: list[dict[str, Any]], form: str, edits: list[tuple[int, int, bytes]], has_time: bool
) -> None:
    """Records of any values at known and unknown paths, in any writing, whole or damaged, come out the same."""
    data = b"".join(written((TIME if has_time else {}) | record, form) + b"\n" for record in records)
    for place, length, piece in edits:
        place %= len(data)
        data = data[:place] + piece + data[place + length :]
    same(table, data + b"\n", FRAMINGS["with all"])


PLAIN = [
    '{"t":"2026-11-01T12:00:00Z","text":"x"}',
    ' {"t" : "2026-11-01T12:00:00Z" , "a" : { "b" : { "c" : "y", "n": 12 } , "d" : 1.5 } } ',
    '{"t":"2026-11-01T12:00:00Z","new":{"a":[1,{"b":"c\\n\\"\\u001f"},[],{}],"é":"ü"},"flag":true}',
    '{"t":"2026-11-01T12:00:00Z","k":{"known":"x","other":[1],"in":{"side":"y","out":2}},"j":[1,2],"text":"q\\"\\u00e9\\/"}',
    '{"t":"2026-11-01T12:00:00Z","a.b.c":"dots","k.in.side":"dots","empty":{},"none":null,"":"","l":[],"i":null}',
    '{"m":"2026-11-01T12:00:00.123+0000","e2":"1793534400","date":"2026-11-01","time":"00:00:00","map":"no","w":"a,b"}',
    '{"t":"2026-11-01T12:00:00Z","h":[{"name":"Host","value":"a"},{"name":"in","value":null},{"name":"n","value":5}]}',
    '{"t":"2026-11-01T12:00:00Z","h":[{"name":"A","value":"1"},{"value":2,"name":"b"},{"name":"a","value":""}, {"name":"a"}]}',
    '{"t":"2026-11-01T12:00:00Z","i":["a",1,true,null,"-",""],"p":[{"name":"x","value":"\\n"}],"l":[{"name":"y"},{},"z",{"name":[]}]}',
    '{"t":"2026-11-01T12:00:00Z","o":{"r":[{"name":"a,b"},{"name":"x","value":"\\n"}],"n":null},"a":{"l":[{"b":{"c":1}}]}}',
    '{"t":"2026-11-01T12:00:00Z","l":["a","-","",{"name":"b"},7,"é\\n"],"o":{"r":["x,y",{"name":"z"},null]}}',
    '{"t":"2026-11-01T12:00:00Z","h":[{"name":"host","value":""},{"name":"host","value":"b"}],"k":{"l":[{"name":"x","value":0}]}}',
    '{"t":"2026-11-01T12:00:00Z","text":"\\ud83d\\ude00 \\u20ac\\u00e9","new":{"a":"\\uD83D\\uDE00\\u00e9\\/"}}',
    '{"t":"2026-11-01T12:00:00Z","new":["\\u000A\\u001F\\u0022\\u005c\\u007f"],"flag":false}',
    '{"t":"2026-11-01T12:00:00Z","text":["a",{"b":"\\n"}],"flag":{"x":1},"ip":[[]],"s":{"":null},"again":"y","map":[1]}',
    '{"t":"2026-11-01T12:00:00Z","i":"alone","text":0.30000000000000004,"new":[1793534400.1234567,1793534400123456789,1e-7]}',
    '{"t":"2026-11-01T12:00:00Z","text":1.10,"new":[0.120,5.00,{"quo\\"te":1}],"i":17,"again":"half \\ud83d of a pair"}',
    '{"t":"2026-11-01T12:00:00Z","new":' + "[" * (LEVELS - 1) + "]" * (LEVELS - 1) + "}",
]


@pytest.mark.parametrize("line", PLAIN)
def test_plain_records_are_the_kernel_s(line: str) -> None:
    """What is written as it mostly is does not go to the reference."""
    assert same(toy(), f"{line}\n".encode() * 3, FRAMINGS["with all"]) == 0


RETURNING = [
    '{"t":"2026-11-01T12:00:00Z","m":"2026-11-01T11:00:00Z","new":1,"a":{"b":"soon","d":"x","c":2}}',
    '{"m":"2026-11-01 13:00:00,494+0100","t":"soon"}',
    '{"t":1793534400.1234567,"again":"a","text":"b","a":{"d":"c"}}',
    '{"a":{"d":"c","b":{"n":"x","c":"y"}},"again":"a","e2":"q\\"\\/","e":1}',
    '{"k":{"in":{"side":1.5},"known":"-"},"s":"x","flag":true,"a":{"b":{"n":"","c":"1e99"}},"z":1}',
    '{"a.b.n":"x","a":{"b":{"n":"y"}},"text":"","again":"a"}',
    '{"s":12345678901234567890123}',
]


@pytest.mark.parametrize("line", RETURNING[:-1])
def test_values_that_fill_nothing_go_back(line: str) -> None:
    """Of a table that catches, by the kernel: what could not be read, and what fills a field that is filled."""
    assert same(returning(), f"{line}\n".encode() * 3, FRAMINGS["with all"]) == 0


def test_many_values_that_go_back() -> None:
    """However many they are, kernel and reference agree on them."""
    bad = [column.name for column in returning().columns if isinstance((*column.readings, None)[0], Integer | Decimal | Moment)]
    record = "{" + ",".join(f'"{name}":"x"' for name in bad) + "}"
    same(returning(), f"{record}\n{RETURNING[-1]}\n".encode(), FRAMINGS["with all"])


def test_rejects_of_records() -> None:
    """A record that cannot be read is rejected by the kernel: where it begins, without what is around it, and why."""
    lines = [
        '{"t":"x","a":1}',
        ' {"s":"y","t":"2026-11-01T12:00:00Z"} \r',
        "\ufeff{}",
        '{"t":"2026-11-01T12:00:00Z"}',
        '{"a":{"b":{"n":1.5}}}',
    ]
    assert same(toy(), "".join(f"{line}\n" for line in lines).encode(), FRAMINGS["with all"]) == 0


@pytest.mark.parametrize("name", [name for name, table in formats().items() if getattr(table, "shape", None) is Shape.JSON])
def test_records_of_the_sizes_that_have_a_limit(name: str) -> None:
    """Many members, long names, deep values and long lines come out the same."""
    table = formats()[name]
    line = table.sample(Random(1))[:-1]
    made = [
        line + ',"new":{' + ",".join(f'"k{number}":{number}' for number in range(count)) + "}}" for count in (300, 450, 1001)
    ]
    made += [line + f',"{"n" * size}":1}}' for size in (255, 256, 257)]
    made += [line + ',"new":' + '{"a":' * deep + "1" + "}" * deep + "}" for deep in (9, 10, 11, 15, 16, 17, 300)]
    made += [line + ',"new":"' + "x" * size + '"}' for size in (60_000, 65_500, 66_000)]
    same(table, "".join(f"{each}\n" for each in made).encode(), FRAMINGS["with all"])
