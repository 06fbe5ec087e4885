"""Events of applications, as JSON objects of whatever members: what no other format recognises.

What keeps to the Elastic Common Schema, and the names that loggers are used to, fills fields of that schema; all else stands
as it is in one object, `app`, of any members, so that no application can change the mapping of what the others write. An
event's own time is at the first path of `[events] timestamp_paths` that holds one; an event without is dated by its object.
`-` is a value like any other here.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import orjson

from ingestd.config import EventSettings
from ingestd.formats.table import SAMPLE_TIME, Column, Integer, Ip, Items, Moment, Shape, Table, Text

__all__ = ["FORMAT", "dated_by"]

SERVICES = ("checkout", "catalogue", "mailer", "session")
LEVELS = ("info",) * 6 + ("debug", "warn", "error")
MESSAGES = ("request handled", "cache missed", "retrying, the upstream is slow", 'the cart is "empty"', "sent")


def sample(random: Random) -> str:
    """An event as a structured logger writes it."""
    below, level = random.randrange, random.choice(LEVELS)
    event: dict[str, object] = {
        "@timestamp": SAMPLE_TIME.strftime(f"%Y-%m-%dT%H:%M:%S.{below(1000):03}Z"),
        "log.level": level,
        "message": random.choice(MESSAGES),
        "service": {"name": random.choice(SERVICES), "version": f"1.{below(20)}.{below(9)}"},
        "trace": {"id": f"{random.getrandbits(128):032x}"},
        "http": {"request": {"method": "GET"}, "response": {"status_code": random.choice((200, 204, 404, 503))}},
        "order": {"id": below(10**6), "total": below(10**5) / 100, "express": below(2) > 0, "lines": [below(9), below(9)]},
        "took_ms": below(5000) / 10,
    }
    if level == "error":
        event["error"] = {"type": "TimeoutError", "message": f"no answer in {below(9)} s"}
    return orjson.dumps(event).decode()


COMMON = (
    Column("message", Text("message", type="text")),
    Column("msg", Text("message", type="text")),
    Column("log.level", Text("log.level")),
    Column("level", Text("log.level")),
    Column("severity", Text("log.level")),
    Column("log.logger", Text("log.logger")),
    Column("logger", Text("log.logger")),
    Column("service", Text("service.name")),
    Column("service.name", Text("service.name")),
    Column("service.version", Text("service.version")),
    Column("service.environment", Text("service.environment")),
    Column("error.type", Text("error.type")),
    Column("error.message", Text("error.message")),
    Column("error.code", Text("error.code")),
    Column("error.stack_trace", Text("error.stack_trace", type="wildcard")),
    Column("trace.id", Text("trace.id")),
    Column("trace_id", Text("trace.id")),
    Column("transaction.id", Text("transaction.id")),
    Column("span.id", Text("span.id")),
    Column("span_id", Text("span.id")),
    Column("event.action", Text("event.action")),
    Column("event.outcome", Text("event.outcome")),
    Column("event.duration", Integer("event.duration")),
    Column("host.name", Text("host.name")),
    Column("user.id", Text("user.id")),
    Column("user.name", Text("user.name")),
    Column("source.ip", Ip("source.ip", "source.address")),
    Column("client.ip", Ip("client.ip", "client.address")),
    Column("http.request.id", Text("http.request.id")),
    Column("http.request.method", Text("http.request.method")),
    Column("http.response.status_code", Integer("http.response.status_code")),
    Column("url.path", Text("url.path", type="wildcard")),
    Column("url.original", Text("url.original", type="wildcard")),
    Column("user_agent.original", Text("user_agent.original")),
    Column("tags", Items("tags")),
)


def dated_by(paths: Sequence[str]) -> tuple[Column, ...]:
    """The columns of events whose time is at one of these paths."""
    return (*(Column(path, Moment("@timestamp")) for path in paths), *(other for other in COMMON if other.name not in paths))


FORMAT = Table(
    name="events",
    dataset="application",
    service="events",
    shape=Shape.JSON,
    columns=dated_by(EventSettings().timestamp_paths),
    required=0,
    dated_by_object=True,
    constants=(("event.kind", "event"),),
    key="",
    content="",
    catches=True,
    rest="app",
    sample=sample,
)
