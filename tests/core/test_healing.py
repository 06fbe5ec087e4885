"""Healing: what a server refuses is changed as its reason asks, once, and nothing else of it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.core.healing import HEALED_TAG, heal
from ingestd.model import Refusal

KNOWN = frozenset({"@timestamp", "url.path", "aws.extra", "app"})
PREVIEW = "in document with id '0'. Preview of field's value: 'x'"
TOO_MANY = "Limit of total fields [1000] has been exceeded"
TIME = {"@timestamp": "2026-11-22T00:00:00Z"}


def healed(document: dict[str, Any], detail: str) -> dict[str, Any] | None:
    found = heal(orjson.dumps(document), Refusal(0, "some_exception", detail), KNOWN)
    if found is None:
        return None
    fields: dict[str, Any] = orjson.loads(found)
    assert fields.pop("tags") == [HEALED_TAG]
    return fields


@pytest.mark.parametrize(
    ("document", "detail", "expected"),
    [
        ({"n": "word", "m": 1}, f"failed to parse field [n] of type [long] {PREVIEW}", {"m": 1, "unmapped": {"n": "word"}}),
        ({"n": 12, "m": 1}, f"[1:23] failed to parse field [n] of type [ip] {PREVIEW}", {"m": 1, "unmapped": {"n": "12"}}),
        (
            {"a": {"ip": [1, {"x": None}], "k": 1}},
            f"failed to parse field [a.ip] of type [ip] {PREVIEW}",
            {"a": {"k": 1}, "unmapped": {"a.ip": '[1,{"x":null}]'}},
        ),
        ({"a.ip": "x"}, f"failed to parse field [a.ip] of type [ip] {PREVIEW}", {"unmapped": {"a.ip": "x"}}),
        ({"a": {"b.c": "x"}}, f"failed to parse field [a.b.c] of type [ip] {PREVIEW}", {"a": {}, "unmapped": {"a.b.c": "x"}}),
        (
            {"a": [{"n": "x"}, {"n": 2}, 3]},
            f"failed to parse field [a.n] of type [long] {PREVIEW}",
            {"a": [{}, {}, 3], "unmapped": {"a.n": '["x",2]'}},
        ),
        (
            {"url": {"path": 5}},
            f"failed to parse field [url.path.text] of type [text] {PREVIEW}",
            {"url": {}, "unmapped": {"url.path": "5"}},
        ),
        (
            {"a": "text"},
            "object mapping for [a] tried to parse field [a] as object, but found a concrete value",
            {"unmapped": {"a": "text"}},
        ),
        (
            {"a": {"b": "text"}},
            "object mapping for [a.b] tried to parse field [b] as object, but found a concrete value",
            {"a": {}, "unmapped": {"a.b": "text"}},
        ),
        (
            {"a": {"k": {"z": True}}},
            "Could not dynamically add mapping for field [a.k.z]. Existing mapping for [a.k] must be of type object.",
            {"a": {"k": {}}, "unmapped": {"a.k.z": "true"}},
        ),
        ({"x": 1.5}, "mapper [x] cannot be changed from type [long] to [float]", {"unmapped": {"x": "1.5"}}),
        ({"x": 1}, "mapping set to strict, dynamic introduction of [x] within [_doc] is not allowed", {"unmapped": {"x": "1"}}),
        (
            {"a": {"x": 1}},
            "mapping set to strict, dynamic introduction of [x] within [a] is not allowed",
            {"a": {}, "unmapped": {"a.x": "1"}},
        ),
        ({"unmapped": 7}, f"failed to parse field [unmapped] of type [flat_object] {PREVIEW}", {"unmapped": {"unmapped": "7"}}),
        (
            {"n": "x", "unmapped": {"there": "already"}},
            f"failed to parse field [n] of type [long] {PREVIEW}",
            {"unmapped": {"there": "already", "n": "x"}},
        ),
    ],
)
def test_a_value_of_the_wrong_type_is_moved(document: dict[str, Any], detail: str, expected: dict[str, Any]) -> None:
    """What stands at the path that the server names goes to `unmapped` as text; the rest stays as it was."""
    assert healed(TIME | document, detail) == TIME | expected


@pytest.mark.parametrize(
    ("document", "detail", "expected"),
    [
        ({"k": "x" * 40_000}, 'Document contains at least one immense term in field="k" (whose', {"k": "x" * 30_000}),
        ({"k": ["a", "é" * 20_000]}, 'DocValuesField "k" is too large, must be <= 32766', {"k": ["a", "é" * 15_000]}),
        (
            {"u": {"b": "x" * 40_000}},
            'Document contains at least one immense term in field="u._value" (',
            {"u": {"b": "x" * 30_000}},
        ),
    ],
)
def test_a_value_too_long_for_a_term_is_cut(document: dict[str, Any], detail: str, expected: dict[str, Any]) -> None:
    """It stays where it is, as far as a term goes, and never in the middle of a character."""
    assert healed(TIME | document, detail) == TIME | expected


@pytest.mark.parametrize(
    "detail",
    [
        TOO_MANY,
        f"{TOO_MANY} while adding new fields [3]",
        f"failed to parse: {TOO_MANY} while adding new fields [105]",
        "failed to parse: The depth of the field has exceeded the allowed limit of [20].",
        "failed to parse: field name cannot be an empty string",
        "failed to parse: object field starting or ending with a [.] makes object resolution ambiguous: [a..b]",
        "Limit of mapping depth [20] has been exceeded due to object field [a.b]",
    ],
)
def test_where_no_field_is_named_all_strangers_move(detail: str) -> None:
    """What no format knows is moved, wherever it stands; what one knows stays, with all that is below it."""
    document = {
        "url": {"path": "/", "colour": "red"},
        "app": {"any": {"thing": 1}},
        "x": {"y": {"": 1}},
        "a..b": [1],
        "aws": {"extra": "e"},
    }
    moved = {"url.colour": "red", "x.y.": "1", "a..b": "[1]"}
    kept = {"url": {"path": "/"}, "app": {"any": {"thing": 1}}, "aws": {"extra": "e"}}
    assert healed(TIME | document, detail) == TIME | kept | {"unmapped": moved}


@pytest.mark.parametrize(
    ("document", "detail"),
    [
        ({"n": "word"}, "something that no table knows"),
        ({"n": "word"}, ""),
        ({"n": "word"}, f"failed to parse field [other] of type [long] {PREVIEW}"),
        ({"n": "word"}, f"it said: failed to parse field [n] of type [long] {PREVIEW}"),
        ({"@timestamp": "never"}, f"failed to parse field [@timestamp] of type [date] {PREVIEW}"),
        ({"n": "word", "tags": [HEALED_TAG]}, f"failed to parse field [n] of type [long] {PREVIEW}"),
        ({"n": "word", "tags": HEALED_TAG}, f"failed to parse field [n] of type [long] {PREVIEW}"),
        ({"url": {"path": "/"}}, TOO_MANY),
        ({"k": "short"}, 'Document contains at least one immense term in field="k" (whose'),
    ],
)
def test_what_has_no_remedy_is_left(document: dict[str, Any], detail: str) -> None:
    """A reason that names nothing here, the event's own time, and what was healed before are refused for good."""
    assert healed(TIME | document, detail) is None


def test_tags_are_kept() -> None:
    """The tag joins those that are there, and what is no list becomes one."""
    for tags, expected in ((["a"], ["a", HEALED_TAG]), ("a", ["a", HEALED_TAG]), (None, [HEALED_TAG])):
        document = orjson.dumps({"n": "x", "tags": tags})
        found = heal(document, Refusal(0, "m", f"failed to parse field [n] of type [long] {PREVIEW}"), KNOWN)
        assert found is not None
        assert orjson.loads(found)["tags"] == expected


@pytest.mark.parametrize("document", [b"[1]", b"{broken", b'"text"', b""])
def test_what_is_no_object_is_left(document: bytes) -> None:
    """Only a JSON object can be healed."""
    assert heal(document, Refusal(0, "m", TOO_MANY), KNOWN) is None


def test_a_deep_document_is_healed_without_going_all_the_way_down() -> None:
    """Depth is the attacker's to choose, the stack is ours."""
    too_deep = Refusal(0, "m", "failed to parse: The depth of the field has exceeded")
    found = heal(b'{"a":' * 200 + b"1" + b"}" * 200, too_deep, KNOWN)
    assert found is not None
    ((path, text),) = orjson.loads(found)["unmapped"].items()
    assert path.count(".") <= 20
    assert text.startswith('{"a":')
    for opening, closing in ((b'{"a":', b"}"), (b"[", b"]")):
        deep = b'{"a":' + opening * 900 + b"1" + closing * 900 + b"}"
        for refusal in (
            too_deep,
            Refusal(0, "m", 'DocValuesField "a" is too large'),
            Refusal(0, "m", f"failed to parse field [a.b] of type [long] {PREVIEW}"),
        ):
            assert heal(deep, refusal, KNOWN) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.", max_size=3), inner, max_size=3),
    max_leaves=8,
)
PATHS = st.text("ab.", max_size=5)
DETAILS = st.one_of(
    PATHS.map("failed to parse field [{}] of type [long]".format),
    PATHS.map('Document contains at least one immense term in field="{}"'.format),
    st.just(TOO_MANY),
    st.text(max_size=20),
)


@given(st.dictionaries(st.text("ab.", max_size=3), JSON, max_size=4), DETAILS)
def test_any_document_and_any_reason(document: dict[str, Any], detail: str) -> None:
    """Whatever a document holds and a server says, the answer is a JSON object with the tag, or nothing."""
    found = heal(orjson.dumps(document), Refusal(0, "m", detail), KNOWN)
    if found is not None:
        assert HEALED_TAG in orjson.loads(found)["tags"]
        assert heal(found, Refusal(0, "m", detail), KNOWN) is None
