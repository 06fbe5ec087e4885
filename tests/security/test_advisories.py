"""What `make audit` makes of pip-audit's end: clean, vulnerable, and not known are three things."""

from __future__ import annotations

import json

import pytest

from tests.security.advisories import CLEAN, UNKNOWN, VULNERABLE, judged

GOOD = {"name": "isal", "version": "1.7", "vulns": []}
BAD = {"name": "aiohttp", "version": "3.0", "vulns": [{"id": "PYSEC-1"}, {"id": "GHSA-2"}]}
ONE_OF_TWO = "checked for known vulnerabilities: 1 of 2 packages"
SKIPPED = {"name": "own", "skip_reason": "not on the index"}


@pytest.mark.parametrize(
    ("packages", "status", "told"),
    [
        ([GOOD], CLEAN, ["no known vulnerabilities in 1 packages"]),
        ([GOOD, BAD], VULNERABLE, ["aiohttp 3.0: PYSEC-1", "aiohttp 3.0: GHSA-2"]),
        ([BAD, SKIPPED], UNKNOWN, ["aiohttp 3.0: PYSEC-1", "aiohttp 3.0: GHSA-2", ONE_OF_TWO, "NOT checked: own"]),
    ],
)
def test_an_answer_is_told(packages: list[object], status: int, told: list[str]) -> None:
    """Each vulnerability by package, version and its name; a package that was left out is not known to be clean."""
    assert judged(int(status != CLEAN), json.dumps({"dependencies": packages, "fixes": []}), "") == (status, "\n".join(told))


@pytest.mark.parametrize("out", ["", "[]", "<html>"])
def test_an_index_that_cannot_be_asked_is_no_clean_answer(out: str) -> None:
    """It says what was checked, what was not, and why."""
    status, told = judged(1, out, "Traceback\nConnectionError: no route\n")
    assert status == UNKNOWN
    assert "NOT checked: known vulnerabilities" in told
    assert told.endswith("ConnectionError: no route")
