"""The process itself: AWS, its port, its logs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from ingestd.config.section import Section
from ingestd.config.values import Seconds, Url

__all__ = ["AwsSettings", "HttpSettings", "LogSettings"]


class AwsSettings(Section):
    """Region and, for tests and private endpoints, where the services are."""

    region: str | None = None
    """Without one: what AWS_REGION or AWS_DEFAULT_REGION says, else the host of queue.url, else the SDK's profile."""
    endpoint_url: Url | None = None
    """Another place for all of AWS, as for tests; never taken from a message."""
    connect_timeout_seconds: Seconds = 5.0
    """A service that takes no connection in this time is unreachable, and asked again later."""
    read_timeout_seconds: Seconds = 20.0
    """Silence for this long is a fault (a receive may be silent for queue.wait_seconds more)."""

    @property
    def call_seconds_max(self) -> float:
        """The end of patience with a call that brings a body: what has no other end of its own."""
        return self.connect_timeout_seconds + self.read_timeout_seconds


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


class LogSettings(Section):
    """Logs: JSON lines, or a readable form on a terminal."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """debug tells of every object."""
    form: Literal["auto", "json", "console"] = "auto"
    """auto: console on a terminal, else one JSON object a line."""
    emf_namespace: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    """Also log a line a minute of which CloudWatch makes metrics in this namespace; needs level info or below, and no call."""
