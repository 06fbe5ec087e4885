"""What is wrong with a `[[format]]` of the settings: each mistake in words about the setting."""

from __future__ import annotations

from collections.abc import Iterator

from ingestd.config import FormatSettings
from ingestd.config.mistakes import Mistake, shown
from ingestd.formats.own_table import table_of
from ingestd.formats.patterns import compiled
from ingestd.formats.registry import formats
from ingestd.formats.table import Shape, Table

__all__ = ["format_mistakes"]

TIMESTAMP = "@timestamp"
HOUSE = (  # filled elsewhere
    "cloud", "aws.s3", "aws.firehose", "log.offset", "event.id", "event.original", "event.dataset", "event.kind",
)  # fmt: skip


def format_mistakes(path: str, form: FormatSettings) -> Iterator[Mistake]:
    """Every mistake of the format at `path`, without its origin."""
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
    table = table_of(form)
    yield from _shape_mistakes(path, form, table.shape)
    yield from _column_mistakes(path, form)
    yield from _field_mistakes(path, form, table)


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
