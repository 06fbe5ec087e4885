"""The demo's books: what was put against what arrived, line by line.

They close when each log line that was put is there once, as a document or as a dead letter, and nothing else is; when the
broken object is there as one dead letter of its own; and when the service counted the same. Lines of the broken object are in
no sum: such of them as could be read before the break may have been delivered, and are shown apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ingestd.demo.arrivals import Arrivals
from ingestd.demo.corpus import Entry
from ingestd.shell.telemetry import Stats

__all__ = ["Counted", "Summary", "reconcile"]


@dataclass(frozen=True, slots=True)
class Counted:
    """What others counted: the service, its lines by outcome; the queue, what it still holds (`backlog`)."""

    documents: int
    dead_letters: int
    skipped: int
    backlog: int = 0

    @classmethod
    def of(cls, stats: Stats, backlog: int) -> Counted:
        """From the service's telemetry, and the queue's own word."""
        documents = stats.outcome("lines", "accepted") + stats.outcome("lines", "duplicate")
        return cls(documents, stats.outcome("lines", "dead_lettered"), stats.outcome("lines", "skipped"), backlog)


@dataclass(frozen=True, slots=True)
class Summary:
    """The books, closed or not. `lines` = `documents` + `dead_letters` + `headers` when they close; each line counts once.

    `headers`: lines that are no log lines (comments and blanks too). `duplicates`: documents beyond the first of their line.
    `poison_put`: broken objects; `poison_objects`: dead letters of objects; `poison_documents`: documents of a broken object.
    """

    lines: int
    documents: int
    duplicates: int
    dead_letters: int
    headers: int
    objects: int
    decoded_bytes: int
    poison_put: int
    poison_objects: int
    poison_documents: int
    seconds: float
    problems: tuple[str, ...] = ()

    @property
    def reconciles(self) -> bool:
        return not self.problems


@dataclass(slots=True)
class _Book:
    """Sums over the objects while they are compared."""

    documents: int = 0
    duplicates: int = 0
    dead_letters: int = 0
    repeated_letters: int = 0
    missing: int = 0
    strays: int = 0
    twofold: int = 0
    poison_documents: int = 0
    first: dict[str, str] = field(default_factory=dict)  # of each kind of problem the first place, for whoever looks for it

    def compare(self, entry: Entry, documents: NDArray[np.int64], letters: NDArray[np.int64]) -> None:
        """One object: the lines it had against those that arrived of it."""
        once, lettered = np.unique(documents), np.unique(letters)
        if entry.role == "poison":
            self.poison_documents += once.size
            return
        self.documents += once.size
        self.dead_letters += lettered.size
        self.duplicates += documents.size - once.size
        self.repeated_letters += letters.size - lettered.size
        arrived = np.union1d(once, lettered)
        self.missing += self._note("missing", entry, np.setdiff1d(entry.offsets, arrived))
        self.strays += self._note("stray", entry, np.setdiff1d(arrived, entry.offsets))
        self.twofold += self._note("twofold", entry, np.intersect1d(once, lettered))

    def _note(self, kind: str, entry: Entry, offsets: NDArray[np.int64]) -> int:
        if offsets.size:
            self.first.setdefault(kind, f"first at {entry.key!r} offset {offsets[0]}")
        return int(offsets.size)

    def problems(self) -> list[str]:
        """What does not close, in words."""
        found = [
            (self.missing, f"lines are missing, {self.first.get('missing')}"),
            (self.strays, f"documents or dead letters are of no line that was put, {self.first.get('stray')}"),
            (self.twofold, f"lines are a document and a dead letter, {self.first.get('twofold')}"),
            (self.duplicates, "documents are there more than once"),
            (self.repeated_letters, "dead letters are there more than once"),
        ]
        return [f"{count} {text}" for count, text in found if count]


def reconcile(entries: Iterable[Entry], arrivals: Arrivals, counted: Counted, seconds: float) -> Summary:
    """Close the books: `entries` were put, `arrivals` were found, `counted` is what the service says of it."""
    book, put = _Book(), list(entries)
    for entry in put:
        documents, letters = arrivals.documents.get(entry.key, ()), arrivals.letters.get(entry.key, ())
        book.compare(entry, np.array(documents, np.int64), np.array(letters, np.int64))
    logs = [entry for entry in put if entry.role == "log"]
    headers = sum(entry.skipped for entry in logs)
    return Summary(
        lines=sum(entry.offsets.size for entry in logs) + headers,
        documents=book.documents,
        duplicates=book.duplicates,
        dead_letters=book.dead_letters,
        headers=headers,
        objects=len(put),
        decoded_bytes=sum(entry.decoded_bytes for entry in logs),
        poison_put=sum(entry.role == "poison" for entry in put),
        poison_objects=arrivals.objects.total(),
        poison_documents=book.poison_documents,
        seconds=round(seconds, 3),
        problems=(*book.problems(), *_oddities(put, arrivals, book), *_miscounts(book, headers, counted)),
    )


def _oddities(put: list[Entry], arrivals: Arrivals, book: _Book) -> list[str]:
    """What is wrong with arrivals that belong to no line of a log."""
    problems = []
    known = {entry.key for entry in put}
    if unknown := (arrivals.documents.keys() | arrivals.letters.keys()) - known:
        problems.append(f"{len(unknown)} objects were never put, first {min(unknown)!r}")
    poison = {entry.key: 1 for entry in put if entry.role == "poison"}
    if arrivals.objects != poison:
        problems.append(f"dead letters of objects: {dict(arrivals.objects)}, expected {poison}")
    if arrivals.messages:
        problems.append(f"dead letters of messages: {dict(arrivals.messages)}, expected none")
    if not unknown and len(arrivals.ids) != book.documents + book.poison_documents:
        problems.append(f"{len(arrivals.ids)} different ids for {book.documents + book.poison_documents} different lines")
    if arrivals.found not in (None, total := sum(map(len, arrivals.documents.values()))):
        problems.append(f"the sink counts {arrivals.found} documents, {total} were read")
    return problems


def _miscounts(book: _Book, headers: int, counted: Counted) -> list[str]:
    """Where the queue or the service's own counters say something else."""
    rows = (
        ("documents", counted.documents, book.documents + book.poison_documents),
        ("dead letters", counted.dead_letters, book.dead_letters),
        ("headers", counted.skipped, headers),
    )
    held = [f"the queue still holds {counted.backlog} messages"] if counted.backlog else []
    return held + [f"the service counted {own} {what}, {found} were found" for what, own, found in rows if own != found]
