"""The process's environment while the demo runs: nobody's credentials, and no way to anything but this machine.

What the user has of AWS (profiles, keys, regions, endpoints, roles) is out of sight, not merely overridden: an SDK asks many
places, and the demo's promise is that none of them can send it to a real account.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from ingestd.errors import Fatal

__all__ = ["ACCOUNT", "REGION", "loopback", "sealed_environment"]

REGION = "us-east-1"
ACCOUNT = "123456789012"  # the account that moto plays

_OURS: Mapping[str, str] = {
    "AWS_ACCESS_KEY_ID": "ingestd-demo",
    "AWS_SECRET_ACCESS_KEY": "ingestd-demo",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
}


@contextmanager
def sealed_environment() -> Iterator[None]:
    """Dummy credentials and no other AWS setting in `os.environ`; all as it was afterwards."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(("AWS_", "BOTO", "MOTO_")):
            del os.environ[name]
    os.environ.update(_OURS)
    for name in ("NO_PROXY", "no_proxy"):
        if name in before:
            os.environ[name] = f"{before[name]},127.0.0.1"
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def loopback(url: str | None) -> str:
    """The URL if it leads to this machine by number; a Fatal otherwise, before anything is sent there."""
    parts = urlsplit(url or "")
    if parts.scheme != "http" or parts.hostname != "127.0.0.1":
        raise Fatal("the demo talks to the embedded services alone", reason="not_loopback")
    return url or ""
