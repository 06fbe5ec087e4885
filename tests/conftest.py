"""What all tests share, and S6 for all of them: nothing secret and no log line stands in what any test makes the code say.

Hypothesis draws anew in each run, judges no example by how long it took, and prints what replays one that fails.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

from ingestd.fastpath.parser import unavailable
from tests.canaries import leaks

settings.register_profile("house", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_collection_finish() -> None:
    """What variables tell the tests they have read by now; a command that they run would take it for a setting."""
    for name in [name for name in os.environ if name.startswith("INGESTD_")]:
        del os.environ[name]


@pytest.fixture(scope="session", autouse=True)
def kernel() -> None:
    """The kernel is loaded, or compiled, before a test begins: the patience of those that wait is not for that."""
    unavailable()


@pytest.fixture(autouse=True)
def log() -> Iterator[None]:
    """A command that a test runs sets the log up for its process: not for the tests behind it."""
    yield
    structlog.reset_defaults()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """At a test's end, all that was captured of it: its output, and that of processes that it started."""
    report = yield
    if call.when == "teardown" and (found := [leak for _, text in report.sections for leak in leaks(text)]):
        report.outcome = "failed"
        report.longrepr = "S6: what must never be logged was: " + "; ".join(found[:3])
    return report
