"""The way in beside the queue."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from ingestd.config.section import Section
from ingestd.config.values import KIB, MIB, Bucket, Glob, Prefix, Seconds, SecretArn, Texts

__all__ = ["InletSettings"]


class InletSettings(Section):
    """A way in beside the queue: Firehose delivers here (POST /firehose), and applications put records by the AWS SDK."""

    port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """Where calls are taken; 0 takes a free one. Without one this is off."""
    host: str = "0.0.0.0"  # noqa: S104 - a container is reached from outside by design
    """All addresses; 127.0.0.1 where only this machine puts records."""
    streams: Annotated[tuple[Glob, ...], Texts] = ("*",)
    """The streams that are taken, by name, * and ? stand for anything; for another the answer is that it is not there."""
    api_key: SecretStr | None = None
    """The access key of Firehose's HTTP endpoint; two with a space while it changes. Or `api_key_file`; or `api_key_secret`."""
    api_key_secret: SecretArn | None = None
    """That key's ARN in AWS Secrets Manager, read at the start; `:api_key` behind it, as Firehose has it in JSON."""
    credentials: SecretStr | None = None
    """What the SDK signs with, as ID:SECRET, several with spaces. Or `credentials_file`; or `credentials_secret`."""
    credentials_secret: SecretArn | None = None
    """Their ARN in AWS Secrets Manager, read at the start; `:KEY` behind it names one key of JSON."""
    cert_file: str | None = None
    """Our certificate (PEM, with its chain). Without one calls come in plain: behind a load balancer that ends TLS."""
    key_file: str | None = None
    """The key of that certificate, if it has a file of its own."""
    spool_bucket: Bucket | None = None
    """Answer once the records are an object here, which comes by the queue as others do; else once the sinks have them."""
    spool_prefix: Prefix = "ingestd/spool/"
    """Keys of those objects begin with this; the role needs PutObject here."""
    answer_seconds: Seconds = 50.0
    """Then the answer is 503, and the call goes on: its sender's retry finds it. SDKs wait 60 seconds, Firehose 180."""
    body_bytes_max: Annotated[int, Field(ge=64 * KIB, le=256 * MIB)] = 64 * MIB
    """Of a body, before compression: Firehose's own maximum."""
    held_bytes_max: Annotated[int, Field(ge=1 * MIB)] = 256 * MIB
    """Calls that are read and not yet settled hold no more, beside memory.budget_bytes; over it they are answered 503."""
    calls_max: Annotated[int, Field(ge=1, le=10_000)] = 64
    """Calls under way at once; the next is answered 503."""
    calls_per_second_max: Annotated[float, Field(ge=1, le=100_000)] = 500.0
    """And of faster ones."""
    connections_max: Annotated[int, Field(ge=1, le=10_000)] = 512
    """Connections at once; one more is closed."""
    stall_seconds: Seconds = 10.0
    """A sender that is silent for longer while we wait for its body is cut off."""
    bytes_per_second_min: Annotated[int, Field(ge=1)] = 16 * KIB
    """And one that is slower, for it would hold a call's place for hours."""
