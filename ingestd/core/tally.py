"""Dead letters by class: how many of each kind and reason, since when, until when, and the latest of them."""

from __future__ import annotations

from dataclasses import dataclass

from ingestd.model import DeadLetter

__all__ = ["Class", "Tally"]


@dataclass(slots=True)
class Class:
    """Dead letters that are alike. `bytes` are those of what could not be delivered, kept or not."""

    kind: str
    reason: str
    latest: DeadLetter
    letters: int = 0
    bytes: int = 0
    attempts_max: int = 0
    first_at: float = float("inf")

    def add(self, letter: DeadLetter) -> None:
        """Count one in."""
        self.letters += 1
        self.bytes += letter.length
        self.attempts_max = max(self.attempts_max, letter.receive_count)
        self.first_at = min(self.first_at, letter.at)
        if letter.at >= self.latest.at:
            self.latest = letter


class Tally:
    """Counts what it is given."""

    def __init__(self) -> None:
        self._classes: dict[tuple[str, str], Class] = {}

    def add(self, letter: DeadLetter) -> None:
        """Count one in."""
        key = letter.kind, letter.reason
        if key not in self._classes:
            self._classes[key] = Class(*key, latest=letter)
        self._classes[key].add(letter)

    def classes(self) -> list[Class]:
        """The largest first; the order of equals is fixed, so that numbers in it can be used."""
        return sorted(self._classes.values(), key=lambda each: (-each.letters, each.kind, each.reason))
