"""What is put into the outside: logs whose every line bears a mark of its own and has a known end, and the notices of them."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Literal

import orjson

__all__ = [
    "ADDRESS",
    "BUCKET",
    "DATASETS",
    "DAY",
    "ENVELOPE_BYTES_MAX",
    "EVENTS",
    "HUGE_BYTES",
    "LINE_BYTES_MAX",
    "OUTLIER_DAY",
    "WALL",
    "Line",
    "Version",
    "notice",
    "version",
]

BUCKET = "logs"
WALL = 1793534400.0  # 2026-11-01T12:00:00Z: what the clock on the wall says at the start
DAY, OUTLIER_DAY = "2026-11-01", "2019-02-03"
LINE_BYTES_MAX = 900
HUGE_BYTES = 900  # records larger than this are too large for the stream, for this once
ENVELOPE_BYTES_MAX = 20_000
EVENTS = "lambda_logs"
ADDRESS = b"192.0.2.1"  # of whoever asked
DATASETS = {"alb": "aws.elb_logs", "cloudfront": "aws.cloudfront_logs", EVENTS: "aws.lambda_logs"}
HEADERS = (
    b"date time x-edge-location sc-bytes c-ip cs-method cs-uri-stem sc-status",
    b"date time cs-uri-stem x-edge-location sc-bytes c-ip cs-method sc-status",
)

Kind = Literal["document", "cursed", "huge", "reject", "skipped"]


@dataclass(frozen=True, slots=True)
class Line:
    """`mark` is in its bytes and in any document made of it. `reason`: of its dead letter.

    `offset`: where it begins in the object; of an event its number there, which its id, `event`, ends with.
    """

    mark: int
    kind: Kind
    raw: bytes
    offset: int
    day: str = DAY
    reason: str = ""
    event: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """One object as it was put. `fate`: whole, truncated (its lines may arrive), unknown (no log), or empty."""

    key: str
    format: str
    body: bytes
    lines: tuple[Line, ...]
    fate: Literal["whole", "truncated", "unknown"]

    @property
    def etag(self) -> str:
        return hashlib.md5(self.body).hexdigest()


def version(random: Random, key: str, first_mark: int) -> Version:
    """An object whose lines' marks are `first_mark` and following."""
    fork = Random()  # whatever it draws, the objects that are none of envelopes stay what they were
    fork.setstate(random.getstate())
    if fork.random() < 0.15:
        random.random()  # so that the next object is another
        return _enveloped(fork, key, first_mark)
    form: Literal["alb", "cloudfront"] = random.choice(("alb", "cloudfront"))
    count = random.choice((0, 1, 3, 10, random.randrange(40)))
    lines, text = _text(random, form, count, first_mark)
    fate: Literal["whole", "truncated", "unknown"] = "whole"
    if random.random() < 0.06:
        lines, text, fate = (), b"nothing known %d\nin it\n" % first_mark, "unknown"
    body = text if random.random() < 0.3 else _compressed(random, text)
    if fate == "whole" and len(text) > 60 and random.random() < 0.12:
        body, fate = gzip.compress(text, 1, mtime=0)[: -random.randrange(1, 40)], "truncated"
    return Version(key, form, body, lines, fate)


def notice(random: Random, objects: list[tuple[Version, bool]]) -> str:
    """A message that names these objects, with their etags where asked for."""
    form = random.choice(("s3", "sns", "eventbridge" if len(objects) == 1 else "s3"))
    if form == "eventbridge":
        found, has_etag = objects[0]
        detail = {"bucket": {"name": BUCKET}, "object": {"key": found.key} | ({"etag": found.etag} if has_etag else {})}
        return orjson.dumps({"detail-type": "Object Created", "detail": detail}).decode()
    records = []
    for found, has_etag in objects:
        entry = {"key": found.key} | ({"eTag": found.etag} if has_etag else {})
        records.append({"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": BUCKET}, "object": entry}})
    body = orjson.dumps({"Records": records}).decode()
    return body if form == "s3" else orjson.dumps({"Type": "Notification", "Message": body}).decode()


def _text(random: Random, form: str, count: int, first_mark: int) -> tuple[tuple[Line, ...], bytes]:
    lines: list[Line] = []
    text = bytearray()
    header = 0

    def put(raw: bytes, kind: Kind, mark: int = -1, day: str = DAY, reason: str = "") -> None:
        lines.append(Line(mark, kind, raw, len(text), day, reason))
        text.extend(raw + b"\n")

    if form == "cloudfront":
        put(b"#Version: 1.0", "skipped")
        put(b"#Fields: " + HEADERS[0], "skipped")
    for mark in range(first_mark, first_mark + count):
        word = b"line%06d" % mark
        day = OUTLIER_DAY if random.random() < 0.05 else DAY
        chance = random.random()
        if mark > first_mark or form == "cloudfront":  # the first line shows what the object is
            if chance < 0.04:
                put(b"bad " + word, "reject", mark, reason="too_few_columns")
                continue
            if chance < 0.06:
                put(b"x" * LINE_BYTES_MAX + word, "reject", mark, reason="line_too_long")
                continue
            if chance < 0.09:
                put(b"", "skipped")
            elif chance < 0.12 and form == "cloudfront":
                header = 1 - header
                put(b"#Fields: " + HEADERS[header], "skipped")
        kind: Kind = "cursed" if 0.12 < chance < 0.15 else "huge" if 0.15 < chance < 0.17 else "document"
        word += b"cursed" * (kind == "cursed") + b"x" * 500 * (kind == "huge")
        put(_line(form, header, word, day.encode()), kind, mark, day)
    return tuple(lines), bytes(text)


def _line(form: str, header: int, word: bytes, day: bytes) -> bytes:
    if form == "alb":
        return b'http %bT12:00:00.000000Z app/f/5 %b:1 - -1 -1 -1 200 - 1 1 "GET http://h:80/%b HTTP/1.1" "a" - - - "r"' % (
            day,
            ADDRESS,
            word,
        )
    if header:
        return b"\t".join((day, b"12:00:00", b"/" + word, b"X", b"1", ADDRESS, b"GET", b"200"))
    return b"\t".join((day, b"12:00:00", b"X", b"1", ADDRESS, b"GET", b"/" + word, b"200"))


def _enveloped(random: Random, key: str, first_mark: int) -> Version:
    """Envelopes of CloudWatch Logs, whose events have ids of their own."""
    lines: list[Line] = []
    records: list[bytes] = []
    mark = first_mark
    is_compressed = random.random() < 0.5
    gap = b"" if is_compressed else random.choice((b"", b"\n"))
    for _ in range(random.choice((1, 2, 5))):
        offset = sum(len(record) + len(gap) for record in records)
        chance = random.random()
        if chance < 0.15:
            lines.append(Line(-1, "skipped", b"", offset))
            records.append(_envelope("CONTROL_MESSAGE", [{"id": "", "timestamp": 0, "message": "line999999"}]))
        elif chance < 0.25 and records:
            records.append(b'{"no": "envelope line%06d"}' % mark)
            lines.append(Line(mark, "reject", records[-1], offset, reason="bad_envelope"))
            mark += 1
        else:
            events = []
            for place in range(random.choice((0, 1, 3, 12))):
                line, event = _event(random, mark, first_mark, offset, may_be_bad=not place)
                lines.append(line)
                events.append(event)
                mark += 1
            lines += [Line(-1, "skipped", b"", offset)] * (not events)
            records.append(_envelope("DATA_MESSAGE", events))
    text = gap.join(records)
    if is_compressed:
        text = b"".join(gzip.compress(record, 1, mtime=0) for record in records)
    body = _compressed(random, text)
    fate: Literal["whole", "truncated"] = "whole"
    if len(text) > 200 and random.random() < 0.12:
        body, fate = gzip.compress(text, 1, mtime=0)[: -random.randrange(1, 40)], "truncated"
    return Version(key, EVENTS, body, tuple(lines), fate)


def _event(random: Random, mark: int, first_mark: int, offset: int, *, may_be_bad: bool) -> tuple[Line, dict[str, Any]]:
    """An event, as text or as JSON, and what becomes of it."""
    word, number, chance = f"line{mark:06d}", mark - first_mark, random.random()
    day = OUTLIER_DAY if random.random() < 0.05 else DAY
    at = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    event: dict[str, Any] = {"id": f"{first_mark:044d}{number:012d}", "timestamp": int(at.timestamp() * 1000)}
    if chance < 0.05:
        return Line(-1, "skipped", b"", number), event | {"message": ""}
    if chance < 0.10 and may_be_bad:
        return Line(mark, "reject", word.encode(), offset, reason="bad_event"), event | {"text": word}
    kind: Kind = "cursed" if 0.12 < chance < 0.15 else "huge" if 0.15 < chance < 0.17 else "document"
    word += "cursed" * (kind == "cursed") + "x" * 900 * (kind == "huge")
    text = orjson.dumps({"level": "INFO", "message": word}).decode() if random.random() < 0.3 else f"INFO {word}\n"
    return Line(mark, kind, text.encode(), number, day, event=event["id"]), event | {"message": text}


def _envelope(kind: str, events: list[dict[str, Any]]) -> bytes:
    """One object of JSON."""
    names = {"owner": "123456789012", "logGroup": "/aws/lambda/f", "logStream": "s", "subscriptionFilters": ["all"]}
    return orjson.dumps({"messageType": kind, **names, "logEvents": events})


def _compressed(random: Random, text: bytes) -> bytes:
    """gzip, of several members now and then."""
    cut = random.randrange(len(text) + 1) if random.random() < 0.3 else 0
    members = [text[:cut], text[cut:]] if cut else [text]
    return b"".join(gzip.compress(member, 1, mtime=0) for member in members)
