"""The story of an object: what the service would do with it and why.

It is told to whoever asks for it here and now, and holds lines as they stand: it is never logged.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from ingestd.core.identity import document_id, object_id
from ingestd.core.nested import below
from ingestd.model import Documents, Reject, Ruled, Source, Way

__all__ = ["Example", "Some", "Story"]

EXAMPLES_MAX = 3
SAMPLES_MAX = 2
SHOWN_BYTES_MAX = 2048  # of a line
INDEX = re.compile(rb'"_index":("[^"]*")')


@dataclass(frozen=True, slots=True)
class Example:
    """A line's offset in the decoded object, its event's id if it is one, and what there is to see of it."""

    offset: int
    event_id: str
    text: str


@dataclass(slots=True)
class Some:
    """How many lines are alike, and the first of them."""

    lines: int = 0
    examples: list[Example] = field(default_factory=list)


@dataclass(slots=True)
class Story:
    """Of one object; what is not known yet, or does not apply, is empty.

    `problem`: why nothing, or not all of it, can be read. `tried`: formats that it was not, or also might have been.
    `rejects` by reason and column; `drift`, documents that have columns which their format does not know, by format and field;
    `rules`, lines by the rule, what it did with them, and the field that it redacted: their places alone, without their texts;
    `masked`, secrets that were masked; `carried`, documents by log group and format; `destinations`, documents by sink, its
    kind, and index or stream.
    """

    object: str
    notice: str = ""
    route: str = ""
    compression: str = ""
    stored_bytes: int = 0
    decoded_bytes: int = 0
    format: str = ""
    why: str = ""
    tried: tuple[str, ...] = ()
    head: str = ""
    problem: str = ""
    lines: int = 0
    documents: int = 0
    skipped: int = 0
    dropped: int = 0
    masked: int = 0
    rejects: dict[tuple[str, ...], Some] = field(default_factory=dict)
    dead_letters: str = ""
    drift: dict[tuple[str, ...], Some] = field(default_factory=dict)
    rules: dict[tuple[str, ...], Some] = field(default_factory=dict)
    carried: Counter[tuple[str, str]] = field(default_factory=Counter)
    destinations: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    first_id: str = ""
    samples: list[dict[str, Any]] = field(default_factory=list)

    def take(self, documents: Documents, source: Source, extra: str) -> None:
        """Lines that were read, with the field in which their format has columns that it does not know."""
        self.lines += documents.lines
        self.documents += len(documents)
        self.skipped += documents.skipped
        self.dropped += documents.dropped
        self.masked += documents.masked
        for reject in documents.rejects:
            _add(self.rejects, (reject.reason, reject.column), _example(reject))
        if not len(documents) or documents.way is None:
            return
        if not self.first_id and (documents.ids or source.etag):  # a mere file's id would be another in S3
            self.first_id = documents.ids[0] if documents.ids else document_id(object_id(source), int(documents.offsets[0]))
        if len(self.samples) < SAMPLES_MAX:
            self.samples = [*self.samples, *_bodies(documents)][:SAMPLES_MAX]
        if documents.drifted:
            self._take_drift(documents, documents.way, extra)
        self._take_groups(documents, documents.way)

    def rule(self, ruled: Ruled, name: str) -> None:
        """The rule `name` did that with a line."""
        _add(self.rules, (name, ruled.outcome, ruled.field), Example(ruled.offset, ruled.id, ""))

    def deliver(self, documents: Documents, sink: str, kind: str, stream: str = "") -> None:
        """A sink would have been given these: for its stream, or for the indices that they name."""
        if stream:
            self.destinations[sink, kind, stream] += len(documents)
            return
        for start, body in zip(documents.starts.tolist(), documents.bodies.tolist(), strict=False):
            found = INDEX.search(bytes(documents.data[start:body]))
            assert found is not None
            self.destinations[sink, kind, orjson.loads(found[1])] += 1

    def as_json(self) -> bytes:
        """All of it, as one object."""
        told = {name: getattr(self, name) for name in self.__dataclass_fields__ if name not in TABLES}
        for name, columns in TABLES.items():
            rows = getattr(self, name).items()
            told[name] = [
                dict(zip(columns, key, strict=True)) | (value if isinstance(value, dict) else _some(value))
                for key, value in rows
            ]
        return orjson.dumps(told)

    def _take_drift(self, documents: Documents, way: Way, extra: str) -> None:
        for index, document in enumerate(_bodies(documents)):
            if value := below(document, *extra.split(".")):
                event = documents.ids[index] if documents.ids else ""
                shown = orjson.dumps(value).decode()
                _add(self.drift, (way.format, extra), Example(int(documents.offsets[index]), event, shown))

    def _take_groups(self, documents: Documents, way: Way) -> None:
        for document in _bodies(documents) if documents.ids else ():
            if group := below(document, "aws", "cloudwatch", "log_group"):
                self.carried[group, way.format] += 1


TABLES = {
    "rejects": ("reason", "column"),
    "drift": ("format", "field"),
    "rules": ("rule", "outcome", "field"),
    "carried": ("log_group", "format"),
    "destinations": ("sink", "kind", "into"),
}


def _bodies(documents: Documents) -> Iterator[dict[str, Any]]:
    return (orjson.loads(documents.body(index)) for index in range(len(documents)))


def _add(found: dict[tuple[str, ...], Some], key: tuple[str, ...], example: Example) -> None:
    some = found.setdefault(key, Some())
    some.lines += 1
    if len(some.examples) < EXAMPLES_MAX:
        some.examples.append(example)


def _example(reject: Reject) -> Example:
    return Example(reject.offset, reject.id, reject.raw[:SHOWN_BYTES_MAX].decode("utf-8", "backslashreplace"))


def _some(value: Some | int) -> dict[str, Any]:
    return {"documents": value} if isinstance(value, int) else {"lines": value.lines, "examples": value.examples}
