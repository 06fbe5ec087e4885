"""Events of CloudWatch log groups that are of no known format: text, as it is.

Only what comes in an envelope (core/envelope.py) is taken so: it has a time and an id, and says where it is from. Blanks at a
text's beginning stay: they say where a line of a stack trace, or of YAML, belongs. Field names
are those of Elastic's AWS integration, dataset `aws.cloudwatch_logs`.
"""

from __future__ import annotations

from random import Random

from ingestd.formats.table import Column, Shape, Table, Text

__all__ = ["FORMAT"]

WORDS = ("started", "stopped", "connection accepted", "slow query", "cache rebuilt", "out of memory")


def sample(random: Random) -> str:
    """A line of an application that has no form."""
    return f"worker {random.randrange(64)}: {random.choice(WORDS)}"


FORMAT = Table(
    name="cloudwatch_logs",
    dataset="aws.cloudwatch_logs",
    service="cloudwatch_logs",
    shape=Shape.PATTERN,
    patterns=("(?P<message>.*)",),
    columns=(Column("message", Text("message", type="text")),),
    required=1,
    dated_by_object=True,
    constants=(("event.kind", "event"),),
    key="",
    content=r"(?!)",
    catches=True,
    sample=sample,
)
