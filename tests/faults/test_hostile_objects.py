"""R12: objects that are made to hurt cost bounded memory, and each of their lines has one end."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

GROWN_KIB_MAX = 16 << 10
ENDS = {
    "bomb": {"lines": 2, "documents": 1, "reject: line_too_long": 1},
    "endless_line": {"lines": 3, "documents": 2, "reject: line_too_long": 1},
    "nul": {"lines": 3, "documents": 2, "reject: too_few_columns": 1},
    "not_utf8": {"lines": 3, "documents": 2, "reject: too_few_columns": 1},
    "crlf": {"lines": 3, "documents": 3},
    "byte_order_mark": {"lines": 1, "documents": 1},
    "blank": {"lines": 3, "skipped": 3},
    "empty": {},
}


@pytest.mark.parametrize("name", ENDS)
def test_r12_hostile_objects_cost_bounded_memory(name: str) -> None:
    """At most 16 MiB over what an honest object of some megabytes takes, for a gibibyte of zeros as for none."""
    told = subprocess.run([sys.executable, "-m", "tests.faults.hostile", name], capture_output=True, check=True).stdout
    found = json.loads(told)
    assert found["grown_kib"] <= GROWN_KIB_MAX
    assert found["ends"] == ENDS[name]
