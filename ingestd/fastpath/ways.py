"""Which format an object or a log group's events are of, and which ways their documents go."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from ingestd.core.envelope import Carried, is_envelope
from ingestd.core.failure import is_failure
from ingestd.core.routing import AUTO, Route, Router
from ingestd.errors import Poison
from ingestd.fastpath.failures import FailureReader
from ingestd.fastpath.parser import Opening, open_parser
from ingestd.fastpath.reader import ENVELOPE, EnvelopeReader, LineReader, Reader
from ingestd.fastpath.unwrapping import UnwrappingReader, first_message
from ingestd.formats import events
from ingestd.formats.names import first_names
from ingestd.formats.registry import HEAD_BYTES, Format, detect, detect_events
from ingestd.formats.table import Shape
from ingestd.model import Framing, Source, Way

__all__ = ["Ways"]

FramingOf = Callable[[str, str], Framing]
CATCHING = events.FORMAT.name


class Ways:
    """Routes, formats and sinks joined. `framing_of` says how a sink, by its name, wants a dataset's documents.

    `opening` opens a parser of one of `known`.
    """

    def __init__(
        self,
        known: Mapping[str, Format],
        router: Router,
        sinks: Collection[str],
        framing_of: FramingOf,
        opening: Opening = open_parser,
    ) -> None:
        self.known = known.values()
        self._known = known
        self._router = router
        self._sinks = sinks
        self._framing_of = framing_of
        self._opening = opening

    def reader(self, source: Source, route: Route, head: bytes, only: Sequence[str] = (), *, chosen: bool = False) -> Reader:
        """What reads the object that begins so and takes this route. Raises Poison if it is of no known format.

        An envelope is seen whatever the route says: the format that a route names is then that of the events. What is blank is
        of any format, for all of them skip blank lines. `only`: the sinks that documents go to, if not those of routes.
        `chosen`: lines were chosen by hand, and no rule drops any.
        """
        envelopes = EnvelopeReader(source, lambda each: self._of_events(each, route, only, chosen), self._opening)
        names = first_names(head)
        if is_envelope(names):
            return envelopes
        key = source.key if source.bucket else ""  # records that come in calls have none
        if route.format != AUTO:
            found: Format | None = self._known[route.format]
        else:
            found = detect(key, head, self._known) if head.strip() else next(iter(self.known))
        if found is None:
            raise Poison("content is of no known format", reason="unknown_format", tried=", ".join(self._known))
        if is_failure(names):
            outer = self._line_reader(source, route, self._left(found), only, chosen)
            return FailureReader(source, outer, envelopes, lambda text: self._of_text(text, route, only, chosen), self._opening)
        if source.bucket and (line := first_message(head)) is not None:
            inner = self._inner(found, key, line, is_sure=route.format != AUTO)
            if inner is not None:
                return UnwrappingReader(self._line_reader(source, route, inner, only, chosen))
        return self._line_reader(source, route, found, only, chosen)

    def has_header(self, name: str) -> bool:
        """Whether a line of the object may say what columns the others have."""
        found = self._known.get(name)
        return found is not None and found.header is not None

    def of_dataset(self, dataset: str, sinks: Sequence[str]) -> Sequence[Way]:
        """The ways of documents that are of this dataset already; none if no format and no route has it."""
        form = next((each for each in self.known if each.dataset == dataset), None)
        if form is None and dataset not in self._router.datasets:
            return ()
        return self._by_framing(form.name if form else AUTO, dataset, sinks)

    def _line_reader(self, source: Source, route: Route, form: Format, only: Sequence[str], chosen: bool) -> LineReader:
        return LineReader(_unruled(form) if chosen else form, self._ways(form, route, only), source, self._opening)

    def seen(self, head: bytes) -> str | None:
        """What a record that begins so shows to be, by itself: a format's name, or that it is an envelope."""
        if is_envelope(first_names(head)):
            return ENVELOPE
        found = detect("", head, self._known)
        return found.name if found else None

    def _inner(self, found: Format, key: str, line: bytes, *, is_sure: bool) -> Format | None:
        """The format of lines that came in records (unwrapping.py); None if the records are `found`'s own."""
        if not is_sure and not found.catches:
            return None
        inner = found if is_sure else detect(key, line + b"\n", self._known)
        return inner if inner is not None and inner.shape is not Shape.JSON else None

    def _left(self, found: Format) -> Format:
        """The format of failed records that are left as they are: what a route names is that of what they hold."""
        return found if found.shape is Shape.JSON else self._known[CATCHING]

    def _of_text(self, head: bytes, route: Route, only: Sequence[str], chosen: bool) -> tuple[Format, Sequence[Way]] | None:
        """The format of a text that a failed record held, and the ways it goes; None if it is of no known one."""
        found = detect("", head, self._known) if route.format == AUTO else self._known[route.format]
        if found is None:
            return None
        return _unruled(found) if chosen else found, self._ways(found, route, only)

    def _of_events(self, each: Carried, around: Route, only: Sequence[str], chosen: bool) -> tuple[Format, Sequence[Way]]:
        """The format of a log group's events, and the ways they go: none if they are dropped."""
        carrier, events = each.source.carrier, each.block.events
        assert carrier is not None
        assert events is not None
        route = self._router.route_events(each.source.bucket, each.source.key, carrier.group, around)
        head = bytes(each.block.data[: min(events.ends[0], HEAD_BYTES)])
        found = self._known.get(route.format) or detect_events(carrier.group, each.is_json, head, self._known)
        ways = () if route.drop else self._ways(found, route, only)
        return _unruled(found) if chosen else found, ways

    def _ways(self, form: Format, route: Route, only: Sequence[str]) -> Sequence[Way]:
        return self._by_framing(form.name, route.dataset or form.dataset, only or route.sinks or tuple(self._sinks))

    def _by_framing(self, form: str, dataset: str, names: Sequence[str]) -> Sequence[Way]:
        """One for each manner in which the sinks want documents encoded; lines count by the first sink's answers."""
        sinks: dict[Framing, list[str]] = {}
        for name in names:
            sinks.setdefault(self._framing_of(name, dataset), []).append(name)
        first = next(iter(sinks), None)
        return [Way(form, framing, tuple(alike), alike[0] if framing is first else "") for framing, alike in sinks.items()]


def _unruled(form: Format) -> Format:
    """The same format, of which every line becomes a document that can."""
    return replace(form, rules=replace(form.rules, choices=()))
