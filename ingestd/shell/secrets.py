"""Secrets that the settings name by ARN, fetched from AWS Secrets Manager: at the start, and again when one is refused.

The ARN is the settings' and nobody else's: nothing that comes with a message reaches this module. Behind the ARN may stand, as
in ECS, the key of a JSON secret, a version's stage and a version's id: `arn:…:secret:NAME-XXXXXX:password::`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import orjson
import structlog
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import SecretStr

from ingestd.config import OpenSearchSettings, Section, Settings
from ingestd.config.mistakes import ConfigError
from ingestd.errors import Fatal, IngestdError
from ingestd.shell.clients import client_options

__all__ = ["renewed", "with_secrets"]

log = structlog.get_logger()

S = TypeVar("S", bound=Section)

ARN_PARTS = 7  # arn, partition, service, region, account, "secret", name
BY_ARN = {"password_secret": "password", "api_key_secret": "api_key", "credentials_secret": "credentials"}


async def with_secrets(settings: Settings, session: Any) -> Settings:
    """The settings with each secret in its place. Raises Fatal if one is not to be had."""
    sinks = {name: await _filled(sink, settings, session, f"sinks.{name}") for name, sink in settings.sinks.items()}
    inlet = await _filled(settings.inlet, settings, session, "inlet")
    return settings.model_copy(update={"sinks": sinks, "inlet": inlet})


async def _filled(section: S, settings: Settings, session: Any, path: str) -> S:
    """A section with the secrets that it names by ARN."""
    found: dict[str, SecretStr] = {}
    for by_arn, plain in BY_ARN.items():
        arn = getattr(section, by_arn, None)
        if arn is not None:
            found[plain] = SecretStr(await _fetched(arn, settings, session, f"{path}.{by_arn}"))
    return section.model_copy(update=found) if found else section


async def renewed(name: str, sink: OpenSearchSettings, reload: Callable[[], Settings], session: Any) -> OpenSearchSettings:
    """The sink with its secrets as files and Secrets Manager have them now; as it is, where they are not to be had."""
    try:
        other = (await with_secrets(reload(), session)).sinks.get(name)
    except (ConfigError, IngestdError) as error:
        log.warning("a secret cannot be read again", sink=name, error=type(error).__name__)
        return sink
    if not isinstance(other, OpenSearchSettings) or other.auth != sink.auth:
        return sink
    return sink.model_copy(update={"username": other.username, "password": other.password, "api_key": other.api_key})


async def _fetched(arn: str, settings: Settings, session: Any, path: str) -> str:
    parts = arn.split(":")
    secret = ":".join(parts[:ARN_PARTS])
    key, stage, version = [*parts[ARN_PARTS:], "", "", ""][:3]
    asked = {"SecretId": secret} | ({"VersionStage": stage} if stage else {}) | ({"VersionId": version} if version else {})
    options = client_options(settings.aws, 1) | {"region_name": parts[3]}
    try:
        async with session.create_client("secretsmanager", **options) as client:
            answer = await client.get_secret_value(**asked)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        raise Fatal("a secret is not to be had", reason="secret", path=path, code=code) from error
    except BotoCoreError as error:
        raise Fatal("a secret is not to be had", reason="secret", path=path, error=type(error).__name__) from error
    return _value(answer.get("SecretString"), key, path)


def _value(text: object, key: str, path: str) -> str:
    """The secret itself, never part of an error."""
    try:
        value = orjson.loads(str(text))[key] if key else text
    except (orjson.JSONDecodeError, KeyError, TypeError):
        value = None
    if not isinstance(value, str) or not value:
        raise Fatal("the secret has no such text in it", reason="secret", path=path, key=key)
    return value
