"""An object's story as a person reads it at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from ingestd.core.visible import visible
from ingestd.story import Some, Story

__all__ = ["told"]

LABEL_CHARS = 13
TEXT_CHARS = 400  # of a line
GROUPS_SHOWN = 20


def told(story: Story) -> str:
    """All that is known of it, one subject a line."""
    body = "".join(f"  {label:<{LABEL_CHARS}}{visible(text)}\n" for label, text in _rows(story) if text)
    return f"{visible(story.object)}\n{body}"


def _rows(story: Story) -> Iterator[tuple[str, str]]:
    yield "notice", story.notice
    yield "route", story.route
    if story.compression:
        yield "compression", f"{story.compression}: {story.stored_bytes:,} bytes hold {story.decoded_bytes:,}"
    yield "format", _format(story)
    yield "problem", story.problem
    if story.head:
        yield "begins with", _cut(story.head)
    for (group, form), count in story.carried.most_common(GROUPS_SHOWN):
        yield "log group", f"{group}: {_count(count, 'event')} of {form}"
    if story.format:
        yield "lines", _lines(story)
    for (sink, kind, into), count in story.destinations.most_common(GROUPS_SHOWN):
        yield (
            "goes to",
            f"{sink}: {_count(count, 'document')} {'on the stream' if kind == 'firehose' else 'in the index'} {into}",
        )
    yield "first _id", story.first_id
    yield from _some("rejected", story.rejects, "{count:,} {first} {second}")
    if story.rejects:
        yield "", f"dead letters go to {story.dead_letters}" if story.dead_letters else NOWHERE
    yield from _rules(story)
    if story.masked:
        yield "masked", f"{_count(story.masked, 'secret')}, in stars before anything else is done with a line"
    yield from _some("extra", story.drift, "{count:,} of {first} with columns that it does not know, in {second}")
    label = "document"
    for path, value in _leaves(story.samples[0] if story.samples else {}):
        yield label, f"{path}: {orjson.dumps(value).decode()}"
        label = ""


NOWHERE = "dead_letters.bucket is not set: the message would stay on the queue, for its own dead-letter queue"


def _format(story: Story) -> str:
    also = ", ".join(story.tried)
    if not story.format:
        return f"none; tried: {also}" if also else ""
    return f"{story.format}: {story.why}" + (f" (others that fit less: {also})" if also else "")


def _lines(story: Story) -> str:
    rejects = sum(some.lines for some in story.rejects.values())
    ends = f"{story.lines:,}: {_count(story.documents, 'document')}, {rejects:,} rejected, {story.skipped:,} skipped"
    return f"{ends}, {story.dropped:,} dropped" if story.dropped else ends


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_CHARS else f"{text[:TEXT_CHARS]}... ({len(text) - TEXT_CHARS} more)"


def _leaves(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _rules(story: Story) -> Iterator[tuple[str, str]]:
    """What each rule did with how many lines, and where the first of them are."""
    for (rule, outcome, field), some in story.rules.items():
        did = {"dropped": "dropped", "kept": "kept, of a sample", "redacted": f"without {field}"}[outcome]
        places = ", ".join(f"{each.offset} {each.event_id}".strip() for each in some.examples)
        where = "at" if len(some.examples) == some.lines else "the first at"
        yield "rule", f"{rule}: {_count(some.lines, 'line')} {did}, {where} {places}"


def _some(label: str, found: Mapping[tuple[str, ...], Some], form: str) -> Iterator[tuple[str, str]]:
    for (first, second), some in found.items():
        yield label, form.format(count=some.lines, first=first, second=second).strip()
        for example in some.examples:
            event = f" {example.event_id}" if example.event_id else ""
            yield "", f"  at {example.offset}{event}: {_cut(example.text)}"
