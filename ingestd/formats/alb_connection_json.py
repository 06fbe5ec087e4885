"""Application Load Balancer connection logs as CloudWatch Logs delivers them, in JSON: the columns of `alb_connection`.

Source: AWS, aws-cdk 2.275 (`mixins-preview`), the fields of `ALB_CONNECTION_LOGS`, which users choose among, as of 2026-11-26.
"""

from __future__ import annotations

from random import Random

from ingestd.formats import alb_connection
from ingestd.formats.delivered import as_records, record

__all__ = ["FORMAT"]

RENAMED = {"timestamp": "time"}


def sample(random: Random) -> str:
    """A record of a connection."""
    return record(alb_connection.FORMAT, alb_connection.sample(random), RENAMED)


FORMAT = as_records(
    alb_connection.FORMAT,
    RENAMED,
    name="alb_connection_json",
    content=r"(?=.* (?:client_ip|listener_port|conn_trace_id) ).* (?:tls_verify_status|tls_handshake_latency) ",
    sample=sample,
)
