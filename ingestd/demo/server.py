"""The embedded AWS as a process of its own: `python -m ingestd.demo.server` prints its port and serves until its stdin ends.

A process, because what it imitates is not ours to wait for: in a thread it would share the interpreter lock with the service,
and the numbers shown would be those of the imitation. It ends with whoever started it, however that one ended.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

from moto.server import ThreadedMotoServer
from moto.sqs.models import Queue, SQSBackend

__all__ = ["main", "take_turns_at_queues"]


def take_turns_at_queues() -> None:
    """Let one request at a time take messages from a queue or delete them, as moto's own lock lets one at a time put them.

    moto 5 serves each request in a thread, and its queue is a list that a deletion replaces: of two at once, one is undone
    (its message is given out again), one may undo a message that is just put, and two receivers are given the same message.
    Whoever waits for a message waits on that same lock, which lets the others in meanwhile.
    """
    receive, delete = SQSBackend.receive_message, Queue.delete_message

    def receive_alone(self: SQSBackend, queue_name: str, *arguments: Any, **options: Any) -> Any:
        with self.get_queue(queue_name)._messages_lock:
            return receive(self, queue_name, *arguments, **options)

    def delete_alone(self: Queue, receipt_handle: str) -> None:
        with self._messages_lock:
            delete(self, receipt_handle)

    SQSBackend.receive_message = receive_alone  # type: ignore[method-assign]
    Queue.delete_message = delete_alone  # type: ignore[method-assign]


def main() -> None:
    """Serve on a free port of the loopback interface."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    take_turns_at_queues()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    sys.stdout.write(f"{server.get_host_and_port()[1]}\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
