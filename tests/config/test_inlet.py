"""[inlet]: each wrong value is told with its place, what was found and what is allowed; several at once, and never a key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ingestd.config.loading import load
from tests.config.test_loading import ENOUGH, SECRET, mistakes, written

OPEN: dict[str, Any] = {"port": 8443, "api_key": SECRET}
ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:firehose-AbCdEf"
MIB = 1 << 20
ROWS = [
    # what [inlet] has beside an open port and a key; path of the mistake, found, in the text of what is allowed
    ({"port": 70000}, "port", "70000", "65535 or less"),
    ({"port": -1}, "port", "-1", "0 or more"),
    ({"port": 8080}, "port", "8080", "1 or more away from http.port: 8080"),
    ({"prot": 8443}, "prot", "an unknown key", "port, if that was meant"),
    ({"streams": [""]}, "streams.0", "''", ""),
    ({"streams": 3}, "streams", "3", "a list"),
    ({"api_key": None}, "api_key", "nothing", "since inlet.port is open"),
    ({"api_key_secret": ARN}, "api_key_secret", repr(ARN), "nothing, since api_key says it"),
    ({"api_key_secret": "firehose"}, "api_key_secret", "'firehose'", "arn:"),
    ({"credentials_file": "/nowhere/key"}, "credentials_file", "'/nowhere/key'", "a file that can be read"),
    ({"credentials": f"AKID{SECRET}"}, "credentials", "********", "ID:SECRET"),
    ({"credentials": f"AKID:{SECRET} :{SECRET}"}, "credentials", "********", "ID:SECRET"),
    ({"credentials": f"AKID:{SECRET}", "credentials_secret": ARN}, "credentials_secret", repr(ARN), "credentials says it"),
    ({"key_file": "/run/key.pem"}, "cert_file", "nothing", "the certificate that key_file is the key of"),
    ({"spool_bucket": "Spool_"}, "spool_bucket", "'Spool_'", ""),
    ({"spool_bucket": "others"}, "spool_bucket", "'others'", "one of queue.buckets"),
    ({"spool_prefix": "/spool"}, "spool_prefix", "'/spool'", "ends with /"),
    ({"answer_seconds": 0}, "answer_seconds", "0", "more than 0"),
    ({"body_bytes_max": 1}, "body_bytes_max", "1", "65536 or more"),
    ({"body_bytes_max": 257 * MIB}, "body_bytes_max", "269484032", "268435456 or less"),
    ({"held_bytes_max": 64 * MIB}, "held_bytes_max", "67108864", "times inlet.body_bytes_max"),
    ({"calls_max": 0}, "calls_max", "0", "1 or more"),
    ({"calls_per_second_max": 0.5}, "calls_per_second_max", "0.5", "1.0 or more"),
    ({"calls_per_second_max": "many"}, "calls_per_second_max", "'many'", "a number"),
    ({"connections_max": 10_001}, "connections_max", "10001", "10000 or less"),
    ({"stall_seconds": float("inf")}, "stall_seconds", "inf", "a finite number"),
    ({"bytes_per_second_min": 0}, "bytes_per_second_min", "0", "1 or more"),
]


def with_inlet(**inlet: Any) -> dict[str, Any]:
    return {**ENOUGH, "inlet": {name: value for name, value in {**OPEN, **inlet}.items() if value is not None}}


@pytest.mark.parametrize(("inlet", "path", "found", "allowed"), ROWS, ids=lambda each: str(each)[:40])
def test_a_wrong_value_is_told(tmp_path: Path, inlet: dict[str, Any], path: str, found: str, allowed: str) -> None:
    """It alone, and that the file said it, if anybody did."""
    (mistake,) = mistakes(tmp_path / "ingestd.toml", with_inlet(**inlet))
    assert (mistake.path, mistake.found) == (f"inlet.{path}", found)
    assert allowed in mistake.allowed
    assert mistake.origin == ("default" if found == "nothing" else str(tmp_path / "ingestd.toml"))


def test_all_are_told_at_once(tmp_path: Path) -> None:
    """Also those of one section."""
    found = mistakes(tmp_path / "ingestd.toml", with_inlet(calls_max=0, stall_seconds=0, key_file="/run/key.pem"))
    assert {each.path for each in found} == {"inlet.calls_max", "inlet.stall_seconds", "inlet.cert_file"}


def test_one_port_is_for_two_where_their_addresses_are_two(tmp_path: Path) -> None:
    """Health for this machine only, and calls from outside."""
    tables = with_inlet(port=8080, host="10.0.0.1") | {"http": {"host": "127.0.0.1"}}
    assert load(written(tmp_path / "ingestd.toml", tables), {}).inlet.port == 8080


def test_the_least_that_opens_it(tmp_path: Path) -> None:
    """A port and a key; then a service needs no queue."""
    tables = {name: value for name, value in with_inlet().items() if name != "queue"}
    settings = load(written(tmp_path / "ingestd.toml", tables), {}, formats={"alb"})
    assert settings.inlet.port == 8443
    assert settings.inlet.api_key is not None
    assert settings.queue.url is None
