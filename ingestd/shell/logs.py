"""The service's own logs: one event a line, JSON, or a readable form on a terminal; control characters are escaped."""

from __future__ import annotations

import logging
import sys
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from ingestd.config import LogSettings
from ingestd.shell.log_stream import LogStream

__all__ = ["configure", "write_aside"]

_aside: LogStream | None = None


def write_aside() -> None:
    """From the next `configure` on, nobody waits for standard error to take a line: for a service."""
    global _aside
    _aside = _aside or LogStream(sys.stderr.fileno())


def configure(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Set structlog up for the process; libraries' own logs go the same way from warnings on."""
    out: Any = stream or _aside or sys.stderr
    readable = settings.form == "console" or (settings.form == "auto" and out.isatty())
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    last: Processor = structlog.dev.ConsoleRenderer(colors=out.isatty()) if readable else _json
    structlog.configure(
        processors=[*processors, _escaped, last] if readable else [*processors, last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=processors, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def _json(_: WrappedLogger, __: str, event: EventDict) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _escaped(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """JSON escapes control characters by itself; a terminal would obey them. The traceback's line ends stay."""
    return {name: _visible(value) if isinstance(value, str) and name != "exception" else value for name, value in event.items()}


def _visible(text: str) -> Any:
    return text if text.isprintable() else text.encode("unicode_escape").decode()
