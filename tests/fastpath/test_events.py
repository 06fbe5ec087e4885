"""The kernel takes the events out of envelopes as `core/envelope.py` does, or leaves the envelope to it."""

from __future__ import annotations

from collections import ChainMap
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingestd.core.envelope import Carried, carried
from ingestd.errors import Poison
from ingestd.fastpath import events
from ingestd.fastpath.events import cut, open_envelope
from ingestd.formats.registry import formats
from ingestd.formats.table import Table
from ingestd.generate_events import control_message, envelopes
from ingestd.model import PAD, Reject
from tests.core.test_envelope import SOURCE, envelope
from tests.fastpath.test_compiled import SLOW

EXAMPLES = 10 if SLOW else 400
USUAL = {"id": "38480917", "timestamp": 1_700_000_000_000, "message": "text"}


def outcome(opened: Any, record: bytes) -> tuple[list[tuple[object, ...]], list[Reject]] | str:
    try:
        groups, rejects = opened(record, 77, SOURCE)
    except Poison as poison:
        return str(poison)
    return [seen(group) for group in groups], rejects


def seen(group: Carried) -> tuple[object, ...]:
    block = group.block
    assert len(block.data) >= block.size + PAD
    return group.source, group.is_json, bytes(block.data[: block.size]), block.offset, block.events


def is_cut(record: bytes) -> bool:
    begin = events.BEGIN.search(record)
    assert begin
    return cut(record, begin.end()) is not None


def same(record: bytes) -> None:
    """Assert that both make the same of it."""
    assert outcome(open_envelope, record) == outcome(carried, record)


@pytest.mark.parametrize("table", formats().values(), ids=lambda table: table.name)
def test_envelopes_of_every_format(table: Table) -> None:
    """What CloudWatch Logs writes the kernel takes, whatever lines it holds, strange ones too."""
    for made in envelopes(table, 40 if SLOW else 1000, seed=3, strange=0.3):
        assert is_cut(made.data)
        same(made.data)


def test_control_message() -> None:
    """It has no events."""
    assert open_envelope(control_message(), 0, SOURCE) == ([], [])


TAKEN: list[dict[str, Any]] = [
    {},
    {"message": ""},
    {"message": 'quotes " and \\ \b\f\n\r\t \x01 \x7f / é 日 😀'},
    {"message": "{"},
    {"message": "{}"},
    {"message": " \r\n\t{}\n "},
    {"message": '{"a":1}{'},
    {"message": '{"a":[{},[],{"b":[1,-2.5,1e9,true,false,null,"x\\n\\u00e9\\/"]}]}'},
    {"message": '{"a":01}'},
    {"message": '{"a":1e999}'},
    {"message": '{"a":123456789012345678901234567890}'},
    {"message": '{"a":.5}'},
    {"message": '{"a":tru}'},
    {"message": '{"a":"\\x"}'},
    {"message": '{"a":"\\ud800"}'},
    {"message": '{"a":"tab\there"}'},
    {"message": '{"a":1,}'},
    {"message": '{"a":1,"a":2}'},
    {"message": '{"a" 1}'},
    {"message": "{a:1}"},
    {"message": '{"a":[1}]'},
    {"message": '{"a":' * 59 + "[]" + "}" * 59},
    {"message": '{"a":' * 60 + "[]" + "}" * 60},
    {"message": '{"a":' * 2000 + "[]" + "}" * 2000},
    {"message": "x" * 100_000},
    {"timestamp": 0},
    {"timestamp": -1},
    {"timestamp": 1 << 53},
    {"timestamp": -(1 << 53)},
    {"id": "a"},
    {"id": "_-Az09" * 20},
    {"id": "x" * 128},
]


@pytest.mark.parametrize("members", TAKEN, ids=range(len(TAKEN)))
def test_what_the_kernel_takes(members: dict[str, Any]) -> None:
    """Any text, any time and any id that a document can have; alone and between others."""
    odd = USUAL | members
    for record in (envelope(odd), envelope(USUAL, odd, USUAL), envelope(USUAL | {"message": '{"b":1}'}, odd)):
        assert is_cut(record)
        same(record)


LEFT: list[dict[str, Any]] = [
    {"message": None},
    {"message": 5},
    {"message": {"a": 1}},
    {"timestamp": None},
    {"timestamp": "1700000000000"},
    {"timestamp": 1.7e12},
    {"timestamp": (1 << 53) + 1},
    {"timestamp": True},
    {"id": ""},
    {"id": None},
    {"id": 'x"}'},
    {"id": "a" * 129},
    {"id": "é"},
    {"id": "a b"},
    {"extractedFields": {"@aws.account": "1" * 12}},
    {"Message": "x"},
]


@pytest.mark.parametrize("members", LEFT, ids=range(len(LEFT)))
def test_what_the_kernel_leaves(members: dict[str, Any]) -> None:
    """What must be thought about is left, with its whole envelope."""
    for record in (envelope(USUAL | members), envelope(USUAL, USUAL | members, USUAL)):
        assert not is_cut(record)
        same(record)


HEAD = b'{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","logEvents":['
EVENT = b'{"id":"1","timestamp":2,"message":"m"}'


@pytest.mark.parametrize(
    "record",
    [
        HEAD + b"]}",
        HEAD.replace(b'":', b'" : ')
        + b" \n"
        + EVENT.replace(b",", b" ,\t").replace(b":", b"\r: ")
        + b" , "
        + EVENT
        + b" ] } \n",
        HEAD + b'{"message":"m","id":"1","timestamp":2}]}',
        HEAD + b'{"message":"\\u007b\\u007d \\ud83d\\ude00 \\ud800 \\/","id":"1","timestamp":2}]}',
        HEAD.replace(b"logGroup", b"group") + EVENT + b"]}",
    ],
)
def test_other_ways_to_write_it(record: bytes) -> None:
    """Spaces, escapes and the order of members are no matter; a head that lacks something says so as ever."""
    assert is_cut(record)
    same(record)


@pytest.mark.parametrize(
    "record",
    [
        HEAD,
        HEAD + b"]",
        HEAD + b"]}}",
        HEAD + b"]]",
        HEAD + b"]} x",
        HEAD + EVENT + b",]}",
        HEAD + EVENT + EVENT + b"]}",
        HEAD + b"," + EVENT + b"]}",
        HEAD + EVENT[:-1] + b',"id":"2"}]}',
        HEAD + EVENT[:-1] + b",}]}",
        HEAD + b'{"id":"1","timestamp":2}]}',
        HEAD + b"{}]}",
        HEAD + b"[]]}",
        HEAD + EVENT.replace(b":2", b":02") + b"]}",
        HEAD + EVENT.replace(b":2", b":-0") + b"]}",
        HEAD + EVENT.replace(b":2", b":2e3") + b"]}",
        HEAD + EVENT.replace(b":2", b":-") + b"]}",
        HEAD + EVENT.replace(b'"m"', b'"\xff"') + b"]}",
        HEAD + EVENT.replace(b'"m"', b'"\n"') + b"]}",
        HEAD + EVENT.replace(b'"m"', b'"\\x"') + b"]}",
        HEAD + EVENT + b'],"logEvents":[' + EVENT + b"]}",
        HEAD + EVENT + b'],"owner":"2"}',
        HEAD.replace(b'"logEvents"', b'"x":{"logEvents"') + EVENT + b"]}}",
        HEAD.replace(b'"logEvents"', b'"x\\"logEvents"') + EVENT + b"]}",
        b"[" + HEAD + EVENT + b"]}]",
    ],
)
def test_no_envelope_of_the_kernels(record: bytes) -> None:
    """What is cut short, or written in another way, or has more members, comes out as ever."""
    same(record)


ODD: list[dict[str, Any]] = [*TAKEN[:21], *TAKEN[24:], *LEFT]
EVENTS = st.lists(st.sampled_from(ODD), max_size=3).map(lambda some: dict(ChainMap(*some, USUAL)))
PIECES = [
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b" ",
    b"\n",
    b"\x00",
    b"\xc3\xa9",
    b"\xff",
    b"-",
    b"0",
    b"\\u12",
    EVENT,
]


@settings(max_examples=EXAMPLES, deadline=None)
@given(items=st.lists(EVENTS, max_size=6))
@example(items=[])
def test_events_side_by_side(items: list[dict[str, Any]]) -> None:
    """Whatever events stand beside each other, the groups are the same."""
    same(envelope(*items))


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    items=st.lists(EVENTS, min_size=1, max_size=4),
    edits=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 3), st.sampled_from(PIECES)), min_size=1, max_size=3),
)
def test_damaged_envelopes(items: list[dict[str, Any]], edits: list[tuple[int, int, bytes]]) -> None:
    """Envelopes with bytes put in or taken out anywhere come out the same."""
    record = envelope(*items)
    for place, length, piece in edits:
        place %= len(record)
        record = record[:place] + piece + record[place + length :]
    same(record)


@settings(max_examples=EXAMPLES, deadline=None)
@given(text=st.text(st.sampled_from('{}[]",:\\/u0d8e1-. \n\ttruefalsn\x00é😀'), max_size=60))
def test_what_is_json(text: str) -> None:
    """Whatever a text in braces holds, it is JSON to both, or to neither."""
    same(envelope(USUAL | {"message": "{" + text + "}"}))


def test_without_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it does not run, nothing of it is asked for."""
    monkeypatch.setattr(events, "unavailable", lambda: "no kernel")
    monkeypatch.setattr(events, "cut", None)
    same(envelope(USUAL))


def test_room() -> None:
    """The kernel writes no row that there is no room for, and no text past what it was given."""
    from ingestd.fastpath.kernel.envelope import cut_events
    from ingestd.fastpath.kernel.envelope_codes import LEFT as NONE
    from ingestd.fastpath.kernel.envelope_codes import ROW

    record = envelope(USUAL, USUAL, USUAL)
    begin = events.BEGIN.search(record)
    assert begin
    data = np.frombuffer(record + bytes(PAD), np.uint8)
    texts, rows = np.zeros(len(record) + 2 * PAD, np.uint8), np.zeros(3 * ROW, np.int64)
    assert cut_events(data, begin.end(), len(record), texts, rows[: 2 * ROW]) == NONE
    assert not rows[2 * ROW :].any()
    assert cut_events(data, begin.end(), len(record), texts, rows) == 3
