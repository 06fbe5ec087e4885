"""What a server is, by what it says of itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ingestd.config import OpenSearchSettings
from ingestd.errors import Fatal, Retryable
from ingestd.setup.api import Api
from ingestd.setup.server import Ability, recognise
from ingestd.sinks.cluster import Cluster
from tests.fakes.administration import FakeAdministration, Flavour
from tests.fakes.http import Whole

ELASTIC = "You Know, for Search"
OPENSEARCH = "The OpenSearch Project: https://opensearch.org/"
PLUGINS: set[Ability] = {"retention", "security"}


@asynccontextmanager
async def api_of(server: FakeAdministration) -> AsyncIterator[Api]:
    cluster = Cluster(OpenSearchSettings(urls=(server.url,)))
    try:
        yield Api(cluster)
    finally:
        await cluster.close()


@pytest.mark.parametrize(
    ("flavour", "number", "tagline", "name", "abilities"),
    [
        ("opensearch", "1.3.20", OPENSEARCH, "opensearch 1.3", {"templates", "data_streams", "shards"} | PLUGINS),
        ("opensearch", "7.10.2", OPENSEARCH, "opensearch 1.0", {"templates", "data_streams", "shards"} | PLUGINS),
        ("opensearch", "2.11.1", OPENSEARCH, "opensearch 2.11", {"templates", "data_streams", "shards", "flat"} | PLUGINS),
        (
            "opensearch",
            "3.4.0",
            OPENSEARCH,
            "opensearch 3.4",
            {"templates", "data_streams", "shards", "flat", "text_only"} | PLUGINS,
        ),
        ("plain", "3.4.0", OPENSEARCH, "opensearch 3.4", {"templates", "data_streams", "shards", "flat", "text_only"}),
        (
            "elasticsearch",
            "7.10.2",
            ELASTIC,
            "elasticsearch 7.10",
            {"templates", "data_streams", "shards", "flat", "wildcard"} | PLUGINS,
        ),
        (
            "elasticsearch",
            "9.1.0",
            ELASTIC,
            "elasticsearch 9.1",
            {"templates", "data_streams", "shards", "flat", "wildcard", "text_only"} | PLUGINS,
        ),
    ],
)
async def test_each_server_is_known_by_its_answers(
    flavour: Flavour, number: str, tagline: str, name: str, abilities: set[Ability]
) -> None:
    """Distribution and version from its root, what may be left out from the API that would be used."""
    async with FakeAdministration(flavour, number, tagline=tagline) as server, api_of(server) as api:
        found = await recognise(api)
    assert (str(found), set(found.abilities)) == (name, abilities)


async def test_the_apache_build_of_elasticsearch_has_no_xpack() -> None:
    """Without x-pack neither its field types nor its policies are asked for."""
    async with FakeAdministration("plain", "7.10.2", tagline=ELASTIC) as server, api_of(server) as api:
        del server.root["version"]["distribution"]
        found = await recognise(api)
    assert (str(found), found.api) == ("elasticsearch 7.10", "/_opendistro")
    assert set(found.abilities) == {"templates", "shards"}


async def test_a_codec_counts_only_with_its_plugin() -> None:
    """OpenSearch keeps zstd in a plugin from 2.10 on."""
    async with (
        FakeAdministration("opensearch", "2.19.0", plugins=("opensearch-custom-codecs",)) as server,
        api_of(server) as api,
    ):
        assert (await recognise(api)).can("zstd")


async def test_a_serverless_collection_is_not_asked() -> None:
    """It does not answer at its root; templates are what it has."""
    async with FakeAdministration("plain", "2.0.0") as server, api_of(server) as api:
        found = await recognise(api, is_aoss=True)
        assert not server.seen
    assert found.abilities == {"templates"}


@pytest.mark.parametrize("root", [b"{}", b"<html>", b'{"version":{"number":"x"}}', b"[]", b'{"version":3}'])
async def test_what_is_neither_is_said_so(root: bytes) -> None:
    """Some other server at that address ends the setup."""
    async with FakeAdministration("plain", "1.0.0") as server, api_of(server) as api:
        server.script(Whole(200, root))
        with pytest.raises(Fatal, match="neither OpenSearch nor Elasticsearch"):
            await recognise(api)


@pytest.mark.parametrize(
    ("status", "body", "error", "text"),
    [
        (503, b"", Retryable, "not ready"),
        (401, b"", Fatal, "credentials"),
        (403, b'{"error":{"reason":"no permissions for [x]"}}', Fatal, "no permissions for"),
        (403, b'{"error":"plain words"}', Fatal, "plain words"),
        (403, b"<html>", Fatal, "<html>"),
    ],
)
async def test_what_a_server_refuses_is_said_in_its_words(status: int, body: bytes, error: type[Exception], text: str) -> None:
    """A refusal carries the server's reason; a server that is not ready may be asked later."""
    async with FakeAdministration("plain", "1.0.0") as server, api_of(server) as api:
        server.script(Whole(status, body))
        with pytest.raises(error, match=text):
            await api.found("/")
