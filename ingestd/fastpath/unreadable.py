"""How the reference says that a line cannot become a document; a reject is made of it."""

from __future__ import annotations

__all__ = ["Unreadable"]


class Unreadable(Exception):  # noqa: N818 - it tells what a line is, not what went wrong in the program
    """`reason` is a Reject's; `column` is the name of the column that decided, if one did."""

    def __init__(self, reason: str, column: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.column = column
