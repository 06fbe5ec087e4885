"""What `ingestd check --connect` tries: each permission that the service needs, without taking, changing or leaving anything.

* A message is received with no time of its own, so that it is at once there for others; a receipt that is none is deleted and
  hidden: whoever may do it is told that it is none.
* Objects: the first that the received notice or a listing names, one byte of it. A key that is not there tells nothing where
  listing is not permitted, since S3 answers both with AccessDenied.
* A dead letter is put with a checksum that is wrong, a record to Firehose that is too large: whoever may write is told that.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

import orjson
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from ingestd.config import FirehoseSettings, OpenSearchSettings, Settings
from ingestd.core.notice import Allowed, read_notice
from ingestd.errors import Fatal, IngestdError, Poison
from ingestd.shell.clients import Clients
from ingestd.shell.listing import listed
from ingestd.shell.secrets import with_secrets
from ingestd.sinks.opensearch import OpenSearchSink

__all__ = ["Probe", "Statement", "probes"]

RECORD_BYTES = 1_024_001  # one more than Firehose takes
ENTRIES = [{"Id": "0", "ReceiptHandle": "ingestd-check"}]
NOT_SIGNED = {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "SignatureDoesNotMatch"}
NOT_SIGNED |= {"ExpiredToken", "ExpiredTokenException", "InvalidToken", "IncompleteSignature"}
NOT_THERE = {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "NoSuchBucket", "ResourceNotFoundException"}
NOT_THERE |= {"PermanentRedirect", "AuthorizationHeaderMalformed"}

Result = Literal["ok", "denied", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class Statement:
    """What is to be added to the role's policy."""

    sid: str
    actions: tuple[str, ...]
    resource: str

    def __str__(self) -> str:
        return orjson.dumps(
            {"Sid": self.sid, "Effect": "Allow", "Action": list(self.actions), "Resource": [self.resource]}
        ).decode()


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing that was tried. `statement`: the permission it takes; `detail`: what the other side said."""

    what: str
    result: Result
    detail: str = ""
    statement: Statement | None = None


async def probes(settings: Settings, clients: Clients) -> AsyncIterator[Probe]:
    """Try everything, each whatever became of the one before."""
    try:
        settings = await with_secrets(settings, clients.session)
    except Fatal as error:
        arn = next(_secret_arns(settings), "SECRET_ARN")
        statement = Statement("ReadSecret", ("secretsmanager:GetSecretValue",), arn)
        denied = "AccessDenied" in str(error.fields.get("code", ""))
        yield Probe(f"read {error.fields.get('path')}", "denied" if denied else "failed", str(error), statement)
        settings = settings.model_copy(
            update={"sinks": {name: sink for name, sink in settings.sinks.items() if isinstance(sink, FirehoseSettings)}}
        )
    named: dict[str, str] = {}  # an object of each bucket
    async for probe in _of_queue(settings, clients, named):
        yield probe
    for bucket in settings.queue.buckets:
        yield await _of_bucket(settings, clients, bucket, named.get(bucket))
    if settings.dead_letters.bucket:
        yield await _of_dead_letters(settings, clients)
    for name, sink in settings.sinks.items():
        if isinstance(sink, OpenSearchSettings):
            yield await _of_cluster(name, sink, clients)
        else:
            yield await _of_stream(name, sink, settings, clients)


async def _of_queue(settings: Settings, clients: Clients, named: dict[str, str]) -> AsyncIterator[Probe]:
    url = settings.queue.url or ""
    *_, account, name = urlsplit(url).path.split("/")
    host = (urlsplit(url).hostname or "").split(".")
    region = host[1] if len(host) > 2 and host[0] == "sqs" else settings.aws.region or "REGION"

    def statement(action: str) -> Statement:
        return Statement("ReceiveNotices", (f"sqs:{action}",), f"arn:aws:sqs:{region}:{account}:{name}")

    async def receive() -> None:
        answer = await clients.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1, WaitTimeSeconds=0, VisibilityTimeout=0)
        for message in answer.get("Messages", ()):
            named.update(_objects_of(message.get("Body", ""), settings))

    async def ask() -> None:
        await clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])

    async def delete() -> None:
        await clients.sqs.delete_message_batch(QueueUrl=url, Entries=ENTRIES)

    async def hide() -> None:
        entries = [entry | {"VisibilityTimeout": 0} for entry in ENTRIES]
        await clients.sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)

    yield await _tried(f"receive from the queue {name}", receive, statement("ReceiveMessage"))
    yield await _tried(f"ask how much is on the queue {name}", ask, statement("GetQueueAttributes"))
    yield await _tried(f"settle messages of the queue {name}", delete, statement("DeleteMessage"), refusal_is_well=True)
    yield await _tried(f"hold messages of the queue {name}", hide, statement("ChangeMessageVisibility"), refusal_is_well=True)


def _objects_of(body: str, settings: Settings) -> dict[str, str]:
    """Bucket -> key, of a notice."""
    try:
        notice = read_notice(body, Allowed.by(settings.queue))
    except Poison:
        return {}
    return {ref.bucket: ref.key for ref in notice.objects}


async def _of_bucket(settings: Settings, clients: Clients, bucket: str, key: str | None) -> Probe:
    statement = Statement("ReadLogs", ("s3:GetObject", "s3:GetObjectVersion"), f"arn:aws:s3:::{bucket}/*")
    owner = settings.queue.owners[0] if len(settings.queue.owners) == 1 else None
    if key is None:
        try:
            found = await anext(listed(clients.s3, bucket, owner=owner, attempts_max=1), None)
            key = found.key if found else None
        except Fatal:
            key = None

    async def get() -> None:
        asked = {"Bucket": bucket, "Key": key or "ingestd-check", "Range": "bytes=0-0"}
        answer = await clients.s3.get_object(**asked, **({"ExpectedBucketOwner": owner} if owner else {}))
        answer["Body"].close()

    probe = await _tried(f"read an object of {bucket}", get, statement, refusal_is_well=True)
    if key is None and probe.result == "denied":
        detail = "no object is known to try with, and a missing one is denied, too, where listing is; wait for the first notice"
        return Probe(probe.what, "unknown", detail, statement)
    return probe


async def _of_dead_letters(settings: Settings, clients: Clients) -> Probe:
    bucket, prefix = settings.dead_letters.bucket, settings.dead_letters.prefix
    statement = Statement("WriteDeadLetters", ("s3:PutObject",), f"arn:aws:s3:::{bucket}/{prefix}*")

    async def put() -> None:
        wrong = base64.b64encode(hashlib.md5(b"another body", usedforsecurity=False).digest()).decode()
        await clients.s3.put_object(Bucket=bucket, Key=f"{prefix}ingestd-check", Body=b"", ContentMD5=wrong)

    return await _tried(f"write dead letters to {bucket}/{prefix}", put, statement, refusal_is_well=True)


async def _of_stream(name: str, sink: FirehoseSettings, settings: Settings, clients: Clients) -> Probe:
    region = sink.region or settings.aws.region
    arn = f"arn:aws:firehose:{region or 'REGION'}:ACCOUNT:deliverystream/{sink.stream}"

    async def put() -> None:
        records = [{"Data": b" " * RECORD_BYTES}]
        await clients.firehose[region].put_record_batch(DeliveryStreamName=sink.stream, Records=records)

    statement = Statement("PutRecords", ("firehose:PutRecordBatch",), arn)
    return await _tried(f"put records on the stream of sinks.{name}", put, statement, refusal_is_well=True)


async def _of_cluster(name: str, sink: OpenSearchSettings, clients: Clients) -> Probe:
    what, statement = f"reach the cluster of sinks.{name}", None
    if sink.auth == "sigv4" and sink.service == "es":
        resource = f"arn:aws:es:{sink.region}:ACCOUNT:domain/DOMAIN/_bulk"
        statement = Statement("WriteDocuments", ("es:ESHttpPost",), resource)
    try:
        opened = OpenSearchSink(name, sink, clients.cluster(sink))
        try:
            await opened.check()
        finally:
            await opened.close()
    except IngestdError as error:
        return Probe(what, "denied" if error.reason == "unauthorized" else "failed", str(error), statement)
    return Probe(what, "ok", "an empty bulk request; what may be written there, its roles say")


async def _tried(
    what: str, call: Callable[[], Awaitable[None]], statement: Statement, *, refusal_is_well: bool = False
) -> Probe:
    """`refusal_is_well`: the call is wrong on purpose, and being told so proves that one may."""
    try:
        await call()
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "unknown"))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in NOT_THERE or code in NOT_SIGNED or status >= 500:
            return Probe(what, "failed", code, statement)
        if "AccessDenied" in code or status in (401, 403):
            return Probe(what, "denied", code, statement)
        return Probe(what, "ok" if refusal_is_well else "failed", code, statement)
    except NoCredentialsError:
        return Probe(what, "failed", "no AWS credentials: no variables, no profile, no role", statement)
    except (BotoCoreError, OSError) as error:
        return Probe(what, "failed", type(error).__name__, statement)
    return Probe(what, "ok", "", statement)


def _secret_arns(settings: Settings) -> Any:
    for sink in settings.sinks.values():
        if isinstance(sink, OpenSearchSettings):
            yield from (arn for arn in (sink.password_secret, sink.api_key_secret) if arn)
