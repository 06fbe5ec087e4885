"""Formats that a user describes in the configuration: `[[format]]` to a table, read by what reads all others.

What is wrong with them is told at once, as with all settings; it is asked for here, since only tables know what a table must
be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random
from types import MappingProxyType
from typing import Any

import orjson

from ingestd.config import ColumnSettings, FormatSettings
from ingestd.config.mistakes import ConfigError, Mistake, shown
from ingestd.formats import events
from ingestd.formats.lookups import Lookup, enriched
from ingestd.formats.patterns import compiled
from ingestd.formats.registry import formats
from ingestd.formats.table import (
    SAMPLE_TIME,
    SEPARATORS,
    Boolean,
    ClfTime,
    Column,
    Decimal,
    Endpoint,
    Epoch,
    Instant,
    Integer,
    Ip,
    Json,
    Moment,
    Reading,
    Request,
    Shape,
    Status,
    Table,
    Text,
    Tls,
    Version,
    Words,
)

__all__ = ["known_formats", "own_formats"]

TIMESTAMP = "@timestamp"
HOUSE = (  # filled elsewhere
    "cloud", "aws.s3", "aws.firehose", "log.offset", "event.id", "event.original", "event.dataset", "event.kind",
)  # fmt: skip
OF_THEIR_OWN = ("request", "status", "version", "tls")  # types that know their fields

READINGS: dict[str, Callable[[str, ColumnSettings], Reading]] = {
    "text": lambda path, column: Text(path, percent=column.percent),
    "integer": lambda path, column: Integer(path),
    "decimal": lambda path, column: Decimal(path),
    "ip": lambda path, column: Ip(path, _sibling(path, "address")),
    "endpoint": lambda path, column: Endpoint(f"{path}.ip", f"{path}.port", f"{path}.address"),
    "time": lambda path, column: Instant(path),
    "epoch": lambda path, column: Epoch(path),
    "clf_time": lambda path, column: ClfTime(path),
    "list": lambda path, column: Words(path, column.separator),
    "status": lambda path, column: Status(path or "http.response.status_code"),
    "version": lambda path, column: Version(path or "http.version"),
    "tls": lambda path, column: Tls(path or "tls.protocol_text"),
    "request": lambda path, column: Request(),
    "moment": lambda path, column: Moment(path),
    "boolean": lambda path, column: Boolean(path),
    "json": lambda path, column: Json(path),
}

# Plausible values, for tests and trials: the first reading of a column says which.
SAMPLES: dict[type, str] = {
    Instant: SAMPLE_TIME.strftime("%Y-%m-%dT%H:%M:%SZ"),
    Epoch: str(int(SAMPLE_TIME.timestamp())),
    ClfTime: SAMPLE_TIME.strftime("[%d/%b/%Y:%H:%M:%S +0000]"),
    Integer: "42",
    Decimal: "0.125",
    Ip: "192.0.2.1",
    Endpoint: "192.0.2.1:443",
    Status: "200",
    Version: "HTTP/2.0",
    Tls: "TLSv1.3",
    Moment: SAMPLE_TIME.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
    Boolean: "true",
    Request: '"GET https://www.example.com:443/a?b=c HTTP/1.1"',
}


def known_formats(
    settings: Sequence[FormatSettings], timestamp_paths: Sequence[str] = (), lookups: Sequence[Lookup] = ()
) -> Mapping[str, Table]:
    """All formats by name, the user's own first, so that they win where others fit as well. Raises ConfigError.

    `timestamp_paths`: where events of applications have their time, if not where the format itself says. `lookups`: what their
    documents say beyond their lines.
    """
    known = {**own_formats(settings), **formats()}
    if timestamp_paths:
        known[events.FORMAT.name] = replace(events.FORMAT, columns=events.dated_by(timestamp_paths))
    if lookups:
        known = {name: enriched(table, lookups) for name, table in known.items()}
    return MappingProxyType(known)


def own_formats(settings: Sequence[FormatSettings]) -> Mapping[str, Table]:
    """The user's own formats by name. Raises ConfigError with every mistake."""
    mistakes = [mistake for place, form in enumerate(settings) for mistake in _mistakes(f"format.{place}", form)]
    if mistakes:
        raise ConfigError(mistakes)
    return {form.name: _table(form) for form in settings}


def _table(form: FormatSettings) -> Table:
    base = formats()[form.base] if form.base else None
    fields = form.fields or tuple(_captured(form))
    columns = _chosen(base, fields) if base else tuple(_column(column) for column in form.columns)
    table = Table(
        name=form.name,
        dataset=form.dataset or form.name,
        service=form.name,
        shape=Shape(form.shape),
        columns=columns,
        required=0 if form.shape == "json" else min(form.required or len(columns), len(columns)),
        key=form.key or "",
        content=form.content or "",
        sample=_sampler(columns, Shape(form.shape), form.separator),
        header=form.header,
        separator=form.separator or "",
        runs=form.runs,
        dated_by_object=form.dated_by_object,
        patterns=form.patterns,
        comments=form.comments,
        wrapper=form.wrapper or "",
        constants=(("event.kind", "event"),),
        own=True,
    )
    if base is None:
        return table
    return replace(
        table,
        dataset=form.dataset or base.dataset,
        service=base.service,
        shape=Shape(form.shape) if form.patterns else base.shape,
        required=table.required if base.required else 0,
        wrapper=base.wrapper,
        dashes=base.dashes,
        rest=base.rest,
        sample=_sampler(columns, base.shape, form.separator or base.separator),
        header=base.header if form.header is None else form.header,
        separator=form.separator or base.separator,
        runs=base.runs,
        padded=base.padded and form.separator is None,
        dated_by_object=base.dated_by_object or form.dated_by_object,
        comments=base.comments,
        constants=base.constants,
    )


def _chosen(base: Table, fields: Sequence[str]) -> tuple[Column, ...]:
    """The columns of these names, as they stand in a line."""
    columns = {column.name: column for column in base.columns}
    if base.delivered:
        fields = sorted(fields, key=base.delivered.index)
    return tuple(columns[name] for name in fields)


def _captured(form: FormatSettings) -> list[str]:
    """What the groups of its patterns are named, each once."""
    return list(dict.fromkeys(group for pattern in form.patterns for group in compiled(pattern).groups))


def _column(column: ColumnSettings) -> Column:
    if column.field is None and column.type not in OF_THEIR_OWN:
        return Column(column.name)
    return Column(column.name, READINGS[column.type](column.field or "", column))


def _sibling(path: str, name: str) -> str:
    return f"{path.rpartition('.')[0]}.{name}" if "." in path else f"{path}_{name}"


def _sampler(columns: Sequence[Column], shape: Shape, separator: str | None) -> Callable[[Random], str]:
    """What makes a line with a value for each column."""
    values = [SAMPLES.get(type(column.readings[0]), "x") if column.readings else "-" for column in columns]
    if shape is Shape.JSON:
        record = orjson.dumps(_nested(columns, values)).decode()
        return lambda random: record
    if shape is Shape.CSV:
        values = [value.strip("[]") for value in values]
    elif shape is Shape.TABBED:
        values = [value.strip('"[]') for value in values]
    line = (separator or SEPARATORS[shape]).join(values)
    return lambda random: line


def _nested(columns: Sequence[Column], values: Sequence[str]) -> dict[str, Any]:
    """A record with these values at the columns' paths, as far as those are no looks into arrays."""
    record: dict[str, Any] = {}
    for column, value in sorted(zip(columns, values, strict=True), key=lambda pair: -pair[0].name.count(".")):
        *objects, last = column.name.split(".")
        if "[" in column.name or column.name in _prefixes(columns):
            continue
        node = record
        for name in objects:
            node = node.setdefault(name, {})
        node[last] = value.strip('"[]')
    return record


def _prefixes(columns: Sequence[Column]) -> set[str]:
    """The paths that have others below them."""
    return {column.name[:place] for column in columns for place, char in enumerate(column.name) if char in ".["}


# mistakes


def _mistakes(path: str, form: FormatSettings) -> Iterator[Mistake]:
    base = formats().get(form.base or "")
    if base:
        known = [column.name for column in base.columns]
        for place, name in enumerate(form.fields):
            if name not in known:
                yield _mistake(f"{path}.fields.{place}", name, ", ".join(base.delivered or known))
            elif name in form.fields[:place]:
                yield _mistake(f"{path}.fields.{place}", name, "each name once")
        if any(name not in known for name in form.fields):
            return
    wrong = list(_pattern_mistakes(path, form, base))
    if wrong:
        yield from wrong
        return
    yield from _shape_mistakes(path, form, _table(form).shape)
    yield from _column_mistakes(path, form)
    yield from _field_mistakes(path, form, _table(form))


def _pattern_mistakes(path: str, form: FormatSettings, base: Table | None) -> Iterator[Mistake]:
    columns = [column.name for column in (base.columns if base else form.columns)]
    missing = dict.fromkeys(columns if form.patterns and not base else ())
    for place, pattern in enumerate(form.patterns):
        try:
            groups = compiled(pattern).groups
        except ValueError as error:
            yield _mistake(f"{path}.patterns.{place}", pattern, f"a regular expression as RE2 has them ({error})")
            return
        for group in groups:
            missing.pop(group, None)
            if group not in columns:
                yield _mistake(f"{path}.patterns.{place}", group, f"groups that are named as columns: {', '.join(columns)}")
    for name in missing:
        yield _mistake(f"{path}.columns.{columns.index(name)}.name", name, "the name of a group, since nothing else fills it")


def _shape_mistakes(path: str, form: FormatSettings, shape: Shape) -> Iterator[Mistake]:
    """What is said of lines has no meaning for records, and the other way round."""
    given = {name for name in ("required", "separator", "header") if getattr(form, name) is not None}
    given |= {"runs"} if form.runs else set()
    for name in sorted(given) if shape is Shape.JSON else ():
        yield _mistake(f"{path}.{name}", getattr(form, name), "none for records, whose members have names")
    if form.wrapper is not None and form.shape != "json":
        yield _mistake(f"{path}.wrapper", form.wrapper, 'none but with shape = "json"')


def _column_mistakes(path: str, form: FormatSettings) -> Iterator[Mistake]:
    names = [column.name if form.shape == "json" else column.name.lower() for column in form.columns]
    for place, column in enumerate(form.columns):
        if names.index(names[place]) < place:
            yield _mistake(f"{path}.columns.{place}.name", column.name, "each name once, whatever its case")
        if column.type == "request" and column.field:
            yield _mistake(f"{path}.columns.{place}.field", column.field, "none: a request line has fields of its own")


def _field_mistakes(path: str, form: FormatSettings, table: Table) -> Iterator[Mistake]:
    types: dict[str, str] = {}
    for place, column in enumerate(table.columns):
        where = f"{path}.{'fields' if form.base else 'columns'}.{place}"
        for leaf in (leaf for reading in column.readings for leaf in reading.leaves()):
            if any(_touch(leaf.path, house) for house in (*HOUSE, table.extra)):
                yield _mistake(where, leaf.path, "a field that is not filled otherwise")
            elif types.setdefault(leaf.path, leaf.type) != leaf.type:
                yield _mistake(where, leaf.path, f"a field of type {types[leaf.path]}, as another column has it")
            elif any(other != leaf.path and _touch(leaf.path, other) for other in types):
                yield _mistake(where, leaf.path, "a field that is not inside another, nor has others inside")
    if types.get(TIMESTAMP, "date") != "date":
        yield _mistake(path, TIMESTAMP, "a column of type time, epoch or clf_time for @timestamp")
    if TIMESTAMP not in types and not form.dated_by_object:
        allowed = "one of type time, epoch, clf_time or moment, or dated_by_object = true"
        yield Mistake(path, f"no column for {TIMESTAMP}", allowed)


def _touch(one: str, other: str) -> bool:
    """Is one of the two paths the other, or inside it?"""
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def _mistake(path: str, found: object, allowed: str) -> Mistake:
    return Mistake(path, shown(found), allowed)
