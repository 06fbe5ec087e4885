"""The whole of the settings."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ingestd.config.enrich import EnrichSettings
from ingestd.config.formats import FormatSettings
from ingestd.config.inlet import InletSettings
from ingestd.config.intake import EventSettings, MemorySettings, ObjectSettings, QueueSettings
from ingestd.config.lines import RuleSettings, SecretSettings
from ingestd.config.routes import RouteSettings
from ingestd.config.section import Section
from ingestd.config.service import AwsSettings, HttpSettings, LogSettings
from ingestd.config.setup import RoleSettings, SetupSettings
from ingestd.config.sinks import DeadLetterSettings, RetrySettings, SinkSettings
from ingestd.config.values import Seconds, SinkName, Tables

__all__ = ["Settings"]


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
    rule: Annotated[tuple[RuleSettings, ...], Tables] = ()
    secrets: SecretSettings = SecretSettings()
    dead_letters: DeadLetterSettings = DeadLetterSettings()
    setup: SetupSettings = SetupSettings()
    role: Annotated[tuple[RoleSettings, ...], Tables] = ()
    http: HttpSettings = HttpSettings()
    inlet: InletSettings = InletSettings()
    log: LogSettings = LogSettings()
