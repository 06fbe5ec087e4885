"""What S3's refusals mean to a reader of objects: a table, by error code, and by status where the code says nothing.

Codes: "Error responses" in the Amazon S3 API reference. A code that is in no table is never taken for the object's own fault:
the message stays on the queue, and the reason is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["CREDENTIALS", "INVALID_ARGUMENT", "UNREACHABLE", "Doing", "Meaning", "meaning"]


class Doing(Enum):
    """POISON: it will never be readable. KEEP: somebody must act. AGAIN: try soon. REPLACED: it is another object now."""

    POISON = "poison"
    KEEP = "keep"
    AGAIN = "again"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What to do, and the reason in a word."""

    doing: Doing
    reason: str


ACCESS_DENIED = Meaning(Doing.KEEP, "access_denied")
CREDENTIALS = Meaning(Doing.KEEP, "credentials")
THROTTLED = Meaning(Doing.AGAIN, "throttled")
UNREACHABLE = Meaning(Doing.AGAIN, "unreachable")  # no answer at all
UNAVAILABLE = Meaning(Doing.AGAIN, "unavailable")
INVALID_ARGUMENT = Meaning(Doing.POISON, "invalid_argument")
REPLACED = Meaning(Doing.REPLACED, "replaced")

_CODES = {
    "NoSuchKey": Meaning(Doing.POISON, "no_such_key"),
    "NoSuchBucket": Meaning(Doing.POISON, "no_such_bucket"),
    "NoSuchVersion": Meaning(Doing.POISON, "no_such_version"),
    "MethodNotAllowed": Meaning(Doing.POISON, "delete_marker"),  # the version is a deletion
    "InvalidObjectState": Meaning(Doing.POISON, "archived"),  # in Glacier; a restore, then a redrive, makes it readable
    "InvalidArgument": INVALID_ARGUMENT,  # a version that is none: all else is ours and well-formed
    "KeyTooLongError": INVALID_ARGUMENT,
    "PreconditionFailed": REPLACED,
    "InvalidRange": REPLACED,  # shorter than it was
    "AccessDenied": ACCESS_DENIED,  # also a missing key, where s3:ListBucket is not granted
    "AllAccessDisabled": ACCESS_DENIED,
    "AccountProblem": ACCESS_DENIED,
    "ExpiredToken": CREDENTIALS,
    "InvalidAccessKeyId": CREDENTIALS,
    "InvalidToken": CREDENTIALS,
    "SignatureDoesNotMatch": CREDENTIALS,
    "TokenRefreshRequired": CREDENTIALS,
    "RequestTimeTooSkewed": Meaning(Doing.KEEP, "clock_skew"),
    "PermanentRedirect": Meaning(Doing.KEEP, "wrong_region"),
    "SlowDown": THROTTLED,
    "Throttling": THROTTLED,
    "ThrottlingException": THROTTLED,
    "RequestLimitExceeded": THROTTLED,
    "BandwidthLimitExceeded": THROTTLED,
    "RequestTimeout": UNAVAILABLE,
    "InternalError": UNAVAILABLE,
    "ServiceUnavailable": UNAVAILABLE,
    "OperationAborted": UNAVAILABLE,
}
_STATUSES = {
    301: _CODES["PermanentRedirect"],
    403: ACCESS_DENIED,
    404: _CODES["NoSuchKey"],
    405: _CODES["MethodNotAllowed"],
    412: REPLACED,
    416: REPLACED,
    429: THROTTLED,
}


def meaning(code: str, status: int) -> Meaning:
    """What a refusal of GetObject means."""
    if code in _CODES:
        return _CODES[code]
    if code.startswith("KMS."):
        return Meaning(Doing.KEEP, "key_unusable")  # disabled, pending deletion, throttled: of the key, not of the object
    if status >= 500:
        return UNAVAILABLE
    return _STATUSES.get(status, Meaning(Doing.KEEP, "unexpected_answer"))
