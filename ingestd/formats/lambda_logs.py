r"""Lambda logs as text: the lines of the platform, and those of functions as their runtimes write them.

Source: AWS, "Viewing CloudWatch logs for Lambda functions", "Understanding the Lambda execution environment lifecycle" and
"Monitoring for Lambda SnapStart", and lines as they are, as of 2026-11-24. The platform writes START, END, REPORT, INIT_START,
INIT_REPORT, RESTORE_START, RESTORE_REPORT, EXTENSION, LOGS and XRAY, and says when a function failed. Runtimes write
`time\trequest id\tLEVEL\tmessage` (Node.js, .NET), `[LEVEL]\ttime\trequest id\tmessage` (Python) and the like; all else is a
message. Field names are those of Elastic's AWS integration, dataset `aws.lambda_logs`; durations keep their fractions.

Tabs and newlines may have become `\t` and `\n` on the way. A line without a time has that of its event; the name of a function
is told by the log group's. What functions log as JSON is read as such, not by this table.
"""

from __future__ import annotations

from random import Random

from ingestd.formats.apigateway_text import request_id
from ingestd.formats.table import Column, Decimal, Instant, Integer, Mapped, Shape, Table, Text, Words

__all__ = ["FORMAT"]

S = r"(?:\s|\\[tn])*"  # between the parts of a line, and at its end
VALUE = r"(?P<{0}>[^\s\\]+)"
WORDS = r"(?P<{0}>[^\s\\]+(?: [^\s\\:]+)*)"  # `Already subscribed`
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
ID = rf"(?P<request_id>{UUID})"
TIME = r"(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?Z)"
LEVEL = r"(?P<level>(?i:TRACE|DEBUG|INFO|INFORMATION|WARN|WARNING|ERROR|FAIL|FATAL|CRITICAL|CRIT|TRCE|DBUG))"
FAILURES = ("Task timed out", "Process exited before completing request", "Error: Runtime exited", "Error:")
OUTCOMES = (("success", "success"), ("error", "failure"), ("failure", "failure"), ("timeout", "failure"))
TAIL = rf"{S}(?P<message>.*)"


def _part(label: str, name: str, unit: str = "", value: str = VALUE) -> str:
    """One labelled value of a platform's line, which may be missing."""
    return rf"(?:{S}{label}: {value.format(name)}{unit})?"


def _there(*parts: str) -> tuple[str, ...]:
    """The same, which may not be missing."""
    return tuple(part.removesuffix("?") for part in parts)


def _line(kind: str, *parts: str) -> str:
    return rf"[ \t]*(?P<event_type>{kind})[\s]+" + "".join(parts) + TAIL


def _listed(kind: str, name: str, state: str, label: str, listed: str) -> str:
    """A line that lists something in brackets: between `, ` or, as some write it, between `,`."""
    listing = rf"\[(?:(?P<{listed}_close>[^\] ]*)|(?P<{listed}>[^\]]*))\]"
    return (
        rf"[ \t]*(?P<event_type>{kind}){S}Name: {VALUE.format(name)}{S}State: {WORDS.format(state)}{S}{label}: {listing}"
        + _part("Error Type", "error_type")
        + S
    )


NUMBER = "(?P<{0}>[0-9.]+)"
REQUEST = rf"RequestId: {ID}"
RUNTIME = (_part("Runtime Version", "runtime_version"), _part("Runtime Version ARN", "runtime_version_arn"))
TRACE = (_part("XRAY TraceId", "trace_id"), _part("SegmentId", "segment_id"), _part("Sampled", "sampled"))
END = (_part("Phase", "phase"), _part("Status", "status"), _part("Error Type", "error_type"))
USED = (
    _part("Duration", "duration", " ms", NUMBER),
    _part("Billed Duration", "billed_duration", " ms", NUMBER),
    _part("Memory Size", "memory_size", " MB", NUMBER),
    _part("Max Memory Used", "max_memory_used", " MB", NUMBER),
)
INIT = _part("Init Duration", "init_duration", " ms", NUMBER)
RESTORE = (
    _part("Restore Duration", "restore_duration", " ms", NUMBER),
    _part("Billed Restore Duration", "billed_restore_duration", " ms", NUMBER),
)
PATTERNS = (
    _line("START", REQUEST, _part("Version", "version")),
    _line("END", REQUEST),
    # A trace before the status; an init before the duration, as SAM has it locally; and what is usual.
    _line("REPORT", REQUEST, *USED, INIT, *RESTORE, *_there(*TRACE), *END[1:]),
    _line("REPORT", REQUEST, *_there(INIT), *USED, *END[1:], *TRACE),
    _line("REPORT", REQUEST, *USED, INIT, *RESTORE, *END[1:], *TRACE),
    _line("(?:INIT|RESTORE)_START", *RUNTIME),
    _line("INIT_REPORT", _part("Init Duration", "init_duration", " ms", NUMBER), *END),
    _line("RESTORE_REPORT", _part("Restore Duration", "restore_duration", " ms", NUMBER), *END),
    rf"(?P<event_type>XRAY) TraceId: {VALUE.format('trace_id')}" + "".join(TRACE[1:]) + S,
    _listed("EXTENSION", "extension", "extension_state", "Events", "extension_events"),
    _listed("LOGS|TELEMETRY", "subscriber", "subscriber_state", "Types", "subscriber_types"),
    rf"(?:{TIME} )?(?:RequestId: )?{ID} (?P<message>(?P<failed>{'|'.join(FAILURES)}).*?){S}",
    rf"{TIME}\t(?:{ID}|undefined)?\t{LEVEL}\t(?P<message>.*)",
    rf"\[{LEVEL}\]\s+{TIME}\s+(?:{ID})?\s*(?P<message>.*)",
    rf"{TIME}\s+<?{ID}>?\s+(?:{LEVEL}\s+)?(?P<message>.*)",
    rf"\[{LEVEL}\]\s+(?P<message>.*)",
    rf"{LEVEL}:\s+(?P<message>.*)",
    r"(?P<message>.*)",
)


def sample(random: Random) -> str:
    """A line of an invocation: its beginning, what the function says, its end or its report."""
    below, identity = random.randrange, request_id(random)
    duration = below(100, 900_000) / 100
    return random.choice(
        (
            f"START RequestId: {identity} Version: $LATEST",
            f"2026-11-01T12:00:00.{below(1000):03}Z\t{identity}\tINFO\torder {below(9999)} taken",
            f"[ERROR]\t2026-11-01T12:00:00.{below(1000):03}Z\t{identity}\tcannot reach inventory, attempt {below(4)}",
            f"END RequestId: {identity}",
            f"REPORT RequestId: {identity}\tDuration: {duration:.2f} ms\tBilled Duration: {int(duration) + 1} ms\t"
            f"Memory Size: 512 MB\tMax Memory Used: {below(60, 500)} MB\tInit Duration: {below(100, 90_000) / 100:.2f} ms\t",
        )
    )


FORMAT = Table(
    name="lambda_logs",
    dataset="aws.lambda_logs",
    service="lambda",
    shape=Shape.PATTERN,
    patterns=PATTERNS,
    columns=(
        Column("time", Instant("@timestamp")),
        Column("event_type", Text("aws.lambda.event_type")),
        Column("request_id", Text("aws.lambda.request_id")),
        Column("level", Text("log.level")),
        Column("message", Text("message", type="text")),
        Column("version", Text("aws.lambda.version")),
        Column("duration", Decimal("aws.lambda.metrics.duration_ms")),
        Column("billed_duration", Decimal("aws.lambda.metrics.billed_duration_ms")),
        Column("memory_size", Integer("aws.lambda.metrics.memory_size_mb")),
        Column("max_memory_used", Integer("aws.lambda.metrics.max_memory_used_mb")),
        Column("init_duration", Decimal("aws.lambda.metrics.init_duration_ms")),
        Column("restore_duration", Decimal("aws.lambda.metrics.restore_duration_ms")),
        Column("billed_restore_duration", Decimal("aws.lambda.metrics.billed_restore_duration_ms")),
        Column("phase", Text("aws.lambda.phase")),
        Column(
            "status",
            Text("aws.lambda.status"),
            Mapped("event.outcome", OUTCOMES),
        ),
        Column(
            "failed",
            Mapped("event.outcome", tuple((text, "failure") for text in FAILURES)),
            Mapped("aws.lambda.status", (("Task timed out", "timeout"),)),
        ),
        Column("error_type", Text("aws.lambda.error.type"), Text("error.type")),
        Column("runtime_version", Text("aws.lambda.runtime_version")),
        Column("runtime_version_arn", Text("aws.lambda.runtime_version_arn")),
        Column("trace_id", Text("aws.lambda.tracing.xray_trace_id")),
        Column("segment_id", Text("aws.lambda.tracing.segment_id")),
        Column("sampled", Text("aws.lambda.tracing.sampled")),
        Column("extension", Text("aws.lambda.extension.name")),
        Column("extension_state", Text("aws.lambda.extension.state")),
        Column("extension_events", Words("aws.lambda.extension.events", ", ")),
        Column("extension_events_close", Words("aws.lambda.extension.events", ",")),
        Column("subscriber", Text("aws.lambda.log_extension.name")),
        Column("subscriber_state", Text("aws.lambda.log_extension.state")),
        Column("subscriber_types", Words("aws.lambda.log_extension.types", ", ")),
        Column("subscriber_types_close", Words("aws.lambda.log_extension.types", ",")),
    ),
    required=1,
    dated_by_object=True,
    constants=(("event.kind", "event"),),
    group=r"/aws/lambda/(.+)",
    named=("aws.lambda.name",),
    key=r"aws[/_-]lambda",
    content=(
        rf"[ \t]*(?:(?:START|END|REPORT) RequestId: {UUID}|(?:INIT|RESTORE)_START Runtime Version: "
        r"|INIT_REPORT Init Duration: )"
        rf"|RequestId: {UUID} (?:Error|Process)|\d{{4}}-\d\d-\d\dT[\d:.]+Z {UUID} Task timed out"
        rf"|\d{{4}}-\d\d-\d\dT[\d:.]+Z\t(?:{UUID}|undefined)\t[A-Za-z]+\t|\[[A-Z]+\]\t\d{{4}}-\d\d-\d\dT[\d:.]+Z\t{UUID}\t"
    ),
    sample=sample,
)
