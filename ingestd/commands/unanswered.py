"""Why an HTTP request of the standard library got no answer, in the words of the system."""

from __future__ import annotations

__all__ = ["unanswered"]


def unanswered(error: Exception) -> str:
    """`connection refused`, where the error itself is `<urlopen error [Errno 111] Connection refused>`."""
    reason = getattr(error, "reason", error)
    return str(getattr(reason, "strerror", None) or reason).lower()
