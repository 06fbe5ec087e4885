"""GuardDuty findings, as GuardDuty exports them to S3: a finding a line.

Source: AWS, "GuardDuty API: Finding", as of 2026-11-24. Field names are those of Elastic's AWS integration, dataset
`aws.guardduty`, where it names one. Every kind of finding has members of its own: what is common to all has fields, the rest of
`service` and of `resource` is kept whole under `aws.guardduty.flattened`. A finding that goes on is exported again: its time
is that of its last update.
"""

from __future__ import annotations

from random import Random

import orjson

from ingestd.formats.table import Boolean, Column, Decimal, Integer, Ip, Json, Moment, Shape, Table, Text

__all__ = ["FORMAT"]

KINDS = (
    ("UnauthorizedAccess:EC2/SSHBruteForce", 2.0, "EC2 instance is involved in SSH brute force attacks."),
    ("Recon:EC2/PortProbeUnprotectedPort", 5, "Unprotected port on EC2 instance is being probed."),
    ("CryptoCurrency:EC2/BitcoinTool.B!DNS", 8.0, "EC2 instance is querying a Bitcoin domain."),
)


def sample(random: Random) -> str:
    """A finding about an instance."""
    below, (kind, severity, title) = random.randrange, random.choice(KINDS)
    number, instance = f"{random.getrandbits(128):032x}", f"i-0{random.getrandbits(60):015x}"
    action = {"connectionDirection": "INBOUND", "protocol": "TCP", "blocked": False,
              "localPortDetails": {"port": 22, "portName": "SSH"},
              "remoteIpDetails": {"ipAddressV4": f"198.51.100.{below(256)}", "country": {"countryName": "Atlantis"},
                                  "organization": {"asn": str(below(65536)), "asnOrg": "Example"}}}  # fmt: skip
    record = {
        "schemaVersion": "2.0",
        "accountId": "123456789012",
        "region": "eu-central-1",
        "partition": "aws",
        "id": number,
        "arn": f"arn:aws:guardduty:eu-central-1:123456789012:detector/d1/finding/{number}",
        "type": kind,
        "resource": {"resourceType": "Instance", "instanceDetails": {
            "instanceId": instance, "instanceType": "m7g.large", "tags": [{"key": "team", "value": "shop"}],
            "networkInterfaces": [{"privateIpAddress": f"10.0.0.{below(256)}", "publicIp": f"203.0.113.{below(256)}"}]}},
        "service": {"serviceName": "guardduty", "detectorId": "d1", "resourceRole": "TARGET", "count": below(1, 900),
                    "archived": False,
                    "eventFirstSeen": "2026-11-01T12:00:00.000Z", "eventLastSeen": "2026-11-01T12:00:00.000Z",
                    "action": {"actionType": "NETWORK_CONNECTION", "networkConnectionAction": action}},
        "severity": severity,
        "createdAt": "2026-11-01T12:00:00.000Z",
        "updatedAt": f"2026-11-01T12:00:00.{below(1000):03}Z",
        "title": title,
        "description": f"{instance}: {title}",
    }  # fmt: skip
    return orjson.dumps(record).decode()


ACTIONS = ("networkConnectionAction", "awsApiCallAction", "kubernetesApiCallAction", "rdsLoginAttemptAction")
REMOTE = tuple(
    Column(f"service.action.{action}.remoteIpDetails.ipAddressV{version}", Ip("source.ip", "source.address"))
    for action in ACTIONS
    for version in (4, 6)
)

FORMAT = Table(
    name="guardduty",
    dataset="aws.guardduty",
    service="guardduty",
    shape=Shape.JSON,
    columns=(
        Column("updatedAt", Moment("@timestamp"), Moment("aws.guardduty.updated_at")),
        Column("createdAt", Moment("@timestamp"), Moment("aws.guardduty.created_at")),
        Column("schemaVersion", Text("aws.guardduty.schema_version")),
        Column("accountId", Text("aws.guardduty.account_id")),
        Column("region", Text("aws.guardduty.region")),
        Column("partition", Text("aws.guardduty.partition")),
        Column("id", Text("aws.guardduty.id")),
        Column("arn", Text("aws.guardduty.arn")),
        Column("type", Text("aws.guardduty.type"), Text("event.action")),
        Column("severity", Decimal("aws.guardduty.severity.code")),
        Column("confidence", Decimal("aws.guardduty.confidence")),
        Column("title", Text("aws.guardduty.title"), Text("rule.name")),
        Column("description", Text("aws.guardduty.description"), Text("rule.description")),
        Column("associatedAttackSequenceArn", Text("aws.guardduty.attack_sequence_arn")),
        Column("service.serviceName", Text("aws.guardduty.service.service_name")),
        Column("service.detectorId", Text("aws.guardduty.service.detector_id")),
        Column("service.count", Integer("aws.guardduty.service.count")),
        Column("service.archived", Boolean("aws.guardduty.service.archived")),
        Column("service.resourceRole", Text("aws.guardduty.service.resource_role")),
        Column("service.featureName", Text("aws.guardduty.service.feature_name")),
        Column("service.eventFirstSeen", Moment("event.start")),
        Column("service.eventLastSeen", Moment("event.end")),
        Column("service.action.actionType", Text("aws.guardduty.service.action.type")),
        Column("service.action.dnsRequestAction.domain", Text("dns.question.name")),
        *REMOTE,
        Column("service", Json("aws.guardduty.flattened.service")),
        Column("resource.resourceType", Text("aws.guardduty.resource.type")),
        Column("resource.instanceDetails.instanceId", Text("aws.guardduty.resource.instance_id")),
        Column("resource.accessKeyDetails.accessKeyId", Text("aws.guardduty.resource.access_key_id")),
        Column("resource.accessKeyDetails.userName", Text("user.name")),
        Column("resource.accessKeyDetails.principalId", Text("user.id")),
        Column("resource.eksClusterDetails.name", Text("orchestrator.cluster.name")),
        Column("resource", Json("aws.guardduty.flattened.resource")),
    ),
    required=0,
    constants=(("event.kind", "alert"), ("event.category", ("intrusion_detection",)), ("event.type", ("info",))),
    key=r"(?:^|/)AWSLogs/\d+/GuardDuty/",
    content=r"(?=.* schemaVersion )(?=.* severity )(?=.* resource ).* service ",
    sample=sample,
)
