"""Application Load Balancer connection logs.

Source: AWS, "Connection logs for your Application Load Balancer", the table "Connection log entries", 15 fields and 13 reasons
of failures, as of 2026-11-26, in a stored copy of the page; lines before that have 12 or 13. Field names are those of Elastic's
AWS integration, dataset `aws.elb_logs`, which calls the listener's port `aws.elb.listener`.
"""

from __future__ import annotations

from random import Random

from ingestd.formats.table import Column, Cut, Decimal, Instant, Integer, Ip, Mapped, Piece, Shape, Table, Text, Tls

__all__ = ["FORMAT"]

SECURE = ("TLSv1.3 TLS_AES_128_GCM_SHA256",) * 3 + ("TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256",)
FAILURES = (
    "ClientCertMaxChainDepthExceeded",
    "ClientCertMaxSizeExceeded",
    "ClientCertCrlHit",
    "ClientCertCrlProcessingError",
    "ClientCertUntrusted",
    "ClientCertNotYetValid",
    "ClientCertExpired",
    "ClientCertTypeUnsupported",
    "ClientCertInvalid",
    "ClientCertPurposeInvalid",
    "ClientCertRejected",
    "UnmappedConnectionError",
    "ClientCertIncompatible",
)
OUTCOMES = (("Success", "success"), *((f"Failed:{code}", "failure") for code in FAILURES))
VALIDITY = "NotBefore=2025-09-21T22:43:21Z;NotAfter=2027-06-17T22:43:21Z"


def sample(random: Random) -> str:
    """A line of 15 columns: plain, TLS, or mutual TLS, whose client shows a certificate."""
    below, bits = random.randrange, random.getrandbits
    kind = below(6)
    client = f"{below(1, 224)}.{below(256)}.{below(256)}.{below(256)} {below(1024, 65536)}"
    port, secure, certificate, verdict, exchange = 80, "- - -", '"-" - -', "-", "-"
    if kind:
        port, secure, exchange = 443, f"{random.choice(SECURE)} {below(1, 200) / 1000:.3f}", "X25519MLKEM768"
    if kind > 3:
        certificate = f'"CN=client-{below(90)}.example.com,O=Example,C=US" {VALIDITY} {bits(64):016X}'
        verdict = "Success" if below(5) else f"Failed:{random.choice(FAILURES)}"
    return (
        f"2026-11-01T12:00:00.{below(1_000_000):06}Z {client} {port} {secure} {certificate} {verdict} "
        f"TID_{bits(64):016x} {exchange} app/front/50dc6c495c0c9188 10.0.9.{below(4, 250)}"
    )


FORMAT = Table(
    name="alb_connection",
    dataset="aws.elb_logs",
    service="elb",
    shape=Shape.SPACED,
    padded=True,
    columns=(
        Column("timestamp", Instant("@timestamp")),
        Column("client_ip", Ip("client.ip", "client.address")),
        Column("client_port", Integer("client.port")),
        Column("listener_port", Text("aws.elb.listener")),
        Column("tls_protocol", Tls("aws.elb.ssl_protocol")),
        Column("tls_cipher", Text("tls.cipher")),
        Column("tls_handshake_latency", Decimal("aws.elb.tls_handshake_latency", minus_one_absent=True)),
        Column("leaf_client_cert_subject", Text("aws.elb.leaf_client_cert_subject")),
        Column(
            "leaf_client_cert_validity",
            Cut(
                ";",
                (
                    Piece("aws.elb.leaf_client_cert_not_before", "NotBefore=", "date"),
                    Piece("aws.elb.leaf_client_cert_not_after", "NotAfter=", "date"),
                ),
            ),
        ),
        Column("leaf_client_cert_serial_number", Text("aws.elb.leaf_client_cert_serial_number")),
        Column(
            "tls_verify_status",
            Cut(":", (Piece("aws.elb.tls_verify_status"), Piece("aws.elb.tls_error_code"))),
            Mapped("event.outcome", OUTCOMES),
        ),
        Column("conn_trace_id", Text("aws.elb.conn_trace_id")),
        Column("tls_keyexchange", Text("aws.elb.tls_keyexchange")),
        Column("elb", Text("aws.elb.name")),
        Column("ip_address", Ip("aws.elb.node.ip", "aws.elb.node.address")),
    ),
    required=4,
    comments=("#", "Enable ConnectionLog for ELB:"),
    constants=(
        ("event.kind", "event"),
        ("event.category", ("network",)),
        ("event.type", ("connection",)),
        ("aws.elb.protocol", "tcp"),
    ),
    key=r"(?:^|/)conn_log[._]",
    content=r"\d{4}-\d\d-\d\dT\S+ [0-9A-Fa-f.:]+ \d{1,5} \d{1,5} |Enable ConnectionLog for ELB: app/",
    sample=sample,
)
