"""Every setting, declared once. Sources, strongest first: environment (`INGESTD_QUEUE__URL`), the TOML file, the defaults.

The text under a setting is its reason. `config/ingestd.toml` shows each key with its default and that text; a test holds the
two together. These models check each value alone and touch nothing outside: `loading` reads the sources and applies what
settings demand of each other.
"""

from __future__ import annotations

from ingestd.config.enrich import EnrichSettings
from ingestd.config.formats import ColumnSettings, FormatSettings
from ingestd.config.inlet import InletSettings
from ingestd.config.intake import EventSettings, MemorySettings, ObjectSettings, QueueSettings
from ingestd.config.lines import ConditionSettings, RuleSettings, SecretSettings
from ingestd.config.routes import RouteSettings
from ingestd.config.section import Section
from ingestd.config.service import AwsSettings, HttpSettings, LogSettings
from ingestd.config.settings import Settings
from ingestd.config.setup import RoleSettings, SetupSettings
from ingestd.config.sinks import (
    BatchSettings,
    DeadLetterSettings,
    FirehoseSettings,
    OpenSearchSettings,
    RetrySettings,
    SinkSettings,
)
from ingestd.config.values import KIB, MIB

__all__ = [
    "KIB",
    "MIB",
    "AwsSettings",
    "BatchSettings",
    "ColumnSettings",
    "ConditionSettings",
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
    "RuleSettings",
    "SecretSettings",
    "Section",
    "Settings",
    "SetupSettings",
    "SinkSettings",
]
