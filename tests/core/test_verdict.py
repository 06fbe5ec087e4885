"""What answers mean: the tables of core/verdict.py, against answers as OpenSearch 3.4 gave them and Firehose documents them."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.core.verdict import bulk_verdict, firehose_error_verdict, firehose_verdict, request_failed
from ingestd.model import Refusal, Verdict

ALL_WELL = b'{"errors":false,"items":[{"create":{"status":201}},{"create":{"status":201}},{"create":{"status":201}}]}'


def answer(*items: str) -> bytes:
    return b'{"errors":true,"items":[%s]}' % b",".join(b'{"create":%s}' % item.encode() for item in items)


def failed(status: int, kind: str, reason: str) -> str:
    return orjson.dumps({"status": status, "error": {"type": kind, "reason": reason}}).decode()


CREATED = '{"status":201}'
CONFLICT = failed(409, "version_conflict_engine_exception", "[1]: version conflict, document already exists")
QUEUE_FULL = failed(429, "rejected_execution_exception", "rejected execution of coordinating operation")
QUEUE_FULL_ES = failed(429, "es_rejected_execution_exception", "rejected execution of primary operation")
FLOOD = failed(
    429,
    "cluster_block_exception",
    "index [ro] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, "
    "index has read-only-allow-delete block];",
)

# (the item's result, is it sent again, throttled, paused)
KEPT = [
    (QUEUE_FULL, True, None),
    (QUEUE_FULL_ES, True, None),
    (failed(429, "circuit_breaking_exception", "data too large"), True, None),
    (failed(408, "timeout_exception", "slow"), True, None),
    (FLOOD, False, "cluster_block"),
    (failed(403, "cluster_block_exception", "index [ro2] blocked by: [FORBIDDEN/5/index read-only];"), False, "cluster_block"),
    (failed(503, "cluster_block_exception", "blocked by: [SERVICE_UNAVAILABLE/2/no master];"), False, None),
    (failed(400, "index_closed_exception", "closed"), False, "index_closed"),
    (failed(404, "index_not_found_exception", "no such index [fresh]"), False, "index_missing"),
    (failed(400, "invalid_index_name_exception", "Invalid index name [UPPER]"), False, "index_name"),
    (failed(403, "security_exception", "no permissions for [indices:data/write/bulk[s]]"), False, "forbidden"),
    (failed(401, "security_exception", "missing authentication"), False, "unauthorized"),
    (failed(400, "routing_missing_exception", "routing is required for [route]/[2]"), False, "index_settings"),
    (failed(400, "illegal_argument_exception", "no write index is defined for alias [al]."), False, "index_settings"),
    (failed(400, "illegal_argument_exception", "pipeline with id [nope] does not exist"), False, "index_settings"),
    (
        failed(400, "validation_exception", "Validation Failed: 1: this action would add [2] total shards, but ..."),
        False,
        "cluster_limit",
    ),
    (
        failed(400, "illegal_argument_exception", "this cluster currently has [1000]/[1000] maximum normal shards open;"),
        False,
        "cluster_limit",
    ),
    (failed(418, "teapot_exception", "unheard of"), False, "index_fault"),
    (failed(503, "unavailable_shards_exception", "primary shard is not active"), False, None),
    (failed(500, "null_pointer_exception", "none"), False, None),
    (failed(409, "other_conflict_exception", "none"), False, None),
    ('{"error":{"type":"x","reason":"no status"}}', False, None),
    ('{"status":"201"}', False, None),
    ("null", False, None),
]

REFUSED = [
    ("mapper_parsing_exception", "failed to parse field [x] of type [long] in document with id '4'."),
    ("document_parsing_exception", "[1:6] failed to parse field [x] of type [long]"),
    ("strict_dynamic_mapping_exception", "mapping set to strict, dynamic introduction of [z] within [_doc] is not allowed"),
    ("illegal_argument_exception", "Limit of total fields [2] has been exceeded"),
    ("illegal_argument_exception", "Document contains at least one immense term in field=k"),
]


@pytest.mark.parametrize(("item", "throttled", "paused"), KEPT)
def test_what_is_no_fault_of_the_document_is_kept(item: str, throttled: bool, paused: str | None) -> None:
    """Faults of the index, of credentials and of the cluster are sent again, whatever their status."""
    verdict = bulk_verdict(200, answer(CREATED, item, CREATED), 3)
    assert (verdict.retry, verdict.refused, verdict.duplicates) == ((1,), (), ())
    assert (verdict.throttled, verdict.paused, verdict.accepted) == (throttled, paused, 2)


@pytest.mark.parametrize(("kind", "reason"), REFUSED)
def test_a_fault_of_the_document_refuses_it(kind: str, reason: str) -> None:
    """A document that the mapping cannot take is refused at once, with the server's type and reason."""
    verdict = bulk_verdict(200, answer(CREATED, failed(400, kind, reason)), 2)
    assert verdict == Verdict(2, refused=(Refusal(1, kind, reason),))


@pytest.mark.parametrize(
    "reason",
    [
        'Document contains at least one immense term in field="no write index is defined for alias [al]"',
        "mapper [pipeline with id [x]] cannot be changed from type [long] to [text]",
        'DocValuesField "this cluster currently has shards open" is too large',
    ],
)
def test_no_document_can_pause_the_sink(reason: str) -> None:
    """A field may be called like a fault of the index; what the server says first is what counts."""
    verdict = bulk_verdict(200, answer(failed(400, "illegal_argument_exception", reason)), 1)
    assert (verdict.paused, len(verdict.refused)) == (None, 1)


def test_a_cause_stands_behind_its_reason() -> None:
    """ "failed to parse" alone helps nobody: the server's cause is part of the detail."""
    error = {"type": "mapper_parsing_exception", "reason": "failed to parse", "caused_by": {"reason": "field name is empty"}}
    verdict = bulk_verdict(200, answer(orjson.dumps({"status": 400, "error": error}).decode()), 1)
    assert verdict.refused == (Refusal(0, "mapper_parsing_exception", "failed to parse: field name is empty"),)


def test_a_conflict_is_success() -> None:
    """409 says that the document is there already: delivered, and counted as a duplicate."""
    verdict = bulk_verdict(200, answer(CONFLICT, CREATED, CONFLICT), 3)
    assert verdict == Verdict(3, duplicates=(0, 2))
    assert verdict.accepted == 1


def test_each_item_has_its_own_outcome() -> None:
    """In one answer items may be accepted, there already, refused, throttled and paused, each in its place."""
    mapping = failed(400, "mapper_parsing_exception", "failed to parse")
    verdict = bulk_verdict(200, answer(CONFLICT, QUEUE_FULL, mapping, CREATED, FLOOD), 5)
    assert verdict == Verdict(
        5,
        retry=(1, 4),
        refused=(Refusal(2, "mapper_parsing_exception", "failed to parse"),),
        duplicates=(0,),
        throttled=True,
        paused="cluster_block",
        reason="cluster_block",
    )


@pytest.mark.parametrize("spaced", [ALL_WELL, ALL_WELL.replace(b":", b": "), b'{"took":3,' + ALL_WELL[1:]])
def test_all_well_is_all_well_in_any_spelling(spaced: bytes) -> None:
    """The shortest answer is known by its bytes, any other spelling of it by its meaning."""
    assert bulk_verdict(200, spaced, 3) == Verdict(3)


@pytest.mark.parametrize(
    ("head", "seconds"),
    [
        (b'{"took":1500,"errors":false,', 1.5),
        (b'{"errors":false,"took":7,', 0.007),
        (b'{ "took":7,"errors":false,', 0.007),
        (b'{"errors":false,', None),
        (b'{"took":null,"errors":false,', None),
        (b'{"took":"7","errors":false,', None),
    ],
)
def test_the_servers_own_time_is_heard(head: bytes, seconds: float | None) -> None:
    """In whatever order the answer says it; what is no number is no time."""
    verdict = bulk_verdict(200, ALL_WELL.replace(b'{"errors":false,', head), 3)
    assert (verdict, verdict.took_seconds) == (Verdict(3), seconds)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"null",
        b"[]",
        b"{}",
        b'{"errors":false}',
        b'{"errors":false,"items":{}}',
        b'{"errors":false,"items":[]}',
        answer(CREATED, CREATED),
        answer(CREATED, CREATED, CREATED, CREATED),
        ALL_WELL[:-1],
        b"\xff\xfe",
    ],
)
def test_an_answer_that_does_not_fit_settles_nothing(body: bytes) -> None:
    """Items that the answer does not report one by one are not delivered, even when it says that there were no errors."""
    assert bulk_verdict(200, body, 3) == Verdict.nothing_settled(3, "bad_answer")


def test_the_servers_words_are_bounded() -> None:
    """A reason is cut to 300 characters, and a type that is no plain word does not become a label."""
    verdict = bulk_verdict(200, answer(failed(400, "Bad Type!", "x" * 1000)), 1)
    assert verdict.refused == (Refusal(0, "refused", "x" * 300),)


# (status, body, throttled, paused, split)
WHOLE = [
    (
        400,
        b'{"error":{"type":"illegal_argument_exception","reason":"must be terminated"},"status":400}',
        False,
        "bad_request",
        False,
    ),
    (400, b"", False, "bad_request", False),
    (401, b"Unauthorized", False, "unauthorized", False),
    (403, b'{"Message":"User: anonymous is not authorized"}', False, "forbidden", False),
    (403, b'{"error":{"type":"cluster_block_exception","reason":"read-only"},"status":403}', False, "cluster_block", False),
    (404, b'{"error":"no handler found"}', False, "not_found", False),
    (406, b"", False, "bad_request", False),
    (413, b"", False, None, True),
    (429, b'{"error":{"type":"rejected_execution_exception","reason":"memory"},"status":429}', True, None, False),
    (429, b'{"error":{"type":"cluster_block_exception","reason":"flood"},"status":429}', False, "cluster_block", False),
    (500, b"", False, None, False),
    (502, b"<html>", True, None, False),
    (503, b"[]", True, None, False),
    (504, b"", True, None, False),
    (302, b"", True, None, False),
    (599, b"", True, None, False),
]


@pytest.mark.parametrize(("status", "body", "throttled", "paused", "split"), WHOLE)
def test_a_failed_request_is_kept_whole(status: int, body: bytes, throttled: bool, paused: str | None, split: bool) -> None:
    """Whatever a whole request fails of, each of its items is sent again and none is refused."""
    verdict = bulk_verdict(status, body, 3)
    assert (verdict.retry, verdict.refused, verdict.accepted) == ((0, 1, 2), (), 0)
    assert (verdict.throttled, verdict.paused, verdict.split) == (throttled, paused, split)


def test_the_other_sides_wish_for_time_is_passed_on() -> None:
    """Retry-After of a whole answer is part of the verdict."""
    assert bulk_verdict(429, b"", 2, after_seconds=7.0).after_seconds == 7.0


def test_one_document_over_the_limit_is_refused() -> None:
    """413 for a single document cannot be halved: that document is refused."""
    assert bulk_verdict(413, b"", 1) == Verdict(1, refused=(Refusal(0, "too_large"),))


def records(*codes: str) -> dict[str, object]:
    entries = [{"ErrorCode": code, "ErrorMessage": "m"} if code else {"RecordId": "r"} for code in codes]
    return {"FailedPutCount": sum(map(bool, codes)), "RequestResponses": entries}


@pytest.mark.parametrize(
    ("code", "throttled", "paused"),
    [
        ("ServiceUnavailableException", True, None),
        ("ThrottlingException", True, None),
        ("InternalFailure", False, None),
        ("KMSAccessDeniedException", False, "kms"),
        ("AccessDeniedException", False, "record_fault"),
        ("UnheardOf", False, "record_fault"),
    ],
)
def test_only_failed_records_come_back(code: str, throttled: bool, paused: str | None) -> None:
    """Of a call that half succeeded only the failed records are sent again; what will not pass by itself pauses."""
    verdict = firehose_verdict(records("", code, "", code), 4)
    assert (verdict.retry, verdict.refused, verdict.accepted) == ((1, 3), (), 2)
    assert (verdict.throttled, verdict.paused) == (throttled, paused)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"FailedPutCount": 0},
        {"FailedPutCount": 0, "RequestResponses": None},
        records(""),
        records("", "", ""),
        {"FailedPutCount": 1, "RequestResponses": [{"RecordId": "1"}, {"RecordId": "2"}]},
        {"FailedPutCount": 0, "RequestResponses": [{"RecordId": "1"}, {"ErrorCode": "InternalFailure"}]},
        {"FailedPutCount": 0, "RequestResponses": [{"RecordId": "1"}, {}]},
        {"FailedPutCount": 0, "RequestResponses": [{"RecordId": "1"}, "?"]},
    ],
)
def test_a_firehose_answer_that_does_not_fit_settles_nothing(said: dict[str, object]) -> None:
    """An answer that is short, long or disagrees with its own count is not believed at all."""
    assert firehose_verdict(said, 2) == Verdict.nothing_settled(2, "bad_answer")


@pytest.mark.parametrize(
    ("status", "code", "throttled", "paused", "split"),
    [
        (503, "ServiceUnavailableException", True, None, False),
        (400, "ThrottlingException", True, None, False),
        (400, "LimitExceededException", True, None, False),
        (500, "InternalFailure", False, None, False),
        (502, "", True, None, False),
        (400, "ResourceNotFoundException", False, "not_found", False),
        (400, "AccessDeniedException", False, "forbidden", False),
        (400, "ExpiredTokenException", False, "unauthorized", False),
        (400, "InvalidKMSResourceException", False, "kms", False),
        (400, "InvalidArgumentException", False, None, True),
        (413, "RequestEntityTooLargeException", False, None, True),
        (400, "UnheardOf", False, "bad_request", False),
    ],
)
def test_a_refused_call_is_kept_whole(status: int, code: str, throttled: bool, paused: str | None, split: bool) -> None:
    """Whatever a whole call fails of, each of its records is sent again."""
    verdict = firehose_error_verdict(status, code, 2)
    assert (verdict.retry, verdict.refused) == ((0, 1), ())
    assert (verdict.throttled, verdict.paused, verdict.split) == (throttled, paused, split)


def test_an_argument_that_cannot_be_halved_pauses() -> None:
    """InvalidArgumentException for one record is no matter of size: it is kept, and pauses."""
    verdict = firehose_error_verdict(400, "InvalidArgumentException", 1)
    assert (verdict.retry, verdict.split, verdict.paused) == ((0,), False, "bad_request")


@pytest.mark.parametrize(
    ("reason", "throttled", "paused"),
    [
        ("timeout", True, None),
        ("unreachable", True, None),
        ("certificate", False, "certificate"),
        ("credentials", False, "credentials"),
    ],
)
def test_no_answer_settles_nothing(reason: str, throttled: bool, paused: str | None) -> None:
    """A request that got no answer may have been applied or not: all of it is sent again."""
    assert request_failed(reason, 2) == Verdict.nothing_settled(2, reason, throttled=throttled, paused=paused)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["items", "create", "status"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["items", "create", "status", "error"]), inner),
    max_leaves=12,
)


@given(status=st.integers(200, 599), said=json_values, items=st.integers(1, 4))
def test_no_answer_makes_it_raise_or_lose_an_item(status: int, said: object, items: int) -> None:
    """Whatever JSON a server answers, each item has one outcome, and none is accepted without a status that says so."""
    try:
        body = orjson.dumps(said)
    except TypeError:
        return
    verdict = bulk_verdict(status, body, items)
    assert len(verdict.retry) + len(verdict.refused) + len(verdict.duplicates) + verdict.accepted == items
    assert verdict.accepted == 0 or b'"status":20' in body
