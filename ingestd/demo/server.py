"""The embedded AWS as a process of its own: `python -m ingestd.demo.server` prints its port and serves until its stdin ends.

A process, because what it imitates is not ours to wait for: in a thread it would share the interpreter lock with the service,
and the numbers shown would be those of the imitation. It ends with whoever started it, however that one ended.
"""

from __future__ import annotations

import logging
import sys

from moto.server import ThreadedMotoServer

__all__ = ["main"]


def main() -> None:
    """Serve on a free port of the loopback interface."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    sys.stdout.write(f"{server.get_host_and_port()[1]}\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
