"""Batches: sealed by count, bytes and age; nothing lost, doubled or reordered on the way through."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ingestd.core.batch import Batcher, again, chosen, halves, joined, rewritten
from ingestd.model import Batch, BatchLimits, Reject
from tests.fakes.built import built

LIMITS = BatchLimits(count_max=4, bytes_max=100, seconds=2.0)


def bodies(batch: Batch) -> list[bytes]:
    return [bytes(part.documents.body(index)) for part, index in batch.items()]


@pytest.mark.parametrize(
    ("sizes", "batches"),
    [
        ([10] * 4, [4]),
        ([10] * 9, [4, 4]),
        ([49, 49], [2]),
        ([49, 48], []),
        ([60, 60, 60], [1, 1]),
        ([300], [1]),
        ([10, 300, 10], [1, 1]),
        ([], []),
    ],
)
def test_full_batches_are_sealed(sizes: list[int], batches: list[int]) -> None:
    """At the count or at the bytes, whichever comes first; what is larger than a whole batch goes alone."""
    batcher = Batcher(LIMITS)
    sealed = batcher.add(built([b"x" * size for size in sizes]), 1, 0.0)
    assert [len(batch) for batch in sealed] == batches


def test_a_batch_is_due_when_its_first_document_is_old_enough() -> None:
    """Later documents do not put it off."""
    batcher = Batcher(LIMITS)
    assert batcher.due_at() is None
    batcher.add(built([b"a"]), 1, 10.0)
    batcher.add(built([b"b"]), 2, 11.5)
    assert batcher.due_at() == 12.0
    batch = batcher.flush()
    assert batch is not None
    assert bodies(batch) == [b"a", b"b"]
    assert [part.receipt for part in batch.parts] == [1, 2]
    assert batcher.flush() is None


@given(st.lists(st.lists(st.binary(max_size=60).filter(lambda body: b"\n" not in body), max_size=9), max_size=9))
def test_what_goes_in_comes_out_once_and_in_order(groups: list[list[bytes]]) -> None:
    """However documents fall on batches."""
    batcher = Batcher(LIMITS)
    sealed = [batch for group in groups for batch in batcher.add(built(group), 1, 0.0)]
    if last := batcher.flush():
        sealed.append(last)
    assert [body for batch in sealed for body in bodies(batch)] == [body for group in groups for body in group]
    assert all(len(batch) == 1 or (len(batch) <= 4 and batch.bytes <= 100) for batch in sealed)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=5), st.data())
def test_again_takes_just_the_items_asked_for(sizes: list[int], data: st.DataObject) -> None:
    """By their place in the batch, across its parts, with their action lines, offsets and receipts."""
    texts = [[f"{group}-{index}".encode() for index in range(size)] for group, size in enumerate(sizes)]
    batcher = Batcher(BatchLimits(1000, 10**6, 1.0))
    for receipt, group in enumerate(texts):
        batcher.add(built(group, action=b"{}\n"), receipt, 0.0)
    batch = batcher.flush()
    assert batch is not None
    flat = [(receipt, index * 100, text) for receipt, group in enumerate(texts) for index, text in enumerate(group)]
    chosen = sorted(data.draw(st.sets(st.integers(0, len(flat) - 1), min_size=1)))
    rest = again(batch, chosen)
    assert rest.attempt == 2
    assert [
        (part.receipt, int(part.documents.offsets[index]), bytes(part.documents.body(index))) for part, index in rest.items()
    ] == [flat[item] for item in chosen]
    assert b"".join(part.data for part in rest.parts) == b"".join(b"{}\n" + flat[item][2] + b"\n" for item in chosen)


def test_rewritten_items_keep_their_place_and_their_action() -> None:
    """Only the document is another: its action line, offset and receipt are those of the item."""
    batcher = Batcher(BatchLimits(1000, 10**6, 1.0))
    batcher.add(built([b"a", b"b"], action=b"{1}\n"), 7, 0.0)
    batcher.add(built([b"c", b"d", b"e"], action=b"{22}\n"), 8, 0.0)
    batch = batcher.flush()
    assert batch is not None
    changed = rewritten(batch, {1: b"longer", 4: b"", 2: b"C"})
    assert b"".join(part.data for part in changed.parts) == b"{1}\nlonger\n{22}\nC\n{22}\n\n"
    assert [(part.receipt, int(part.documents.offsets[index])) for part, index in changed.items()] == [
        (7, 100),
        (8, 0),
        (8, 200),
    ]
    assert bodies(changed) == [b"longer", b"C", b""]


def test_halves_are_the_whole() -> None:
    """A batch that was too large is sent as two, without what has its outcome already."""
    batch = Batcher(LIMITS).add(built([b"a", b"b", b"c", b"d"]), 1, 0.0)[0]
    for items, left, right in (((0, 1, 2, 3), [b"a", b"b"], [b"c", b"d"]), ((0, 2, 3), [b"a"], [b"c", b"d"])):
        first, second = halves(batch, items)
        assert (bodies(first), bodies(second)) == (left, right)


def test_joined_stays_within_the_limits() -> None:
    """Crumbs become batches; what does not fit begins a new one."""
    crumbs = [batch for _ in range(3) if (batch := _crumb([b"a", b"b"]))] + [_crumb([b"x" * 98])]
    assert [bodies(batch) for batch in joined(crumbs, LIMITS)] == [[b"a", b"b", b"a", b"b"], [b"a", b"b"], [b"x" * 98]]


def _crumb(texts: list[bytes]) -> Batch:
    batcher = Batcher(BatchLimits(100, 1000, 1.0))
    batcher.add(built(texts), 1, 0.0)
    batch = batcher.flush()
    assert batch is not None
    return batch


def test_only_the_lines_that_are_looked_for_are_chosen() -> None:
    """Documents and rejects at the spots, with their bytes and places; nothing else counts as read."""
    rejects = (Reject(7, "r", "", b"x", 1), Reject(9, "r", "", b"y", 1))
    found = chosen(built([b"a", b"b", b"c"], action=b"act\n", rejects=rejects), {(200, ""), (9, ""), (5, ""), (100, "e")})
    assert [bytes(found.body(index)) for index in range(len(found))] == [b"c"]
    assert (bytes(found.data), found.offsets.tolist()) == (b"act\nc\n", [200])
    assert ([reject.offset for reject in found.rejects], found.lines, found.skipped) == ([9], 2, 0)
    assert len(chosen(built([b"a"]), set())) == 0


def test_events_of_one_envelope_are_told_apart() -> None:
    """Lines that share an offset are chosen by their events' ids."""
    events = replace(
        built([b"a", b"b"]), offsets=np.array([7, 7]), ids=("e1", "e2"), rejects=(Reject(7, "r", "", b"x", 1, "e3"),)
    )
    found = chosen(events, {(7, "e2"), (7, "e3"), (7, "")})
    assert (found.ids, [reject.id for reject in found.rejects]) == (("e2",), ["e3"])
    assert len(chosen(events, {(7, "")})) == 0


class BatchMachine(RuleBasedStateMachine):
    """Documents come, time passes, the limit falls, batches are sent, in part again, halved and joined: a model of lists."""

    def __init__(self) -> None:
        super().__init__()
        self.batcher = Batcher(LIMITS)
        self.now = 0.0
        self.number = 0
        self.since = 0.0
        self.waiting: list[bytes] = []
        self.sealed: list[tuple[Batch, list[bytes]]] = []

    @rule(sizes=st.lists(st.integers(1, 60), max_size=9), receipt=st.integers(1, 3))
    def add(self, sizes: list[int], receipt: int) -> None:
        texts = [b"%d" % (self.number + index) + b"x" * size for index, size in enumerate(sizes)]
        self.number += len(texts)
        had_some = bool(self.waiting)
        self.waiting += texts
        batches = self.batcher.add(built(texts), receipt, self.now)
        if batches or not had_some:
            self.since = self.now
        for batch in batches:
            self._take(batch)

    @rule(seconds=st.floats(0.0, 3.0))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        due_at = self.batcher.due_at()
        if due_at is not None and due_at <= self.now and (batch := self.batcher.flush()):
            assert due_at == self.since + LIMITS.seconds
            self._take(batch)

    @rule(size=st.integers(20, 100))
    def too_large_for_the_other_side(self, size: int) -> None:
        self.batcher.limits = replace(self.batcher.limits, bytes_max=size)

    @precondition(lambda self: self.sealed)
    @rule(data=st.data())
    def some_again(self, data: st.DataObject) -> None:
        batch, texts = self._one(data)
        items = sorted(data.draw(st.sets(st.integers(0, len(texts) - 1), min_size=1)))
        self.sealed.append((again(batch, items), [texts[item] for item in items]))

    @precondition(lambda self: self.sealed)
    @rule(data=st.data())
    def halve(self, data: st.DataObject) -> None:
        batch, texts = self._one(data)
        if len(texts) > 1:
            first, second = halves(batch, range(len(texts)))
            assert abs(len(first) - len(second)) <= 1
            self.sealed += [(first, texts[: len(first)]), (second, texts[len(first) :])]

    @rule()
    def join(self) -> None:
        texts = [text for _, each in self.sealed for text in each]
        fewer = joined([batch for batch, _ in self.sealed], LIMITS)
        assert len(fewer) <= len(self.sealed)
        self.sealed = []
        for batch in fewer:
            self.sealed.append((batch, texts[: len(batch)]))
            del texts[: len(batch)]
        assert texts == []

    @invariant()
    def every_document_is_in_its_place(self) -> None:
        for batch, texts in self.sealed:
            assert bodies(batch) == texts
        assert (self.batcher.due_at() is None) == (not self.waiting) == (self.batcher.waiting_bytes == 0)

    def _take(self, batch: Batch) -> None:
        assert len(batch) == 1 or (len(batch) <= LIMITS.count_max and batch.bytes <= LIMITS.bytes_max)
        self.sealed.append((batch, self.waiting[: len(batch)]))
        del self.waiting[: len(batch)]

    def _one(self, data: st.DataObject) -> tuple[Batch, list[bytes]]:
        return self.sealed.pop(data.draw(st.integers(0, len(self.sealed) - 1)))


BatchMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestBatchMachine = BatchMachine.TestCase
