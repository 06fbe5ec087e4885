"""Logs of the user's own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ingestd.config.section import Section
from ingestd.config.values import ColumnName, Dataset, FieldPath, FormatName, FormatReference, Regex, Separator, Texts

__all__ = ["ColumnSettings", "FormatSettings"]


class ColumnSettings(Section):
    """One `[[format.columns]]`: the columns in the order in which they stand in a line."""

    name: ColumnName
    """What the column is called in the log's header line or its documentation; of records: a path, `a.b` for b in a."""
    type: Literal[
        "text",
        "integer",
        "decimal",
        "ip",
        "endpoint",
        "time",
        "epoch",
        "clf_time",
        "list",
        "status",
        "version",
        "tls",
        "request",
        "moment",
        "boolean",
        "json",
    ] = "text"
    """text, integer, decimal, ip, endpoint, time, epoch, clf_time, moment (any), list, status, version, tls, boolean, json."""
    field: FieldPath | None = None
    """The field that it fills; request, status, version and tls have their own. Without any it is not kept."""
    percent: Literal[0, 1, 2] = 0
    """How often %HH is decoded in a text."""
    separator: Annotated[str, Field(min_length=1, max_length=16)] = ","
    """What stands between the items of a list."""


class FormatSettings(Section):
    """One `[[format]]`: a log of your own, delimited or described by patterns, or a known one whose fields its user chooses."""

    name: FormatName
    """What routes and metrics call it; no other format's name."""
    base: FormatReference | None = None
    """A known format that this one has its columns from, as for cloudfront_realtime; then fields says which of them."""
    fields: Annotated[tuple[ColumnName, ...], Texts] = ()
    """With a base: the names of the columns that stand in a line, in their order (CloudFront's own order is known)."""
    columns: tuple[ColumnSettings, ...] = ()
    """Without a base: the columns, one table each."""
    shape: Literal["spaced", "spaced_raw", "tabbed", "csv", "pattern", "json"] = "spaced"
    """How columns are kept apart: quotes and brackets count in spaced, backslashes are no escapes in spaced_raw; or json."""
    patterns: Annotated[tuple[str, ...], Texts] = ()
    """Of the shape pattern: RE2 expressions whose groups are named as columns; the first that is the whole line counts."""
    wrapper: str | None = None
    """Of json: the name of the array that holds the records, where an object begins with one."""
    separator: Separator | None = None
    """One character between columns instead of the shape's, or the base's, own: a space, a tab, a comma."""
    runs: bool = False
    """Several separators in a row are one."""
    header: str | None = None
    """How a line begins that gives the order of columns by their names; "" for a line of nothing but names."""
    comments: Annotated[tuple[str, ...], Texts] = ()
    """How lines begin that are no log lines."""
    required: Annotated[int, Field(ge=1)] | None = None
    """How many columns, from the first, a line must have; without it: all of them."""
    dataset: Dataset | None = None
    """event.dataset and part of the index's name; without one: the base's, or the format's name."""
    key: Regex | None = None
    """A regular expression that is searched for in an object's key: with format = "auto" such objects are of this format."""
    content: Regex | None = None
    """A regular expression that an object's first line begins with, or, of json, ` the names of its first members `."""
    dated_by_object: bool = False
    """Lines without a time of their own have that of their object, or of the event they are; else they are dead letters."""
