"""Errors, typed by what to do about them; nothing else about an error decides what happens next.

A message is lower case and constant; what varies travels as fields, never as payload or secrets, so that an error can be
logged, counted by `reason` and shown without reading a log line back to whoever wrote it.
"""

from __future__ import annotations

__all__ = ["Fatal", "IngestdError", "LeaseLost", "Poison", "Retryable"]


class IngestdError(Exception):
    """What every error of this program is. `reason` is a short snake_case word, bounded in number, fit for a label."""

    def __init__(self, message: str, *, reason: str, **fields: object) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.fields = fields

    def __str__(self) -> str:
        detail = " ".join(f"{name}={value!r}" for name, value in self.fields.items())
        return f"{self.message} ({detail})" if detail else self.message


class Retryable(IngestdError):
    """The same thing may succeed later: keep it, wait, try again. `after_seconds` is the other side's own wish."""

    def __init__(self, message: str, *, reason: str, after_seconds: float | None = None, **fields: object) -> None:
        super().__init__(message, reason=reason, **fields)
        self.after_seconds = after_seconds


class Poison(IngestdError):
    """It will never succeed as it is: write a dead letter, then acknowledge."""


class LeaseLost(IngestdError):
    """Another consumer may own the message by now: stop at once, settle nothing, delete nothing."""


class Fatal(IngestdError):
    """The service cannot go on: say why and exit."""
