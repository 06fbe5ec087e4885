"""Lambda logs of functions whose log format is JSON: the platform's events, and what functions log.

Source: AWS, "Lambda Telemetry API Event schema reference" and "Configuring JSON and plain text log formats", as of 2026-11-24.
The platform writes `time`, `type` (`platform.start`, `platform.report`, ...) and `record`. Runtimes write `timestamp`, `level`,
`message` and `requestId` (Java and .NET name it otherwise), and functions what they like: that stands in `app`, as for
`events`. Field names are those of Elastic's AWS integration, dataset `aws.lambda_logs`, as in the text form (lambda_logs.py).

All JSON of a log group `/aws/lambda/...` is read so. Elsewhere only the platform's events are recognised.
"""

from __future__ import annotations

from random import Random

import orjson

from ingestd.formats.apigateway_text import request_id
from ingestd.formats.lambda_logs import FORMAT as TEXT
from ingestd.formats.lambda_logs import OUTCOMES
from ingestd.formats.table import SAMPLE_TIME, Boolean, Column, Decimal, Integer, Items, Mapped, Moment, Shape, Table, Text

__all__ = ["FORMAT"]


def sample(random: Random) -> str:
    """The beginning of an invocation, or its report."""
    below, identity = random.randrange, request_id(random)
    record: dict[str, object] = {"requestId": identity}
    kind, duration = random.choice(("platform.start", "platform.report")), below(100, 900_000) / 1000
    if kind == "platform.start":
        record |= {"version": "$LATEST", "functionArn": "arn:aws:lambda:eu-west-1:123456789012:function:pets"}
    else:
        metrics = {"durationMs": duration, "billedDurationMs": int(duration) + 1, "memorySizeMB": 512}
        record |= {"metrics": metrics | {"maxMemoryUsedMB": below(60, 500)}, "status": "success"}
    time = SAMPLE_TIME.strftime(f"%Y-%m-%dT%H:%M:%S.{below(1000):03}Z")
    return orjson.dumps({"time": time, "type": kind, "record": record}).decode()


def _record(name: str, path: str) -> Column:
    return Column(f"record.{name}", Text(f"aws.lambda.{path}"))


def _metric(name: str, path: str) -> Column:
    whole = path.endswith(("_mb", "_bytes", "_records"))
    return Column(f"record.metrics.{name}", (Integer if whole else Decimal)(f"aws.lambda.metrics.{path}"))


FORMAT = Table(
    name="lambda_json",
    dataset=TEXT.dataset,
    service="lambda",
    shape=Shape.JSON,
    columns=(
        Column("time", Moment("@timestamp")),
        Column("timestamp", Moment("@timestamp")),
        Column("_aws.Timestamp", Moment("@timestamp")),
        Column("type", Text("aws.lambda.event_type")),
        _record("requestId", "request_id"),
        Column("requestId", Text("aws.lambda.request_id")),
        Column("AWSRequestId", Text("aws.lambda.request_id")),
        Column("function_request_id", Text("aws.lambda.request_id")),
        Column("level", Text("log.level")),
        Column("log.level", Text("log.level")),
        Column("logger", Text("log.logger")),
        Column("message", Text("message", type="text")),
        Column("msg", Text("message", type="text")),
        Column("service", Text("service.name")),
        Column("record.status", Text("aws.lambda.status"), Mapped("event.outcome", OUTCOMES)),
        Column("record.errorType", Text("aws.lambda.error.type"), Text("error.type")),
        Column("errorType", Text("aws.lambda.error.type"), Text("error.type")),
        Column("errorMessage", Text("aws.lambda.error.message"), Text("error.message")),
        Column("stackTrace", Items("aws.lambda.error.stack_trace")),
        Column("location", Text("aws.lambda.error.location")),
        _record("functionArn", "arn"),
        Column("function_arn", Text("aws.lambda.arn")),
        _record("functionName", "name"),
        Column("function_name", Text("aws.lambda.name")),
        _record("version", "version"),
        _record("functionVersion", "version"),
        _record("instanceId", "instance_id"),
        _record("runtimeVersion", "runtime_version"),
        _record("runtimeVersionArn", "runtime_version_arn"),
        _record("initializationType", "initialization_type"),
        _record("phase", "phase"),
        Column("cold_start", Boolean("aws.lambda.cold_start")),
        Column("correlation_id", Text("aws.lambda.correlation_id")),
        Column("xray_trace_id", Text("aws.lambda.xray_trace_id")),
        _record("tracing.spanId", "tracing.span_id"),
        _record("tracing.type", "tracing.type"),
        _record("tracing.value", "tracing.value"),
        _record("name", "extension.name"),
        _record("state", "extension.state"),
        Column("record.events", Items("aws.lambda.extension.events")),
        _metric("durationMs", "duration_ms"),
        _metric("billedDurationMs", "billed_duration_ms"),
        _metric("initDurationMs", "init_duration_ms"),
        _metric("restoreDurationMs", "restore_duration_ms"),
        _metric("billedRestoreDurationMs", "billed_restore_duration_ms"),
        _metric("memorySizeMB", "memory_size_mb"),
        _metric("maxMemoryUsedMB", "max_memory_used_mb"),
        _metric("producedBytes", "produced_bytes"),
        Column("record.droppedBytes", Integer("aws.lambda.metrics.dropped_bytes")),
        Column("record.droppedRecords", Integer("aws.lambda.metrics.dropped_records")),
        Column("trace_id", Text("trace.id")),
        Column("trace.id", Text("trace.id")),
    ),
    required=0,
    dated_by_object=True,
    constants=TEXT.constants,
    group=TEXT.group,
    named=TEXT.named,
    key=TEXT.key,
    content=" time type record ",
    catches=True,
    rest="app",
    sample=sample,
)
