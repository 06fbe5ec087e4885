"""What a sink's answer means for each item of a batch: the tables first, then the few lines that read them.

* Delivered is only what the answer says is delivered. An answer that is cut, strange or of another length settles nothing.
* A fault of the document (a mapping conflict) refuses that item. A fault of the index, the credentials or the cluster never
  refuses anything: it is kept, and pauses the sink, or a rotated password would turn a day of logs into dead letters.
* An unknown 400 of an item is the document's fault, as nearly all of them are; any other unknown 4xx pauses.

The tables' rows were seen on OpenSearch 3.4 or stand in the documents of Elasticsearch and of Amazon Data Firehose.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from itertools import repeat
from typing import Any

import orjson

from ingestd.model import Refusal, Verdict

__all__ = ["FILTER_PATH", "bulk_verdict", "firehose_error_verdict", "firehose_verdict", "request_failed"]

# Positions are all that ties an item to its document, so each item must stay in the answer: its status keeps it there.
FILTER_PATH = "took,errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by.reason"

DETAIL_CHARS_MAX = 300


class _Fate(Enum):
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    RETRY = "retry"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class _Ruling:
    fate: _Fate
    paused: str | None = None
    throttled: bool = False


@dataclass(frozen=True, slots=True)
class _Failure:
    """How a whole request failed: `reason` in a word, and what the verdict says besides that nothing is settled."""

    reason: str
    throttled: bool = False
    paused: bool = False
    split: bool = False


_ACCEPTED = _Ruling(_Fate.ACCEPTED)
_DUPLICATE = _Ruling(_Fate.DUPLICATE)
_RETRY = _Ruling(_Fate.RETRY)
_THROTTLED = _Ruling(_Fate.RETRY, throttled=True)
_REFUSED = _Ruling(_Fate.REFUSED)


def _paused(reason: str) -> _Ruling:
    return _Ruling(_Fate.RETRY, paused=reason)


# One bulk item by (status, type of its error). A flood-stage block is a 429 that no waiting of ours ends.
_ITEM_BY_TYPE = {
    (400, "index_closed_exception"): _paused("index_closed"),
    (403, "index_closed_exception"): _paused("index_closed"),
    (400, "invalid_index_name_exception"): _paused("index_name"),
    (400, "routing_missing_exception"): _paused("index_settings"),
    (400, "validation_exception"): _paused("cluster_limit"),
    (403, "cluster_block_exception"): _paused("cluster_block"),
    (404, "index_not_found_exception"): _paused("index_missing"),
    (409, "version_conflict_engine_exception"): _DUPLICATE,
    (429, "cluster_block_exception"): _paused("cluster_block"),
}

# Faults of the index that share a type with faults of documents: told apart by how the server's reason begins. Further on it
# may quote a document, and no document shall be able to pause a sink.
_ITEM_BY_BEGINNING: dict[tuple[int, str], tuple[tuple[str, _Ruling], ...]] = {
    (400, "illegal_argument_exception"): (
        (r"no write index is defined for alias ", _paused("index_settings")),
        (r"pipeline with id \[", _paused("index_settings")),
        (r"(?:Validation Failed: \d+: )?this (?:action .{1,80} but this )?cluster currently has ", _paused("cluster_limit")),
    ),
}

_ITEM_BY_STATUS = {
    200: _ACCEPTED,
    201: _ACCEPTED,
    400: _REFUSED,
    401: _paused("unauthorized"),
    403: _paused("forbidden"),
    408: _THROTTLED,
    409: _RETRY,
    429: _THROTTLED,
}

# A whole bulk request by (status, type of its error), then by status.
_BULK_BY_TYPE = {
    (403, "cluster_block_exception"): _Failure("cluster_block", paused=True),
    (429, "cluster_block_exception"): _Failure("cluster_block", paused=True),
}
_BULK_BY_STATUS = {
    400: _Failure("bad_request", paused=True),  # the body is ours, so is the fault: kept, and somebody is told
    401: _Failure("unauthorized", paused=True),
    403: _Failure("forbidden", paused=True),
    404: _Failure("not_found", paused=True),
    408: _Failure("timeout", throttled=True),
    413: _Failure("too_large", split=True),
    429: _Failure("throttled", throttled=True),
    500: _Failure("server_error"),
    502: _Failure("unavailable", throttled=True),
    503: _Failure("unavailable", throttled=True),
    504: _Failure("unavailable", throttled=True),
}

_RECORD = {  # one Firehose record, by ErrorCode
    "ServiceUnavailableException": _THROTTLED,
    "ThrottlingException": _THROTTLED,
    "LimitExceededException": _THROTTLED,
    "InternalFailure": _RETRY,
    "InternalServerError": _RETRY,
}

_FIREHOSE = {  # a whole PutRecordBatch, by the error's code
    "ServiceUnavailableException": _Failure("throttled", throttled=True),
    "ThrottlingException": _Failure("throttled", throttled=True),
    "Throttling": _Failure("throttled", throttled=True),
    "LimitExceededException": _Failure("throttled", throttled=True),
    "RequestLimitExceeded": _Failure("throttled", throttled=True),
    "InternalFailure": _Failure("server_error"),
    "RequestTimeout": _Failure("timeout", throttled=True),
    "ResourceNotFoundException": _Failure("not_found", paused=True),
    "InvalidSourceException": _Failure("wrong_source", paused=True),
    "InvalidKMSResourceException": _Failure("kms", paused=True),
    "AccessDeniedException": _Failure("forbidden", paused=True),
    "ExpiredTokenException": _Failure("unauthorized", paused=True),
    "IncompleteSignature": _Failure("unauthorized", paused=True),
    "InvalidClientTokenId": _Failure("unauthorized", paused=True),
    "InvalidSignatureException": _Failure("unauthorized", paused=True),
    "MissingAuthenticationToken": _Failure("unauthorized", paused=True),
    "UnrecognizedClientException": _Failure("unauthorized", paused=True),
    "RequestEntityTooLargeException": _Failure("too_large", split=True),
    "InvalidArgumentException": _Failure("bad_request", split=True),  # the code also for a request over 4 MiB
}

_NO_ANSWER = {  # there was none, by what the sink saw
    "timeout": _Failure("timeout", throttled=True),
    "unreachable": _Failure("unreachable", throttled=True),
    "certificate": _Failure("certificate", paused=True),
    "credentials": _Failure("credentials", paused=True),
}

# Elasticsearch names the errors first, OpenSearch the time (milliseconds).
_ALL_WELL = re.compile(rb'\{(?:"took":(\d+),"errors":false|"errors":false(?:,"took":(\d+))?),"items":\[')
_CREATED = b'{"create":{"status":201}}'


def bulk_verdict(status: int, body: bytes, items: int, after_seconds: float | None = None) -> Verdict:
    """The verdict on a bulk request of `items` documents that asked for FILTER_PATH; `after_seconds` is Retry-After."""
    if status != 200:
        return _whole_bulk(status, body, items, after_seconds)
    head = _ALL_WELL.match(body)
    if head and items and body == head[0] + (_CREATED + b",") * (items - 1) + _CREATED + b"]}":
        return Verdict(items, took_seconds=_seconds(head[1] or head[2]))  # nearly always: spares parsing thousands of items
    try:
        answer = orjson.loads(body)
        reported = answer["items"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return Verdict.nothing_settled(items, "bad_answer")
    if not isinstance(reported, list) or len(reported) != items:
        return Verdict.nothing_settled(items, "bad_answer")
    return replace(_settle(items, (_bulk_item(entry) for entry in reported)), took_seconds=_seconds(answer.get("took")))


def firehose_verdict(answer: Mapping[str, Any], items: int) -> Verdict:
    """The verdict on a PutRecordBatch of `items` records that was answered, as the SDK gives the answer."""
    entries = answer.get("RequestResponses")
    if not isinstance(entries, list) or len(entries) != items:
        return Verdict.nothing_settled(items, "bad_answer")
    if answer.get("FailedPutCount") == 0 and _all_taken(entries):  # nearly always: spares judging hundreds of records
        return Verdict(items)
    judged = [_firehose_item(entry) for entry in entries]
    if answer.get("FailedPutCount") != sum(ruling is not _ACCEPTED for ruling, _, _ in judged):
        return Verdict.nothing_settled(items, "bad_answer")
    return _settle(items, judged)


def firehose_error_verdict(status: int, code: str, items: int) -> Verdict:
    """The verdict on a PutRecordBatch that AWS refused as a whole with this HTTP status and error code."""
    failure = _FIREHOSE.get(code)
    if failure is None:
        failure = _Failure("server_error", throttled=True) if status >= 500 else _Failure("bad_request", paused=True)
    return _failed(failure, items)


def request_failed(reason: str, items: int) -> Verdict:
    """The verdict on a request without an answer (timeout, unreachable, certificate, credentials); it may have been applied."""
    return _failed(_NO_ANSWER[reason], items)


def _settle(items: int, judged: Iterable[tuple[_Ruling, str, str]]) -> Verdict:
    retry: list[int] = []
    refused: list[Refusal] = []
    duplicates: list[int] = []
    throttled = False
    paused: str | None = None
    for index, (ruling, kind, detail) in enumerate(judged):
        if ruling.fate is _Fate.RETRY:
            retry.append(index)
            throttled = throttled or ruling.throttled
            paused = paused or ruling.paused
        elif ruling.fate is _Fate.DUPLICATE:
            duplicates.append(index)
        elif ruling.fate is _Fate.REFUSED:
            refused.append(Refusal(index, kind, detail[:DETAIL_CHARS_MAX]))
    reason = paused or ("throttled" if throttled else "item_failed" if retry else "")
    return Verdict(items, tuple(retry), tuple(refused), tuple(duplicates), throttled, paused, reason=reason)


def _bulk_item(entry: object) -> tuple[_Ruling, str, str]:
    """(ruling, type, server's reason) of one entry of `items`; an entry that cannot be read was not reported."""
    result = entry.get("create") if isinstance(entry, dict) else None
    if not isinstance(result, dict):
        return _RETRY, "", ""
    status, error = result.get("status"), result.get("error")
    if not isinstance(status, int):
        return _RETRY, "", ""
    kind, detail = _error_words(error)
    for beginning, ruling in _ITEM_BY_BEGINNING.get((status, kind), ()):
        if re.match(beginning, detail):
            return ruling, kind, detail
    known = _ITEM_BY_TYPE.get((status, kind)) or _ITEM_BY_STATUS.get(status)
    return known or (_paused("index_fault") if 400 <= status < 500 else _RETRY), _word(kind), detail


def _whole_bulk(status: int, body: bytes, items: int, after_seconds: float | None) -> Verdict:
    if status == 413 and items == 1:
        return Verdict(1, refused=(Refusal(0, "too_large"),))
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        answer = None
    kind, _ = _error_words(answer.get("error") if isinstance(answer, dict) else None)
    failure = _BULK_BY_TYPE.get((status, kind)) or _BULK_BY_STATUS.get(status)
    if failure is None and 400 <= status < 500:
        failure = _Failure("bad_request", paused=True)
    return _failed(failure or _Failure("server_error", throttled=True), items, after_seconds)


def _firehose_item(entry: object) -> tuple[_Ruling, str, str]:
    if not isinstance(entry, Mapping):
        return _RETRY, "", ""
    code = entry.get("ErrorCode")
    if not code:
        return (_ACCEPTED if entry.get("RecordId") else _RETRY), "", ""
    known = _RECORD.get(str(code))
    return known or _paused("kms" if str(code).startswith("KMS") else "record_fault"), "", ""


def _all_taken(entries: list[object]) -> bool:
    """Whether each entry says nothing but that its record was accepted; False proves nothing. No step of it runs in Python."""
    return {*map(type, entries)} == {dict} and {*map(len, entries)} == {1} and all(map(dict.get, entries, repeat("RecordId")))  # type: ignore[arg-type]  # all are dicts by then


def _failed(failure: _Failure, items: int, after_seconds: float | None = None) -> Verdict:
    split = failure.split and items > 1
    paused = failure.reason if failure.paused or (failure.split and not split) else None
    return Verdict.nothing_settled(
        items, failure.reason, throttled=failure.throttled, paused=paused, split=split, after_seconds=after_seconds
    )


def _error_words(error: object) -> tuple[str, str]:
    """An error's type and its reason, with the cause's behind it: "failed to parse" alone helps nobody."""
    if not isinstance(error, dict):
        return "", str(error or "")
    reason, cause = str(error.get("reason", "")), error.get("caused_by")
    behind = str(cause.get("reason", "")) if isinstance(cause, dict) else ""
    return str(error.get("type", "")), f"{reason}: {behind}" if behind else reason


def _seconds(took: object) -> float | None:
    """Of the server's milliseconds; of anything else nothing."""
    return int(took) / 1000.0 if isinstance(took, int | bytes) else None


def _word(kind: str) -> str:
    """The server's word for the fault if it is fit for a label, else one of ours."""
    return kind if re.fullmatch(r"[a-z][a-z0-9_]{0,63}", kind) else "refused"
