"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from ingestd.fastpath.parser import unavailable


@pytest.fixture(scope="session", autouse=True)
def kernel() -> None:
    """The kernel is loaded, or compiled, before a test begins: the patience of those that wait is not for that."""
    unavailable()


@pytest.fixture(autouse=True)
def log() -> Iterator[None]:
    """A command that a test runs sets the log up for its process: not for the tests behind it."""
    yield
    structlog.reset_defaults()
