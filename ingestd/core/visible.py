"""What others wrote, made fit for a terminal: whatever could move a cursor, hide or reorder text is shown as its escape."""

from __future__ import annotations

__all__ = ["visible"]


def visible(raw: bytes | str, chars_max: int | None = None) -> str:
    """Printable characters as they are, others as `\\n`, `\\x1b`, `\\u202e`; bytes that are no UTF-8 as `\\xff`."""
    text = raw if isinstance(raw, str) else raw.decode("utf-8", "backslashreplace")
    shown = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text[:chars_max])
    return shown if chars_max is None or len(text) <= chars_max else f"{shown}... ({len(text) - chars_max} more)"
