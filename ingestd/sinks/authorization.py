"""Who a cluster is told that we are: a password, an API key, or a signature over each request's bytes."""

from __future__ import annotations

import base64
from typing import Any

from botocore.exceptions import BotoCoreError
from opensearchpy import AWSV4SignerAsyncAuth

from ingestd.config import OpenSearchSettings
from ingestd.errors import Fatal, Retryable
from ingestd.sinks.credentials import Credentials
from ingestd.sinks.payload import Body

__all__ = ["Signer", "authorization", "signer"]


class Signer:
    """SigV4 by opensearch-py's signer, over credentials that are fetched without blocking the event loop."""

    def __init__(self, credentials: Credentials, region: str, service: str) -> None:
        self._credentials = credentials
        self._frozen: Any = None
        self._sign = AWSV4SignerAsyncAuth(self, region, service)

    async def refresh(self) -> None:
        """Have the credentials of the moment; raises Retryable if there are none."""
        try:
            self._frozen = await self._credentials()
        except BotoCoreError as error:
            raise Retryable("no AWS credentials to be had", reason="credentials") from error
        if self._frozen is None:
            raise Retryable("no AWS credentials to be had", reason="credentials")

    def get_frozen_credentials(self) -> Any:
        return self._frozen

    def __call__(self, method: str, url: str, body: Body | None, headers: dict[str, str]) -> dict[str, str]:
        return self._sign(method, url, body.data if body else b"", headers)


def signer(settings: OpenSearchSettings, credentials: Credentials | None) -> Signer | None:
    """What signs requests, if the settings ask for it."""
    if settings.auth != "sigv4":
        return None
    if credentials is None or settings.region is None:
        raise Fatal("signing needs AWS credentials and a region", reason="credentials")
    return Signer(credentials, settings.region, settings.service)


def authorization(settings: OpenSearchSettings) -> dict[str, str]:
    """The header of a password or an API key; none for the other kinds."""
    if settings.auth == "basic":
        if settings.username is None or settings.password is None:
            raise Fatal("basic authentication needs a username and a password", reason="credentials")
        pair = f"{settings.username}:{settings.password.get_secret_value()}"
        return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    if settings.auth == "api_key":
        if settings.api_key is None:
            raise Fatal("authentication by API key needs one", reason="credentials")
        return {"authorization": f"ApiKey {settings.api_key.get_secret_value()}"}
    return {}
