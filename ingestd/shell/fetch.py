"""One GetObject: how it is asked for, what is kept of the answer, and how a refusal is typed."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    TokenRetrievalError,
)

from ingestd.core.s3_answers import CREDENTIALS, INVALID_ARGUMENT, UNREACHABLE, Doing, Meaning, meaning
from ingestd.errors import Poison, Retryable
from ingestd.model import ObjectRef

__all__ = ["CUT", "S3", "Answer", "Fetch", "Refused"]

CUT = (BotoCoreError, aiohttp.ClientError, OSError)  # how a connection ends early; TimeoutError is an OSError
NO_CREDENTIALS = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, TokenRetrievalError)


class S3(Protocol):
    """The one call that is made, as an aiobotocore client has it."""

    def get_object(self, **request: Any) -> Awaitable[Mapping[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What S3 answered: an open stream and what it is of. `range` is the Content-Range of a partial answer."""

    stream: Any
    etag: str
    bytes: int
    modified_at: float
    range: str | None


class Refused(Exception):  # noqa: N818 - as the other errors, named by what it is
    """S3 did not give the object, and what that means. It becomes Poison or Retryable once nothing more is to be tried."""

    def __init__(self, why: Meaning, code: str = "") -> None:
        super().__init__(why.reason)
        self.why = why
        self.code = code

    def typed(self, attempts: int) -> Poison | Retryable:
        if self.why.doing is Doing.POISON:
            return Poison("object cannot be read", reason=self.why.reason, code=self.code)
        return Retryable("object cannot be read now", reason=self.why.reason, code=self.code, attempts=attempts)


class Fetch:
    """GetObject for one object, whose bucket belongs to `owner` as far as that is known."""

    def __init__(self, client: S3, ref: ObjectRef, owner: str | None) -> None:
        self._client = client
        self._request: dict[str, Any] = {"Bucket": ref.bucket, "Key": ref.key}
        if owner is not None:
            self._request["ExpectedBucketOwner"] = owner
        if ref.version_id is not None:
            self._request["VersionId"] = ref.version_id

    async def get(self, etag: str | None, first: int = 0) -> Answer:
        """The object from byte `first` on, if it has this etag (or any, for None). Raises Refused."""
        request = dict(self._request)
        if etag is not None:
            request["IfMatch"] = f'"{etag}"'
        if first:
            request["Range"] = f"bytes={first}-"
        try:
            answer = await self._client.get_object(**request)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))[:64]
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            raise Refused(meaning(code, status), code) from error
        except NO_CREDENTIALS as error:
            raise Refused(CREDENTIALS) from error
        except ParamValidationError as error:
            raise Refused(INVALID_ARGUMENT) from error
        except CUT as error:
            raise Refused(UNREACHABLE) from error
        return Answer(
            stream=answer["Body"],
            etag=str(answer["ETag"]).removeprefix("W/").strip('"'),
            bytes=int(answer["ContentLength"]),
            modified_at=answer["LastModified"].timestamp(),
            range=answer.get("ContentRange"),
        )
