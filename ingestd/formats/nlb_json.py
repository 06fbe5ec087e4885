"""Network Load Balancer access logs as CloudWatch Logs delivers them, in JSON: the columns of `nlb` as members of an object.

Source: AWS, aws-cdk 2.275 (`mixins-preview`), the fields of `NLB_ACCESS_LOGS`, which users choose among, as of 2026-11-26. An
endpoint is called `client_port` there.
"""

from __future__ import annotations

from random import Random

from ingestd.formats import nlb
from ingestd.formats.delivered import as_records, record

__all__ = ["FORMAT"]

RENAMED = {"tls_named_group": "tls_keyexchange"}


def sample(random: Random) -> str:
    """A record of a connection."""
    return record(nlb.FORMAT, nlb.sample(random), RENAMED)


FORMAT = as_records(
    nlb.FORMAT,
    RENAMED,
    name="nlb_json",
    content=r"(?=.* (?:listener|destination_port) ).* (?:tls_handshake_time|tls_connection_creation_time|alpn_fe_protocol) ",
    sample=sample,
)
