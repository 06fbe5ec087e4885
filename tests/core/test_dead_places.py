"""Where dead letters are from: the newest of each reason, and what of its place says most."""

from __future__ import annotations

import pytest

from ingestd.core.dead_places import REASONS_MAX, DeadPlaces
from ingestd.model import DeadLetter, Place


def letter(reason: str, place: Place, at: float = 1.0) -> DeadLetter:
    return DeadLetter("line", reason, "", place, b"the line", 8, at=at)


@pytest.mark.parametrize(
    ("place", "where", "spot"),
    [
        (Place(bucket="b", key="k/x.gz", offset=7, message_id="m"), "b/k/x.gz", "byte 7"),
        (Place(bucket="b", key="k/x.gz", offset=7, event_id="e1"), "b/k/x.gz", "event e1"),
        (Place(bucket="b", key="k/x.gz"), "b/k/x.gz", ""),
        (Place(stream="logs", record=3, offset=0), "logs", "record 3 byte 0"),
        (Place(stream="logs", record=3), "logs", "record 3"),
        (Place(message_id="m-1"), "message m-1", ""),
    ],
)
def test_a_place_is_told_as_one_looks_for_it(place: Place, where: str, spot: str) -> None:
    """The object and the byte or event in it; the stream and the record; or the message."""
    places = DeadPlaces()
    places.saw(letter("r", place))
    (found,) = places.by_reason().values()
    assert (found.where, found.spot) == (where, spot)


def test_the_newest_of_a_reason_is_kept_and_reasons_are_bounded() -> None:
    """What a server calls its reasons is not ours: the oldest is let go, and what came again is not the oldest."""
    places = DeadPlaces()
    for number in range(REASONS_MAX):
        places.saw(letter(f"r{number}", Place(stream="s")))
    places.saw(letter("r0", Place(stream="t"), at=2.0))
    places.saw(letter("more", Place(stream="s")))
    told = places.by_reason()
    assert len(told) == REASONS_MAX
    assert "r1" not in told
    assert (told["r0"].where, told["r0"].at) == ("t", 2.0)
