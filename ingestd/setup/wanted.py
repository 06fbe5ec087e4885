"""All that one cluster should hold, in the order in which it is to be made: policies before the templates that name them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ingestd.config import OpenSearchSettings, Settings
from ingestd.formats.registry import Format
from ingestd.setup.indices import Index, indices_of
from ingestd.setup.plan import Resource, Skipped
from ingestd.setup.retention import policies, policy_name
from ingestd.setup.roles import roles
from ingestd.setup.server import Server
from ingestd.setup.templates import template

__all__ = ["Target", "targets", "wanted"]


@dataclass(frozen=True, slots=True)
class Target:
    """A cluster: the sinks that write to it, how it is reached, the indices that they fill, and a pattern of these."""

    sinks: tuple[str, ...]
    settings: OpenSearchSettings
    indices: tuple[Index, ...]
    everything: str


def targets(settings: Settings, formats: Mapping[str, Format]) -> list[Target]:
    """The clusters of the settings; two sinks with the same addresses are one."""
    sinks: dict[frozenset[str], list[str]] = {}
    for name, sink in settings.sinks.items():
        if isinstance(sink, OpenSearchSettings):
            sinks.setdefault(frozenset(sink.urls), []).append(name)
    made: list[Target] = []
    for names in sinks.values():
        first = settings.sinks[names[0]]
        assert isinstance(first, OpenSearchSettings)
        indices = {index.name: index for name in names for index in indices_of(settings, name, formats)}
        patterns = {
            sink.index.replace("{dataset}", "*")
            for name in names
            if isinstance(sink := settings.sinks[name], OpenSearchSettings)
        }
        made.append(Target(tuple(names), first, tuple(indices.values()), ",".join(sorted(patterns))))
    return made


def wanted(target: Target, settings: Settings, server: Server, *, security: bool) -> Iterator[Resource | Skipped]:
    """What the cluster should hold, and what this server cannot."""
    yield from _unable(target.indices, settings, server)
    yield from policies(target.indices, settings.setup, server)
    for index in target.indices:
        if index.is_stream and not server.can("data_streams"):
            yield Skipped("index template", f"ingestd-{index.name}", "the server has no data streams: set another mode")
            continue
        # Elasticsearch's templates name their policy; OpenSearch's policies name their indices.
        names_policy = server.distribution == "elasticsearch" and server.can("retention")
        yield template(index, settings.setup, server, policy_name(index, settings.setup) if names_policy else None)
    if security:
        yield from roles(target.indices, settings.role, server)


def _unable(indices: Sequence[Index], settings: Settings, server: Server) -> Iterator[Skipped]:
    if settings.setup.codec.startswith("zstd") and not server.can("zstd"):
        yield Skipped("codec", settings.setup.codec, "the server does not have it: best_compression instead")
    if not server.can("flat"):
        yield Skipped("field type", "flat_object", "the server does not have it: such fields are kept, but cannot be searched")
    if not server.can("shards"):
        yield Skipped("setting", "shards, replicas, codec, sort", "a serverless collection has its own")
