"""Secrets by ARN: fetched once, put in their place, never told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from aiobotocore.session import get_session
from aiohttp import web
from pydantic import SecretStr

from ingestd.config import OpenSearchSettings, Settings
from ingestd.config.mistakes import ConfigError
from ingestd.errors import Fatal
from ingestd.shell.secrets import renewed, with_secrets
from tests.fakes.http import FakeServer, Items, Lost

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:team/opensearch-AbCdEf"
CANARY = "canary-secret"
VERSION = "6e6b7dbb-3f2c-4e7a-9d8e-2f5a5b1c9e10"


class FakeSecrets(FakeServer):
    """AWS Secrets Manager's GetSecretValue, for one secret."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.asked: list[dict[str, Any]] = []

    async def handle(self, request: web.Request, body: bytes, step: Items | Lost | None) -> web.Response:
        assert request.headers["x-amz-target"] == "secretsmanager.GetSecretValue"
        assert "/eu-west-1/secretsmanager/" in request.headers["authorization"]
        self.asked.append(orjson.loads(body))
        if orjson.loads(body)["SecretId"] != ARN:
            return web.json_response({"__type": "ResourceNotFoundException", "message": CANARY}, status=400)
        return web.json_response({"ARN": ARN, "SecretString": self.text})


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeSecrets]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    async with FakeSecrets(f'{{"password":"{CANARY}","n":1}}') as server:
        yield server


def settings_of(server: FakeSecrets, **sink: str) -> Settings:
    main = {"kind": "opensearch", "urls": ["http://localhost"], "auth": "basic", "username": "u"} | sink
    return Settings.model_validate(
        {
            "aws": {"endpoint_url": server.url, "region": "us-east-1"},
            "sinks": {"main": main, "s": {"kind": "firehose", "stream": "s"}},
        }
    )


async def resolved(settings: Settings) -> OpenSearchSettings:
    sink = (await with_secrets(settings, get_session())).sinks["main"]
    assert isinstance(sink, OpenSearchSettings)
    return sink


@pytest.mark.parametrize(
    ("behind", "asked", "value"),
    [
        ("", {}, '{"password":"canary-secret","n":1}'),
        (":password", {}, CANARY),
        (":password::", {}, CANARY),
        (":password:AWSPREVIOUS:", {"VersionStage": "AWSPREVIOUS"}, CANARY),
        (f":password::{VERSION}", {"VersionId": VERSION}, CANARY),
    ],
)
async def test_a_secret_takes_its_place(server: FakeSecrets, behind: str, asked: dict[str, str], value: str) -> None:
    """Whole or by the key behind its ARN, as ECS spells it, from the region that the ARN names."""
    sink = await resolved(settings_of(server, password_secret=ARN + behind))
    assert sink.password is not None
    assert sink.password.get_secret_value() == value
    assert server.asked == [{"SecretId": ARN} | asked]
    assert CANARY not in repr(sink)


async def test_an_api_key_is_a_secret_too(server: FakeSecrets) -> None:
    """The other thing that a sink may be given by ARN."""
    sink = await resolved(settings_of(server, auth="api_key", api_key_secret=ARN))
    assert sink.api_key is not None
    assert sink.api_key.get_secret_value() == server.text


async def test_nothing_is_asked_for_without_an_arn(server: FakeSecrets) -> None:
    """Settings without one are as they were."""
    settings = settings_of(server, password="plain")
    assert await with_secrets(settings, get_session()) == settings
    assert not server.asked


@pytest.mark.parametrize("arn", [f"{ARN}:other", f"{ARN}:n", ARN.replace("team", "nobody")])
async def test_a_secret_that_is_not_to_be_had_ends_the_start(server: FakeSecrets, arn: str) -> None:
    """No such key, no text under it, no such secret: Fatal with the setting's path, and nothing of the secret."""
    with pytest.raises(Fatal) as caught:
        await resolved(settings_of(server, password_secret=arn))
    assert caught.value.fields["path"] == "sinks.main.password_secret"
    assert CANARY not in str(caught.value)


async def test_a_manager_that_does_not_answer_ends_the_start(server: FakeSecrets) -> None:
    """Without its secrets the service cannot begin."""
    settings = settings_of(server, password_secret=ARN)
    await server.stop()
    with pytest.raises(Fatal):
        await resolved(settings)


async def test_a_secret_that_changed_is_read_again(server: FakeSecrets) -> None:
    """What Secrets Manager and the settings' sources say by then; the rest of the sink stays as it was."""
    settings = settings_of(server, password_secret=f"{ARN}:password")
    sink = await resolved(settings)
    server.text = '{"password":"another"}'
    other = settings_of(server, password_secret=f"{ARN}:password", username="v", index="elsewhere")
    found = await renewed("main", sink, lambda: other, get_session())
    assert found == sink.model_copy(update={"username": "v", "password": SecretStr("another")})


async def test_a_secret_that_cannot_be_read_again_stays(server: FakeSecrets) -> None:
    """A manager that does not answer, settings with mistakes, a sink that is gone or asks for other credentials."""
    sink = await resolved(settings_of(server, password_secret=f"{ARN}:password"))

    def broken() -> Settings:
        raise ConfigError([])

    def without() -> Settings:
        return Settings.model_validate({"sinks": {}})

    for reload in (broken, without, lambda: settings_of(server, auth="none")):
        assert await renewed("main", sink, reload, get_session()) is sink
    settings = settings_of(server, password_secret=ARN)
    await server.stop()
    assert await renewed("main", sink, lambda: settings, get_session()) is sink
