"""The service's own logs: one event a line, nothing in it can pretend to be another line or speak to a terminal."""

from __future__ import annotations

import io
import logging

import orjson
import pytest
import structlog

from ingestd.config import LogSettings
from ingestd.shell import logs

HOSTILE = 'key\n{"event":"forged"}\x1b[2J\x00 ünï'


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


def test_json_is_one_line_an_event(out: io.StringIO) -> None:
    """Whatever a value contains."""
    logs.configure(LogSettings(form="json"), out)
    structlog.get_logger().warning("object not read", key=HOSTILE, code=403)
    (line,) = out.getvalue().splitlines()
    event = orjson.loads(line)
    assert (event["event"], event["key"], event["code"], event["level"]) == ("object not read", HOSTILE, 403, "warning")


def test_the_readable_form_escapes_control_characters(out: io.StringIO) -> None:
    """A terminal is shown them, and does not obey."""
    logs.configure(LogSettings(form="console"), out)
    structlog.get_logger().warning("object not read", key=HOSTILE)
    assert len(out.getvalue().splitlines()) == 1
    assert "\x1b[2J" not in out.getvalue()
    assert "\x00" not in out.getvalue()


def test_libraries_speak_the_same_way(out: io.StringIO) -> None:
    """From warnings on, one JSON line each."""
    logs.configure(LogSettings(form="json"), out)
    logging.getLogger("some.library").warning("a %s thing", "strange")
    logging.getLogger("some.library").info("not this")
    assert orjson.loads(out.getvalue())["event"] == "a strange thing"


def test_the_level_is_heeded(out: io.StringIO) -> None:
    """Below it nothing is written."""
    logs.configure(LogSettings(form="json", level="error"), out)
    structlog.get_logger().warning("not this")
    assert out.getvalue() == ""
