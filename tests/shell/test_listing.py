"""Listings: whole over pages, from where they are to begin, and typed when S3 refuses."""

from __future__ import annotations

import pytest

from ingestd.errors import Fatal
from ingestd.shell.listing import listed
from tests.fakes.s3 import FakeS3, refusal


async def no_pause(_: float) -> None:
    return


def bucket() -> FakeS3:
    s3 = FakeS3(page=2)
    for key in ("a/1", "a/2", "a/3", "a/4", "a/5", "b/1"):
        s3.put("logs", key, key.encode())
    return s3


@pytest.mark.parametrize(("prefix", "after", "wanted"), [("a/", "", "12345"), ("a/", "a/2", "345"), ("", "a/4", "51")])
async def test_all_pages_in_order(prefix: str, after: str, wanted: str) -> None:
    """Nothing twice, nothing left out."""
    found = [each async for each in listed(bucket(), "logs", prefix, after=after)]
    assert "".join(each.key[-1] for each in found) == wanted
    assert all(each.size == 3 and '"' not in each.etag for each in found)


async def test_a_page_that_fails_is_asked_for_again() -> None:
    """SlowDown in the middle costs a pause and no object."""
    s3 = bucket()
    s3.script = [None, refusal("SlowDown", 503), refusal("InternalError", 500)]
    assert len([each async for each in listed(s3, "logs", pause=no_pause)]) == 6


@pytest.mark.parametrize(("code", "status", "reason"), [("AccessDenied", 403, "access_denied"), ("SlowDown", 503, "throttled")])
async def test_a_refusal_that_stays_ends_it(code: str, status: int, reason: str) -> None:
    """With the bucket and the code."""
    s3 = bucket()
    s3.script = [refusal(code, status)] * 9
    with pytest.raises(Fatal) as caught:
        assert not [each async for each in listed(s3, "logs", pause=no_pause)]
    assert (caught.value.reason, caught.value.fields) == (reason, {"bucket": "logs", "code": code})
