"""OpenSearch for the tests of this folder: INGESTD_TEST_OPENSEARCH_URL if it is set, else a server of our own."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from typing import Protocol

import pytest

from ingestd.demo.cloud import Cloud, embedded_cloud
from tests.integration.counting import Cluster, open_cluster
from tests.integration.server import Node, prepare, started

OPENSEARCH_URL = os.environ.get("INGESTD_TEST_OPENSEARCH_URL")


class StartOpenSearch(Protocol):
    """Starts one more server, with these settings, for as long as the module's tests run; gives its URL."""

    def __call__(self, **settings: str) -> str: ...


@pytest.fixture(scope="session")
def opensearch_layout() -> None:
    """The one preparation of a run."""
    prepare()


@pytest.fixture(scope="session")
def opensearch_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with stock settings, one for the run; tests keep to indices of their own."""
    if OPENSEARCH_URL:
        yield OPENSEARCH_URL
        return
    request.getfixturevalue("opensearch_layout")
    with started(tmp_path_factory.mktemp("opensearch"), {}) as node:
        yield node.url


@pytest.fixture(scope="session")
def secure_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A server with the security plugin, one for the run; tests keep to users and indices of their own."""
    prepare(secure=True)
    with started(tmp_path_factory.mktemp("opensearch"), {}, secure=True) as node:
        yield node


@pytest.fixture(scope="module")
def start_opensearch(opensearch_layout: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartOpenSearch]:
    """Servers with settings of their own (`__` stands for a dot): always ours, whatever the environment says."""
    with ExitStack() as servers:

        def start(**settings: str) -> str:
            named = {name.replace("__", "."): value for name, value in settings.items()}
            return servers.enter_context(started(tmp_path_factory.mktemp("opensearch"), named)).url

        yield start


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    """An embedded AWS of the test's own."""
    async with embedded_cloud() as cloud:
        yield cloud


@pytest.fixture
async def cluster(opensearch_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Cluster]:
    """The run's server, in indices of the test's own."""
    async with open_cluster(opensearch_url, f"t{abs(hash(request.node.name)) % 10**8}") as cluster:
        yield cluster
