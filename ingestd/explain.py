"""Telling an object's story (story.py): all that the service does with it is done, by the same parts, but for the writing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

import orjson

from ingestd.config import OpenSearchSettings, RouteSettings, Settings, SinkSettings
from ingestd.core.announcement import announcement
from ingestd.core.notice import Allowed, read_notice
from ingestd.core.routing import AUTO, Route, Router
from ingestd.errors import Poison
from ingestd.fastpath.decoding import Decoding
from ingestd.fastpath.enrichment import NOTHING, Enrichment
from ingestd.fastpath.failures import FAILURE
from ingestd.fastpath.parser import open_parser
from ingestd.fastpath.reader import ENVELOPE, Reader
from ingestd.fastpath.ways import Ways
from ingestd.formats.registry import Format, control_object
from ingestd.model import Documents, Framing, ObjectRef, Source
from ingestd.sinks import firehose, opensearch
from ingestd.story import SHOWN_BYTES_MAX, Story

__all__ = ["Teller"]

UNSET: Mapping[str, SinkSettings] = {"opensearch": OpenSearchSettings(urls=("http://localhost:9200",))}
FITS = {1: "nothing else fits", 2: "by its content", 3: "by its key and its content", 4: "as its [[format]] says"}
ANY_FORM = "an event of S3, plain or through SNS or EventBridge"


class Teller:
    """Tells stories by one set of settings. `form`: the format that is believed instead of the routes', or `auto`."""

    def __init__(
        self, settings: Settings, known: Mapping[str, Format], form: str = AUTO, enrichment: Enrichment = NOTHING
    ) -> None:
        self._settings = settings
        self._known = known
        self._form = form
        self._sinks = settings.sinks or UNSET
        self._routes = [Route(**route.model_dump()) for route in settings.route]
        self._router = Router(self._routes, list(self._sinks))
        opening = partial(open_parser, enrichment=enrichment, tells=True)
        self._ways = Ways(known, self._router, self._sinks, self._framing, opening)

    def begin(self, name: str, ref: ObjectRef | None) -> tuple[Story, Route | None]:
        """What is told before anything is read, and the route; None if nothing would be. Without `ref` it is a mere file."""
        story = Story(name, self._notice(ref), dead_letters=self._dead_letters())
        if reason := control_object(ref.key if ref else name):
            story.problem = f"{reason}: AWS puts such an object to try the bucket; it is counted, and not read"
            return story, None
        route = self._router.route(ref.bucket, ref.key) if ref else Route(tuple(self._sinks))
        if route is None:
            story.problem = "no_route: no [[route]] fits this object, which would be a dead letter"
            return story, None
        story.route = self._told(route) if ref else "none is asked for a mere file, but for log groups in it"
        if route.drop:
            story.problem = "dropped: its route acknowledges it without reading"
            return story, None
        return story, route if self._form == AUTO else replace(route, format=self._form)

    def read(self, story: Story, route: Route, source: Source, pieces: Iterable[tuple[bytes, bool]]) -> None:
        """Go on with the story by what the object holds. What is wrong with it becomes the story's problem."""
        decoding = Decoding(self._settings.object, lambda head: self._choose(story, source, route, head), self._known.values())
        try:
            for data, is_last in pieces:
                story.stored_bytes += len(data)
                decoding.feed(data, is_last=is_last)
                while (parsed := decoding.step()) is not None:
                    for documents in parsed:
                        self._take(story, documents, source)
        except Poison as poison:
            story.problem = story.problem or f"{poison.reason}: {poison}; it would be a dead letter"
        story.compression, story.decoded_bytes = decoding.codec, decoding.decoded_bytes

    def _framing(self, name: str, dataset: str) -> Framing:
        sink = self._sinks[name]
        if isinstance(sink, OpenSearchSettings):
            return opensearch.framing_by(sink, dataset, self._settings.events)
        return firehose.framing_by(dataset, self._settings.events)

    def _notice(self, ref: ObjectRef | None) -> str:
        """How the service would hear of the object, and what it would make of that."""
        if ref is None:
            return "none: a mere file (--as s3://BUCKET/KEY tells what would become of it there)"
        queue = self._settings.queue
        if not queue.buckets and not queue.dangerously_any_bucket:
            return f"{ANY_FORM}; queue.buckets would have to name {ref.bucket}, and is not set"
        body = announcement(ref.bucket, ref.key, etag=ref.etag, size=ref.size)
        try:
            notice = read_notice(body, Allowed.by(queue))
        except Poison as poison:
            return f"{ANY_FORM}; it would be a dead letter, {poison.reason}: queue.buckets has {', '.join(queue.buckets)}"
        if notice.ignored:
            return f"{ANY_FORM}; it would be ignored, {notice.ignored[0].reason}"
        return f"{ANY_FORM}; queue.buckets allows it"

    def _told(self, route: Route) -> str:
        """A route as its table has it, and which one it is."""
        if route not in self._routes:
            sinks = (
                ", ".join(route.sinks) if self._settings.sinks else "an OpenSearch of default settings, since no sink is set"
            )
            return f"no [[route]] is set, so it goes to {sinks}"
        number = self._routes.index(route)
        said = _said(self._settings.route[number])
        return f"[[route]] {number + 1} of {len(self._routes)}, {said or 'which takes everything'}"

    def _dead_letters(self) -> str:
        bucket, prefix = self._settings.dead_letters.bucket, self._settings.dead_letters.prefix
        return f"s3://{bucket}/{prefix}" if bucket else ""

    def _choose(self, story: Story, source: Source, route: Route, head: bytes) -> Reader:
        scores = {name: form.recognises(source.key, head) for name, form in self._known.items()}
        try:
            reader = self._ways.reader(source, route, head)
        except Poison as poison:
            named = " or ".join(name for name, form in self._known.items() if form.key and re.search(form.key, source.key))
            expected = f", though its key is as that of {named}" if named else ""
            story.problem = f"{poison.reason}: it begins as no format does{expected}; it would be a dead letter"
            story.tried = tuple(self._known)
            story.head = head[:SHOWN_BYTES_MAX].decode("utf-8", "backslashreplace")
            raise
        story.format = reader.name
        if reader.name in (ENVELOPE, FAILURE):
            story.why = "by the names of its first record's members"
        elif route.format != AUTO:
            story.why = "as it was asked to be read" if self._form != AUTO else "as its route says"
        elif not head.strip():
            story.why = "it is blank, and every format skips blank lines"
        else:
            story.why = FITS[scores[reader.name]] if scores[reader.name] else "by the lines that its records hold"
            story.tried = tuple(name for name, score in scores.items() if score and name != reader.name)
        return reader

    def _take(self, story: Story, documents: Documents, source: Source) -> None:
        way = documents.way
        if documents.counts:
            story.take(documents, source, self._known[way.format].extra if way else "")
        if way is None:
            return
        for ruled in documents.ruled if documents.counts else ():
            story.rule(ruled, ruled.rule or self._redacting(ruled.field, way.format))
        for name in way.sinks:
            sink = self._sinks[name]
            story.deliver(documents, name, sink.kind, "" if isinstance(sink, OpenSearchSettings) else sink.stream)

    def _redacting(self, field: str, form: str) -> str:
        """The name of the rule by which a field of a format is redacted."""
        ours = (rule for rule in self._settings.rule if not rule.formats or form in rule.formats)
        return next(rule.name for rule in ours if field in rule.fields)


def _said(route: RouteSettings) -> str:
    """What the table sets, as it stands there."""
    said = route.model_dump(exclude_defaults=True)
    return ", ".join(f"{name} = {orjson.dumps(value).decode()}" for name, value in said.items())
