"""Signatures: those of botocore are true, and with anything changed they are not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from ingestd.core.signature import SKEW_SECONDS_MAX, read_signature
from ingestd.errors import Poison

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
BODY = b'{"DeliveryStreamName":"logs"}'
SECRETS = {"AKIDEXAMPLE": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "OTHER": "x"}
Headers = dict[str, str]


@pytest.fixture
def headers(monkeypatch: pytest.MonkeyPatch) -> Headers:
    """Of a request that botocore signed."""
    return signed(monkeypatch, {})


def signed(monkeypatch: pytest.MonkeyPatch, more: Headers, service: str = "firehose") -> Headers:
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: NOW)
    given = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Firehose_20150804.PutRecord", **more}
    request = AWSRequest("POST", "http://logs.example:8443/", given, BODY)
    SigV4Auth(Credentials("AKIDEXAMPLE", SECRETS["AKIDEXAMPLE"]), service, "eu-west-1").add_auth(request)
    return {"host": "logs.example:8443"} | {name.lower(): value for name, value in request.headers.items()}


def verify(headers: Headers, body: bytes = BODY, now: float = NOW.timestamp(), method: str = "POST", path: str = "/") -> None:
    read_signature(headers, now).check(method, path, headers, body, SECRETS)


def reason(headers: Headers, **changed: object) -> str:
    with pytest.raises(Poison) as caught:
        verify(headers, **changed)  # type: ignore[arg-type]
    return caught.value.reason


@pytest.mark.parametrize(
    "more", [{}, {"X-Amz-Security-Token": "t"}, {"X-Amz-Meta": "  two   words "}, {"User-Agent": "unsigned"}]
)
def test_what_botocore_signs_is_true(monkeypatch: pytest.MonkeyPatch, more: Headers) -> None:
    """With a session's token, with spaces in a value, beside headers that are not signed."""
    verify(signed(monkeypatch, more))


CHANGES: dict[str, tuple[Callable[[Headers], Headers], str]] = {
    "no signature": (lambda h: {**h, "authorization": ""}, "missing_token"),
    "another scheme": (lambda h: {**h, "authorization": "Basic dXNlcjpwYXNz"}, "incomplete_signature"),
    "half of it": (lambda h: {**h, "authorization": h["authorization"][:90]}, "incomplete_signature"),
    "no date": (lambda h: {name: value for name, value in h.items() if name != "x-amz-date"}, "incomplete_signature"),
    "a date that is none": (lambda h: {**h, "x-amz-date": "20261324T120000Z"}, "invalid_signature"),
    "another date of that day": (lambda h: {**h, "x-amz-date": "20261124T120001Z"}, "invalid_signature"),
    "another target": (lambda h: {**h, "x-amz-target": "Firehose_20150804.PutRecordBatch"}, "invalid_signature"),
    "another host": (lambda h: {**h, "host": "elsewhere.example"}, "invalid_signature"),
    "a header more": (lambda h: {**h, "x-amz-content-sha256": "0" * 64}, "incomplete_signature"),
    "a header less": (lambda h: {name: value for name, value in h.items() if name != "content-type"}, "incomplete_signature"),
    "target not signed": (
        lambda h: {**h, "authorization": h["authorization"].replace(";x-amz-target", "")},
        "incomplete_signature",
    ),
    "host not signed": (lambda h: {**h, "authorization": h["authorization"].replace("host;", "")}, "incomplete_signature"),
    "an unknown key": (
        lambda h: {**h, "authorization": h["authorization"].replace("AKIDEXAMPLE", "AKIDSTRANGER")},
        "unrecognized_client",
    ),
    "another's key": (
        lambda h: {**h, "authorization": h["authorization"].replace("AKIDEXAMPLE", "OTHER")},
        "invalid_signature",
    ),
    "another region": (
        lambda h: {**h, "authorization": h["authorization"].replace("eu-west-1", "eu-west-2")},
        "invalid_signature",
    ),
    "another signature": (lambda h: {**h, "authorization": h["authorization"][:-64] + "0" * 64}, "invalid_signature"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_changed_is_not_true(headers: Headers, name: str) -> None:
    """Each part of the request, and of the claim itself."""
    change, expected = CHANGES[name]
    assert reason(change(headers)) == expected


def test_body_method_and_path_are_signed_too(headers: Headers) -> None:
    """None of them can be another's."""
    assert reason(headers, body=BODY + b" ") == "invalid_signature"
    assert reason(headers, method="PUT") == "invalid_signature"
    assert reason(headers, path="/firehose") == "invalid_signature"


def test_another_services_signature_is_not_for_us(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scope names the service."""
    assert reason(signed(monkeypatch, {}, service="s3")) == "invalid_signature"


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_signature_is_good_for_fifteen_minutes(headers: Headers, sign: int) -> None:
    """A clock that is off by as much passes; one second more, or a request that is replayed later, does not."""
    verify(headers, now=NOW.timestamp() + sign * SKEW_SECONDS_MAX)
    assert reason(headers, now=NOW.timestamp() + sign * (SKEW_SECONDS_MAX + 1)) == "invalid_signature"


@given(st.text(max_size=300), st.text(max_size=40))
def test_any_text_is_refused(claim: str, date: str) -> None:
    """Whatever stands in the headers, the answer is a Poison of ours."""
    headers = {"authorization": claim, "x-amz-date": date, "host": "h"}
    with pytest.raises(Poison) as caught:
        verify(headers)
    assert caught.value.reason in ("missing_token", "incomplete_signature")
