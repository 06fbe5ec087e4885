"""Application Load Balancer access logs as CloudWatch Logs delivers them, in JSON: the columns of `alb` as an object's members.

Source: AWS, aws-cdk 2.275 (`mixins-preview`), the fields of `ALB_ACCESS_LOGS`, which users choose among, as of 2026-11-26. An
endpoint is called `client_port` there, and the request `request_line`. As Parquet the same names are columns.
"""

from __future__ import annotations

from random import Random

from ingestd.formats import alb
from ingestd.formats.delivered import as_records, record

__all__ = ["FORMAT"]

RENAMED = {"request": "request_line"}


def sample(random: Random) -> str:
    """A record of a line of 30 columns."""
    return record(alb.FORMAT, alb.sample(random), RENAMED)


FORMAT = as_records(
    alb.FORMAT,
    RENAMED,
    name="alb_json",
    content=r"(?=.* (?:elb|elb_status_code|target_group_arn) ).* (?:request_line|request_processing_time|actions_executed) ",
    sample=sample,
)
