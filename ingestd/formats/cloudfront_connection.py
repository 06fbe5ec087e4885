"""CloudFront connection logs: the TLS handshakes of viewers that have to show a certificate, in JSON.

Source: AWS, "Observability using connection logs", the table "Connection log fields", as of 2026-11-26, in a stored copy of the
page; users choose among them. Field names are those of the access logs and of the Elastic Common Schema.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from random import Random

import orjson

from ingestd.formats.table import (
    SAMPLE_TIME,
    Column,
    Cut,
    Integer,
    Ip,
    Mapped,
    Moment,
    Piece,
    Shape,
    Table,
    Text,
    Tls,
)

__all__ = ["FORMAT"]

FAILURES = (
    "ClientCertMaxChainDepthExceeded",
    "ClientCertMaxSizeExceeded",
    "ClientCertUntrusted",
    "ClientCertNotYetValid",
    "ClientCertExpired",
    "ClientCertTypeUnsupported",
    "ClientCertInvalid",
    "ClientCertIntentInvalid",
    "ClientCertRejected",
    "ClientCertMissing",
    "TcpError",
    "TcpTimeout",
    "ConnectionFunctionError",
    "ConnectionFunctionDenied",
    "Internal",
    "UnmappedConnectionError",
)
OUTCOMES = (("Success", "success"), ("Failed", "failure"), *((f"Failed:{code}", "failure") for code in FAILURES))
MILLISECOND = int(SAMPLE_TIME.timestamp()) * 1000


def sample(random: Random) -> str:
    """A record of a handshake."""
    below, succeeded = random.randrange, random.randrange(5) > 0
    record = {
        "eventTimestamp": MILLISECOND + below(1000),
        "connectionId": urlsafe_b64encode(random.randbytes(40)).decode(),
        "connectionStatus": "Success" if succeeded else f"Failed:{random.choice(FAILURES)}",
        "clientIp": f"192.0.2.{below(256)}" if below(5) else f"2001:db8::{below(65536):x}",
        "clientPort": below(1024, 65536),
        "serverIp": f"203.0.113.{below(256)}",
        "distributionId": "E2DX1SLDPK0123",
        "tlsProtocol": "TLSv1.3",
        "tlsCipher": "TLS_AES_128_GCM_SHA256",
        "tlsHandshakeDuration": below(5, 400),
        "tlsSni": "www.example.com",
        "clientLeafCertSerialNumber": ":".join(f"{byte:02x}" for byte in random.randbytes(9)),
        "clientLeafCertSubject": f"C=US, O=Example, CN=client-{below(90)}.example.com",
        "clientLeafCertIssuer": "C=US, O=Example, CN=ca.example.com",
        "clientLeafCertValidity": "NotBefore=2025-06-05T23:28:21Z;NotAfter=2027-05-12T23:28:21Z",
    }
    return orjson.dumps(record).decode()


FORMAT = Table(
    name="cloudfront_connection",
    dataset="aws.cloudfront_logs",
    service="cloudfront",
    shape=Shape.JSON,
    columns=(
        Column("eventTimestamp", Moment("@timestamp")),
        Column("timestamp", Moment("@timestamp")),
        Column("connectionId", Text("aws.cloudfront.connection_id")),
        Column(
            "connectionStatus",
            Cut(":", (Piece("aws.cloudfront.connection_status"), Piece("aws.cloudfront.connection_error"))),
            Mapped("event.outcome", OUTCOMES),
        ),
        Column("clientIp", Ip("source.ip", "source.address")),
        Column("clientPort", Integer("source.port")),
        Column("serverIp", Ip("destination.ip", "destination.address")),
        Column("distributionId", Text("aws.cloudfront.distribution_id")),
        Column("distributionTenantId", Text("aws.cloudfront.distribution_tenant_id")),
        Column("tlsProtocol", Tls("aws.cloudfront.ssl_protocol")),
        Column("tlsCipher", Text("tls.cipher")),
        Column("tlsHandshakeDuration", Integer("aws.cloudfront.tls_handshake_duration.ms")),
        Column("tlsSni", Text("tls.client.server_name")),
        Column("clientLeafCertSerialNumber", Text("tls.client.x509.serial_number")),
        Column("clientLeafCertSubject", Text("tls.client.subject")),
        Column("clientLeafCertIssuer", Text("tls.client.issuer")),
        Column(
            "clientLeafCertValidity",
            Cut(
                ";",
                (
                    Piece("tls.client.not_before", "NotBefore=", "date"),
                    Piece("tls.client.not_after", "NotAfter=", "date"),
                ),
            ),
        ),
        Column("connectionLogCustomData", Text("aws.cloudfront.connection_log_data", type="wildcard")),
    ),
    required=0,
    dashes=True,
    rest="aws.cloudfront.extra_members",  # `extra` is a list of strings in the indices that both write to
    constants=(("event.kind", "event"), ("event.category", ("network",)), ("event.type", ("connection",))),
    key="",
    content=r"(?=.* connectionStatus ).* (?:connectionId|tlsHandshakeDuration|clientLeafCertSubject|tlsProtocol) ",
    sample=sample,
)
