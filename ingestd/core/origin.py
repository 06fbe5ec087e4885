"""The account and region that an object's key tells: AWS writes both into the paths of the logs it delivers.

Known only, never guessed: a key of another shape tells nothing. Neither is ever used to make a call; they go into documents.
"""

from __future__ import annotations

import re

__all__ = ["is_account", "is_region", "origin_of"]

_ACCOUNT = r"[0-9]{12}"
_REGION = r"[a-z]{2,3}(?:-[a-z]+){1,3}-[0-9]{1,2}"
# AWSLogs/[o-organisation/]account/service/[region/], the region missing for global services (CloudFront, WAF of CloudFront)
_PLAIN = re.compile(rf"(?:^|/)AWSLogs/(?:o-[a-z0-9]+/)?(?P<account>{_ACCOUNT})/[^/]+/(?:(?P<region>{_REGION})/)?")
# VPC Flow Logs with Hive-compatible prefixes
_HIVE = re.compile(
    rf"(?:^|/)AWSLogs/aws-account-id=(?P<account>{_ACCOUNT})/aws-service=[^/]+/(?:aws-region=(?P<region>{_REGION})/)?"
)


def origin_of(key: str) -> tuple[str | None, str | None]:
    """(account, region) of the service that wrote the object, each None where the key does not tell it."""
    found = _PLAIN.search(key) or _HIVE.search(key)
    return (found["account"], found["region"]) if found else (None, None)


def is_account(text: str) -> bool:
    """Whether `text` is an account id: twelve digits."""
    return re.fullmatch(_ACCOUNT, text) is not None


def is_region(text: str) -> bool:
    """Whether `text` has the form of a region's name."""
    return re.fullmatch(_REGION, text) is not None
