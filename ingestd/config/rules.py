"""What settings demand of each other, one function a subject. Each looks at all and yields every mistake that it finds.

`sink_names` are the sinks that are spoken of, also those that are left out of `settings` because something in them is wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ingestd.config import FirehoseSettings, OpenSearchSettings, Settings
from ingestd.config.mistakes import MASK, Mistake, shown, suggested

__all__ = ["BUILT_IN_ROLES", "broken_rules"]

BUILT_IN_ROLES = ("ingestd_writer", "logs_reader", "security_reader")
PORT_MAX = 65535
TESTS = ("equals", "begins", "ends", "contains", "at_least", "at_most", "networks")  # of a rule's condition
CALL_HOLDS = 4  # times a body, while it is read: what came, its text, the texts in it, and the records that they become
BLOCKS_MIN = 8  # one block being read, parsed, batched and sent, for two workers; fewer would have them wait for each other


def broken_rules(
    settings: Settings, sink_names: Collection[str], own: Sequence[str], formats: Collection[str] | None, *, service: bool
) -> Iterator[Mistake]:
    """The mistakes between settings, without their origin. `service`: what only the running service needs is asked for too.

    `own`: the names of the formats that the settings speak of. `formats`: those that there are without them, or None where
    they are not known.
    """
    if service:
        yield from _service(settings, sink_names)
    yield from _queue(settings)
    yield from _limits(settings)
    yield from _page(settings)
    yield from _inlet(settings)
    for name, sink in settings.sinks.items():
        if isinstance(sink, OpenSearchSettings):
            yield from _auth(f"sinks.{name}", sink)
        yield from _permits(f"sinks.{name}", sink)
    yield from _routes(settings, sink_names)
    yield from _roles(settings)
    yield from _line_rules(settings)
    yield from _own_formats(settings, own, formats)
    if formats is not None:
        yield from _formats(settings, {*formats, *own})


def _mistake(path: str, found: object, allowed: str) -> Mistake:
    return Mistake(path, shown(found), allowed)


def _service(settings: Settings, sink_names: Collection[str]) -> Iterator[Mistake]:
    by_queue = settings.inlet.port is None or settings.inlet.spool_bucket is not None or settings.queue.url is not None
    if by_queue and settings.queue.url is None:
        yield _mistake("queue.url", None, "the SQS queue that the notices come to")
    if by_queue and not settings.queue.buckets and not settings.queue.dangerously_any_bucket:
        allowed = "the buckets that notices may name, or dangerously_any_bucket = true"
        yield _mistake("queue.buckets", None, allowed)
    if not sink_names:
        yield _mistake("sinks", None, "at least one sink, as in [sinks.opensearch] with its url")


def _queue(settings: Settings) -> Iterator[Mistake]:
    if settings.queue.buckets and settings.queue.dangerously_any_bucket:
        yield _mistake("queue.dangerously_any_bucket", True, "false, since queue.buckets says which")


def _limits(settings: Settings) -> Iterator[Mistake]:
    budget, block = settings.memory.budget_bytes, settings.object.block_bytes
    if budget < BLOCKS_MIN * block:
        allowed = f"at least {BLOCKS_MIN} times object.block_bytes: {BLOCKS_MIN * block}"
        yield _mistake("memory.budget_bytes", budget, allowed)
    first, ceiling = settings.retry.first_seconds, settings.retry.ceiling_seconds
    if ceiling < first:
        yield _mistake("retry.ceiling_seconds", ceiling, f"at least retry.first_seconds: {first}")


def _page(settings: Settings) -> Iterator[Mistake]:
    most, ports = PORT_MAX - settings.processes + 1, {"http.port": settings.http.port, "inlet.port": settings.inlet.port}
    for path, port in ports.items():
        if port and port > most:
            yield _mistake(path, port, f"at most {most}: each process has one from there upwards")
    hosts, anywhere = {settings.http.host, settings.inlet.host}, {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound
    is_met = len(hosts) == 1 or hosts & anywhere
    if all(ports.values()) and is_met and abs(settings.http.port - (settings.inlet.port or 0)) < settings.processes:
        allowed = f"{settings.processes} or more away from http.port: {settings.http.port}, for each process has one of both"
        yield _mistake("inlet.port", settings.inlet.port, allowed)
    given = {"username": settings.http.username, "password": settings.http.password}
    for name, other in (("username", "password"), ("password", "username")):
        if given[name] is None and given[other] is not None:
            yield _mistake(f"http.{name}", None, f"a value, since http.{other} has one")


def _inlet(settings: Settings) -> Iterator[Mistake]:
    inlet = settings.inlet
    for name in ("api_key", "credentials"):
        if getattr(inlet, name) is not None and getattr(inlet, f"{name}_secret") is not None:
            yield _mistake(f"inlet.{name}_secret", getattr(inlet, f"{name}_secret"), f"nothing, since {name} says it")
    if inlet.credentials and any(not all(each.partition(":")) for each in inlet.credentials.get_secret_value().split()):
        yield Mistake("inlet.credentials", MASK, "ID:SECRET, several with spaces between")
    keys = (inlet.api_key, inlet.api_key_secret, inlet.credentials, inlet.credentials_secret)
    if inlet.port is not None and not any(keys):
        yield _mistake("inlet.api_key", None, "a key for Firehose, or credentials for the SDK, since inlet.port is open")
    if inlet.key_file and not inlet.cert_file:
        yield _mistake("inlet.cert_file", None, "the certificate that key_file is the key of")
    if inlet.held_bytes_max < CALL_HOLDS * inlet.body_bytes_max:
        allowed = f"at least {CALL_HOLDS} times inlet.body_bytes_max: {CALL_HOLDS * inlet.body_bytes_max}"
        yield _mistake("inlet.held_bytes_max", inlet.held_bytes_max, allowed)
    if inlet.spool_bucket and inlet.spool_bucket not in settings.queue.buckets and not settings.queue.dangerously_any_bucket:
        yield _mistake("inlet.spool_bucket", inlet.spool_bucket, "one of queue.buckets, since its notices come by the queue")


def _permits(path: str, sink: OpenSearchSettings | FirehoseSettings) -> Iterator[Mistake]:
    if sink.permits_first > sink.permits_max:
        yield _mistake(f"{path}.permits_first", sink.permits_first, f"at most permits_max: {sink.permits_max}")


def _auth(path: str, sink: OpenSearchSettings) -> Iterator[Mistake]:
    for name in ("password", "api_key"):
        if getattr(sink, name) is not None and getattr(sink, f"{name}_secret") is not None:
            yield _mistake(f"{path}.{name}_secret", getattr(sink, f"{name}_secret"), f"nothing, since {name} says it")
    if sink.client_key_file and not sink.client_cert_file:
        yield _mistake(f"{path}.client_cert_file", None, "the certificate that client_key_file is the key of")
    given = {
        "username": sink.username,
        "password": sink.password_secret if sink.password is None else sink.password,
        "api_key": sink.api_key_secret if sink.api_key is None else sink.api_key,
    }
    needed = {"basic": ("username", "password"), "api_key": ("api_key",)}.get(sink.auth, ())
    for name in needed:
        if given[name] is None:
            yield _mistake(f"{path}.{name}", None, f'a value, since auth = "{sink.auth}"')
    for name, value in given.items():
        if value is not None and name not in needed:
            kind = "api_key" if name == "api_key" else "basic"
            yield _mistake(f"{path}.auth", sink.auth, f'"{kind}", or no {name}, which is for it alone')
    if sink.auth == "sigv4" and sink.region is None:
        yield _mistake(f"{path}.region", None, 'a region here or in [aws], since auth = "sigv4"')


def _routes(settings: Settings, sink_names: Collection[str]) -> Iterator[Mistake]:
    names = ", ".join(sorted(sink_names)) or "none is given"
    if len(sink_names) > 1 and all(route.log_group for route in settings.route):
        yield _mistake("route", None, f"routes that say what goes to which sink ({names})")
    for index, route in enumerate(settings.route):
        path = f"route.{index}"
        takes_all = not (route.bucket or route.key or route.stream or route.log_group)
        if takes_all and any(other.log_group is None for other in settings.route[index + 1 :]):
            yield Mistake(path, "no bucket, key or stream", "one of them, or the last place, since it takes everything")
        if route.stream and (route.bucket or route.key):
            yield _mistake(f"{path}.stream", route.stream, "no bucket and key beside it: a record has none")
        for place, sink in enumerate(route.sinks):
            if sink not in sink_names:
                yield _mistake(f"{path}.sinks.{place}", sink, f"the name of a sink ({names})")
        if route.drop and route.sinks:
            yield _mistake(f"{path}.drop", True, "false, or no sinks")
        if not route.drop and not route.sinks and route.log_group is None and len(sink_names) > 1:
            yield _mistake(f"{path}.sinks", None, f"one or more sinks, or drop = true ({names})")


def _roles(settings: Settings) -> Iterator[Mistake]:
    names: set[str] = set()
    for index, role in enumerate(settings.role):
        path = f"role.{index}"
        if role.name in names:
            yield _mistake(f"{path}.name", role.name, "each role once")
        names.add(role.name)
        if role.name in BUILT_IN_ROLES:
            for name in ("datasets", "query", "hidden_fields", "masked_fields"):
                if value := getattr(role, name):
                    yield _mistake(
                        f"{path}.{name}", value, f"nothing: what {role.name} may do is fixed; give your own another name"
                    )
        elif not role.datasets:
            yield _mistake(f"{path}.datasets", None, f"what the role may read; only {', '.join(BUILT_IN_ROLES)} know")


def _line_rules(settings: Settings) -> Iterator[Mistake]:
    names = [rule.name for rule in settings.rule]
    for index, rule in enumerate(settings.rule):
        path, said = f"rule.{index}", f'since rule "{rule.name}" is to {rule.action}'
        if names.index(rule.name) < index:
            yield _mistake(f"{path}.name", rule.name, "each rule once")
        if rule.action == "drop" and not rule.when:
            yield _mistake(f"{path}.when", None, f"one condition or more, {said}; a route drops all there is")
        if (rule.action == "sample") != (rule.one_in is not None):
            yield _mistake(f"{path}.one_in", rule.one_in, f"{'nothing' if rule.one_in else 'how many lines'}, {said}")
        if (rule.action == "redact") != bool(rule.fields):
            yield _mistake(f"{path}.fields", rule.fields or None, f"{'none' if rule.fields else 'which fields'}, {said}")
        if rule.action == "redact" and rule.when:
            yield _mistake(f"{path}.when", rule.when, f"none, {said}, which it does to each document")
        for place, when in enumerate(rule.when):
            asked = {name for name in TESTS if getattr(when, name) not in (None, ())}
            if len(asked) != 1 and asked != {"at_least", "at_most"}:
                found = " and ".join(name for name in TESTS if name in asked) or "no test"
                allowed = f'one of {", ".join(TESTS)} (or both bounds), in rule "{rule.name}" for {when.field}'
                yield Mistake(f"{path}.when.{place}", found, allowed)


def _own_formats(settings: Settings, own: Sequence[str], formats: Collection[str] | None) -> Iterator[Mistake]:
    for index, form in enumerate(settings.format):
        path = f"format.{index}"
        if form.name == "auto" or form.name in (formats or ()) or own.count(form.name) > 1:
            yield _mistake(f"{path}.name", form.name, "a name that no other format has")
        if form.base is None and not form.columns:
            yield _mistake(f"{path}.columns", None, "the columns of a line, or a base and its fields")
        if form.base is None and form.fields:
            yield _mistake(f"{path}.fields", form.fields, "none without a base, but columns")
        if form.base is not None and form.columns:
            yield _mistake(
                f"{path}.columns", form.columns, "none beside a base, which brings its own; fields chooses among them"
            )
        if (form.shape == "pattern") != bool(form.patterns):
            yield _mistake(f"{path}.patterns", form.patterns or None, 'some with shape = "pattern", and none without')
        if form.base is not None and form.fields and form.patterns:
            yield _mistake(f"{path}.fields", form.fields, "none beside patterns, whose groups say what stands in a line")
        if form.base is not None and not form.fields and not form.columns and not form.patterns:
            yield _mistake(f"{path}.fields", None, "the names of the base's columns that stand in a line")
        if form.base is not None and formats is not None and form.base not in formats:
            yield _mistake(f"{path}.base", form.base, suggested(form.base, sorted(formats)))


def _formats(settings: Settings, formats: Collection[str]) -> Iterator[Mistake]:
    for index, route in enumerate(settings.route):
        if route.format != "auto" and route.format not in formats:
            yield _mistake(f"route.{index}.format", route.format, suggested(route.format, ["auto", *sorted(formats)]))
