"""What was counted in the last minutes, by differences of totals."""

from __future__ import annotations

from ingestd.core.recent import MINUTES, Recent


def test_differences_of_totals_by_labels() -> None:
    """What did not change is left out; what is new counts from nothing."""
    recent = Recent()
    assert recent.since(1, {"lines": {"alb": 7}}, "lines") == {"alb": 7}
    recent.minute({"lines": {"alb": 7}})
    assert recent.since(1, {"lines": {"alb": 7, "waf": 2}}, "lines") == {"alb": 7, "waf": 2}
    recent.minute({"lines": {"alb": 7, "waf": 2}})
    assert recent.since(1, {"lines": {"alb": 7, "waf": 5}}, "lines") == {"waf": 5}
    assert recent.since(15, {"lines": {"alb": 7, "waf": 5}}, "lines") == {"alb": 7, "waf": 5}
    assert recent.since(1, {}, "lines") == {}


def test_the_oldest_is_forgotten() -> None:
    """After a quarter of an hour nothing is left of what was, however long it goes on."""
    recent = Recent()
    for minute in range(100):
        assert recent.covers(10) == (minute >= 10)
        recent.minute({"lines": {"alb": minute}})
    assert recent.since(MINUTES, {"lines": {"alb": 99}}, "lines") == {"alb": MINUTES}
