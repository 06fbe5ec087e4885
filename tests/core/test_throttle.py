"""Permits: more when the sink is content, half when it asks for less, one at a time when it is at fault."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

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


def test_a_slow_answer_adds_no_permit() -> None:
    """It ends a pause as any answer does, but more requests would only wait in the server."""
    throttle = Throttle(4, 6, BACKOFF)
    throttle.pause("forbidden", 0.0, 0.0)
    for _ in range(20):
        throttle.answered(0.0, is_in_time=False)
    assert (throttle.permits(), throttle.paused) == (1, None)


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


class ThrottleMachine(RuleBasedStateMachine):
    """Requests come and go in any order, answered in any way, against a model of what may never be."""

    def __init__(self) -> None:
        super().__init__()
        self.throttle = Throttle(4, 6, BACKOFF)
        self.now = 0.0
        self.sent: list[float] = []
        self.cut_at = -1.0

    @rule(seconds=st.floats(0.0, 5.0))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def send(self) -> None:
        if self.throttle.may_send(len(self.sent), self.now):
            assert self.now >= self.throttle.not_before
            assert len(self.sent) < self.throttle.permits()
            self.sent.append(self.now)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def is_content(self, data: st.DataObject) -> None:
        self._one(data)
        before = self.throttle.limit
        self.throttle.answered(self.now)
        assert self.throttle.paused is None
        assert before <= self.throttle.limit <= before + 1.0

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), rand=st.floats(0.0, 0.999), wish=st.none() | st.floats(0.0, 100.0))
    def asks_for_less(self, data: st.DataObject, rand: float, wish: float | None) -> None:
        sent_at, before = self._one(data), (self.throttle.limit, self.throttle.not_before)
        self.throttle.throttled(sent_at, self.now, rand, wish)
        if sent_at < self.cut_at:
            assert (self.throttle.limit, self.throttle.not_before) == before
        else:
            self.cut_at = self.now
            assert self.throttle.limit == max(1.0, before[0] / 2)
            assert (wish or 0.0) <= self.throttle.not_before - self.now + 1e-9
            assert self.throttle.not_before - self.now <= max(8.0, wish or 0.0) + 1e-9

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), rand=st.floats(0.0, 0.999))
    def is_at_fault(self, data: st.DataObject, rand: float) -> None:
        self._one(data)
        self.throttle.pause("unauthorized", self.now, rand)
        assert self.now < self.throttle.not_before <= self.now + 8.0 + 1e-9

    @rule(most=st.integers(1, 6))
    def is_given_other_bounds(self, most: int) -> None:
        self.throttle.change(most, BACKOFF)

    @invariant()
    def keeps_within_bounds(self) -> None:
        assert 1 <= self.throttle.permits() <= max(self.throttle.most, 1)
        assert self.throttle.paused is None or self.throttle.permits() == 1

    @invariant()
    def can_always_go_on(self) -> None:
        assert self.throttle.may_send(0, max(self.now, self.throttle.not_before))

    def _one(self, data: st.DataObject) -> float:
        return self.sent.pop(data.draw(st.integers(0, len(self.sent) - 1)))


ThrottleMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestThrottleMachine = ThrottleMachine.TestCase
