"""The size of requests: what the server takes, and is done with in good time."""

from __future__ import annotations

from ingestd.core.pace import BYTES_MIN, Pace

MOST = 16 * BYTES_MIN


def test_a_slow_answer_halves_the_size_once_a_round_trip() -> None:
    """Four slow answers to requests that were sent together say one thing; the next round says the next."""
    pace = Pace(MOST, 5.0)
    for _ in range(4):
        assert not pace.answered(MOST, 6.0, sent_at=0.0, now=7.0)
    assert pace.bytes_max == MOST // 2
    assert not pace.answered(MOST // 2, 6.0, sent_at=7.0, now=14.0)
    assert pace.bytes_max == MOST // 4


def test_the_size_never_falls_below_the_least_and_grows_back_to_the_most() -> None:
    """A sixteenth of the most with each full request in time; a small one says nothing of a large one."""
    pace = Pace(MOST, 5.0)
    for second in range(20):
        pace.answered(MOST, 6.0, sent_at=second, now=second)
    assert pace.bytes_max == BYTES_MIN
    assert pace.answered(10, 0.1, 20.0, 20.0)
    assert pace.bytes_max == BYTES_MIN
    sizes = []
    for _ in range(20):
        assert pace.answered(pace.bytes_max, 0.1, 20.0, 20.0)
        sizes.append(pace.bytes_max)
    assert sizes == sorted(sizes)
    assert (sizes[0], sizes[-1]) == (BYTES_MIN + MOST // 16, MOST)


def test_what_the_server_did_not_take_is_remembered_for_good() -> None:
    """Half of it, and no growing beyond; what is larger by then is no news."""
    pace = Pace(MOST, 5.0)
    assert pace.too_large(MOST)
    assert not pace.too_large(MOST)
    for _ in range(40):
        pace.answered(pace.bytes_max, 0.1, 0.0, 0.0)
    assert pace.bytes_max == MOST // 2
    assert pace.too_large(MOST // 2)
    assert pace.bytes_max == MOST // 4


def test_a_server_that_tells_no_time_is_in_time() -> None:
    """Firehose does not."""
    pace = Pace(1000, 5.0)
    assert pace.answered(1000, None, 0.0, 99.0)
    assert pace.bytes_max == 1000
