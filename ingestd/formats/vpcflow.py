"""VPC Flow Logs of versions 2 to 11, as text.

Source: AWS, "Flow log records", the table "Available fields", as of 2026-11-23: 14 fields of version 2 (the default format),
7 of 3, 8 of 4 and 5, 10 of 7 (ECS) and 1 of 8, 9 and 10 each; those of 11 (tags and next hops) as other readers of these logs
have them, as of 2026-11-26. Files in S3 have a header line, once or several times, in the order that the user chose; without
one a line of 14, 21, 25, 29, 39, 40 or more columns has the table's first fields in its order: the default, or all fields up
to version 3, 4, 5, 7 or 8. One of any other number is of a user's choice that nothing tells, as CloudWatch Logs has them: its
first 14 are taken for the default format's, and the rest is `extra`. Field names are those of Elastic's AWS integration,
dataset `aws.vpcflow`; account, region and zone stay under `aws.vpcflow`, since `cloud` says where the log's bucket is. Tags
are percent-encoded, once.

The time is `end`, else `start`; a user's own choice of fields may lack both, and then it is the object's.
"""

from __future__ import annotations

from random import Random

from ingestd.formats.table import SAMPLE_TIME, Column, Epoch, Integer, Ip, Mapped, Shape, Table, Text

__all__ = ["FORMAT", "NETWORK", "PORTS", "SECOND"]

SECOND = int(SAMPLE_TIME.timestamp())
ACCOUNT = "123456789012"
PORTS = (443, 443, 443, 80, 22, 53, 3306, 5432, 8080, 6379)
TRANSPORTS = (
    ("0", "hopopt"),
    ("1", "icmp"),
    ("2", "igmp"),
    ("6", "tcp"),
    ("8", "egp"),
    ("17", "udp"),
    ("47", "gre"),
    ("50", "esp"),
    ("58", "ipv6-icmp"),
    ("112", "vrrp"),
    ("132", "sctp"),
)
FLAGS = ("fin", "syn", "rst", "psh", "ack", "urg")
FLAG_LISTS = tuple(
    (str(mask), tuple(flag for bit, flag in enumerate(FLAGS) if mask >> bit & 1)) for mask in range(1, 1 << len(FLAGS))
)

# What the records of transit gateways have too.
NETWORK = {
    column.name: column
    for column in (
        Column("version", Text("aws.vpcflow.version")),
        Column("account-id", Text("aws.vpcflow.account_id")),
        Column("srcaddr", Ip("source.ip", "source.address")),
        Column("dstaddr", Ip("destination.ip", "destination.address")),
        Column("srcport", Integer("source.port")),
        Column("dstport", Integer("destination.port")),
        Column("protocol", Text("network.iana_number"), Mapped("network.transport", TRANSPORTS)),
        Column("packets", Integer("source.packets"), Integer("network.packets")),
        Column("bytes", Integer("source.bytes"), Integer("network.bytes")),
        Column("start", Epoch("event.start")),
        Column("end", Epoch("@timestamp", instead="start"), Epoch("event.end")),
        Column("log-status", Text("aws.vpcflow.log_status")),
        Column("type", Text("aws.vpcflow.type"), Mapped("network.type", (("IPv4", "ipv4"), ("IPv6", "ipv6")))),
        Column("tcp-flags", Text("aws.vpcflow.tcp_flags"), Mapped("aws.vpcflow.tcp_flags_array", FLAG_LISTS)),
        Column("region", Text("aws.vpcflow.region")),
        Column("flow-direction", Text("network.direction")),
        Column("pkt-src-aws-service", Text("aws.vpcflow.pkt_src_service")),
        Column("pkt-dst-aws-service", Text("aws.vpcflow.pkt_dst_service")),
    )
}


def sample(random: Random) -> str:
    """A line of the default format, or of one of the two without traffic."""
    below, bits = random.randrange, random.getrandbits
    beginning = f"2 {ACCOUNT} eni-{bits(68):017x}"
    if below(20) == 0:
        return f"{beginning} - - - - - - - {SECOND} {SECOND} - {random.choice(('NODATA', 'SKIPDATA'))}"
    protocol, packets = random.choice((6, 6, 6, 6, 17, 1)), below(1, 90)
    ports = "0 0" if protocol == 1 else f"{random.choice(PORTS)} {below(1024, 65536)}"
    return (
        f"{beginning} {below(1, 224)}.{below(256)}.{below(256)}.{below(256)} 10.0.{below(4)}.{below(4, 250)} {ports} "
        f"{protocol} {packets} {packets * below(40, 1500)} {SECOND} {SECOND} {'REJECT' if below(9) == 0 else 'ACCEPT'} OK"
    )


def _tags(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, Text(f"aws.vpcflow.{name.replace('-', '_')}", percent=1)) for name in names)


COLUMNS = (
    NETWORK["version"],
    NETWORK["account-id"],
    Column("interface-id", Text("aws.vpcflow.interface_id")),
    NETWORK["srcaddr"],
    NETWORK["dstaddr"],
    NETWORK["srcport"],
    NETWORK["dstport"],
    NETWORK["protocol"],
    NETWORK["packets"],
    NETWORK["bytes"],
    NETWORK["start"],
    NETWORK["end"],
    Column(
        "action",
        Text("aws.vpcflow.action"),
        Text("event.action"),
        Mapped("event.outcome", (("ACCEPT", "success"), ("REJECT", "failure"))),
    ),
    NETWORK["log-status"],
    Column("vpc-id", Text("aws.vpcflow.vpc_id")),
    Column("subnet-id", Text("aws.vpcflow.subnet_id")),
    Column("instance-id", Text("aws.vpcflow.instance_id")),
    NETWORK["tcp-flags"],
    NETWORK["type"],
    Column("pkt-srcaddr", Ip("aws.vpcflow.pkt_srcaddr", "aws.vpcflow.pkt_source")),
    Column("pkt-dstaddr", Ip("aws.vpcflow.pkt_dstaddr", "aws.vpcflow.pkt_destination")),
    NETWORK["region"],
    Column("az-id", Text("aws.vpcflow.az_id")),
    Column("sublocation-type", Text("aws.vpcflow.sublocation.type")),
    Column("sublocation-id", Text("aws.vpcflow.sublocation.id")),
    NETWORK["pkt-src-aws-service"],
    NETWORK["pkt-dst-aws-service"],
    NETWORK["flow-direction"],
    Column("traffic-path", Text("aws.vpcflow.traffic_path")),
    Column("ecs-cluster-arn", Text("orchestrator.cluster.id")),
    Column("ecs-cluster-name", Text("orchestrator.cluster.name")),
    Column("ecs-container-instance-arn", Text("orchestrator.resource.name")),
    Column("ecs-container-instance-id", Text("orchestrator.resource.id")),
    Column("ecs-container-id", Text("aws.vpcflow.ecs_container_id")),
    Column("ecs-second-container-id", Text("aws.vpcflow.ecs_second_container_id")),
    Column("ecs-service-name", Text("service.name")),
    Column("ecs-task-definition-arn", Text("aws.vpcflow.ecs_task_definition_arn")),
    Column("ecs-task-arn", Text("aws.vpcflow.ecs_task_arn")),
    Column("ecs-task-id", Text("aws.vpcflow.ecs_task_id")),
    Column("reject-reason", Text("event.reason")),
    Column("resource-id", Text("aws.vpcflow.resource_id")),
    Column("encryption-status", Text("aws.vpcflow.encryption_status")),
    *_tags("instance-tag", "instance-tag-2", "interface-tag", "interface-tag-2", "asg-tag", "asg-tag-2"),
    Column("interface-type", Text("aws.vpcflow.interface_type")),
    Column("next-hop-interface-id", Text("aws.vpcflow.next_hop.interface_id")),
    Column("next-hop-subnet-id", Text("aws.vpcflow.next_hop.subnet_id")),
    Column("next-hop-az-id", Text("aws.vpcflow.next_hop.az_id")),
    Column("next-hop-vpc-id", Text("aws.vpcflow.next_hop.vpc_id")),
    Column("next-hop-interface-type", Text("aws.vpcflow.next_hop.interface_type")),
)

FORMAT = Table(
    name="vpcflow",
    dataset="aws.vpcflow",
    service="vpcflow",
    shape=Shape.SPACED_RAW,
    padded=True,
    runs=True,
    columns=COLUMNS,
    required=14,
    header="",
    headless=40,
    generations=(14, 21, 25, 29, 39, 40),
    dated_by_object=True,
    comments=("#",),
    constants=(("event.kind", "event"), ("event.category", ("network",)), ("event.type", ("connection",))),
    key=r"(?:^|[/_])vpcflowlogs[/_]",
    content=(
        r"(?![^\n]*\b(?:tgw[-_]id|tgw[-_]attachment[-_]id|resource[-_]type)\b)"
        r"(?=[^\n]*\b(?:srcaddr|dstaddr|interface[-_]id|pkt[-_]srcaddr|log[-_]status|flow[-_]direction)\b)"
        r"[a-z][a-z0-9_ -]*\s*(?:\n|\Z)"
        r"|\d+ +(?:\d+|unknown) +(?:eni-\S+|-) +(?:-|[0-9a-f.:]+) +(?:-|[0-9a-f.:]+) +(?:-|\d+) +(?:-|\d+) +(?:-|\d+) +"
    ),
    sample=sample,
    preamble=(" ".join(column.name for column in COLUMNS[:14]),),
)
