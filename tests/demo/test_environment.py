"""Nothing of the demo leaves this machine."""

from __future__ import annotations

import os

import pytest

from ingestd.demo.environment import loopback, sealed_environment
from ingestd.errors import Fatal


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "https://sqs.us-east-1.amazonaws.com",
        "http://127.0.0.1.example.com:80",
        "http://127.0.0.1@example.com",
        "http://localhost:4566",
        "http://169.254.169.254/",
    ],
)
def test_an_address_elsewhere_is_refused(url: str | None) -> None:
    """Whatever is not http on 127.0.0.1 stops the demo; a name is not trusted to resolve to this machine."""
    with pytest.raises(Fatal, match="embedded services alone"):
        loopback(url)


def test_an_address_of_this_machine_passes() -> None:
    """The embedded server's own address is what comes back."""
    assert loopback("http://127.0.0.1:4566") == "http://127.0.0.1:4566"


def test_proxies_are_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded server is reached directly where a proxy is set, and the user's own exceptions stay."""
    monkeypatch.setenv("NO_PROXY", "intranet.example")
    with sealed_environment():
        assert os.environ["NO_PROXY"] == "intranet.example,127.0.0.1"
    assert os.environ["NO_PROXY"] == "intranet.example"
