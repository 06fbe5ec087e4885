"""The table that a `[[format]]` of the settings describes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import orjson

from ingestd.config import ColumnSettings, FormatSettings
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

__all__ = ["table_of"]

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


def table_of(form: FormatSettings) -> Table:
    """Its columns, and what a base brings; nothing must be wrong with it, as `own_mistakes` knows."""
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
