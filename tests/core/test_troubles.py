"""What is wrong is said in words, the urgent first, and each leads to a page of the runbook."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingestd.core.troubles import PAGES, Signs, troubles

WELL = Signs(
    paused={},
    messages_in_flight=40,
    is_stuck=False,
    queue_errors={},
    dead_letters={},
    lines_read=100_000,
    calls={"received": 900, "settled": 890, "spooled": 4, "joined": 1},
    leases_lost=0,
    drain_seconds=40.0,
    lag_seconds=3.0,
    limited_by="queue",
    silent=(),
    is_reload_refused=False,
)
ROWS: list[tuple[dict[str, Any], str, str, bool]] = [
    ({"paused": {"main": ("cluster_block", 720.0)}}, "sink main has taken nothing for 12 min: cluster_block", "paused", True),
    ({"queue_errors": {"refused": 9}}, "the queue cannot be reached: 9 calls (refused 9) failed in a minute", "queue", True),
    ({"is_stuck": True}, "40 messages are held, and none was settled for 10 minutes", "stuck", True),
    ({"drain_seconds": 9000.0}, "what waits on the queue takes 2 h; limited by queue", "late", False),
    (
        {"drain_seconds": 9000.0, "limited_by": "sink"},
        "what waits on the queue takes 2 h; the sink sets the pace",
        "late",
        False,
    ),
    ({"lag_seconds": 1300.0}, "objects come to rest up to 22 min after they were put", "late", False),
    ({"dead_letters": {"bad_number": 1}}, "1 dead letter (bad_number 1) in 15 minutes", "dead", False),
    (
        {"dead_letters": {"a": 1000, "b": 4000, "c": 10, "d": 1}},
        "5,011 dead letters (b 4,000, a 1,000, c 10, ...) in 15 minutes",
        "dead",
        True,
    ),
    ({"calls": {"received": 9, "bad_key": 2}}, "2 calls (bad_key 2) refused in 15 minutes", "refused", False),
    ({"silent": ("logs/alb/ (alb)",)}, "nothing comes from logs/alb/ (alb) any more", "silent", False),
    ({"leases_lost": 3}, "3 leases lost in 15 minutes: work is done twice", "leases", False),
    ({"is_reload_refused": True}, "a new configuration was not taken; the old one goes on", "reload", False),
]


def test_nothing_is_wrong_when_all_is_well() -> None:
    """And what is tried again by itself now and then is nothing."""
    assert troubles(WELL) == []
    assert troubles(replace(WELL, queue_errors={"unreachable": 2}, drain_seconds=None)) == []


@pytest.mark.parametrize(("change", "text", "page", "is_urgent"), ROWS)
def test_one_thing_that_is_wrong(change: dict[str, Any], text: str, page: str, is_urgent: bool) -> None:
    """In one sentence."""
    (found,) = troubles(replace(WELL, **change))
    assert (found.text, found.page, found.is_urgent) == (text, PAGES[page], is_urgent)


def test_the_urgent_come_first_and_silent_sources_are_not_all_named() -> None:
    """Whoever reads only the first line reads the right one."""
    silent = [f"logs/{number}/" for number in range(9)]
    found = troubles(replace(WELL, silent=silent, dead_letters={"bad_number": 90_000}, paused={"main": ("timeout", 5.0)}))
    assert [each.is_urgent for each in found] == [True, True, False, False, False, False]
    assert found[0].page == PAGES["paused"]
    assert found[-1].text == "and from 6 other sources"


def test_each_page_is_a_heading_of_the_runbook() -> None:
    """So that what is shown leads somewhere."""
    text = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text(encoding="utf-8")
    heads = {re.sub(r"[^a-z0-9 -]", "", line[3:].lower()).replace(" ", "-") for line in text.splitlines() if line[:3] == "## "}
    assert set(PAGES.values()) <= heads
