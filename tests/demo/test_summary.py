"""The books close only if each line that was put arrived once, and nothing else did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from ingestd.demo.arrivals import Arrivals
from ingestd.demo.corpus import Entry, Role
from ingestd.demo.summary import Counted, reconcile
from ingestd.model import Outcome
from ingestd.shell.telemetry import Telemetry


def entry(key: str, offsets: list[int], role: Role = "log", skipped: int = 0) -> Entry:
    return Entry(key, role, np.array(offsets, np.int64), skipped, decoded_bytes=100 * len(offsets))


PUT = [
    entry("a", [0, 10, 20]),
    entry("b", [30, 45], skipped=2),
    entry("test-file", [], "control"),
    entry("nothing", [], "empty"),
    entry("broken", [0, 10], "poison"),
]
COUNTED = Counted(documents=4, dead_letters=1, skipped=2)


def document(arrivals: Arrivals, key: str, offset: int) -> None:
    arrivals.add_document({"aws": {"s3": {"object": {"key": key}}}, "log": {"offset": offset}}, f"{key}{offset:012}")


def arrived() -> Arrivals:
    """All of PUT: four documents and a dead letter of five lines, and the dead letter of the broken object."""
    arrivals = Arrivals()
    for key, offset in (("b", 45), ("a", 0), ("a", 20), ("b", 30)):
        document(arrivals, key, offset)
    arrivals.letters["a"].append(10)
    arrivals.objects["broken"] += 1
    return arrivals


def test_they_close_when_each_line_arrived_once() -> None:
    """Lines put are documents, dead letters and headers; the broken object is one dead letter beside them."""
    summary = reconcile(PUT, arrived(), COUNTED, 2.0)
    assert summary.problems == ()
    assert summary.reconciles
    assert (summary.lines, summary.documents, summary.dead_letters, summary.headers) == (7, 4, 1, 2)
    assert summary.lines == summary.documents + summary.dead_letters + summary.headers
    assert (summary.duplicates, summary.objects, summary.poison_put, summary.poison_objects) == (0, 5, 1, 1)


def missing(arrivals: Arrivals) -> None:
    arrivals.documents["b"].remove(45)
    arrivals.ids.remove("b000000000045")


def swapped(arrivals: Arrivals) -> None:
    missing(arrivals)
    document(arrivals, "b", 46)


def unknown(arrivals: Arrivals) -> None:
    arrivals.letters["never put"].append(0)


def recounted(arrivals: Arrivals) -> None:
    arrivals.found = 5


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (missing, "1 lines are missing, first at 'b' offset 45"),
        (lambda arrivals: document(arrivals, "a", 20), "1 documents are there more than once"),
        (lambda arrivals: arrivals.letters["a"].append(10), "1 dead letters are there more than once"),
        (lambda arrivals: document(arrivals, "a", 10), "1 lines are a document and a dead letter, first at 'a' offset 10"),
        (swapped, "1 documents or dead letters are of no line that was put, first at 'b' offset 46"),
        (lambda arrivals: document(arrivals, "nothing", 0), "1 documents or dead letters are of no line that was put"),
        (unknown, "1 objects were never put, first 'never put'"),
        (lambda arrivals: arrivals.objects.clear(), "dead letters of objects: {}, expected {'broken': 1}"),
        (lambda arrivals: arrivals.objects.update(a=1), "dead letters of objects: {'broken': 1, 'a': 1}"),
        (lambda arrivals: arrivals.messages.update(not_a_notice=1), "dead letters of messages: {'not_a_notice': 1}"),
        (lambda arrivals: arrivals.ids.pop() and None, "3 different ids for 4 different lines"),
        (recounted, "the sink counts 5 documents, 4 were read"),
    ],
)
def test_they_do_not_close(change: Callable[[Arrivals], None], problem: str) -> None:
    """A line that is missing, doubled, misplaced or of two minds is named, and so is whatever else is too many or too few."""
    arrivals = arrived()
    change(arrivals)
    summary = reconcile(PUT, arrivals, COUNTED, 2.0)
    assert not summary.reconciles
    assert any(found.startswith(problem) for found in summary.problems), summary.problems


@pytest.mark.parametrize("field", ["documents", "dead_letters", "skipped"])
def test_the_service_must_have_counted_the_same(field: str) -> None:
    """A counter of the service that is off by one does not close either, though everything arrived."""
    counted = replace(COUNTED, **{field: getattr(COUNTED, field) + 1})
    (problem,) = reconcile(PUT, arrived(), counted, 2.0).problems
    assert problem.startswith("the service counted")


def test_the_queue_must_be_empty() -> None:
    """A message that was not deleted will come again: not done, though everything arrived."""
    summary = reconcile(PUT, arrived(), replace(COUNTED, backlog=3), 2.0)
    assert summary.problems == ("the queue still holds 3 messages",)


def test_documents_of_a_broken_object_stand_apart() -> None:
    """What could be read before the break may have been delivered; it counts neither as documents nor as strays."""
    arrivals = arrived()
    document(arrivals, "broken", 0)
    summary = reconcile(PUT, arrivals, replace(COUNTED, documents=5), 2.0)
    assert summary.reconciles
    assert (summary.documents, summary.poison_documents) == (4, 1)


def test_counts_are_taken_from_the_telemetry() -> None:
    """Accepted lines and those that were there already are documents."""
    telemetry = Telemetry()
    for form, outcome, amount in (
        ("alb", Outcome.ACCEPTED, 3),
        ("cloudfront", Outcome.DUPLICATE, 1),
        ("alb", Outcome.DEAD_LETTERED, 1),
        ("cloudfront", Outcome.SKIPPED, 2),
    ):
        telemetry.lines(form, outcome, amount)
    assert Counted.of(telemetry.snapshot(), 0) == COUNTED
