"""Keys as AWS writes them, and the time that they tell."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ingestd.core.span import ObjectFilter, span_of

KEYS: dict[str, tuple[str, str, float] | None] = {
    "p/AWSLogs/123456789012/elasticloadbalancing/us-east-2/2026/11/22/123456789012_elasticloadbalancing_us-east-2_app.a.1_"
    "20261122T2340Z_172.160.1.192_20sg8hgm.log.gz": ("alb", "2026-11-22", 24),
    "AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/11/22/09/123456789012_vpcflowlogs.log.gz": ("hour", "2026-11-22T09:00", 1),
    "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=11/day=22/hour=14/a.gz": (
        "hive",
        "2026-11-22T14:00",
        1,
    ),
    "AWSLogs/aws-account-id=123456789012/year=2026/month=11/day=22/a.parquet": ("hive day", "2026-11-22", 24),
    "cf/EMLARXS9EXAMPLE.2026-11-22-20.RT4KCN4SGK9.gz": ("cloudfront", "2026-11-22T20:00", 1),
    "logs/2026-11-22-20-16-34-E568B2907131C0C0": ("s3 access", "2026-11-22T20:00", 1),
    "123456789012/us-east-1/b/2026/11/22/2026-11-22-00-09-20-E568B2907131C0C0": ("partitioned", "2026-11-22T00:00", 1),
    "AWSLogs/1/WAFLogs/us-east-1/acl/2026/11/22/20/15/1_waflogs.log.gz": ("waf", "2026-11-22T20:00", 1),
    "2026/13/22/a.gz": None,
    "2026-11-22.log": None,
    "logs/a.gz": None,
    "": None,
}


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize("key", KEYS)
def test_what_a_key_tells(key: str) -> None:
    """The hour if it names one, else the day, else nothing."""
    wanted = KEYS[key]
    assert span_of(key) == (wanted and (at(wanted[1]), at(wanted[1]) + wanted[2] * 3600))


DAY, HOUR, NONE = "a/2026/11/22/x.gz", "a/E.2026-11-22-14.x.gz", "a/x.gz"
ROWS = [
    (DAY, "2026-11-22T12:00", None, True),  # the rest of the day may be in it
    (DAY, "2026-11-23", None, False),
    (DAY, None, "2026-11-22", False),
    (DAY, None, "2026-11-22T00:01", True),
    (HOUR, "2026-11-22T14:59", "2026-11-22T15:00", True),
    (HOUR, "2026-11-22T15:00", None, False),
    (HOUR, None, "2026-11-22T14:00", False),
    (NONE, "2026-11-20", "2026-11-21", True),  # modified on the 20th
    (NONE, "2026-11-21", None, False),
    (NONE, None, "2026-11-20", False),
    (NONE, None, None, True),
]


@pytest.mark.parametrize(("key", "since", "until", "is_taken"), ROWS)
def test_what_is_meant_by_time(key: str, since: str | None, until: str | None, is_taken: bool) -> None:
    """The key's time counts, and the upload's where it has none; the end is not part of it."""
    selection = ObjectFilter(at(since) if since else None, at(until) if until else None)
    assert selection.takes(key, at("2026-11-20")) is is_taken


def test_what_is_meant_by_key() -> None:
    """A regular expression searched for; what is ours is never meant."""
    selection = ObjectFilter(key=r"/alb/.*\.gz$", without=("dead/",))
    assert [selection.takes(key, 0) for key in ("x/alb/a.gz", "x/alb/a", "dead/alb/a.gz")] == [True, False, False]
    assert ObjectFilter().takes("anything", 0)
