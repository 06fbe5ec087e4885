"""Where documents and dead letters go, in what batches, and what follows a refusal."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from ingestd.config.section import Section
from ingestd.config.values import KIB, MIB, Bucket, Count, IndexName, Prefix, Seconds, SecretArn, StreamName, Texts, Url

__all__ = ["BatchSettings", "DeadLetterSettings", "FirehoseSettings", "OpenSearchSettings", "RetrySettings", "SinkSettings"]


class RetrySettings(Section):
    """Back-off of batches that a sink did not take: full jitter between nothing and the ceiling, which doubles."""

    first_seconds: Seconds = 0.5
    """The first ceiling: shorter than a search cluster's hiccup is not worth asking again."""
    ceiling_seconds: Seconds = 20.0
    """The last ceiling: how long after healing a sink may stay unused. With 20 it is at full rate again within 30 s."""


class BatchSettings(Section):
    """When a batch is sealed: whichever limit comes first."""

    batch_count_max: Annotated[int, Field(ge=1, le=100_000)] = 10_000
    """Documents in a request; the bytes limit is reached first unless documents are tiny."""
    batch_bytes_max: Annotated[int, Field(ge=64 * KIB, le=96 * MIB)] = 5 * MIB
    """Encoded bytes in a request: large beside its overhead, and below every limit (10 MB on small AWS clusters)."""
    batch_seconds: Seconds = 1.0
    """A batch is sent at this age however small: what light load adds to the way from S3 to search."""
    permits_first: Count = 4
    """Requests under way at once at the start; then it is found by trying: up by one, down by half."""
    permits_max: Annotated[int, Field(ge=1, le=256)] = 16
    """The most of them; each may hold a batch in memory."""


class OpenSearchSettings(BatchSettings):
    """An OpenSearch or Elasticsearch cluster, written by bulk."""

    kind: Literal["opensearch"] = "opensearch"
    """OpenSearch or Elasticsearch. A sink whose name is a kind need not say it."""
    urls: Annotated[tuple[Url, ...], Texts, Field(min_length=1)]
    """The cluster's nodes or its load balancer; `url` for a single one."""
    index: IndexName = "logs-{dataset}"
    """What comes before the date in an index's name, or the data stream's; without {dataset} all datasets share it."""
    mode: Literal["daily", "weekly", "monthly", "data_stream"] = "daily"
    """An index by the event's own date, longer for little data: none twice; or a data stream, where that is only rare."""
    auth: Literal["none", "basic", "api_key", "sigv4"] = "none"
    """How requests are signed; sigv4 with the credentials of the environment."""
    username: str | None = None
    """For basic."""
    password: SecretStr | None = None
    """For basic; or `password_file`, whose content it is; or `password_secret`."""
    password_secret: SecretArn | None = None
    """For basic: the password's ARN in AWS Secrets Manager, read at the start; `:KEY` behind it names one key of JSON."""
    api_key: SecretStr | None = None
    """For api_key, as Elasticsearch encodes it; or `api_key_file`; or `api_key_secret`."""
    api_key_secret: SecretArn | None = None
    """For api_key: its ARN in AWS Secrets Manager, as for the password."""
    region: str | None = None
    """For sigv4; without one: [aws] region."""
    service: Literal["es", "aoss"] = "es"
    """For sigv4: aoss for the serverless kind."""
    ca_file: str | None = None
    """Certificates to trust instead of the system's."""
    client_cert_file: str | None = None
    """For mutual TLS: our certificate (PEM, its key perhaps in it), shown to the cluster whatever `auth` says."""
    client_key_file: str | None = None
    """For mutual TLS: the key of that certificate, if it has a file of its own."""
    dangerously_skip_certificate_check: bool = False
    """Believe any certificate; then anyone on the way reads and changes everything."""
    compress: Literal["always", "never", "auto"] = "auto"
    """gzip of requests; auto: not to this machine, where the network costs less than compression."""
    timeout_seconds: Seconds = 30.0
    """An answer later than this is taken for lost, and the batch is sent again; its ids make that harmless."""


class FirehoseSettings(BatchSettings):
    """An Amazon Data Firehose stream, written by PutRecordBatch."""

    kind: Literal["firehose"] = "firehose"
    """Amazon Data Firehose. A sink whose name is a kind need not say it."""
    stream: StreamName
    """The stream's name."""
    region: str | None = None
    """Where the stream is; without one: [aws] region."""
    pack: Literal["document", "lines"] = "document"
    """A record: one document, as OpenSearch needs; or as many lines as fit, for S3 and Splunk: each record costs as 5 KB."""
    batch_count_max: Annotated[int, Field(ge=1, le=500)] = 500
    """Records in a request: Firehose's own maximum."""
    batch_bytes_max: Annotated[int, Field(ge=1, le=4 * MIB)] = 4 * MIB
    """Bytes in a request: Firehose's own maximum."""


SinkSettings = Annotated[OpenSearchSettings | FirehoseSettings, Field(discriminator="kind")]


class DeadLetterSettings(Section):
    """Where dead letters go; without a bucket what cannot be delivered stays on the queue, and its owner's DLQ gets it."""

    bucket: Bucket | None = None
    """Without one, what cannot be delivered stays on the queue, whose own dead-letter queue gets it in the end."""
    prefix: Prefix = "ingestd/dead-letters/"
    """Keys begin with this; the role needs PutObject here and nowhere else."""
    raw_bytes_max: Annotated[int, Field(ge=1, le=16 * MIB)] = 64 * KIB
    """Of a longer line this much is kept; place and length tell where the rest is."""
    batch_seconds: Seconds = 5.0
    """An object of dead letters is written at this age however small: messages wait for it to be deleted."""
    batch_bytes_max: Annotated[int, Field(ge=1, le=64 * MIB)] = 4 * MIB
    """Or at this size, before compression."""
