"""Every field that a document may have: what its format says, and what each document carries whatever its format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ingestd.formats.readings import Leaf
from ingestd.formats.registry import Format
from ingestd.formats.table import Shape

__all__ = ["CARRIED", "every_leaf", "has_leaves", "known_paths"]

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
    Leaf("aws.firehose.stream"),
    Leaf("aws.firehose.arn"),
    Leaf("aws.firehose.request_id"),
    Leaf("aws.firehose.record", "long"),
    Leaf("aws.firehose.parameters", "flat_object"),
    Leaf("aws.firehose.failure.code"),
    Leaf("aws.firehose.failure.message"),
    Leaf("aws.firehose.failure.lambda_arn"),
    Leaf("aws.firehose.failure.index"),
    Leaf("aws.firehose.failure.document_id"),
    Leaf("aws.firehose.failure.event_id"),
    Leaf("aws.firehose.failure.attempts", "long"),
    Leaf("aws.firehose.failure.arrived_at", "date"),
    Leaf("aws.firehose.failure.ended_at", "date"),
    Leaf("log.offset", "long"),
    # What a document has when it did not fit the mapping as it was (core/healing).
    Leaf("tags"),
    Leaf("unmapped", "flat_object"),
)


def every_leaf(form: Format) -> Iterator[Leaf]:
    """Each field of a format's documents; a path may come more than once. What only carries other formats has none."""
    if not has_leaves(form):
        return
    yield from CARRIED
    yield from form.leaves()
    # Not every kind of format has constants, or a place for columns that it does not know.
    yield from (Leaf(path) for path, _ in getattr(form, "constants", ()))
    if (extra := getattr(form, "extra", "")) and getattr(form, "shape", None) is not Shape.PATTERN:
        yield Leaf(extra, "flat_object" if getattr(form, "shape", None) is Shape.JSON else "keyword")


def has_leaves(form: Format) -> bool:
    """Whether documents are of this format, not of others that it carries."""
    return hasattr(form, "leaves")


def known_paths(formats: Iterable[Format]) -> frozenset[str]:
    """The paths of all fields of these formats."""
    return frozenset(leaf.path for form in formats for leaf in every_leaf(form))
