"""`ingestd check` as a person runs it."""

from __future__ import annotations

import socket
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ingestd.commands.check import command

SECRET = "hunter2-canary"
GOOD = f"""
[queue]
url = "https://sqs.eu-central-1.amazonaws.com/123456789012/logs"
buckets = ["logs"]

[sinks.main]
kind = "opensearch"
url = "https://es:9200"
auth = "basic"
username = "me"
password = "{SECRET}"
"""
ROUTES = """
[[route]]
key = "^alb/"
format = "alb"

[[route]]
drop = true
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ingestd.toml"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here may open a connection."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("check opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)


def check(*arguments: str, **environ: str) -> Result:
    result = CliRunner().invoke(command, arguments, env=environ)
    assert SECRET not in result.output
    return result


def test_a_good_configuration_is_printed_as_toml(file: Path) -> None:
    """The resolved settings can be read back as TOML, the secret masked, all defaults written out."""
    file.write_text(GOOD + ROUTES)
    result = check("--config", str(file))
    assert (result.exit_code, result.stderr) == (0, "")
    tables = tomllib.loads(result.stdout)
    assert tables["sinks"]["main"]["password"] == "********"
    assert tables["sinks"]["main"]["urls"] == ["https://es:9200"]
    assert tables["http"] == {"host": "0.0.0.0", "port": 8080, "page": True}
    assert [route["format"] for route in tables["route"]] == ["alb", "auto"]


def test_what_is_not_the_default_says_where_it_comes_from(file: Path) -> None:
    """A value from the file is followed by the file's path, one from the environment by the variable, a default by nothing."""
    file.write_text(GOOD + ROUTES)
    result = check(INGESTD_CONFIG=str(file), INGESTD_HTTP__PORT="9000", INGESTD_SINK__MAIN__PASSWORD=SECRET)
    said = {line.partition(" = ")[0]: line.partition(" # ")[2] for line in result.stdout.splitlines()}
    assert said["buckets"] == str(file)
    assert said["port"] == "INGESTD_HTTP__PORT"
    assert said["password"] == "INGESTD_SINK__MAIN__PASSWORD"
    assert said["key"] == str(file)
    assert said["host"] == ""


def test_a_bad_configuration_says_all_and_ends_with_2(file: Path) -> None:
    """Every mistake is on a line of its own on stderr, nothing on stdout, exit status 2."""
    file.write_text(GOOD + ROUTES.replace('"alb"', '"abl"') + f'\n[http]\nport = 0.5\npasword = "{SECRET}"\n')
    result = check("--config", str(file), INGESTD_QUEUE__UR="x")
    assert (result.exit_code, result.stdout) == (2, "")
    heading, *lines = result.stderr.splitlines()
    assert heading == "the configuration has mistakes:"
    assert [line.strip().partition(":")[0] for line in lines] == ["http.pasword", "http.port", "queue.ur", "route.0.format"]
    assert "allowed: alb, if that was meant" in lines[-1]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A missing file is a mistake like any other: exit status 2, and its path."""
    result = check("--config", str(tmp_path / "none.toml"))
    assert result.exit_code == 2
    assert "none.toml" in result.stderr


def test_formats_of_the_user_s_own(file: Path) -> None:
    """A format is shown with its columns, and what its table could not be is a mistake as all others."""
    column = '[[format.columns]]\nname = "t"\nfield = "@timestamp"\n'
    file.write_text(f'{GOOD}\n[[format]]\nname = "app"\n{column}type = "epoch"\n')
    result = check("--config", str(file))
    assert result.exit_code == 0
    assert "[[format]]\nname = " in result.output
    assert "[[format.columns]]\nname = " in result.output
    file.write_text(f'{GOOD}\n[[format]]\nname = "app"\n{column}')
    result = check("--config", str(file))
    assert result.exit_code == 2
    assert "format.0: found '@timestamp'; allowed: a column of type time" in result.output


def test_files_that_are_to_be_looked_into(file: Path) -> None:
    """A database that is not there is a mistake like any other."""
    file.write_text(GOOD + '[enrich]\ngeoip_files = ["/nowhere/city.mmdb"]\n')
    result = check("--config", str(file))
    assert result.exit_code == 2
    assert (
        "enrich.geoip_files.0: found '/nowhere/city.mmdb'; allowed: a file that is a MaxMind database (no such file"
        in result.stderr
    )


def test_all_is_told_at_once(file: Path) -> None:
    """A value, a field that no format has, a certificate and a database: one answer, and each says which file spoke of it."""
    rule = '[[rule]]\nname = "r"\naction = "redact"\nfields = ["url.pth"]\n'
    certificate = 'ca_file = "/nowhere/ca.pem"\n'
    file.write_text(f'{GOOD}{certificate}{rule}[enrich]\nasn_files = ["/nowhere/asn.mmdb"]\n[http]\nport = "x"\n')
    result = check("--config", str(file))
    _, *lines = result.stderr.splitlines()
    assert [line.split(":")[0].strip() for line in lines] == [
        "enrich.asn_files.0",
        "http.port",
        "rule.0.fields.0",
        "sinks.main.ca_file",
    ]
    assert all(line.endswith(f"[{file}]") for line in lines)


@pytest.mark.parametrize(
    ("where", "setting"),
    [("sinks.main", "ca_file"), ("sinks.main", "client_cert_file"), ("inlet", "cert_file")],
)
@pytest.mark.parametrize(("text", "why"), [(None, "no such file"), ("no certificate", "PEM")])
def test_certificates_are_looked_at(file: Path, where: str, setting: str, text: str | None, why: str) -> None:
    """Before a connection needs one that is not there, or is none."""
    path = file.parent / "ours.pem"
    if text:
        path.write_text(text)
    inlet = 'port = 8443\napi_key = "a-canary-of-the-inlet"\n' if where == "inlet" else ""
    tables = f"[inlet]\n{inlet}" if inlet else ""
    file.write_text(f'{GOOD}{tables}{setting} = "{path}"\n')
    result = check("--config", str(file))
    assert result.exit_code == 2
    assert f"{where}.{setting}: found '{path}'; allowed: a usable file (" in result.stderr
    assert why in result.stderr
