"""Application Load Balancer health check logs as CloudWatch Logs delivers them, in JSON: the columns of `alb_health_check`.

Source: AWS, aws-cdk 2.275 (`mixins-preview`), the fields of `ALB_HEALTH_CHECK_LOGS`, of which users choose some, as of
2026-11-26.
"""

from __future__ import annotations

from random import Random

from ingestd.formats import alb_health_check
from ingestd.formats.delivered import as_records, record

__all__ = ["FORMAT"]


def sample(random: Random) -> str:
    """A record of a check."""
    return record(alb_health_check.FORMAT, alb_health_check.sample(random))


FORMAT = as_records(
    alb_health_check.FORMAT,
    name="alb_health_check_json",
    content=r"(?=.* target_addr ).* (?:target_group_id|reason_code) ",
    sample=sample,
)
