"""Route 53 Resolver query logs: each DNS query of a VPC and its answer.

Source: AWS, "Values that appear in VPC Resolver query logs", version 1.1, as of 2026-11-24. Field names are those of Elastic's
AWS integration, dataset `aws.route53_resolver_logs`, where it names one.
"""

from __future__ import annotations

from random import Random

import orjson

from ingestd.formats.table import Column, Integer, Ip, Items, Mapped, Moment, Shape, Table, Text

__all__ = ["FORMAT"]

NAMES = ("api.example.com.", "db{n}.internal.example.", "_sip._tcp.example.org.", "xn--mnchen-3ya.example.")


def sample(random: Random) -> str:
    """A record of one query."""
    below, found = random.randrange, random.randrange(5) > 0
    record = {
        "version": "1.100000",
        "account_id": "123456789012",
        "region": "eu-central-1",
        "vpc_id": f"vpc-0a1b2c3d{below(9)}",
        "query_timestamp": "2026-11-01T12:00:00Z",
        "query_name": random.choice(NAMES).format(n=below(90)),
        "query_type": random.choice(("A", "AAAA", "SRV", "PTR")),
        "query_class": "IN",
        "rcode": "NOERROR" if found else "NXDOMAIN",
        "answers": [{"Rdata": f"203.0.113.{below(256)}", "Type": "A", "Class": "IN"} for _ in range(below(1, 4) * found)],
        "srcaddr": f"10.0.{below(256)}.{below(256)}",
        "srcport": str(below(1024, 65536)),
        "transport": "UDP" if below(9) else "TCP",
        "srcids": {"instance": f"i-0{random.getrandbits(60):015x}"},
    }
    if below(9) == 0:
        record |= {"firewall_rule_action": "BLOCK", "firewall_rule_group_id": f"rslvr-frg-{below(9)}",
                   "firewall_domain_list_id": f"rslvr-fdl-{below(9)}"}  # fmt: skip
    return orjson.dumps(record).decode()


FORMAT = Table(
    name="route53_resolver",
    dataset="aws.route53_resolver_logs",
    service="route53",
    shape=Shape.JSON,
    columns=(
        Column("version", Text("aws.route53.version")),
        Column("account_id", Text("aws.route53.account_id")),
        Column("region", Text("aws.route53.region")),
        Column("vpc_id", Text("network.name")),
        Column("query_timestamp", Moment("@timestamp")),
        Column("query_name", Text("dns.question.name")),
        Column("query_type", Text("dns.question.type")),
        Column("query_class", Text("dns.question.class")),
        Column("rcode", Text("dns.response_code"), Mapped("event.outcome", (("NOERROR", "success"),))),
        Column("answers[].Rdata", Items("dns.answers.data")),
        Column("answers[].Type", Items("dns.answers.type")),
        Column("answers[].Class", Items("dns.answers.class")),
        Column("answers"),
        Column("srcaddr", Ip("source.ip", "source.address")),
        Column("srcport", Integer("source.port")),
        Column("transport", Text("network.transport")),
        Column("srcids.instance", Text("aws.route53.instance_id")),
        Column("srcids.resolver_endpoint", Text("aws.route53.resolver_endpoint_id")),
        Column("srcids.resolver_network_interface", Text("aws.route53.resolver_network_interface_id")),
        Column("firewall_rule_action", Text("aws.route53.firewall.action"), Text("event.action")),
        Column("firewall_rule_group_id", Text("aws.route53.firewall.rule_group.id")),
        Column("firewall_domain_list_id", Text("aws.route53.firewall.domain_list.id")),
        Column("firewall_protection", Text("aws.route53.firewall.protection")),
    ),
    required=0,
    dashes=True,
    constants=(("event.kind", "event"), ("event.category", ("network",)), ("event.type", ("protocol",))),
    key=r"(?:^|/)AWSLogs/\d+/vpcdnsquerylogs/",
    content=r"(?=.* query_timestamp ).* query_name ",
    sample=sample,
)
