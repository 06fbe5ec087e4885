"""Unknown columns are told of once an hour, format by format."""

from __future__ import annotations

import structlog

from ingestd.shell.drift import HOUR_SECONDS, Drift


def test_once_an_hour() -> None:
    """The first lines are told of at once, later ones together when an hour has passed, each format for itself."""
    now = 5.0
    drift = Drift(lambda: now)
    with structlog.testing.capture_logs() as said:
        drift.saw("alb", 0)
        drift.saw("alb", 3)
        drift.saw("alb", 4)
        drift.saw("clb", 1)
        now += HOUR_SECONDS - 1
        drift.saw("alb", 5)
        now += 1
        drift.saw("alb", 6)
        drift.saw("clb", 0)
    assert [(event["format"], event["lines"]) for event in said] == [("alb", 3), ("clb", 1), ("alb", 15)]
    assert {event["log_level"] for event in said} == {"warning"}
