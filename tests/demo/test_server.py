"""The embedded AWS's queue gives each message once, and keeps what is deleted deleted, however many ask at a time."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from threading import Thread

import pytest
from moto.sqs.models import Queue, SQSBackend

from ingestd.demo.server import take_turns_at_queues

MESSAGES, RECEIVERS, ROUNDS = 200, 4, 5


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Iterator[SQSBackend]:
    """A queue "q" as the server has it; threads change so often that what can go wrong between two of them does."""
    monkeypatch.setattr(SQSBackend, "receive_message", SQSBackend.receive_message)  # both are put back after the test
    monkeypatch.setattr(Queue, "delete_message", Queue.delete_message)
    take_turns_at_queues()
    backend, interval = SQSBackend("us-east-1", "123456789012"), sys.getswitchinterval()
    backend.create_queue("q", {})
    sys.setswitchinterval(1e-5)
    yield backend
    sys.setswitchinterval(interval)


def test_receivers_at_once_are_given_each_message_once(backend: SQSBackend) -> None:
    """Some receive and delete while others still put; nothing is given twice, lost, or there again after its deletion."""
    for number in range(ROUNDS):
        given: list[str] = []
        bodies = [f"{number} {count}" for count in range(MESSAGES)]
        threads = [Thread(target=_take, args=(backend, given)) for _ in range(RECEIVERS)]
        for body in bodies[: MESSAGES // 2]:
            backend.send_message("q", body, {}, 0)
        for thread in threads:
            thread.start()
        for body in bodies[MESSAGES // 2 :]:
            backend.send_message("q", body, {}, 0)
        for thread in threads:
            thread.join()
        _take(backend, given)
        assert sorted(given) == sorted(bodies)
        assert backend.get_queue("q")._messages == []


def _take(backend: SQSBackend, given: list[str]) -> None:
    while messages := backend.receive_message("q", 10, 0, 30):
        given.extend(message.body for message in messages)
        receipts = [{"Id": str(place), "ReceiptHandle": message.receipt_handle} for place, message in enumerate(messages)]
        backend.delete_message_batch("q", receipts)
