"""The oracle: what was put, what has arrived, and the rules that hold between them at every moment and at the end.

At every moment: no message is deleted before each of its lines is in each of its sinks or among the dead letters; no index gets
a line twice; nothing arrives that was not put, that a rule drops or redacts, or under a strange id or index; what was taken is
not sent again; leases are renewed while a third is left. At the end: each line of each object as it stands has arrived.
"""

from __future__ import annotations

import gzip
import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import orjson

from ingestd.sinks.deadletter import decode
from tests.sim.content import DATASETS, OUTLIER_DAY, Line, Version

if TYPE_CHECKING:
    from tests.sim.process import Process
    from tests.sim.sqs import Held, Queued
    from tests.sim.world import World

__all__ = ["Books", "Sending"]

MARK = re.compile(rb"line(\d{6})")
Letter = tuple[str, str, str, int | None]  # kind, reason, key (of a message: its id), offset


class Sending:
    """One request of documents: what its answer told is known from then on."""

    def __init__(self, books: Books, places: list[tuple[Process, str, int]]) -> None:
        self._books = books
        self._places = places
        self._is_told = False

    def told(self, settled: Sequence[bool]) -> None:
        """The process has the answer."""
        self._is_told = True
        for place, is_settled in zip(self._places, settled, strict=True):
            if not is_settled:
                self._books.settled[place] -= 1

    def over(self) -> None:
        """The request has ended; without an answer nothing of it is settled."""
        if not self._is_told:
            self.told([False] * len(self._places))


class Books:
    """Told by the fakes; complaints go to the world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lines: dict[int, tuple[Version, Line]] = {}
        self._rejects: set[tuple[str, int, str]] = set()
        self._objects: dict[str, tuple[str, str]] = {}
        self.arrived: dict[str, Counter[int]] = {"opensearch": Counter(), "firehose": Counter()}
        self.letters: Counter[Letter] = Counter()
        self.settled: Counter[tuple[Process, str, int]] = Counter()
        self._receipts: Counter[tuple[Process, str]] = Counter()
        self._messages: list[Queued] = []

    # --- what was put --------------------------------------------------------------------------------------------------------

    def put(self, found: Version) -> None:
        for line in found.lines:
            if line.mark >= 0:
                self._lines[line.mark] = found, line
            if line.kind == "reject":
                self._rejects.add((found.key, line.offset, line.reason))

    def announced(self, message: Queued) -> None:
        self._messages.append(message)

    # --- what is done --------------------------------------------------------------------------------------------------------

    def received(self, process: Process, message: Queued) -> None:
        for key in message.objects:
            self._receipts[process, key] += 1

    def sending(self, process: Process, sink: str, documents: Sequence[bytes]) -> Sending:
        """A process sends documents: each at most once for a receipt of its object, not counting those that were not taken."""
        places = [(process, sink, self._mark(document)) for document in documents]
        for place in places:
            self.settled[place] += 1
            known = self._lines.get(place[2])
            if known and self.settled[place] > self._receipts[process, known[0].key]:
                self._fail(f"line {place[2]} is sent to {sink} again though it was taken")
        return Sending(self, places)

    def key_of(self, document: bytes) -> str:
        """The object that a document was made of."""
        return self._lines[self._mark(document)][0].key

    def indexed(self, index: str, name: str, document: bytes) -> None:
        known = self._arrived("opensearch", name, document)
        if known is None:
            return
        found, line = known
        if self.arrived["opensearch"][line.mark] > 1:
            self._fail(f"line {line.mark} is in the index twice")
        day = "outliers" if line.day == OUTLIER_DAY else line.day.replace("-", ".")
        if index != f"logs-{DATASETS[found.format]}-{day}":
            self._fail(f"line {line.mark} is in index {index}")

    def streamed(self, record: bytes) -> None:
        self._arrived("firehose", str(orjson.loads(record)["event"]["id"]), record)

    def dead_letters_put(self, bucket: str, key: str, body: bytes) -> None:
        if bucket != "dead":
            self._fail(f"dead letters in bucket {bucket}")
        for line in gzip.decompress(body).splitlines():
            letter = decode(line)
            name = letter.place.message_id if letter.kind == "message" else letter.place.key
            event = letter.place.event_id
            entry = (letter.kind, letter.reason, name, int(event[-12:]) if event else letter.place.offset)
            self.letters[entry] += 1
            if not self._is_due(entry):
                self._fail(f"a dead letter that nobody owes: {entry}")
            if not self._world.faults.names and self.letters[entry] > self._announcements(name):
                self._fail(f"a dead letter too many: {entry}")

    # --- what must be so -----------------------------------------------------------------------------------------------------

    def check_may_be_deleted(self, message: Queued, process: Process) -> None:
        for key in message.objects:
            versions = [stored for _, stored in self._world.s3.versions[key]]
            if not any(self._is_settled(key, each) for each in versions):
                missing = [self._missing(each) for each in versions if each]
                self._fail(f"process {process.number} deletes {message.id} before {key} is settled: lines {missing}")
        for reason in message.poison:
            if not self.letters["message", reason, message.id, None]:
                self._fail(f"process {process.number} deletes {message.id} without a dead letter of {reason}")

    def check_renewal(self, held: Held) -> None:
        """The visibility of a receipt is about to be changed: in time, if it is to renew a lease."""
        now = self._world.now
        if not held.is_held:
            held.is_over = True
        elif held.asked_at is None:
            held.asked_at = now
            latest = max(held.granted_at + held.visibility * 2 / 3, (held.told_at or 0.0) + 0.1, held.process.thawed_at + 0.1)
            if now > latest:
                self._fail(f"lease {held.receipt} is renewed {now - held.granted_at:.0f} s into its {held.visibility} s")

    def check_was_renewed(self, held: Held) -> None:
        """A receipt has run out."""
        process, half = held.process, held.granted_at + held.visibility / 2
        if held.asked_at is not None or held.is_over or held.is_leaving or not process.is_running:
            return
        was_there = process.frozen_at is None and process.thawed_at < half and held.told_at is not None and held.told_at < half
        # By its own clock, which begins when the queue is asked, it may have lost what it did not hear of in time.
        heard_all = not process.frozen_seconds and not self._world.faults.was_felt("sqs", held.received_at)
        if was_there and (held.is_held or heard_all):
            self._fail(f"lease {held.receipt} ran out, and renewing was not asked for")

    def check_returned(self, process: Process) -> None:
        """A process has stopped in good order and could reach the queue: what it held is gone or free."""
        for message in self._messages:
            if not message.receipts or message.is_deleted or message.visible_at <= self._world.now:
                continue
            held = message.receipts[-1]
            # By its own clock a lease ends sooner, by as long as the receive took; then it has nothing to give back any more.
            settings = self._world.plan.settings
            early = settings.queue.wait_seconds + settings.aws.read_timeout_seconds
            may_have_ended = self._world.now >= held.granted_at + held.visibility - early
            if may_have_ended and self._world.faults.was_felt("sqs", held.received_at):
                continue
            heard = held.told_at is not None and held.told_at > process.thawed_at  # or it had given the call up as it woke
            if held.process is process and heard and not held.is_over:
                self._fail(f"{message.id} was not given back by process {process.number}")

    def check_all_arrived(self) -> None:
        """At the end; what the queue moved to its owner's dead letters is the owner's."""
        given_to_owner = {key for message in self._world.sqs.dead for key in message.objects}
        for message in self._messages:
            for key in message.objects:
                if key in given_to_owner:
                    continue
                versions = [stored for _, stored in self._world.s3.versions[key]]
                wanted = versions if versions[-1] is None else versions[-1:]
                if not any(self._is_settled(key, each) for each in wanted):
                    self._fail(f"{key} has not arrived: lines {[self._missing(each) for each in wanted if each]}")

    # --- how it is known -----------------------------------------------------------------------------------------------------

    def _is_settled(self, key: str, found: Version | None) -> bool:
        if found is None:
            return bool(self.letters["object", "no_such_key", key, None])
        if self._world.plan.sinks_of(key) == ():
            return True
        if found.fate == "unknown":
            return bool(self.letters["object", "unknown_format", key, None])
        if found.fate == "truncated":
            return bool(self.letters["object", "truncated", key, None])
        return not self._missing(found)

    def _missing(self, found: Version) -> list[int]:
        sinks = self._world.plan.sinks_of(found.key)
        return [line.mark for line in found.lines if not self._is_line_settled(found, line, sinks)]

    def _is_line_settled(self, found: Version, line: Line, sinks: Sequence[str]) -> bool:
        key = found.key
        if line.kind == "skipped":
            return True
        if line.kind == "reject":
            return bool(self.letters["line", line.reason, key, line.offset])
        if self._world.plan.ruling.drops(found, line):
            return True
        for sink in sinks:
            refused = _refusal(line, sink)
            if not (self.letters["document", refused, key, line.offset] if refused else self.arrived[sink][line.mark]):
                return False
        return True

    def _is_due(self, letter: Letter) -> bool:
        kind, reason, name, offset = letter
        if kind == "message":
            return any(message.id == name and reason in message.poison for message in self._messages)
        stored = [each for _, each in self._world.s3.versions.get(name, ())]
        if kind == "object":
            fates = {"unknown_format": "unknown", "truncated": "truncated"}
            return any((each.fate == fates.get(reason)) if each else reason == "no_such_key" for each in stored)
        if kind == "line":
            return offset is not None and (name, offset, reason) in self._rejects
        sinks = self._world.plan.sinks_of(name)
        drops = self._world.plan.ruling.drops
        lines = [line for each in stored if each for line in each.lines if line.offset == offset and not drops(each, line)]
        return any(_refusal(line, sink) == reason for line in lines for sink in sinks)

    def _announcements(self, name: str) -> int:
        """How many messages are, or name, this."""
        return sum(message.id == name or name in message.objects for message in self._messages)

    def _arrived(self, sink: str, name: str, document: bytes) -> tuple[Version, Line] | None:
        mark = self._mark(document)
        known = self._lines.get(mark)
        if known is None:
            self._fail(f"{sink} got a document of no line")
            return None
        found, line = known
        self.arrived[sink][mark] += 1
        if self._world.plan.ruling.drops(found, line):
            self._fail(f"line {mark}, which a rule drops, is in {sink}")
        if self._world.plan.ruling.shows_too_much(document):
            self._fail(f"line {mark} shows in {sink} what a rule redacts")
        if sink not in self._world.plan.sinks_of(found.key):
            self._fail(f"line {mark} is in {sink}, where it does not belong")
        if int(name[-12:]) != line.offset:
            self._fail(f"line {mark} at {line.offset} has the id {name}")
        if self._objects.setdefault(name[:-12], (found.key, found.etag)) != (found.key, found.etag):
            self._fail(f"line {mark} has the id of another object: {name}")
        return known

    def _mark(self, document: bytes) -> int:
        seen = MARK.search(document)
        return int(seen[1]) if seen else -1

    def _fail(self, complaint: str) -> None:
        self._world.fail(complaint)


def _refusal(line: Line, sink: str) -> str:
    """Why this sink will never take a document of the line; empty if it will."""
    if line.kind == "cursed" and sink == "opensearch":
        return "mapper_parsing_exception"
    return "record_too_large" if line.kind == "huge" and sink == "firehose" else ""
