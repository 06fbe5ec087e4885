"""The corpus is what AWS would have put there, and knows what is in it."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import date
from functools import cache

import numpy as np
import orjson
import pytest

from ingestd.demo.corpus import Corpus, LogObject
from ingestd.formats.registry import control_object, detect

DAY = date(2026, 11, 22)
GROUPS = "log groups/"


@cache
def objects(lines: int = 3000, seed: int = 7) -> tuple[LogObject, ...]:
    return tuple(Corpus(lines, seed, DAY).objects())


def logs(lines: int = 3000) -> list[LogObject]:
    """Those of lines."""
    return [made for made in objects(lines) if made.entry.role == "log" and not made.entry.key.startswith(GROUPS)]


def groups(lines: int = 3000) -> list[LogObject]:
    """Those of log groups' events."""
    return [made for made in objects(lines) if made.entry.key.startswith(GROUPS)]


@pytest.mark.parametrize("lines", [1, 2, 10, 3000])
def test_it_has_as_many_lines_as_were_asked_for(lines: int) -> None:
    """The generated lines, CloudFront's headers and one control message a log group are all the lines there are."""
    made = [*logs(lines), *groups(lines)]
    headers = 2 * sum("edge logs/" in each.entry.key for each in made) + len(groups(lines))
    assert sum(each.entry.offsets.size + each.entry.skipped for each in made) == lines + headers


def test_an_entry_names_each_line_by_its_offset() -> None:
    """At each offset a log line begins, and the lines between them are comments and blanks."""
    for made in logs():
        decoded = gzip.decompress(made.body)
        assert len(decoded) == made.entry.decoded_bytes
        begins = set(made.entry.offsets.tolist())
        at = skipped = 0
        for line in decoded.split(b"\n")[:-1]:
            if at not in begins:
                skipped += 1
                assert not line.strip() or line.startswith((b"#", b"Enable AccessLog for ELB:"))
            at += len(line) + 1
        assert skipped == made.entry.skipped


def test_an_entry_of_events_names_each_by_its_number() -> None:
    """Envelopes are compressed twice; each event's id ends with its number, and those of blank ones are left out."""
    names = set()
    for made in groups():
        record = gzip.decompress(gzip.decompress(made.body))
        assert len(record) == made.entry.decoded_bytes
        envelopes = [orjson.loads(each) for each in record.replace(b"}{", b"}\n{").splitlines()]
        assert [each["messageType"] for each in envelopes] == ["CONTROL_MESSAGE", *["DATA_MESSAGE"] * (len(envelopes) - 1)]
        events = [event for each in envelopes[1:] for event in each["logEvents"]]
        numbers = [int(event["id"][-12:]) for event in events]
        assert numbers == list(range(len(events)))
        told = [number for number, event in zip(numbers, events, strict=True) if event["message"].strip()]
        assert made.entry.offsets.tolist() == told
        assert made.entry.skipped == 1 + len(events) - len(told)
        names |= {each["logGroup"] for each in envelopes[1:]}
    assert len(names) == len(groups()) == 3


def test_the_same_seed_gives_the_same_objects() -> None:
    """Bytes and keys depend on the seed and the day alone."""
    first, again, other = ([(made.entry.key, made.body) for made in Corpus(500, seed, DAY).objects()] for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_no_key_is_used_twice() -> None:
    """Each object is a new one."""
    keys = [made.entry.key for made in objects()]
    assert len(set(keys)) == len(keys)


def test_objects_look_as_aws_writes_them() -> None:
    """Load balancer objects are several gzip members, CloudFront's one with a header; each is recognised by key and content."""
    names = set()
    for made in logs():
        decoded = gzip.decompress(made.body)
        found = detect(made.entry.key, decoded[:65536])
        assert found is not None
        assert found.recognises(made.entry.key, decoded[:65536]) == 3
        assert decoded.startswith(b"#Version: 1.0\n#Fields: ") == (found.name == "cloudfront")
        assert (made.body.count(b"\x1f\x8b\x08\x00\x00\x00\x00\x00") > 1) == (found.name == "alb")
        names.add(found.name)
    assert names == {"alb", "cloudfront"}


def _truncated(made: LogObject) -> bool:
    with pytest.raises(EOFError):
        gzip.decompress(made.body)
    return made.entry.offsets.size == 200


@pytest.mark.parametrize(
    ("role", "holds"),
    [
        ("poison", _truncated),
        ("control", lambda made: control_object(made.entry.key) is not None and made.entry.offsets.size == 0),
        ("empty", lambda made: made.body == b"" and made.entry.offsets.size == 0),
    ],
)
def test_there_is_one_object_of_each_odd_kind(role: str, holds: Callable[[LogObject], bool]) -> None:
    """One object broke off, one is AWS's own test file, one is empty; none of them counts among the lines."""
    (made,) = [each for each in objects(100) if each.entry.role == role]
    assert holds(made)


def test_lines_of_a_day_ascend_over_its_objects() -> None:
    """The keys of each format name times in ascending order, as the lines do."""
    keys = [made.entry.key for made in logs() if "elasticloadbalancing" in made.entry.key]
    times = [key.split("_")[-3] for key in keys]
    assert times == sorted(times)
    assert all(np.all(np.diff(made.entry.offsets) > 0) for made in logs())
