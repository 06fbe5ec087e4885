"""Permits: more when the sink is content, half when it asks for less, one at a time when it is at fault."""

from __future__ import annotations

from ingestd.core.retry import Backoff
from ingestd.core.throttle import Throttle

BACKOFF = Backoff(first_seconds=1.0, ceiling_seconds=8.0)


def test_a_round_of_content_answers_adds_one_permit() -> None:
    """Additive increase, up to the setting's maximum."""
    throttle = Throttle(4, 6, BACKOFF)
    for _ in range(5):
        throttle.answered(0.0)
    assert throttle.permits() == 5
    for _ in range(100):
        throttle.answered(0.0)
    assert throttle.permits() == 6


def test_one_round_trip_is_cut_once() -> None:
    """Sixteen throttled answers to requests sent together say one thing, not sixteen."""
    throttle = Throttle(16, 16, BACKOFF)
    for _ in range(16):
        throttle.throttled(sent_at=0.0, now=1.0, rand=0.5)
    assert throttle.permits() == 8
    assert not throttle.may_send(0, 1.4)
    assert throttle.may_send(0, 1.5)
    throttle.throttled(sent_at=1.5, now=2.0, rand=0.5)
    assert throttle.permits() == 4
    assert not throttle.may_send(0, 2.9)


def test_permits_never_fall_below_one() -> None:
    """Or nothing would ever find out that the sink is well again."""
    throttle = Throttle(2, 16, BACKOFF)
    for second in range(20):
        throttle.throttled(sent_at=second, now=second + 0.5, rand=0.0)
    assert throttle.permits() == 1


def test_the_sinks_own_wish_is_heeded() -> None:
    """Retry-After."""
    throttle = Throttle(2, 16, BACKOFF)
    throttle.throttled(sent_at=0.0, now=0.0, rand=0.0, wish_seconds=30.0)
    assert not throttle.may_send(0, 29.9)


def test_a_long_storm_is_not_slept_through() -> None:
    """However often the sink asks for less, it is asked again soon enough to be found well soon after it is."""
    throttle = Throttle(8, 16, Backoff(first_seconds=0.5, ceiling_seconds=600.0))
    now = 0.0
    for _ in range(40):
        throttle.throttled(sent_at=now, now=now, rand=0.999)
        assert throttle.not_before - now <= 10.0
        now = throttle.not_before
    throttle.throttled(sent_at=now, now=now, rand=0.0, wish_seconds=60.0)
    assert throttle.not_before - now == 60.0


def test_a_pause_probes_one_at_a_time_and_ends_with_an_answer() -> None:
    """Waits grow up to the ceiling; the first content answer opens the way again, carefully."""
    throttle = Throttle(8, 16, BACKOFF)
    now, waits = 0.0, []
    for _ in range(6):
        throttle.pause("unauthorized", now, rand=0.999)
        waits.append(round(throttle.not_before - now, 1))
        assert throttle.may_send(0, throttle.not_before)
        assert not throttle.may_send(1, throttle.not_before)
        now = throttle.not_before
    assert waits == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert throttle.paused_at == 0.0
    throttle.answered(now)
    assert throttle.paused is None
    assert throttle.permits() == 2


def test_delay_is_within_the_doubling_ceiling() -> None:
    """Full jitter: from nothing to the ceiling."""
    assert [BACKOFF.delay(attempt, 0.0) for attempt in (1, 5)] == [0.0, 0.0]
    assert [BACKOFF.delay(attempt, 1.0) for attempt in (1, 2, 3, 4, 5, 5000)] == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert BACKOFF.delay(1, 0.5, wish_seconds=7.0) == 7.0
