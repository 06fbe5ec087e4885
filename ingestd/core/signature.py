"""Signature Version 4, checked: was this request signed by one of those that we know, for us, just now, and as it is?

* What is signed is what counts: the host, the target and every other `x-amz-` header must be, and the body is by its hash.
* A signature is good for 15 minutes before and after its date, as AWS has it.
* Of two signatures that differ nobody learns where: they are compared in constant time, also for a key that is not known.

The scheme is in AWS's documentation: "Create a signed AWS API request" (IAM User Guide).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from ingestd.errors import Poison

__all__ = ["SKEW_SECONDS_MAX", "Signed", "read_signature"]

SKEW_SECONDS_MAX = 900
SERVICE = "firehose"
ALGORITHM = "AWS4-HMAC-SHA256"
NEEDED = ("host", "x-amz-date")
_FORM = re.compile(
    rf"{ALGORITHM} +Credential=(?P<key>[\w-]{{1,128}})/(?P<day>\d{{8}})/(?P<region>[a-z0-9-]{{1,64}})"
    r"/(?P<service>[a-z0-9-]{1,64})/aws4_request, *SignedHeaders=(?P<names>[a-z0-9;._-]{1,2048})"
    r", *Signature=(?P<signature>[0-9a-f]{64})",
    re.ASCII,
)
_DATE = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
NOBODYS_SECRET = "nobody"  # noqa: S105 - what an unknown key is compared by, so that it takes as long


@dataclass(frozen=True, slots=True)
class Signed:
    """What an Authorization header claims, once it is whole and in time; `check` says whether it is true."""

    key_id: str
    signature: str
    date: str
    scope: str
    region: str
    names: tuple[str, ...]

    def check(self, method: str, path: str, headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str]) -> None:
        """Raises Poison: `unrecognized_client`, `invalid_signature`. `headers`: names in lower case; several values joined."""
        lines = [f"{name}:{' '.join(headers[name].split())}\n" for name in self.names]
        digest = hashlib.sha256(body).hexdigest()
        canonical = "\n".join((method, quote(path, safe="/~"), "", "".join(lines), ";".join(self.names), digest))
        text = "\n".join((ALGORITHM, self.date, self.scope, hashlib.sha256(canonical.encode()).hexdigest()))
        key = f"AWS4{secrets.get(self.key_id, NOBODYS_SECRET)}".encode()
        for part in self.scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        is_true = hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), self.signature)
        if self.key_id not in secrets:
            raise Poison("the access key is not known", reason="unrecognized_client")
        if not is_true:
            raise Poison("the signature does not match the request", reason="invalid_signature")


def read_signature(headers: Mapping[str, str], now: float) -> Signed:
    """What the headers (names in lower case) claim.

    Raises Poison: `missing_token`, `incomplete_signature`, `invalid_signature`.
    """
    claim = headers.get("authorization", "")
    if not claim:
        raise Poison("the request is not signed", reason="missing_token")
    found = _FORM.fullmatch(claim)
    date = headers.get("x-amz-date", "")
    if found is None or not _DATE.fullmatch(date):
        raise Poison(
            "the signature is not whole: Credential, SignedHeaders, Signature, x-amz-date", reason="incomplete_signature"
        )
    names = tuple(found["names"].split(";"))
    unsigned = {*NEEDED, *(name for name in headers if name.startswith("x-amz-"))} - set(names)
    if unsigned or not set(names) <= headers.keys() or list(names) != sorted(set(names)):
        raise Poison("SignedHeaders are not the request's", reason="incomplete_signature")
    if found["service"] != SERVICE or found["day"] != date[:8]:
        raise Poison("the credential's scope is not the request's", reason="invalid_signature")
    try:
        at = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise Poison("x-amz-date is no date", reason="incomplete_signature") from None
    if abs(now - at) > SKEW_SECONDS_MAX:
        raise Poison("the signature is expired, or of a time to come", reason="invalid_signature")
    scope = "/".join((found["day"], found["region"], found["service"], "aws4_request"))
    return Signed(found["key"], found["signature"], date, scope, found["region"], names)
