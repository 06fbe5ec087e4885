"""Clients read what AWS answers as the SDK does, only sooner."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.utils import parse_timestamp

from ingestd.shell.clients import open_session

TIMES = [
    "Sun, 22 Nov 2026 12:00:00 GMT",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "Sunday, 22-Nov-26 12:00:00 GMT",
    "22 Nov 2026 12:00:00 GMT",
    "2026-11-22T12:00:00 GMT",
    "2026-11-22T12:00:00.000Z",
    "2026-11-22T12:00:00+02:00",
    "1793534400.5",
    "1793534400",
    1793534400,
    1793534400.25,
]


@pytest.mark.parametrize("value", TIMES)
def test_times_are_those_that_the_sdk_reads(value: Any) -> None:
    """Dates of HTTP, ISO 8601, seconds as numbers and texts: each the same point in time as by the SDK alone."""
    read = open_session().get_component("response_parser_factory").create_parser("rest-xml")._timestamp_parser
    assert read(value) == parse_timestamp(value)


@pytest.mark.parametrize("value", ["never GMT", "Sun, 99 Nov 2026 12:00:00 GMT", "", " GMT"])
def test_what_is_no_time_is_refused_as_by_the_sdk(value: str) -> None:
    """A date that there is not is an error of the same type."""
    read = open_session().get_component("response_parser_factory").create_parser("rest-xml")._timestamp_parser
    with pytest.raises(ValueError, match="timestamp"):
        parse_timestamp(value)
    with pytest.raises(ValueError, match="timestamp"):
        read(value)
