"""Every setting, declared once. Sources, strongest first: environment (`INGESTD_QUEUE__URL`), the TOML file, the defaults.

`config/ingestd.toml` shows each key with its default and the reason for it; a test holds the two together.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

__all__ = [
    "AwsSettings",
    "DeadLetterSettings",
    "EventSettings",
    "FirehoseSettings",
    "HttpSettings",
    "LogSettings",
    "MemorySettings",
    "ObjectSettings",
    "OpenSearchSettings",
    "QueueSettings",
    "RetrySettings",
    "RouteSettings",
    "Settings",
    "SinkSettings",
]

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    """A part of the settings: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AwsSettings(Section):
    """Region and, for tests and private endpoints, where the services are."""

    region: str | None = None
    endpoint_url: str | None = None
    connect_timeout_seconds: Positive = 5.0
    read_timeout_seconds: Positive = 20.0


class QueueSettings(Section):
    """The SQS queue of notices, and what may be named by them."""

    url: str | None = None
    buckets: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    visibility_seconds: Annotated[int, Field(ge=30, le=43200)] = 300
    wait_seconds: Annotated[int, Field(ge=0, le=20)] = 20
    receivers: Annotated[int, Field(ge=1, le=32)] = 2
    messages_in_flight_max: Count = 200
    message_age_seconds_max: Annotated[int, Field(ge=60, le=42600)] = 39600


class ObjectSettings(Section):
    """Limits on what one object may be."""

    in_flight_max: Count = 32
    decoded_bytes_max: Count = 64 * GIB
    ratio_max: Positive = 1100.0
    line_bytes_max: Count = 1 * MIB
    block_bytes: Annotated[int, Field(ge=64 * KIB, le=64 * MIB)] = 1 * MIB
    read_attempts_max: Count = 5


class MemorySettings(Section):
    """The budget for bytes read and not yet settled; it is taken before reading."""

    budget_bytes: Annotated[int, Field(ge=16 * MIB)] = 256 * MIB


class RetrySettings(Section):
    """Back-off of batches that a sink did not take: full jitter between nothing and the ceiling, which doubles."""

    first_seconds: Positive = 0.5
    ceiling_seconds: Positive = 60.0


class EventSettings(Section):
    """How events choose their index by date."""

    days_past: Annotated[int, Field(ge=1, le=4000)] = 400
    days_ahead: Annotated[int, Field(ge=0, le=400)] = 2
    original: bool = False


class BatchSettings(Section):
    """When a batch is sealed: whichever limit comes first."""

    batch_count_max: Count = 10_000
    batch_bytes_max: Annotated[int, Field(ge=64 * KIB)] = 5 * MIB
    batch_seconds: Positive = 1.0
    permits_first: Count = 4
    permits_max: Count = 16


class OpenSearchSettings(BatchSettings):
    """An OpenSearch or Elasticsearch cluster, written by bulk."""

    kind: Literal["opensearch"] = "opensearch"
    urls: tuple[str, ...]
    index: str = "logs-{dataset}"
    period: Literal["daily", "weekly", "monthly"] = "daily"
    auth: Literal["none", "basic", "api_key", "sigv4"] = "none"
    username: str | None = None
    password: SecretStr | None = None
    api_key: SecretStr | None = None
    region: str | None = None
    service: Literal["es", "aoss"] = "es"
    ca_file: str | None = None
    dangerously_skip_certificate_check: bool = False
    compress: Literal["always", "never", "auto"] = "auto"
    timeout_seconds: Positive = 30.0


class FirehoseSettings(BatchSettings):
    """An Amazon Data Firehose stream, written by PutRecordBatch, one document a record."""

    kind: Literal["firehose"] = "firehose"
    stream: str
    region: str | None = None
    batch_count_max: Annotated[int, Field(ge=1, le=500)] = 500
    batch_bytes_max: Annotated[int, Field(ge=1, le=4 * MIB)] = 4 * MIB


SinkSettings = Annotated[OpenSearchSettings | FirehoseSettings, Field(discriminator="kind")]


class RouteSettings(Section):
    """One `[[route]]`: which objects, and where they go. The first that fits wins; patterns are regular expressions."""

    bucket: str | None = None
    key: str | None = None
    format: str = "auto"
    dataset: str | None = None
    sinks: tuple[str, ...] = ()
    drop: bool = False


class DeadLetterSettings(Section):
    """Where dead letters go; without a bucket what cannot be delivered stays on the queue, and its owner's DLQ gets it."""

    bucket: str | None = None
    prefix: str = "ingestd/dead-letters/"
    raw_bytes_max: Count = 64 * KIB
    batch_seconds: Positive = 5.0
    batch_bytes_max: Count = 4 * MIB


class HttpSettings(Section):
    """The port for health, metrics and the page."""

    host: str = "0.0.0.0"  # noqa: S104 - a container is reached from outside by design
    port: Annotated[int, Field(ge=0, le=65535)] = 8080


class LogSettings(Section):
    """Logs: JSON lines, or a readable form on a terminal."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    form: Literal["auto", "json", "console"] = "auto"


class Settings(Section):
    """All of it."""

    aws: AwsSettings = AwsSettings()
    queue: QueueSettings = QueueSettings()
    object: ObjectSettings = ObjectSettings()
    memory: MemorySettings = MemorySettings()
    retry: RetrySettings = RetrySettings()
    events: EventSettings = EventSettings()
    sinks: dict[str, SinkSettings] = Field(default_factory=dict)
    route: tuple[RouteSettings, ...] = ()
    dead_letters: DeadLetterSettings = DeadLetterSettings()
    http: HttpSettings = HttpSettings()
    log: LogSettings = LogSettings()
    threads: Annotated[int, Field(ge=0, le=256)] = 0
    drain_seconds: Positive = 25.0
