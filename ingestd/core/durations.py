"""How long, in words of one unit: 7.5 s, 3 min, 5 h, 12 d."""

from __future__ import annotations

__all__ = ["spoken"]

UNITS = ((172_800, 86_400, "d"), (7200, 3600, "h"), (120, 60, "min"))  # from so many seconds on, in so many


def spoken(seconds: float | None) -> str:
    """`-` for what is not known."""
    if seconds is None:
        return "-"
    for least, size, unit in UNITS:
        if seconds >= least:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:.1f} s"
