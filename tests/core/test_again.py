"""Dead letters to what is done about them, and how they are counted and shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ingestd.core.again import again
from ingestd.core.record import Allowed
from ingestd.core.runs import source_of
from ingestd.core.tally import Tally
from ingestd.core.visible import visible
from ingestd.model import Again, Call, DeadLetter, Notice, ObjectRef, Place, Run

PLACE = Place(bucket="logs", key="a", etag="e", offset=7, message_id="m")
LINE = DeadLetter("line", "bad_number", "", PLACE, b"raw", 3, 100.0, 2)
DOCUMENT = replace(LINE, kind="document", place=replace(PLACE, sink="main"))
OBJECT = replace(LINE, kind="object", place=replace(PLACE, offset=None))
REF = ObjectRef("logs", "a", etag="e")
ALLOWED = Allowed(("logs",))

PLANS: dict[str, tuple[list[DeadLetter], Notice]] = {
    "a line": ([LINE], Notice((), again=(Again(REF, "m", 2, {(7, ""): LINE}),))),
    "a document": ([DOCUMENT], Notice((), again=(Again(REF, "m", 2, {(7, ""): DOCUMENT}, ("main",)),))),
    "an object": ([OBJECT], Notice((), again=(Again(REF, "m", 2),))),
    "twice the same": (
        [OBJECT, LINE, OBJECT, LINE],
        Notice((), again=(Again(REF, "m", 2), Again(REF, "m", 2, {(7, ""): LINE}))),
    ),
    "a foreign bucket": ([wrong := replace(LINE, place=replace(PLACE, bucket="b"))], Notice((), kept=(wrong,))),
    "no object": ([wrong := replace(LINE, place=Place(offset=7))], Notice((), kept=(wrong,))),
    "no offset": ([wrong := replace(LINE, place=replace(PLACE, offset=None))], Notice((), kept=(wrong,))),
    "an unknown sink": ([wrong := replace(LINE, place=replace(PLACE, sink="old"))], Notice((), kept=(wrong,))),
    "a message": ([wrong := replace(LINE, kind="message")], Notice((), kept=(wrong,))),
}


@pytest.mark.parametrize("name", PLANS)
def test_each_kind_has_its_way_back(name: str) -> None:
    """Lines and documents by their object, for these lines alone; what cannot be read stays dead."""
    letters, wanted = PLANS[name]
    assert again(letters, ALLOWED, ("main",)) == wanted


RECORD = Place(stream="logs", arn="arn", request_id="id", record=3, sent_at=50.0, parameters=(("team", "edge"),))
CALL = Call("id", "logs", (b"raw",), 50.0, "arn", (("team", "edge"),))
RECORDS: dict[str, tuple[DeadLetter, Run | None, set[tuple[int, str]] | None]] = {
    "a record": (replace(OBJECT, place=RECORD), Run(CALL, 3, 4, b"raw"), None),
    "a line of it": (replace(LINE, place=replace(RECORD, offset=7)), Run(CALL, 3, 4, b"raw\n", 7), None),
    "a line too long": (replace(LINE, place=replace(RECORD, offset=7), length=9), Run(CALL, 3, 4, b"raw"), {(7, "")}),
    "a line, named by its run": (
        replace(LINE, place=replace(RECORD, offset=7, etag="e")),
        Run(CALL, 3, 4, b"", etag="e"),
        {(7, "")},
    ),
    "a document, named by its run": (
        replace(DOCUMENT, place=replace(RECORD, offset=7, sink="main", event_id="i", etag="e")),
        Run(CALL, 3, 4, b"", etag="e"),
        {(7, "i")},
    ),
    "an event's text": (replace(LINE, place=replace(RECORD, offset=7, event_id="e")), None, None),
    "a document": (replace(DOCUMENT, place=replace(RECORD, offset=7, sink="main")), None, None),
    "for a sink that is gone": (replace(OBJECT, place=replace(RECORD, sink="old")), None, None),
}


@pytest.mark.parametrize("name", RECORDS)
def test_what_came_in_a_call_is_in_its_letter(name: str) -> None:
    """It is read as it was in its call, by the same id; what the letter does not hold stays dead."""
    letter, run, spots = RECORDS[name]
    found = again([letter, letter], ALLOWED, ("main",))
    if run is None:
        assert (found.again, found.kept) == ((), (letter, letter))
        return
    (only,) = found.again
    assert isinstance(only.ref, Run)
    assert (source_of(only.ref), only.ref.data, only.receive_count) == (source_of(run), run.data, 2)
    assert (only.letters and set(only.letters)) == spots
    assert not found.kept


def test_another_sink_instead() -> None:
    """`to_sink` is where everything goes, whichever sink refused it."""
    found = again([LINE, replace(DOCUMENT, place=replace(DOCUMENT.place, sink="old"))], ALLOWED, ("other",), "other")
    assert {each.sinks for each in found.again} == {("other",)}
    assert not found.kept


def test_classes_are_counted() -> None:
    """By kind and reason: how many, since when, and the latest of them; the largest class first."""
    tally = Tally()
    for letter in (OBJECT, LINE, replace(LINE, at=50.0, length=10, receive_count=9), replace(LINE, at=150.0)):
        tally.add(letter)
    first, second = tally.classes()
    assert (first.kind, first.letters, first.bytes, first.attempts_max) == ("line", 3, 16, 9)
    assert (first.first_at, first.latest.at) == (50.0, 150.0)
    assert (second.kind, second.letters) == ("object", 1)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b'GET /\xc3\xa9 "x"', 'GET /é "x"'),
        (b"\x1b[2J\x07\r\n\x00", "\\x1b[2J\\x07\\r\\n\\x00"),
        (b"\xff\xc3", "\\xff\\xc3"),
        ("\u202egnp.exe\u2028\u200b", "\\u202egnp.exe\\u2028\\u200b"),
        (b"\xc2\x9b31m", "\\x9b31m"),
    ],
)
def test_nothing_that_a_terminal_would_obey_is_shown(raw: bytes | str, shown: str) -> None:
    """Control characters of either kind, and what reorders or hides text, stand there as their escapes."""
    assert visible(raw) == shown
    assert visible(raw).isprintable()


def test_what_is_long_is_cut() -> None:
    """With how much is missing."""
    assert visible(b"x" * 20, 4) == "xxxx... (16 more)"
