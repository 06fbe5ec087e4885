"""As few of a failed seed's faults as still make it fail: delta debugging (Zeller and Hildebrandt, 2002)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

__all__ = ["shrunk"]


def shrunk(faults: Sequence[str], fails: Callable[[Sequence[str]], bool]) -> list[str]:
    """A part of `faults` with which `fails` still holds, and without any one of which it does not."""
    kept, pieces = list(faults), 2
    if fails([]):
        return []
    while len(kept) > 1:
        size = -(-len(kept) // pieces)
        parts = [kept[begin : begin + size] for begin in range(0, len(kept), size)]
        rests = [[fault for fault in kept if fault not in part] for part in parts]
        if (part := next((part for part in parts if fails(part)), None)) is not None:
            kept, pieces = part, 2
        elif (rest := next((rest for rest in rests if fails(rest)), None)) is not None:
            kept, pieces = rest, max(pieces - 1, 2)
        elif size == 1:
            break
        else:
            pieces = min(pieces * 2, len(kept))
    return kept
