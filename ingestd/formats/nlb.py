"""Network Load Balancer access logs: connections to its TLS listeners.

Source: AWS, "Access logs for your Network Load Balancer", the table "Access log entries", 22 fields, as of 2026-11-26, in a
stored copy of the page. It calls the 17th `tls_keyexchange` now, which was `tls_named_group`, always `-`. Lines of version 1.0
had 18 columns, later ones 21. Times are in UTC and say so by nothing. Field names are those of Elastic's AWS integration,
dataset `aws.elb_logs`.

The list of ALPN protocols is one column, `"h2","http/1.1"`.
"""

from __future__ import annotations

from random import Random

from ingestd.formats.table import Column, Endpoint, Instant, Integer, Shape, Table, Text, Tls, Words

__all__ = ["FORMAT"]

CERTIFICATE = "arn:aws:acm:us-east-2:123456789012:certificate/2a108f19-aded-46b0-8493-{:012x}"
PROTOCOLS = ('h2 h2 "h2","http/1.1"', 'http/1.1 http/1.1 "http/1.1"', "- - -", "- - -")


def sample(random: Random) -> str:
    """A line of 22 columns."""
    below = random.randrange
    balancer, failed = below(4), below(12) == 0
    client = f"{below(1, 224)}.{below(256)}.{below(256)}.{below(256)}:{below(1024, 65536)}"
    secure = "- - - - -" if failed else f"{CERTIFICATE.format(balancer)} - TLS_AES_128_GCM_SHA256 tlsv13 -"
    return (
        f"tls 2.0 2026-11-01T12:00:00 net/inner-{balancer}/c6e77e28c25b223{balancer} g3d4b5e8bb8464c{balancer} "
        f"{client} 10.0.{below(4)}.{below(4, 250)}:443 {below(1, 90_000)} {'-' if failed else below(1, 90)} "
        f"{below(100, 9000)} {below(100, 900_000)} {f'{below(10, 80)}' if failed else '-'} {secure} "
        f"{'-' if failed else f'inner-{balancer}.example.com'} {'- - -' if failed else random.choice(PROTOCOLS)} "
        f"2026-11-01T12:00:00"
    )


FORMAT = Table(
    name="nlb",
    dataset="aws.elb_logs",
    service="elb",
    shape=Shape.SPACED,
    padded=True,
    columns=(
        Column("type", Text("aws.elb.type")),
        Column("version"),
        Column("time", Instant("@timestamp")),
        Column("elb", Text("aws.elb.name")),
        Column("listener", Text("aws.elb.listener")),
        Column("client:port", Endpoint("source.ip", "source.port", "source.address")),
        Column("destination:port", Endpoint("aws.elb.backend.ip", "aws.elb.backend.port", "aws.elb.backend.address")),
        Column("connection_time", Integer("aws.elb.connection_time.ms", minus_one_absent=True)),
        Column("tls_handshake_time", Integer("aws.elb.tls_handshake_time.ms", minus_one_absent=True)),
        Column("received_bytes", Integer("source.bytes")),
        Column("sent_bytes", Integer("destination.bytes")),
        Column("incoming_tls_alert", Text("aws.elb.incoming_tls_alert")),
        Column("chosen_cert_arn", Text("aws.elb.chosen_cert.arn")),
        Column("chosen_cert_serial", Text("aws.elb.chosen_cert.serial")),
        Column("tls_cipher", Text("tls.cipher")),
        Column("tls_protocol_version", Tls("aws.elb.ssl_protocol", loose=True)),
        Column("tls_named_group", Text("aws.elb.ssl_named_group")),
        Column("domain_name", Text("destination.domain")),
        Column("alpn_fe_protocol", Text("aws.elb.alpn_fe_protocol")),
        Column("alpn_be_protocol", Text("aws.elb.alpn_be_protocol")),
        Column("alpn_client_preference_list", Words("aws.elb.alpn_client_preference_list", '","')),
        Column("tls_connection_creation_time", Instant("aws.elb.tls_connection_creation_time"), Instant("event.start")),
    ),
    required=11,
    comments=("#", "Enable AccessLog for ELB:"),
    constants=(
        ("event.kind", "event"),
        ("event.category", ("network",)),
        ("event.type", ("connection",)),
        ("aws.elb.protocol", "tcp"),
    ),
    key=r"_elasticloadbalancing_[a-z0-9-]+_net\.",
    content=r"tls \d+\.\d+ \d{4}-\d\d-\d\dT\S+ \S+ \S+ |Enable AccessLog for ELB: net/",
    sample=sample,
)
