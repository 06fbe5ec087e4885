"""The queue's answers: deleted or renewed is only what the answer says is."""

from __future__ import annotations

from typing import Any

import pytest

from ingestd.errors import Retryable
from ingestd.shell.queue import Queue

WELL = {"Successful": [{"Id": "0"}, {"Id": "1"}]}
ANSWERS: dict[str, tuple[dict[str, Any], list[str], list[str]]] = {
    "all well": (WELL, [], []),
    "one failed": ({"Successful": [{"Id": "0"}], "Failed": [{"Id": "1", "Code": "InternalError"}]}, [], ["b"]),
    "one gone": ({"Successful": [{"Id": "1"}], "Failed": [{"Id": "0", "Code": "ReceiptHandleIsInvalid"}]}, ["a"], []),
    "one gone, in the old form": ({"Failed": [{"Id": "0", "Code": "AWS.SimpleQueueService.MessageNotInflight"}]}, ["a"], ["b"]),
    "one not reported": ({"Successful": [{"Id": "1"}]}, [], ["a"]),
    "nothing reported": ({}, [], ["a", "b"]),
    "not an answer of SQS": ({"message": "<html>"}, [], ["a", "b"]),
}


class Client:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    async def delete_message_batch(self, **_: Any) -> Any:
        return self.answer

    change_message_visibility_batch = receive_message = delete_message_batch


def queue(answer: Any) -> Queue:
    return Queue(Client(answer), "https://sqs.example/queue", wait_seconds=1, visibility_seconds=30)


@pytest.mark.parametrize("name", ANSWERS)
async def test_what_is_not_reported_to_have_gone_well_has_failed(name: str) -> None:
    """A message that is gone needs no deletion; all else is tried again."""
    answer, gone, failed = ANSWERS[name]
    assert await queue(answer).change_visibility(["a", "b"], 30) == (gone, failed)
    assert await queue(answer).delete(["a", "b"]) == failed


@pytest.mark.parametrize("message", [{}, {"MessageId": "m"}, {"ReceiptHandle": "r"}, "text", None])
async def test_a_message_that_is_none_is_an_error_of_the_queue(message: Any) -> None:
    """The receive loop asks again; it does not die of it."""
    with pytest.raises(Retryable, match="answered strangely"):
        await queue({"Messages": [message]}).receive()
