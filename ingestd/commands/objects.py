"""Objects that a command is told to read: files, all files of a folder, standard input, and objects in S3."""

from __future__ import annotations

import sys
import time
from asyncio import Runner
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import click

from ingestd.commands.arguments import place
from ingestd.config import Settings
from ingestd.core.origin import origin_of
from ingestd.errors import Fatal, IngestdError, Retryable
from ingestd.model import ObjectRef, Source

__all__ = ["Content", "Given", "ObjectArgument", "Opener", "given"]

READ_BYTES = 1 << 20
LOCAL_BUCKET = "local"
STDIN = Path("-")
S3 = "s3://"


@dataclass(frozen=True, slots=True)
class Given:
    """An object by its name on the command line; `ref` of one in S3, or as which a file is to be read."""

    name: str
    path: Path | None = None
    ref: ObjectRef | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """An object that is being read: where it comes from, and its bytes with whether they are the last."""

    source: Source
    pieces: Iterator[tuple[bytes, bool]]


class ObjectArgument(click.ParamType[Given]):
    """PATH, `-`, or s3://BUCKET/KEY; `is_remote`: nothing but the last."""

    name = "object"

    def __init__(self, *, is_remote: bool = False) -> None:
        self._is_remote = is_remote

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Given:
        if isinstance(value, Given):
            return value
        if str(value).startswith(S3):
            bucket, key = place(value)
            if not key or key.endswith("/"):
                self.fail(f"{value!r} names no object, as s3://bucket/key would", param, ctx)
            return Given(value, ref=ObjectRef(bucket, key))
        if self._is_remote:
            self.fail(f"{value!r} is not as s3://bucket/key", param, ctx)
        path = click.Path(exists=True, allow_dash=True, path_type=Path).convert(value, param, ctx)
        return Given(str(path), Path(str(path)))


def given(arguments: tuple[Given, ...], like: Given | None) -> Iterator[Given]:
    """Each object in turn, folders as the files in them; a file as if it were the one that it is to be `like`."""
    for each in arguments:
        if each.path is not None and each.path.is_dir():
            yield from (Given(str(below), below) for below in sorted(each.path.rglob("*")) if below.is_file())
        else:
            yield each if like is None or each.path is None else replace(each, ref=like.ref)


class Opener:
    """Opens objects, one after the other; what it takes to reach S3 is there from the first that lies there."""

    def __init__(self, settings: Settings, stack: ExitStack) -> None:
        self._settings = settings
        self._stack = stack
        self._runner: Runner | None = None
        self._objects: Any = None

    @contextmanager
    def open(self, found: Given) -> Iterator[Content]:
        """The object. Raises OSError of a file, and of S3 Poison for what cannot be, Fatal for what somebody must mend."""
        if found.path is None and found.ref is not None:
            with self._remote(found.ref) as opened:
                yield opened
            return
        path = found.path or STDIN
        with nullcontext(sys.stdin.buffer) if path == STDIN else path.open("rb") as file:
            yield Content(_source(found, path), _pieces(file))

    @contextmanager
    def _remote(self, ref: ObjectRef) -> Iterator[Content]:
        if self._runner is None:
            self._runner = self._stack.enter_context(Runner())
            remote = AsyncExitStack()
            self._objects = self._runner.run(_reached(self._settings, remote))
            self._stack.callback(_close, self._runner, remote)
        runner = self._runner
        context = self._objects.open(ref)
        try:
            body = runner.run(context.__aenter__())
        except IngestdError as error:
            raise _told(error, ref) from error
        try:
            yield Content(body.source, _received(runner, body.pieces(), ref))
        finally:
            runner.run(context.__aexit__(None, None, None))


def _source(found: Given, path: Path) -> Source:
    """What a file says of itself, and its name, as S3 would of an object."""
    bucket, key = (found.ref.bucket, found.ref.key) if found.ref else (LOCAL_BUCKET, found.name)
    account, region = origin_of(key)
    modified_at = time.time() if path == STDIN else path.stat().st_mtime
    return Source(bucket, key, "", modified_at, region, account)


def _close(runner: Runner, remote: AsyncExitStack) -> None:
    runner.run(remote.aclose())


def _pieces(file: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    data = file.read(READ_BYTES)
    while following := file.read(READ_BYTES):
        yield data, False
        data = following
    yield data, True


def _received(runner: Runner, pieces: AsyncIterator[tuple[bytes, bool]], ref: ObjectRef) -> Iterator[tuple[bytes, bool]]:
    try:
        while (piece := runner.run(_next(pieces))) is not None:
            yield piece
    except Retryable as error:
        raise _told(error, ref) from error


async def _next(pieces: AsyncIterator[tuple[bytes, bool]]) -> tuple[bytes, bool] | None:
    return await anext(pieces, None)


async def _reached(settings: Settings, stack: AsyncExitStack) -> Any:
    """What opens objects in S3, by the settings of [aws] and the credentials that there are."""
    from aiobotocore.session import get_session
    from botocore.exceptions import BotoCoreError

    from ingestd.shell.clients import client_options
    from ingestd.shell.objects import Objects

    try:
        client = await stack.enter_async_context(get_session().create_client("s3", **client_options(settings.aws, 1)))
    except (BotoCoreError, ValueError) as error:
        raise Fatal("S3 cannot be asked", reason="client", detail=str(error)) from error
    stall = settings.aws.read_timeout_seconds
    return Objects(client, settings.object, owners=settings.queue.owners, stall_seconds=stall)


HINTS = {
    "access_denied": "it takes s3:GetObject on arn:aws:s3:::{bucket}/{key}, kms:Decrypt where KMS encrypts it, and "
    "s3:ListBucket on arn:aws:s3:::{bucket} to be told that there is no such key",
    "archived": "it is in an archive: restore it first",
    "clock_skew": "this machine's clock is wrong",
    "credentials": "no credentials that AWS takes are set: AWS_PROFILE, AWS_ACCESS_KEY_ID, or a role",
    "key_unusable": "the KMS key that encrypts it cannot be used",
    "no_such_bucket": "there is no bucket {bucket}",
    "no_such_key": "the bucket {bucket} has no such key",
    "unreachable": "S3 does not answer: is the region right, and aws.endpoint_url?",
    "wrong_region": "the bucket {bucket} is in another region: set AWS_REGION or aws.region",
}


def _told(error: IngestdError, ref: ObjectRef) -> IngestdError:
    """The error for whoever sits at the terminal: what is lacking, by name."""
    hint = HINTS.get(error.reason)
    if hint is None:
        return error
    return Fatal(f"{error.reason}: {hint.format(bucket=ref.bucket, key=ref.key)}", reason=error.reason)
