"""Which objects and events go where."""

from __future__ import annotations

from typing import Annotated

from ingestd.config.section import Section
from ingestd.config.values import Dataset, FormatReference, Glob, Regex, SinkName, Texts

__all__ = ["RouteSettings"]


class RouteSettings(Section):
    """One `[[route]]`: which objects, and where they go. The first that fits wins; what is left out fits everything.

    With log_group it is for events of log groups, in objects of envelopes: the first that fits, else the object's own route.
    """

    bucket: Glob | None = None
    """A bucket's name; * and ? stand for anything."""
    key: Regex | None = None
    """A regular expression that is searched for in the object's key."""
    stream: Glob | None = None
    """The stream's name of records that come by [inlet]; * and ? stand for anything."""
    log_group: Glob | None = None
    """A CloudWatch log group's name; * and ? stand for anything. Sinks and dataset that it leaves out are the object's."""
    format: FormatReference = "auto"
    """The log's format, or its events' where they come in envelopes; auto recognises it by key, or log group, and content."""
    dataset: Dataset | None = None
    """event.dataset and part of the index's name, instead of the format's own."""
    sinks: Annotated[tuple[SinkName, ...], Texts] = ()
    """Where the documents go, by name; a message is settled when all have settled. With one sink it goes without saying."""
    drop: bool = False
    """Acknowledge without reading, and count it."""
