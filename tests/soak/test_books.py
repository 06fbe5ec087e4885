"""The soak's oracle sees what it is there to see."""

from __future__ import annotations

import dataclasses
from random import Random

import orjson
import pytest

from ingestd.core.identity import document_id, object_id
from ingestd.model import DeadLetter, Place, Source
from tests.soak.books import BUCKET, Books
from tests.soak.corpus import Template, templates

KEY = "a.log.gz"


@pytest.fixture(scope="module")
def template() -> Template:
    """An object that is whole, with lines of each end."""
    return next(each for each in templates(Random(1)) if each.fate == "whole" and each.rejects and each.cursed)


def name(template: Template, offset: int) -> str:
    return document_id(object_id(Source(BUCKET, KEY, template.etag, 0.0)), offset)


def settle(books: Books, template: Template, *, without: int | None = None) -> None:
    """All lines come to their end, but for one."""
    for offset, number in template.numbers.items():
        if number == without:
            continue
        if template.rejects >> number & 1:
            books.letter(letter("line", offset))
        else:
            document = orjson.dumps({"aws": {"s3": {"object": {"key": KEY}}}, "log": {"offset": offset}})
            status = books.create(template.index, name(template, offset), document)
            if status == 400:
                books.letter(letter("document", offset))


def letter(kind: str, offset: int) -> DeadLetter:
    return DeadLetter(kind, "because", "", Place(bucket=BUCKET, key=KEY, offset=offset), b"", 0, 0.0, 1)  # type: ignore[arg-type]


def test_a_whole_object_has_no_complaints(template: Template) -> None:
    """Each line has its end, and then its message is deleted."""
    books = Books()
    books.object_put(KEY, template)
    settle(books, template)
    books.message_deleted("m1", (KEY,), is_poison=False)
    assert books.close() == []
    assert books.put == books.settled == len(template.numbers)


def test_a_line_that_is_not_there_is_seen_when_its_message_is_deleted_and_at_the_end(template: Template) -> None:
    """Whichever line it is: the complaint names the object and how much it lacks."""
    for number in (0, template.rejects.bit_length() - 1, template.cursed.bit_length() - 1):
        books = Books()
        books.object_put(KEY, template)
        settle(books, template, without=number)
        books.message_deleted("m1", (KEY,), is_poison=False)
        assert len(books.complaints) == 1
        assert KEY in books.complaints[0]
        assert len(books.close()) == 3


def test_a_line_that_comes_twice_is_a_conflict_or_a_complaint(template: Template) -> None:
    """Under its id it is there already; in another index, under a strange offset or of no object it must not come at all."""
    books = Books()
    books.object_put(KEY, template)
    settle(books, template)
    offset = next(offset for offset, number in template.numbers.items() if template.documents >> number & 1)
    assert books.create(template.index, name(template, offset), b"") == 409
    assert books.complaints == []
    books.create("another", name(template, offset), b"")
    books.create(template.index, name(template, offset + 1), b"")
    books.create(template.index, name(dataclasses.replace(template, etag="other"), offset), b"")
    books.letter(letter("line", offset))
    assert len(books.complaints) == 4


def test_what_is_missing_or_truncated_owes_a_dead_letter() -> None:
    """An object that is not there, one without its end, and a message that is no notice."""
    books = Books()
    books.object_put(KEY, None)
    books.object_put("cut", next(each for each in templates(Random(1)) if each.fate == "truncated"))
    books.message_deleted("m1", (KEY,), is_poison=False)
    books.message_deleted("m2", ("cut",), is_poison=False)
    books.message_deleted("m3", (), is_poison=True)
    assert len(books.complaints) == 3
