"""`ingestd setup`: what it says and how it ends; what it makes is tested in tests/setup and on real servers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ingestd.cli import main
from tests.fakes.administration import FakeAdministration, Flavour


def run(*options: str, **settings: str) -> Result:
    environ = {f"INGESTD_{name.upper()}": value for name, value in settings.items()}
    return CliRunner().invoke(main, ["setup", *options], env=environ)


def on(flavour: Flavour, check: Callable[[FakeAdministration], Awaitable[None]]) -> None:
    async def main() -> None:
        async with FakeAdministration(flavour, "3.4.0") as server:
            await check(server)

    asyncio.run(main())


def test_it_is_made_once_and_then_left_alone() -> None:
    """What is made, what cannot be, and what is as it should be; the same a second time makes nothing."""

    async def check(server: FakeAdministration) -> None:
        given = {"sinks__opensearch__url": server.url, "setup__dashboards_url": server.url}
        looked = await asyncio.to_thread(run, "--dry-run", **given)
        assert looked.exit_code == 0
        assert not server.writes
        assert "+ retention policy ingestd-90d" in looked.output
        first = await asyncio.to_thread(run, **given)
        assert first.exit_code == 0
        assert f"dashboards at {server.url}" in first.output
        assert len(server.writes) > 20
        second = await asyncio.to_thread(run, "--security", **given)
        written = server.writes[len(server.writes) - 2 :]
        assert second.exit_code == 0, second.output
        assert all("roles" in path for path in written)
        third = await asyncio.to_thread(run, "--security", **given)
        assert third.output.count("0 created, 0 updated") == 2

    on("opensearch", check)


def test_without_security_an_open_server_is_not_what_was_asked_for() -> None:
    """`--security` on a server without it ends with 1, and says that anyone can read; without the option it is not said."""

    async def check(server: FakeAdministration) -> None:
        asked = await asyncio.to_thread(run, "--security", sinks__opensearch__url=server.url)
        assert (asked.exit_code, "anyone who reaches this server can read" in asked.output) == (1, True)
        plain = await asyncio.to_thread(run, sinks__opensearch__url=server.url)
        assert (plain.exit_code, "anyone" in plain.output) == (0, False)

    on("plain", check)


@pytest.mark.parametrize(
    ("settings", "status", "text"),
    [
        ({}, 1, "no OpenSearch or Elasticsearch"),
        ({"sinks__firehose__stream": "s"}, 1, "no OpenSearch or Elasticsearch"),
        ({"sinks__opensearch__url": "http://127.0.0.1:9"}, 1, "no answer from the cluster"),
        ({"sinks__opensearch__url": "nonsense"}, 2, "sinks.opensearch.urls"),
        ({"sinks__opensearch__url": "http://h", "setup__shards": "0"}, 2, "setup.shards"),
    ],
)
def test_what_is_wrong_is_said(settings: dict[str, str], status: int, text: str) -> None:
    """A bad setting is 2, a cluster that cannot be set up is 1."""
    result = run(**settings)
    assert (result.exit_code, text in result.output) == (status, True)


def test_the_settings_may_be_a_file(tmp_path: Path) -> None:
    """As everywhere; roles that make no sense are mistakes."""
    file = tmp_path / "ingestd.toml"
    file.write_text(
        '[sinks.opensearch]\nurl = "http://127.0.0.1:9"\n'
        '[[role]]\nname = "mine"\n[[role]]\nname = "logs_reader"\ndatasets = ["x"]\n[[role]]\nname = "mine"\n'
        'datasets = ["a"]\nquery = "[]"\n'
    )
    result = run("--config", str(file))
    assert result.exit_code == 2
    for text in ("role.0.datasets", "role.1.datasets", "role.2.query"):
        assert text in result.output
