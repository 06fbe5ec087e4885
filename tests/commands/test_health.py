"""`ingestd health`: what it says, and its exit status, for whoever restarts containers by it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from click.testing import CliRunner

from ingestd.commands.health import command

ANSWERS = {
    "well": (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nalive\n", 0, "alive\n"),
    "not yet": (b"HTTP/1.1 503 No\r\nContent-Length: 11\r\n\r\nwarming up\n", 1, "not alive: warming up\n"),
    "hangs up": (b"", 1, "remote end closed connection"),
    "no HTTP": (b"hello\r\n\r\n", 1, "no answer from http://127.0.0.1:"),
}


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """A port of this machine where one request is answered so."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


@pytest.mark.parametrize("name", ANSWERS)
def test_what_it_says(name: str) -> None:
    """The service's own words, or why there are none."""
    answer, status, said = ANSWERS[name]
    with answering(answer) as port:
        result = CliRunner().invoke(command, env={"INGESTD_HTTP__PORT": str(port)})
    assert result.exit_code == status
    assert said in result.output


def test_nobody_there() -> None:
    """No service: the address, and the system's reason."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    result = CliRunner().invoke(command, ["--ready"], env={"INGESTD_HTTP__PORT": str(port)})
    assert result.exit_code == 1
    assert result.output == f"not ready: no answer from http://127.0.0.1:{port}/readyz: connection refused\n"
