"""What all tests share."""

from __future__ import annotations

import pytest

from ingestd.fastpath.parser import unavailable


@pytest.fixture(scope="session", autouse=True)
def kernel() -> None:
    """The kernel is loaded, or compiled, before a test begins: the patience of those that wait is not for that."""
    unavailable()
