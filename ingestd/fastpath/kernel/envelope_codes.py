"""What the kernel and its callers call the parts of an event that was cut out of an envelope: its row."""

from __future__ import annotations

__all__ = ["JSON", "LEFT", "ROW", "R_END", "R_ID", "R_ID_END", "R_KIND", "R_TIME", "TEXT", "UNSURE"]

LEFT = -1
ROW = 5
R_END, R_TIME, R_ID, R_ID_END, R_KIND = range(ROW)  # where its text ends, its milliseconds, where its id stands, its kind
TEXT, JSON, UNSURE = range(3)  # kinds: no JSON object, one whole JSON object, and what begins like one
