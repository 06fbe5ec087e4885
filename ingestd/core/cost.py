"""What carrying a gigabyte costs: prices of AWS, and the few lines of arithmetic that the page and the cost sheet share.

Prices in US dollars, us-east-1, without discounts, as AWS's pricing pages had them in 2025: Fargate on Linux, x86; SQS
standard; S3 standard; Lambda, x86. Traffic inside a region and the destination are left out: they are the same whatever carries
the logs.
"""

from __future__ import annotations

__all__ = [
    "FARGATE_GIB_HOUR",
    "FARGATE_VCPU_HOUR",
    "LAMBDA_GIB_SECOND",
    "LAMBDA_REQUEST",
    "S3_GET",
    "S3_PUT",
    "SQS_REQUEST",
    "task_dollars",
]

FARGATE_VCPU_HOUR, FARGATE_GIB_HOUR = 0.04048, 0.004445
SQS_REQUEST = 0.40 / 1e6
S3_GET, S3_PUT = 0.40 / 1e6, 5.00 / 1e6
LAMBDA_REQUEST, LAMBDA_GIB_SECOND = 0.20 / 1e6, 0.0000166667
TASK_GIB = 2.0  # beside each vCPU, as the stack has it


def task_dollars(vcpu_seconds: float) -> float:
    """What a task of 1 vCPU and 2 GiB costs for so long."""
    return vcpu_seconds / 3600 * (FARGATE_VCPU_HOUR + TASK_GIB * FARGATE_GIB_HOUR)
