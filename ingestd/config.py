"""Every setting, declared once. Sources, strongest first: environment (`INGESTD_QUEUE__URL`), the TOML file, the defaults.

The text under a setting is its reason. `config/ingestd.toml` shows each key with its default and that text; a test holds the
two together. These models check each value alone and touch nothing outside: `config_loading` reads the sources and applies
what settings demand of each other.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from ingestd.config_values import (
    KIB,
    MIB,
    Account,
    Bucket,
    ColumnName,
    Count,
    Dataset,
    FieldPath,
    FormatName,
    Glob,
    IndexName,
    JsonObject,
    MemberPath,
    Prefix,
    QueueUrl,
    Regex,
    RoleName,
    Seconds,
    SecretArn,
    Separator,
    SinkName,
    StreamName,
    Tables,
    Texts,
    Url,
)

__all__ = [
    "KIB",
    "MIB",
    "AwsSettings",
    "BatchSettings",
    "ColumnSettings",
    "DeadLetterSettings",
    "EnrichSettings",
    "EventSettings",
    "FirehoseSettings",
    "FormatSettings",
    "HttpSettings",
    "InletSettings",
    "LogSettings",
    "MemorySettings",
    "ObjectSettings",
    "OpenSearchSettings",
    "QueueSettings",
    "RetrySettings",
    "RoleSettings",
    "RouteSettings",
    "Section",
    "Settings",
    "SetupSettings",
    "SinkSettings",
]

GIB = 1 << 30


class Section(BaseModel):
    """A part of the settings: frozen, unknown keys refused; the text under a setting is its description."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class AwsSettings(Section):
    """Region and, for tests and private endpoints, where the services are."""

    region: str | None = None
    """Without one: what AWS_REGION, the profile or the instance says."""
    endpoint_url: Url | None = None
    """Another place for all of AWS, as for tests; never taken from a message."""
    connect_timeout_seconds: Seconds = 5.0
    """A service that takes no connection in this time is unreachable, and asked again later."""
    read_timeout_seconds: Seconds = 20.0
    """Silence for this long is a fault (a receive may be silent for queue.wait_seconds more)."""


class QueueSettings(Section):
    """The SQS queue of notices, and what may be named by them."""

    url: QueueUrl | None = None
    """The queue that S3, SNS or EventBridge writes notices to; the service needs it."""
    buckets: Annotated[tuple[Bucket, ...], Texts] = ()
    """The buckets that notices may name, exactly: whoever can write to the queue can name any other."""
    owners: Annotated[tuple[Account, ...], Texts] = ()
    """The accounts that may own those buckets, sent as ExpectedBucketOwner; without any, the owner is not asked for."""
    dangerously_any_bucket: bool = False
    """Read whatever a notice names; then the role's policy is the only fence."""
    visibility_seconds: Annotated[int, Field(ge=30, le=43200)] = 300
    """How long a message stays hidden; renewed in time while it is worked on, so it bounds only the wait after a crash."""
    wait_seconds: Annotated[int, Field(ge=0, le=20)] = 20
    """Long polling, SQS's own maximum: fewer requests, no delay."""
    receivers: Annotated[int, Field(ge=1, le=32)] = 2
    """Receive requests under way at once, ten messages each."""
    messages_in_flight_max: Annotated[int, Field(ge=1, le=100_000)] = 200
    """Messages held at once; SQS lets a queue have 120,000 in flight over all its consumers."""
    message_age_seconds_max: Annotated[int, Field(ge=60, le=42600)] = 39600
    """A lease is not renewed past this: SQS ends it 12 h after the receipt whatever is asked."""


class ObjectSettings(Section):
    """Limits on what one object may be."""

    in_flight_max: Annotated[int, Field(ge=1, le=1000)] = 32
    """Objects read at once; log objects are small, and most of reading one is waiting."""
    decoded_bytes_max: Annotated[int, Field(ge=1, lt=10**12)] = 64 * GIB
    """Past this an object is a bomb; the ids have room for offsets below 10^12."""
    ratio_max: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 1100.0
    """Decoded to stored bytes; deflate cannot exceed 1032, so only a stronger code's bomb does."""
    line_bytes_max: Annotated[int, Field(ge=1, le=64 * MIB)] = 1 * MIB
    """A longer line is cut out as a reject, and reading goes on behind it."""
    envelope_bytes_max: Annotated[int, Field(ge=1 * MIB, le=64 * MIB)] = 16 * MIB
    """The same for an envelope of CloudWatch Logs, which holds many lines: some 10 MB at most as Firehose hands them on."""
    block_bytes: Annotated[int, Field(ge=64 * KIB, le=64 * MIB)] = 1 * MIB
    """What is parsed in one piece: fits the processor's cache, and is large beside the cost of handing it over."""
    parquet_bytes_max: Annotated[int, Field(ge=1, le=4 * GIB)] = 128 * MIB
    """A Parquet file can only be read whole, and is held in memory; AWS writes some 75 MB at most."""
    read_attempts_max: Annotated[int, Field(ge=1, le=100)] = 5
    """How often a cut body is taken up again by Range before the message is left for a later receipt."""


class MemorySettings(Section):
    """The budget for bytes read and not yet settled; it is taken before reading."""

    budget_bytes: Annotated[int, Field(ge=16 * MIB)] = 256 * MIB
    """Nothing is read without room here, so a slow sink stops the reading and not the process; at least 8 blocks."""


class RetrySettings(Section):
    """Back-off of batches that a sink did not take: full jitter between nothing and the ceiling, which doubles."""

    first_seconds: Seconds = 0.5
    """The first ceiling: shorter than a search cluster's hiccup is not worth asking again."""
    ceiling_seconds: Seconds = 20.0
    """The last ceiling: how long after healing a sink may stay unused. With 20 it is at full rate again within 30 s."""


class EventSettings(Section):
    """Where events have their time, and how they choose their index by it."""

    timestamp_paths: Annotated[tuple[MemberPath, ...], Texts] = (
        "@timestamp",
        "timestamp",
        "time",
        "ts",
        "@t",
        "eventTime",
        "event_time",
        "datetime",
        "date",
        "asctime",
        "timeUnixNano",
    )
    """Where applications' JSON events may have it, the first first: `a.b` is member b of a. Without one: the object's time."""

    days_past: Annotated[int, Field(ge=1, le=4000)] = 400
    """Events older than their object by more go to one outlier index, so that a hostile log cannot make a thousand indices."""
    days_ahead: Annotated[int, Field(ge=0, le=400)] = 2
    """The same for events newer than their object: clocks and time zones, not more."""
    original: bool = False
    """Keep each line as event.original too; it about doubles what is stored."""


class EnrichSettings(Section):
    """What documents say beyond their lines. Off, as it stands; it takes `pip install 'ingestd[enrich]'`."""

    user_agent: bool = False
    """Name, version, system and device of a user agent, as ua-parser knows them: user_agent.name, .version, .os.*, .device.*."""
    geoip_files: Annotated[tuple[str, ...], Texts, Field(max_length=3)] = ()
    """City or Country databases (mmdb), for source.geo.* of a client's address; the first that says a field has it."""
    asn_files: Annotated[tuple[str, ...], Texts, Field(max_length=3)] = ()
    """ASN or ISP databases (mmdb), for source.as.*. Files are held in memory, and read anew on SIGHUP if they changed."""


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


class RouteSettings(Section):
    """One `[[route]]`: which objects, and where they go. The first that fits wins; what is left out fits everything.

    With log_group it is for events of log groups, in objects of envelopes: the first that fits, else the object's own route.
    """

    bucket: Glob | None = None
    """A bucket's name; * and ? stand for anything."""
    key: Regex | None = None
    """A regular expression that is searched for in the object's key."""
    stream: Glob | None = None
    """The stream's name of records that come by [inlet]; * and ? stand for anything."""
    log_group: Glob | None = None
    """A CloudWatch log group's name; * and ? stand for anything. Sinks and dataset that it leaves out are the object's."""
    format: FormatName = "auto"
    """The log's format, or its events' where they come in envelopes; auto recognises it by key, or log group, and content."""
    dataset: Dataset | None = None
    """event.dataset and part of the index's name, instead of the format's own."""
    sinks: Annotated[tuple[SinkName, ...], Texts] = ()
    """Where the documents go, by name; a message is settled when all have settled. With one sink it goes without saying."""
    drop: bool = False
    """Acknowledge without reading, and count it."""


class SetupSettings(Section):
    """What `ingestd setup` makes in OpenSearch and Elasticsearch; the running service does not look at it."""

    shards: Annotated[int, Field(ge=1, le=1024)] = 1
    """Primary shards of an index: one carries some 50 GB; more than a day brings only where one node cannot keep up."""
    replicas: Annotated[int, Field(ge=0, le=10)] = 1
    """Copies of each shard: with one, a lost node loses nothing; 0 on a single node, 2 for AWS's Multi-AZ with standby."""
    refresh_seconds: Seconds = 2.0
    """How soon what is written can be found; with batch_seconds the most of the way from S3 to search. Longer costs less."""
    codec: Literal["default", "best_compression", "zstd", "zstd_no_dict"] = "best_compression"
    """How documents are stored: about a third less disk than default; zstd is faster, where the server has it."""
    fields_max: Annotated[int, Field(ge=100, le=100_000)] = 2000
    """Fields an index may have; all formats together have some hundreds, and what is beyond goes to `unmapped`."""
    keyword_chars_max: Annotated[int, Field(ge=16, le=8191)] = 1024
    """A longer value is stored but not indexed; 8191 characters always fit into Lucene's 32,766 bytes."""
    free_text: bool = True
    """Also index URLs, user agents and messages as words, so that people can search as they do on the web."""
    pipeline: str | None = None
    """An ingest pipeline of yours that every document takes (geoip, say); it must be there already."""
    retention_days: Annotated[int, Field(ge=0, le=36_500)] = 90
    """New indices are deleted at this age; 0: never. Indices from before setup are left alone."""
    security_retention_days: Annotated[int, Field(ge=0, le=36_500)] = 365
    """The same for security_datasets: most rules ask for a year."""
    rollover_days: Annotated[int, Field(ge=1, le=3650)] = 7
    """A data stream begins a new index at this age, so that deletion goes in small steps."""
    rollover_gib: Annotated[int, Field(ge=1, le=1000)] = 30
    """Or at this size of a primary shard: larger ones recover slowly."""
    security_datasets: Annotated[tuple[Glob, ...], Texts] = (
        "aws.cloudtrail*",
        "aws.waf*",
        "aws.s3access*",
        "aws.vpcflow*",
        "aws.guardduty*",
        "aws.firewall*",
    )
    """What security_reader may see and logs_reader may not; an index that holds any of it is theirs alone."""
    dashboards_url: Url | None = None
    """OpenSearch Dashboards or Kibana, for the saved objects; without one import config/opensearch/dashboards.ndjson."""


class RoleSettings(Section):
    """One `[[role]]`: who has it, and, for one of your own, what it may read. `ingestd setup --security` makes it."""

    name: RoleName
    """ingestd_writer, logs_reader and security_reader are there already and only need people; others are your own."""
    users: Annotated[tuple[str, ...], Texts] = ()
    """Users by name; for IAM users and roles on AWS the ARN goes to backend_roles."""
    backend_roles: Annotated[tuple[str, ...], Texts] = ()
    """Groups as Cognito, SAML, LDAP or IAM name them."""
    datasets: Annotated[tuple[Glob, ...], Texts] = ()
    """What it may read; * and ? stand for anything."""
    query: JsonObject | None = None
    """Only documents that this query (as JSON) finds."""
    hidden_fields: Annotated[tuple[str, ...], Texts] = ()
    """Fields that it does not get to see."""
    masked_fields: Annotated[tuple[str, ...], Texts] = ()
    """Fields of which it sees a hash, which is the same for the same value; OpenSearch only."""


class ColumnSettings(Section):
    """One `[[format.columns]]`: the columns in the order in which they stand in a line."""

    name: ColumnName
    """What the column is called in the log's header line or its documentation; of records: a path, `a.b` for b in a."""
    type: Literal[
        "text",
        "integer",
        "decimal",
        "ip",
        "endpoint",
        "time",
        "epoch",
        "clf_time",
        "list",
        "status",
        "version",
        "tls",
        "request",
        "moment",
        "boolean",
        "json",
    ] = "text"
    """text, integer, decimal, ip, endpoint, time, epoch, clf_time, moment (any), list, status, version, tls, boolean, json."""
    field: FieldPath | None = None
    """The field that it fills; request, status, version and tls have their own. Without any it is not kept."""
    percent: Literal[0, 1, 2] = 0
    """How often %HH is decoded in a text."""
    separator: Annotated[str, Field(min_length=1, max_length=16)] = ","
    """What stands between the items of a list."""


class FormatSettings(Section):
    """One `[[format]]`: a log of your own, delimited or described by patterns, or a known one whose fields its user chooses."""

    name: FormatName
    """What routes and metrics call it; no other format's name."""
    base: FormatName | None = None
    """A known format that this one has its columns from, as for cloudfront_realtime; then fields says which of them."""
    fields: Annotated[tuple[ColumnName, ...], Texts] = ()
    """With a base: the names of the columns that stand in a line, in their order (CloudFront's own order is known)."""
    columns: tuple[ColumnSettings, ...] = ()
    """Without a base: the columns, one table each."""
    shape: Literal["spaced", "spaced_raw", "tabbed", "csv", "pattern", "json"] = "spaced"
    """How columns are kept apart: quotes and brackets count in spaced, backslashes are no escapes in spaced_raw; or json."""
    patterns: Annotated[tuple[str, ...], Texts] = ()
    """Of the shape pattern: RE2 expressions whose groups are named as columns; the first that is the whole line counts."""
    wrapper: str | None = None
    """Of json: the name of the array that holds the records, where an object begins with one."""
    separator: Separator | None = None
    """One character between columns instead of the shape's own: a space, a tab, a comma."""
    runs: bool = False
    """Several separators in a row are one."""
    header: str | None = None
    """How a line begins that gives the order of columns by their names; "" for a line of nothing but names."""
    comments: Annotated[tuple[str, ...], Texts] = ()
    """How lines begin that are no log lines."""
    required: Annotated[int, Field(ge=1)] | None = None
    """How many columns, from the first, a line must have; without it: all of them."""
    dataset: Dataset | None = None
    """event.dataset and part of the index's name; without one: the base's, or the format's name."""
    key: Regex | None = None
    """A regular expression that is searched for in an object's key: with format = "auto" such objects are of this format."""
    content: Regex | None = None
    """A regular expression that an object's first line begins with, or, of json, ` the names of its first members `."""
    dated_by_object: bool = False
    """Lines without a time of their own have that of their object, or of the event they are; else they are dead letters."""


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


class HttpSettings(Section):
    """The port for health, metrics and the page."""

    host: str = "0.0.0.0"  # noqa: S104 - a container is reached from outside by design
    """All addresses: a container is reached from outside. 127.0.0.1 where nothing else should reach it."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """Health, metrics and the live page; 0 takes a free one."""
    page: bool = True
    """The live page at /; it shows numbers and where logs come from, never a line or a key."""
    username: str | None = None
    """Who may see the page and /stats; without one whoever reaches the port. Health and /metrics are open in any case."""
    password: SecretStr | None = None
    """Of that user; or `password_file`, whose content it is."""


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


class LogSettings(Section):
    """Logs: JSON lines, or a readable form on a terminal."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """debug tells of every object."""
    form: Literal["auto", "json", "console"] = "auto"
    """auto: console on a terminal, else one JSON object a line."""
    emf_namespace: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    """Also log a line a minute of which CloudWatch makes metrics in this namespace; needs level info or below, and no call."""


class Settings(Section):
    """All of it."""

    threads: Annotated[int, Field(ge=0, le=256)] = 0
    """Workers that inflate, parse and compress; 0: one for each processor."""
    processes: Annotated[int, Field(ge=1, le=64)] = 1
    """Processes that share the queue and the processors: more than one where CPU is left over; ports from http.port upwards."""
    drain_seconds: Annotated[Seconds, Field(le=3600)] = 25.0
    """From SIGTERM to exit; below the 30 s after which ECS and Kubernetes kill."""
    aws: AwsSettings = AwsSettings()
    queue: QueueSettings = QueueSettings()
    object: ObjectSettings = ObjectSettings()
    memory: MemorySettings = MemorySettings()
    retry: RetrySettings = RetrySettings()
    events: EventSettings = EventSettings()
    enrich: EnrichSettings = EnrichSettings()
    sinks: dict[SinkName, SinkSettings] = Field(default_factory=dict)
    format: Annotated[tuple[FormatSettings, ...], Tables] = ()
    route: Annotated[tuple[RouteSettings, ...], Tables] = ()
    dead_letters: DeadLetterSettings = DeadLetterSettings()
    setup: SetupSettings = SetupSettings()
    role: Annotated[tuple[RoleSettings, ...], Tables] = ()
    http: HttpSettings = HttpSettings()
    inlet: InletSettings = InletSettings()
    log: LogSettings = LogSettings()
