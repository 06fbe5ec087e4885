"""Where the newest dead letter of each reason comes from: the place to look first, for who is on call. No line is kept."""

from __future__ import annotations

from dataclasses import dataclass

from ingestd.model import DeadLetter, Place

__all__ = ["DeadPlace", "DeadPlaces"]

REASONS_MAX = 100  # a server's reasons are its own words


@dataclass(frozen=True, slots=True)
class DeadPlace:
    """`where`: bucket/key, a stream, or a message's id. `spot`: what of it, if not the whole. `at`: epoch seconds."""

    where: str
    spot: str
    at: float


class DeadPlaces:
    """By reason; of more than REASONS_MAX those that came last."""

    def __init__(self) -> None:
        self._places: dict[str, DeadPlace] = {}

    def saw(self, letter: DeadLetter) -> None:
        """A dead letter was written."""
        self._places.pop(letter.reason, None)
        self._places[letter.reason] = DeadPlace(_where(letter.place), _spot(letter.place), letter.at)
        if len(self._places) > REASONS_MAX:
            del self._places[next(iter(self._places))]

    def by_reason(self) -> dict[str, DeadPlace]:
        """The newest last."""
        return dict(self._places)


def _where(place: Place) -> str:
    return f"{place.bucket}/{place.key}" if place.bucket else place.stream or f"message {place.message_id}"


def _spot(place: Place) -> str:
    if place.event_id:
        return f"event {place.event_id}"
    record = "" if place.record is None else f"record {place.record}"
    return record if place.offset is None else f"{record} byte {place.offset}".lstrip()
