"""What must never stand in a log: secrets that tests give the service, and what only log lines hold.

A secret in a test has `canary` in it, and web logs have user agents, which nothing else has. All that is captured of a test is
looked through for them (tests/conftest.py), and the logs of the services that tests start (tests/integration/service.py).
"""

from __future__ import annotations

import re

import orjson

__all__ = ["AWS_SECRET", "leaks", "strange_lines"]

AWS_SECRET = "canary-aws-secret"
FORBIDDEN = re.compile(r"canary|hunter2|Mozilla/", re.IGNORECASE)
SHOWN_CHARS = 60


def leaks(text: str) -> list[str]:
    """Each place where something forbidden stands, with a little of what is around it."""
    found = FORBIDDEN.finditer(text)
    return [text[max(each.start() - SHOWN_CHARS, 0) : each.end() + SHOWN_CHARS] for each in found]


def strange_lines(log: bytes) -> list[bytes]:
    """Lines of a service's log that are no event of its own: what was injected, or came past the logger.

    A last one without an end is of a process that was killed.
    """
    return [line for line in log.split(b"\n")[:-1] if not _is_event(line)]


def _is_event(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False
