"""A rate: so many a second, and a second's worth at once."""

from __future__ import annotations

import pytest

from ingestd.core.rate import Rate


@pytest.mark.parametrize("rate", [1.0, 2.0, 500.0])
def test_no_more_than_the_rate_pass(rate: float) -> None:
    """However often it is tried, and however long nobody came before."""
    bucket = Rate(rate, 0.0)
    assert sum(bucket.allows(100.0) for _ in range(2000)) == rate
    assert not bucket.allows(100.0)
    assert sum(bucket.allows(100.0 + step / 1000) for step in range(1001)) == rate
