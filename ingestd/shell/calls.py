"""Calls under way, from receipt to answer: each is answered for when all of its records are settled, and otherwise is not.

* Their memory is bounded: bytes are held while a call is read and until it has come to its end, whoever still listens.
* A sender that tries again while its call is under way waits for the same one; nothing is done twice for it. One that was
  told to try again, and does so after the end, is told that.
* A call ends as a message does (`settle`, `give_back`); here that is a word to its sender and not to a queue.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from ingestd.errors import Retryable
from ingestd.model import Call
from ingestd.shell.telemetry import Telemetry

__all__ = ["Calls", "Hold"]

log = structlog.get_logger()

REMEMBERED_MAX = 10_000  # ends that nobody has heard of yet, some 200 bytes each


class Hold:
    """Bytes that are held for one call, out of those that all calls may hold."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._bytes = 0

    def be(self, held_bytes: int) -> None:
        """Hold so many bytes now. Raises Retryable when there is no room."""
        self._calls.held_bytes += held_bytes - self._bytes
        grows, self._bytes = held_bytes > self._bytes, held_bytes
        if grows and self._calls.held_bytes > self._calls.held_bytes_max:
            raise Retryable("calls hold all the memory that they may", reason="over_budget")

    def release(self) -> None:
        """Hold nothing more."""
        self.be(0)


class Calls:
    """`begin(call)` starts one and gives its number, by which its end is told; or `store(call)` is all that becomes of it."""

    def __init__(
        self,
        telemetry: Telemetry,
        *,
        calls_max: int,
        held_bytes_max: int,
        begin: Callable[[Call, Calls], int],
        store: Callable[[Call], Awaitable[None]] | None = None,
    ) -> None:
        self._telemetry = telemetry
        self._calls_max = calls_max
        self._begin = begin
        self._store = store
        self._by_number: dict[int, asyncio.Future[bool]] = {}
        self._by_id: dict[tuple[str, str], tuple[Call, asyncio.Future[bool]]] = {}
        self._unheard: set[tuple[str, str]] = set()
        self._settled: dict[tuple[str, str], bytes] = {}
        self.held_bytes_max = held_bytes_max
        self.held_bytes = 0

    def __len__(self) -> int:
        return len(self._by_id)

    @property
    def has_room(self) -> bool:
        """Whether one more call makes sense."""
        return len(self._by_id) < self._calls_max and self.held_bytes < self.held_bytes_max

    def hold(self) -> Hold:
        """Nothing held yet."""
        return Hold(self)

    def take(self, call: Call, hold: Hold) -> asyncio.Future[bool]:
        """Begin with a call, or find it under way; the answer is whether it is settled. What it holds is released then."""
        name = (call.stream, call.id)
        if (found := self._by_id.get(name)) is not None:
            hold.release()
            self._telemetry.count("calls", 1, "joined" if found[0].records == call.records else "mistaken")
            if found[0].records != call.records:
                raise Retryable("another call of this id is under way", reason="busy")
            return found[1]
        if name in self._settled and self._settled[name] == _digest(call):
            hold.release()
            self._telemetry.count("calls", 1, "joined")
            return _done()
        self._telemetry.count("calls", 1, "received")
        if self._store is None:
            future = asyncio.get_running_loop().create_future()
            self._by_number[self._begin(call, self)] = future
        else:
            future = asyncio.ensure_future(self._stored(self._store, call))
        self._by_id[name] = (call, future)
        future.add_done_callback(partial(self._ended, name, hold))
        return future

    def is_late(self, call: Call) -> None:
        """The call's sender was told to try again; its end is kept for when it does."""
        self._unheard.add((call.stream, call.id))

    def settle(self, number: int) -> None:
        """All that the call brought has come to rest."""
        self._answer(number, is_settled=True)

    def give_back(self, number: int, after_seconds: int = 0) -> None:
        """The call cannot be finished here; its sender tries again when it likes."""
        self._answer(number, is_settled=False)

    def give_all_back(self) -> None:
        """The process ends."""
        for number in list(self._by_number):
            self.give_back(number)
        for _, future in list(self._by_id.values()):
            future.cancel()

    def _answer(self, number: int, *, is_settled: bool) -> None:
        if (future := self._by_number.pop(number, None)) is not None:
            self._telemetry.count("calls", 1, "settled" if is_settled else "given_back")
            future.set_result(is_settled)

    async def _stored(self, store: Callable[[Call], Awaitable[None]], call: Call) -> bool:
        is_stored = False
        try:
            await store(call)
            is_stored = True
        except Retryable as error:
            log.warning("call not stored", reason=error.reason, **error.fields)
        finally:
            self._telemetry.count("calls", 1, "spooled" if is_stored else "given_back")
        return is_stored

    def _ended(self, name: tuple[str, str], hold: Hold, future: asyncio.Future[bool]) -> None:
        call, _ = self._by_id.pop(name)
        hold.release()
        if name in self._unheard:
            self._unheard.discard(name)
            if not future.cancelled() and future.exception() is None and future.result():
                self._remember(name, call)
        error = None if future.cancelled() else future.exception()
        if error is not None:
            log.error("call failed inside", error=type(error).__name__, exc_info=error)

    def _remember(self, name: tuple[str, str], call: Call) -> None:
        if len(self._settled) >= REMEMBERED_MAX:
            del self._settled[next(iter(self._settled))]
        self._settled[name] = _digest(call)


def _digest(call: Call) -> bytes:
    """What stands for the call's records."""
    digest = hashlib.blake2b(digest_size=16)
    for record in call.records:
        digest.update(len(record).to_bytes(8))
        digest.update(record)
    return digest.digest()


def _done() -> asyncio.Future[bool]:
    future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    future.set_result(True)
    return future
