"""A cluster as the demo's sink: only indices of the run, credentials out of the url and out of sight."""

from __future__ import annotations

import pytest

from ingestd.demo.cluster import cluster_settings
from ingestd.errors import Fatal


def test_credentials_are_taken_out_of_the_url() -> None:
    """User and password become basic authentication, decoded; the url that is shown has neither."""
    settings = cluster_settings("https://admin:p%40ss@search.example.com:9200/", "ingestd-demo-1")
    assert settings.urls == ("https://search.example.com:9200",)
    assert (settings.auth, settings.username) == ("basic", "admin")
    assert settings.password is not None
    assert settings.password.get_secret_value() == "p@ss"
    assert settings.index == "ingestd-demo-1-{dataset}"


def test_without_credentials_none_are_sent() -> None:
    """A bare url means a cluster without authentication."""
    settings = cluster_settings("http://127.0.0.1:9200", "x")
    assert (settings.auth, settings.urls) == ("none", ("http://127.0.0.1:9200",))


@pytest.mark.parametrize("url", ["", "127.0.0.1:9200", "localhost", "ftp://127.0.0.1", "http://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """What is no http url with a host is said to be none, and nothing is tried."""
    with pytest.raises(Fatal, match="must be http"):
        cluster_settings(url, "x")
