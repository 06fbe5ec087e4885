"""When to try again: anywhere under a ceiling that doubles, and never before the other side wishes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingestd.core.retry import Backoff

SECONDS = st.floats(0.001, 3600.0)
RAND = st.floats(0.0, 1.0, exclude_max=True)


@given(SECONDS, SECONDS, st.integers(1, 10_000), RAND, st.none() | SECONDS)
def test_a_wait_stays_under_its_ceiling_and_over_the_wish(
    first: float, ceiling: float, attempt: int, rand: float, wish: float | None
) -> None:
    """However many attempts there were."""
    delay = Backoff(first, ceiling).delay(attempt, rand, wish)
    highest = ceiling if attempt > 40 else min(ceiling, first * 2 ** (attempt - 1))
    assert (wish or 0.0) <= delay <= max(highest, wish or 0.0)
    assert delay <= Backoff(first, ceiling).delay(attempt + 1, rand, wish)
