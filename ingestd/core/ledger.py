"""Which messages may be deleted: the book of what was received, what was made of it, and what has come to rest.

A message is settled when all its objects are known, each has been read to its end, and each thing made of them (a document for
each sink, a dead letter) has come to rest. Only then does the ledger answer "delete"; nothing is deleted by default. The
states of a message and of an object are tables; an event that has no row raises, since it means that the caller has lost count.

    message   OPEN    objects are still being named             object   READING  things are still being made of it
              SEALED  all objects are named                              READ     all is made; some may be outstanding
              SETTLED all at rest: delete                                DONE     all is at rest
              GIVEN_UP  cannot be finished here: give back
              LOST    the lease is gone: touch nothing
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

__all__ = ["Decision", "Ledger"]


class Decision(Enum):
    """What to do about a message now."""

    NOTHING = auto()
    DELETE = auto()
    GIVE_BACK = auto()


class _Message(Enum):
    OPEN = auto()
    SEALED = auto()
    SETTLED = auto()
    GIVEN_UP = auto()
    LOST = auto()


class _Object(Enum):
    READING = auto()
    READ = auto()
    DONE = auto()


_ENDED = {_Message.SETTLED, _Message.GIVEN_UP, _Message.LOST}
_MESSAGE = {
    (_Message.OPEN, "seal"): (_Message.SEALED, Decision.NOTHING),
    (_Message.SEALED, "rest"): (_Message.SETTLED, Decision.DELETE),
    (_Message.OPEN, "give_up"): (_Message.GIVEN_UP, Decision.GIVE_BACK),
    (_Message.SEALED, "give_up"): (_Message.GIVEN_UP, Decision.GIVE_BACK),
    (_Message.OPEN, "lose"): (_Message.LOST, Decision.NOTHING),
    (_Message.SEALED, "lose"): (_Message.LOST, Decision.NOTHING),
    # What was under way when the message ended comes to rest later and changes nothing.
    (_Message.GIVEN_UP, "seal"): (_Message.GIVEN_UP, Decision.NOTHING),
    (_Message.GIVEN_UP, "rest"): (_Message.GIVEN_UP, Decision.NOTHING),
    (_Message.GIVEN_UP, "give_up"): (_Message.GIVEN_UP, Decision.NOTHING),
    (_Message.GIVEN_UP, "lose"): (_Message.LOST, Decision.NOTHING),
    (_Message.LOST, "seal"): (_Message.LOST, Decision.NOTHING),
    (_Message.LOST, "rest"): (_Message.LOST, Decision.NOTHING),
    (_Message.LOST, "give_up"): (_Message.LOST, Decision.NOTHING),
    (_Message.LOST, "lose"): (_Message.LOST, Decision.NOTHING),
}


@dataclass(slots=True)
class _Entry:
    message: int
    state: _Object = _Object.READING
    outstanding: int = 0


@dataclass(slots=True)
class _Book:
    state: _Message = _Message.OPEN
    named: bool = False
    objects: set[int] = field(default_factory=set)


class Ledger:
    """Numbers for messages and objects are the ledger's own: two receipts of one SQS message are two messages here."""

    def __init__(self) -> None:
        self._messages: dict[int, _Book] = {}
        self._objects: dict[int, _Entry] = {}
        self._next = 1

    def __len__(self) -> int:
        """Messages that have not ended."""
        return sum(book.state not in _ENDED for book in self._messages.values())

    def receive(self) -> int:
        """A message begins."""
        number = self._number()
        self._messages[number] = _Book()
        return number

    def open(self, message: int) -> int:
        """An object of the message begins; also after the message was given up or lost, so that it can be counted out."""
        book = self._messages[message]
        if book.named:
            raise ValueError(f"object opened in a message that is {book.state.name}")
        number = self._number()
        book.objects.add(number)
        self._objects[number] = _Entry(message)
        return number

    def seal(self, message: int) -> Decision:
        """All objects of the message have been opened; called for each message, however it ends."""
        self._step(message, "seal")
        self._messages[message].named = True
        return self._at_rest(message)

    def made(self, receipt: int, things: int) -> None:
        """`things` more must come to rest before the object is done: documents of it, or dead letters owed for it."""
        entry = self._objects[receipt]
        if entry.state is _Object.DONE:
            raise ValueError(f"something made of an object that is {entry.state.name}")
        entry.outstanding += things

    def read(self, receipt: int) -> Decision:
        """The object has been read to its end, or declared dead with its dead letter counted by `made`."""
        entry = self._objects[receipt]
        if entry.state is not _Object.READING:
            raise ValueError(f"object read to its end twice: it is {entry.state.name}")
        entry.state = _Object.READ
        return self._done_if_at_rest(receipt)

    def rested(self, receipt: int, things: int) -> Decision:
        """`things` made of the object have come to rest: accepted, found to be there, or written as dead letters."""
        entry = self._objects[receipt]
        if things > entry.outstanding:
            raise ValueError(f"{things} came to rest where {entry.outstanding} were outstanding")
        entry.outstanding -= things
        return self._done_if_at_rest(receipt)

    def give_up(self, message: int) -> Decision:
        """The message cannot be finished here: give it back, once. One that is forgotten has nothing to give."""
        return self._step(message, "give_up") if message in self._messages else Decision.NOTHING

    def lose(self, message: int) -> None:
        """The lease is gone; another consumer may have the message."""
        if message in self._messages:
            self._step(message, "lose")

    def message_of(self, receipt: int) -> int:
        """The message that the object belongs to."""
        return self._objects[receipt].message

    def is_live(self, message: int) -> bool:
        """Whether work on the message still counts."""
        book = self._messages.get(message)
        return book is not None and book.state not in _ENDED

    def is_done(self, receipt: int) -> bool:
        """Whether nothing more will be heard of the object."""
        entry = self._objects.get(receipt)
        return entry is None or entry.state is _Object.DONE

    def is_known(self, message: int) -> bool:
        """Whether anything of the message is still under way, counting or not."""
        return message in self._messages

    def _done_if_at_rest(self, receipt: int) -> Decision:
        entry = self._objects[receipt]
        if entry.state is _Object.READ and entry.outstanding == 0:
            entry.state = _Object.DONE
            return self._at_rest(entry.message)
        return Decision.NOTHING

    def _at_rest(self, message: int) -> Decision:
        """Settle the message if nothing of it is under way, and forget it: no later event can concern it."""
        book = self._messages[message]
        if not book.named or any(self._objects[each].state is not _Object.DONE for each in book.objects):
            return Decision.NOTHING
        decision = self._step(message, "rest")
        for receipt in self._messages.pop(message).objects:
            del self._objects[receipt]
        return decision

    def _step(self, message: int, event: str) -> Decision:
        book = self._messages[message]
        step = _MESSAGE.get((book.state, event))
        if step is None:
            raise ValueError(f"message is {book.state.name} and cannot {event}")
        book.state, decision = step
        return decision

    def _number(self) -> int:
        self._next += 1
        return self._next - 1
