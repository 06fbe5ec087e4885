"""Every field that a document may have: what its format says, and what each document carries whatever its format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ingestd.formats.readings import Leaf
from ingestd.formats.registry import Format

__all__ = ["CARRIED", "every_leaf", "known_paths"]

CARRIED = (
    Leaf("@timestamp", "date"),
    Leaf("event.dataset"),
    Leaf("event.id"),
    Leaf("event.original"),
    Leaf("cloud.provider"),
    Leaf("cloud.account.id"),
    Leaf("cloud.region"),
    Leaf("aws.s3.bucket.name"),
    Leaf("aws.s3.object.key"),
    Leaf("log.offset", "long"),
    # What a document has when it did not fit the mapping as it was (core/healing).
    Leaf("tags"),
    Leaf("unmapped", "flat_object"),
)


def every_leaf(form: Format) -> Iterator[Leaf]:
    """Each field of a format's documents; a path may come more than once."""
    yield from CARRIED
    yield from form.leaves()
    yield from (Leaf(path) for path, _ in form.constants)
    yield Leaf(form.extra)


def known_paths(formats: Iterable[Format]) -> frozenset[str]:
    """The paths of all fields of these formats."""
    return frozenset(leaf.path for form in formats for leaf in every_leaf(form))
