"""What S3's refusals mean."""

from __future__ import annotations

import pytest

from ingestd.core.s3_answers import Doing, meaning

CASES = [
    ("NoSuchKey", 404, Doing.POISON, "no_such_key"),
    ("NoSuchBucket", 404, Doing.POISON, "no_such_bucket"),
    ("NoSuchVersion", 404, Doing.POISON, "no_such_version"),
    ("MethodNotAllowed", 405, Doing.POISON, "delete_marker"),
    ("InvalidObjectState", 403, Doing.POISON, "archived"),
    ("InvalidArgument", 400, Doing.POISON, "invalid_argument"),
    ("PreconditionFailed", 412, Doing.REPLACED, "replaced"),
    ("InvalidRange", 416, Doing.REPLACED, "replaced"),
    ("AccessDenied", 403, Doing.KEEP, "access_denied"),
    ("ExpiredToken", 400, Doing.KEEP, "credentials"),
    ("SignatureDoesNotMatch", 403, Doing.KEEP, "credentials"),
    ("RequestTimeTooSkewed", 403, Doing.KEEP, "clock_skew"),
    ("KMS.DisabledException", 400, Doing.KEEP, "key_unusable"),
    ("SlowDown", 503, Doing.AGAIN, "throttled"),
    ("SlowDown", 200, Doing.AGAIN, "throttled"),
    ("InternalError", 500, Doing.AGAIN, "unavailable"),
    ("", 502, Doing.AGAIN, "unavailable"),
    ("", 429, Doing.AGAIN, "throttled"),
    ("404", 404, Doing.POISON, "no_such_key"),
    ("403", 403, Doing.KEEP, "access_denied"),
    ("", 412, Doing.REPLACED, "replaced"),
    ("", 301, Doing.KEEP, "wrong_region"),
    ("Unheard", 400, Doing.KEEP, "unexpected_answer"),
    ("", 0, Doing.KEEP, "unexpected_answer"),
]


@pytest.mark.parametrize(("code", "status", "doing", "reason"), CASES)
def test_a_refusal_is_told_by_code_then_by_status(code: str, status: int, doing: Doing, reason: str) -> None:
    """The code decides, the status where there is no known code, and what is unheard of is kept."""
    found = meaning(code, status)
    assert (found.doing, found.reason) == (doing, reason)
