"""What a terabyte of log costs to carry, here and by a Lambda function for each object. `python docs/cost.py` prints the sheet.

What is measured stands under its name; the rest is arithmetic over prices (ingestd/core/cost.py). A test holds the README to
what this prints.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from ingestd.core.cost import LAMBDA_GIB_SECOND, LAMBDA_REQUEST, S3_GET, SQS_REQUEST, task_dollars

__all__ = ["sheet"]

GIGABYTES = 1000  # of raw log, as it is before compression
OBJECT_MEGABYTES = 5.0  # raw, of a busy load balancer's node in five minutes

CPU_SECONDS_PER_GB = 5.3  # `ingestd bench`: S3 GET to bulk POST with gzip bodies
CPU_BUSY = 0.6  # of a task's CPU, over a day: autoscaling keeps some in reserve

LAMBDA_MEGABYTES_S = 19.0  # a Python function with zlib, re and json on one core, S3 to bulk, measured on the same machine
LAMBDA_GIB = 1769 / 1024  # what gives a function one whole vCPU
LAMBDA_WAITING_SECONDS = 0.2  # of each invocation: for S3 and for the answer of the bulk request; not measured


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the sheet, in dollars for all gigabytes."""

    what: str
    here: float
    by_lambda: float


def rows() -> list[Row]:
    """Each cost on both sides."""
    objects = GIGABYTES * 1000 / OBJECT_MEGABYTES
    here = task_dollars(GIGABYTES * CPU_SECONDS_PER_GB / CPU_BUSY)
    function_seconds = GIGABYTES * 1000 / LAMBDA_MEGABYTES_S + objects * LAMBDA_WAITING_SECONDS
    # A message is sent once, and received and deleted ten at a time; Lambda polls the queue in our name, likewise.
    requests = objects * 1.2 * SQS_REQUEST
    return [
        Row("compute", here, function_seconds * LAMBDA_GIB * LAMBDA_GIB_SECOND + objects * LAMBDA_REQUEST),
        Row("SQS requests", requests, requests),
        Row("S3 GET requests", objects * S3_GET, objects * S3_GET),
    ]


def sheet() -> str:
    """A table for the README."""
    found = rows()
    total = Row("**together**", sum(row.here for row in found), sum(row.by_lambda for row in found))
    vcpu_hours = GIGABYTES * CPU_SECONDS_PER_GB / CPU_BUSY / 3600
    lines = [
        f"| a terabyte of raw log | ingestd ({vcpu_hours:.1f} vCPU-hours) | a Lambda function for each object |",
        "|---|---|---|",
    ]
    lines += [f"| {row.what} | ${row.here:.2f} | ${row.by_lambda:.2f} |" for row in [*found, total]]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(sheet())
