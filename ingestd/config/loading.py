"""From sources to settings: `load`. All mistakes at once, before anything is connected to.

A value that is wrong alone is reported and then taken for not given, so that the rules between settings can still be
applied to the rest; a rule that then misses just that value says nothing new and is left out.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ingestd.config import Settings
from ingestd.config.mistakes import ConfigError, Mistake
from ingestd.config.phrases import KINDS, TABLES, phrased
from ingestd.config.rules import broken_rules
from ingestd.config.sources import FILE_VARIABLE, Keys, environment_layer, file_layer, merged, said_by

__all__ = ["Resolved", "load", "resolve"]

DEFAULT = "default"
QUEUE_REGION = re.compile(r"https://(?:[\w-]+\.)?sqs(?:-fips)?\.([a-z]+(?:-[a-z]+)+-[0-9]+)\.")


@dataclass(frozen=True, slots=True)
class Resolved:
    """Settings, and who said each value that is not the default: a file's path or a variable's name, by keys."""

    settings: Settings
    origins: Mapping[Keys, str]


def load(
    path: Path | None, environ: Mapping[str, str], *, formats: Collection[str] | None = None, service: bool = True
) -> Settings:
    """The settings; see `resolve`."""
    return resolve(path, environ, formats=formats, service=service).settings


def resolve(
    path: Path | None,
    environ: Mapping[str, str],
    *,
    formats: Collection[str] | None = None,
    service: bool = True,
    beyond: Callable[[Settings], Iterable[Mistake]] = lambda settings: (),
) -> Resolved:
    """The settings and where they come from. Raises ConfigError with every mistake.

    `path`: the TOML file, else the one that INGESTD_CONFIG names, else none. `formats`: the names of formats, where known.
    `service`: also ask for what only the running service needs (a queue, its buckets, a sink). `beyond`: what else there is to
    ask, by those who know more than settings do; it is asked once the formats are right, of which all of that speaks.
    """
    named = environ.get(FILE_VARIABLE)
    if path is None and named:
        path = Path(named)
    layers = [environment_layer(environ), *([file_layer(path)] if path else [])]
    raw = merged(layers)
    origins = said_by(layers)
    _complete(raw, origins, environ)
    found = [mistake for layer in layers for mistake in layer.mistakes]
    settings, wrong = _validated(raw)
    found += [replace(mistake, origin=_origin(mistake.path, origins)) for mistake in wrong]
    sinks = raw.get("sinks")
    sink_names = sinks.keys() if isinstance(sinks, dict) else ()
    found += _others(broken_rules(settings, sink_names, _format_names(raw), formats, service=service), found, origins)
    if not any(_touch("format", mistake.path) for mistake in found):
        found += _others(beyond(settings), found, origins)
    if found:
        raise ConfigError(found)
    return Resolved(settings, origins)


def _others(mistakes: Iterable[Mistake], found: Sequence[Mistake], origins: Mapping[Keys, str]) -> list[Mistake]:
    """Those of which nothing was said yet, and who said what they are about."""
    new = [mistake for mistake in mistakes if not any(_touch(mistake.path, other.path) for other in found)]
    return [replace(mistake, origin=_origin(mistake.path, origins)) for mistake in new]


def _format_names(raw: Mapping[str, Any]) -> list[str]:
    """The names of the user's own formats, also of those in which something is wrong."""
    formats = raw.get("format")
    named = [form.get("name") for form in formats if isinstance(form, dict)] if isinstance(formats, list) else []
    return [name for name in named if isinstance(name, str)]


def _complete(raw: dict[str, Any], origins: dict[Keys, str], environ: Mapping[str, str]) -> None:
    """Say what goes without saying: the kind of a sink that is named after it, and the region of all that is in AWS."""
    aws, sinks = raw.setdefault("aws", {}), raw.get("sinks")
    if isinstance(aws, dict) and "region" not in aws and (found := next(_regions(raw.get("queue"), environ), None)):
        aws["region"], origins["aws", "region"] = found
    region = aws.get("region") if isinstance(aws, dict) else None
    for name, sink in sinks.items() if isinstance(sinks, dict) else ():
        if not isinstance(sink, dict):
            continue
        if "kind" not in sink and name in KINDS:
            sink["kind"] = name
            origins["sinks", name, "kind"] = "the sink's name"
        if region and "region" not in sink and (sink.get("auth") == "sigv4" or sink.get("kind") == "firehose"):
            sink["region"] = region
            origins["sinks", name, "region"] = "aws.region"


def _regions(queue: object, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The regions that are known without [aws], and who says them; the SDK itself would look at the second of them only."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if value := environ.get(name):
            yield value, name
    url = queue.get("url") if isinstance(queue, dict) else None
    if isinstance(url, str) and (found := QUEUE_REGION.match(url)):
        yield found[1], "queue.url"


def _validated(raw: dict[str, Any]) -> tuple[Settings, list[Mistake]]:
    """The settings as far as they are right, and what is wrong."""
    try:
        return Settings.model_validate(raw), []
    except ValidationError as error:
        details = error.errors(include_url=False)
    rest = copy.deepcopy(raw)
    for detail in details:
        _take_out(rest, detail["loc"])
    return Settings.model_validate(rest), [phrased(detail, raw) for detail in details]


def _take_out(raw: dict[str, Any], loc: tuple[int | str, ...]) -> None:
    """Remove what is wrong from the table that it is in, and a whole sink if that cannot do without it."""
    if loc[0] == "sinks":
        steps: tuple[int | str, ...] = loc[:2]
        if len(loc) > 3 and loc[2] in KINDS:
            fields = KINDS[str(loc[2])].model_fields
            if loc[3] not in fields or not fields[str(loc[3])].is_required():
                steps = (*loc[:2], loc[3])
    else:
        steps = loc[: 1 if loc[0] == "format" or _is_needed(loc) else 3 if loc[0] in TABLES else 2]
    holder: Any = raw
    for step in steps[:-1]:
        holder = holder[step] if _has(holder, step) else None
    if isinstance(holder, dict):
        holder.pop(steps[-1], None)
    else:
        raw.pop(str(loc[0]), None)


def _is_needed(loc: tuple[int | str, ...]) -> bool:
    """Whether one of many tables cannot do without the key."""
    fields = TABLES[str(loc[0])].model_fields if loc[0] in TABLES and len(loc) > 2 else {}
    return bool(fields) and str(loc[2]) in fields and fields[str(loc[2])].is_required()


def _has(holder: object, step: int | str) -> bool:
    if isinstance(holder, list):
        return isinstance(step, int) and step < len(holder)
    return isinstance(holder, dict) and step in holder


def _origin(path: str, origins: Mapping[Keys, str]) -> str:
    """Who said what stands at a path, or what holds it, or something in it; of a sink, who spoke of it at all."""
    keys = tuple(path.split("."))
    for length in range(len(keys), 0, -1):
        if keys[:length] in origins:
            return origins[keys[:length]]
    for holder in (keys, keys[:2]) if keys[0] == "sinks" else (keys,):
        for other, origin in origins.items():
            if other[: len(holder)] == holder:
                return origin
    return DEFAULT


def _touch(one: str, other: str) -> bool:
    """Is one of the two paths inside the other?"""
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")
