"""The ledger: a message is deleted when all that was made of it has come to rest, and never before."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from ingestd.core.ledger import Decision, Ledger


def test_a_message_is_deleted_when_its_last_thing_rests() -> None:
    """Named, read and at rest: only the last of the three deletes."""
    ledger = Ledger()
    message = ledger.receive()
    first, second = ledger.open(message), ledger.open(message)
    ledger.made(first, 3)
    assert ledger.seal(message) is Decision.NOTHING
    assert ledger.rested(first, 3) is Decision.NOTHING
    assert ledger.read(first) is Decision.NOTHING
    assert ledger.is_done(first)
    assert ledger.read(second) is Decision.DELETE
    assert len(ledger) == 0


def test_a_message_without_objects_is_deleted_when_it_is_sealed() -> None:
    """A test event names nothing to read."""
    ledger = Ledger()
    assert ledger.seal(ledger.receive()) is Decision.DELETE


def test_a_given_up_message_is_given_back_once_and_never_deleted() -> None:
    """What was under way comes to rest later and changes nothing."""
    ledger = Ledger()
    message = ledger.receive()
    receipt = ledger.open(message)
    ledger.made(receipt, 1)
    assert ledger.give_up(message) is Decision.GIVE_BACK
    assert ledger.give_up(message) is Decision.NOTHING
    assert ledger.read(receipt) is Decision.NOTHING
    assert ledger.seal(message) is Decision.NOTHING
    assert ledger.rested(receipt, 1) is Decision.NOTHING
    assert not ledger.is_known(message)


def test_a_lost_message_is_neither_deleted_nor_given_back() -> None:
    """Another consumer may have it."""
    ledger = Ledger()
    message = ledger.receive()
    receipt = ledger.open(message)
    ledger.lose(message)
    assert ledger.give_up(message) is Decision.NOTHING
    assert ledger.read(receipt) is Decision.NOTHING
    assert ledger.seal(message) is Decision.NOTHING


Book = tuple[Ledger, int, int]

LOST_COUNT: dict[str, tuple[Callable[[Book], object], Callable[[Book], object]]] = {
    "rest more than made": (lambda book: None, lambda book: book[0].rested(book[2], 1)),
    "read twice": (lambda book: book[0].read(book[2]), lambda book: book[0].read(book[2])),
    "make after done": (lambda book: book[0].read(book[2]), lambda book: book[0].made(book[2], 1)),
    "open after seal": (lambda book: book[0].seal(book[1]), lambda book: book[0].open(book[1])),
    "seal twice": (lambda book: book[0].seal(book[1]), lambda book: book[0].seal(book[1])),
}


@pytest.mark.parametrize("name", LOST_COUNT)
def test_losing_count_raises(name: str) -> None:
    """An event that has no row in the tables is a fault of the caller."""
    ledger = Ledger()
    message = ledger.receive()
    book = (ledger, message, ledger.open(message))
    ledger.made(ledger.open(message), 1)
    before, event = LOST_COUNT[name]
    before(book)
    with pytest.raises(ValueError, match=r"rest|DONE|SEALED"):
        event(book)


class LedgerMachine(RuleBasedStateMachine):
    """Any order of events that a pipeline can bring, against a model that is only sets and counts."""

    messages = Bundle("messages")
    objects = Bundle("objects")

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger()
        self.outstanding: dict[int, int] = {}
        self.reading: set[int] = set()
        self.of: dict[int, int] = {}
        self.unsealed: set[int] = set()
        self.ended: dict[int, str] = {}

    def _check(self, message: int, decision: Decision) -> None:
        mine = [receipt for receipt, owner in self.of.items() if owner == message]
        at_rest = message not in self.unsealed and not any(each in self.reading or self.outstanding[each] for each in mine)
        if decision is Decision.DELETE:
            assert at_rest
            assert message not in self.ended
            self.ended[message] = "deleted"
        elif at_rest:
            assert message in self.ended

    @rule(target=messages)
    def receive(self) -> int:
        message = self.ledger.receive()
        self.unsealed.add(message)
        return message

    @rule(target=objects, message=messages)
    def open(self, message: int) -> int:
        if message not in self.unsealed:
            return -1
        receipt = self.ledger.open(message)
        self.of[receipt], self.outstanding[receipt] = message, 0
        self.reading.add(receipt)
        return receipt

    @rule(receipt=objects, things=st.integers(1, 5))
    def made(self, receipt: int, things: int) -> None:
        if receipt in self.reading:
            self.ledger.made(receipt, things)
            self.outstanding[receipt] += things

    @rule(receipt=objects, things=st.integers(1, 5))
    def rested(self, receipt: int, things: int) -> None:
        things = min(things, self.outstanding.get(receipt, 0))
        if things:
            self.outstanding[receipt] -= things
            self._check(self.of[receipt], self.ledger.rested(receipt, things))

    @rule(receipt=objects)
    def read(self, receipt: int) -> None:
        if receipt in self.reading:
            self.reading.discard(receipt)
            self._check(self.of[receipt], self.ledger.read(receipt))

    @rule(message=messages)
    def seal(self, message: int) -> None:
        if message in self.unsealed:
            self.unsealed.discard(message)
            self._check(message, self.ledger.seal(message))

    @rule(message=messages, how=st.sampled_from(["give_up", "lose"]))
    def end(self, message: int, how: str) -> None:
        if how == "give_up":
            decision = self.ledger.give_up(message)
            assert (decision is Decision.GIVE_BACK) == (message not in self.ended)
        else:
            self.ledger.lose(message)
        self.ended.setdefault(message, how)

    @invariant()
    def forgets_what_is_over(self) -> None:
        under_way = {owner for receipt, owner in self.of.items() if receipt in self.reading or self.outstanding[receipt]}
        for message in self.ended:
            assert self.ledger.is_known(message) == (message in under_way or message in self.unsealed)


LedgerMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestLedgerMachine = LedgerMachine.TestCase
