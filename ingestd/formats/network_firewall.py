"""Network Firewall: alerts, flows and TLS events, each in the form of Suricata's EVE under `event`.

Source: AWS, "Contents of a AWS Network Firewall log", and Suricata, "EVE JSON Output", as of 2026-11-26. Field names are those
of Elastic's AWS integration, dataset `aws.firewall_logs`, where it names one. What an event has beyond that is kept whole under
`aws.firewall.flattened`.
"""

from __future__ import annotations

from random import Random

import orjson

from ingestd.formats.table import Boolean, Column, Integer, Ip, Items, Json, Moment, Shape, Table, Text, Tls

__all__ = ["FORMAT"]


def sample(random: Random) -> str:
    """An alert or a flow."""
    below = random.randrange
    event = {
        "timestamp": f"2026-11-01T12:00:00.{below(10**6):06}+0000",
        "flow_id": random.getrandbits(50),
        "src_ip": f"10.0.{below(256)}.{below(256)}",
        "src_port": below(1024, 65536),
        "dest_ip": f"203.0.113.{below(256)}",
        "dest_port": random.choice((80, 443, 53)),
        "proto": "TCP",
    }
    if below(3):
        event |= {"event_type": "netflow", "app_proto": "http", "netflow": {
            "pkts": below(90), "bytes": below(90_000), "start": "2026-11-01T12:00:00.000000+0000",
            "end": "2026-11-01T12:00:00.000000+0000", "age": below(900), "min_ttl": 62, "max_ttl": 64},
            "tcp": {"tcp_flags": "1b", "syn": True, "fin": True, "ack": True}}  # fmt: skip
    else:
        event |= {"event_type": "alert", "alert": {"action": random.choice(("allowed", "blocked")), "rev": 1,
                  "signature_id": below(10**7), "signature": "no such host", "category": "Misc", "severity": below(1, 4)},
                  "http": {"hostname": "www.example.com", "url": "/", "http_user_agent": "curl/8.1.0", "http_method": "GET",
                           "protocol": "HTTP/1.1", "length": 0}}  # fmt: skip
    record = {"firewall_name": "inner", "availability_zone": "eu-central-1a", "event_timestamp": "1793534400", "event": event}
    return orjson.dumps(record).decode()


FORMAT = Table(
    name="network_firewall",
    dataset="aws.firewall_logs",
    service="firewall",
    shape=Shape.JSON,
    columns=(
        Column("event.timestamp", Moment("@timestamp")),
        Column("event_timestamp", Moment("@timestamp"), Moment("event.created")),
        Column("firewall_name", Text("observer.name")),
        Column("availability_zone", Text("aws.firewall.availability_zone")),
        Column("aws_category", Items("aws.firewall.category")),
        Column("event.event_type", Text("aws.firewall.event_type")),
        Column("event.flow_id", Text("aws.firewall.flow.id")),
        Column("event.src_ip", Ip("source.ip", "source.address")),
        Column("event.src_port", Integer("source.port")),
        Column("event.dest_ip", Ip("destination.ip", "destination.address")),
        Column("event.dest_port", Integer("destination.port")),
        Column("event.proto", Text("network.transport")),
        Column("event.app_proto", Text("network.protocol")),
        Column("event.tls_inspected", Boolean("aws.firewall.tls_inspected")),
        Column("event.alert.action", Text("event.action")),
        Column("event.alert.signature_id", Text("rule.id")),
        Column("event.alert.rev", Text("rule.version")),
        Column("event.alert.signature", Text("rule.name")),
        Column("event.alert.category", Text("rule.category")),
        Column("event.alert.severity", Integer("event.severity")),
        Column("event.verdict.action", Text("aws.firewall.verdict.action")),
        Column("event.netflow.pkts", Integer("network.packets")),
        Column("event.netflow.bytes", Integer("network.bytes")),
        Column("event.netflow.start", Moment("event.start")),
        Column("event.netflow.end", Moment("event.end")),
        Column("event.tcp.tcp_flags", Text("aws.firewall.tcp_flags")),
        Column("event.http.hostname", Text("url.domain")),
        Column("event.http.url", Text("url.original", type="wildcard")),
        Column("event.http.http_user_agent", Text("user_agent.original")),
        Column("event.http.http_method", Text("http.request.method")),
        Column("event.http.http_refer", Text("http.request.referrer", type="wildcard")),
        Column("event.http.status", Integer("http.response.status_code")),
        Column("event.tls.sni", Text("tls.client.server_name")),
        Column("event.sni", Text("tls.client.server_name")),
        Column("event.tls.version", Tls("aws.firewall.tls_version", loose=True)),
        Column("event", Json("aws.firewall.flattened.event")),
    ),
    required=0,
    constants=(("event.kind", "event"), ("event.category", ("network",)), ("event.type", ("connection",))),
    key=r"(?:^|/)AWSLogs/\d+/network-firewall/",
    content=r"(?=.* firewall_name ).* event_timestamp ",
    sample=sample,
)
