"""Transit Gateway Flow Logs, version 6, as text.

Source: AWS, "Transit Gateway Flow Log records", the table "Available fields", 36 fields, all of them in the default format
and in the table's order, as of 2026-11-23. They are VPC Flow Logs' other record: no interface, no action, but two
attachments, and what was lost on the way. Field names are those of Elastic's AWS integration, dataset `aws.vpcflow`; see
`vpcflow`.
"""

from __future__ import annotations

from random import Random

from ingestd.formats.table import Column, Integer, Shape, Table, Text
from ingestd.formats.vpcflow import NETWORK, PORTS, SECOND

__all__ = ["FORMAT"]


def sample(random: Random) -> str:
    """A line of the default format."""
    below, bits = random.randrange, random.getrandbits
    packets = below(1, 90)
    return (
        f"6 TransitGateway 123456789012 tgw-0a12bc34de56f7890 tgw-attach-{bits(68):017x} 123456789012 210987654321 "
        f"vpc-{bits(68):017x} vpc-{bits(68):017x} subnet-{bits(68):017x} subnet-{bits(68):017x} eni-{bits(68):017x} "
        f"eni-{bits(68):017x} euc1-az{below(1, 4)} euc1-az{below(1, 4)} tgw-attach-{bits(68):017x} "
        f"10.1.{below(4)}.{below(4, 250)} 10.2.{below(4)}.{below(4, 250)} {below(1024, 65536)} {random.choice(PORTS)} 6 "
        f"{packets} {packets * below(40, 1500)} {SECOND} {SECOND} OK IPv4 {below(9)} 0 0 0 {random.choice((2, 18, 19, 3))} "
        f"eu-central-1 {random.choice(('ingress', 'egress'))} - -"
    )


def _ids(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, Text(f"aws.vpcflow.{name.replace('-', '_')}")) for name in names)


def _lost(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, Integer(f"aws.vpcflow.{name.replace('-', '_')}")) for name in names)


COLUMNS = (
    NETWORK["version"],
    *_ids("resource-type"),
    NETWORK["account-id"],
    *_ids(
        "tgw-id", "tgw-attachment-id", "tgw-src-vpc-account-id", "tgw-dst-vpc-account-id", "tgw-src-vpc-id", "tgw-dst-vpc-id"
    ),
    *_ids("tgw-src-subnet-id", "tgw-dst-subnet-id", "tgw-src-eni", "tgw-dst-eni", "tgw-src-az-id", "tgw-dst-az-id"),
    *_ids("tgw-pair-attachment-id"),
    NETWORK["srcaddr"],
    NETWORK["dstaddr"],
    NETWORK["srcport"],
    NETWORK["dstport"],
    NETWORK["protocol"],
    NETWORK["packets"],
    NETWORK["bytes"],
    NETWORK["start"],
    NETWORK["end"],
    NETWORK["log-status"],
    NETWORK["type"],
    *_lost("packets-lost-no-route", "packets-lost-blackhole", "packets-lost-mtu-exceeded", "packets-lost-ttl-expired"),
    NETWORK["tcp-flags"],
    NETWORK["region"],
    NETWORK["flow-direction"],
    NETWORK["pkt-src-aws-service"],
    NETWORK["pkt-dst-aws-service"],
)

FORMAT = Table(
    name="tgwflow",
    dataset="aws.vpcflow",
    service="vpcflow",
    shape=Shape.SPACED_RAW,
    padded=True,
    runs=True,
    columns=COLUMNS,
    required=26,
    header="",
    dated_by_object=True,
    comments=("#",),
    constants=(("event.kind", "event"), ("event.category", ("network",)), ("event.type", ("connection",))),
    key=r"(?:^|[/_])vpcflowlogs[/_]",
    content=(
        r"(?=[^\n]*\b(?:tgw[-_]id|tgw[-_]attachment[-_]id|resource[-_]type)\b)[a-z][a-z0-9_ -]*\s*(?:\n|\Z)"
        r"|\d+ +(?:TransitGateway|-) +(?:\d+|unknown) +tgw-\S+ +(?:tgw-attach-\S+|-) "
    ),
    sample=sample,
    preamble=(" ".join(column.name for column in COLUMNS),),
)
