"""A real OpenSearch or Elasticsearch as the demo's sink: indices of this run alone, and what can be found in them.

The cluster is somebody's: the demo writes to names that no one else has, and removes only those.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson
from pydantic import SecretStr

from ingestd.config import OpenSearchSettings
from ingestd.demo.arrivals import Arrivals
from ingestd.errors import Fatal
from ingestd.sinks.cluster import Cluster

__all__ = ["ClusterDestination", "cluster_settings", "open_cluster"]

PAGE = "10000"  # index.max_result_window as it comes
SCROLL = "2m"
JSON = {"content-type": "application/json"}


def cluster_settings(url: str, prefix: str) -> OpenSearchSettings:
    """The sink at `http(s)://[user:password@]host[:port]`, writing to indices whose names begin with `prefix`."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Fatal("the cluster's url must be http(s)://[user:password@]host[:port]", reason="bad_url")
    bare = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"
    if not parts.username:
        return OpenSearchSettings(urls=(bare,), index=f"{prefix}-{{dataset}}")
    return OpenSearchSettings(
        urls=(bare,),
        index=f"{prefix}-{{dataset}}",
        auth="basic",
        username=unquote(parts.username),
        password=SecretStr(unquote(parts.password or "")),
    )


@dataclass(frozen=True, slots=True)
class ClusterDestination:
    """The indices whose names begin with `prefix`."""

    settings: OpenSearchSettings
    cluster: Cluster
    prefix: str

    @property
    def title(self) -> str:
        return f"indices {self.prefix}-* at {self.settings.urls[0]}"

    async def count(self) -> int:
        """How many documents a search can find."""
        await self._ask("POST", f"/{self.prefix}-*/_refresh")
        return int((await self._ask("GET", f"/{self.prefix}-*/_count"))["count"])

    async def read(self, arrivals: Arrivals) -> None:
        """Add all documents, page by page of one snapshot, and how many the cluster counts."""
        arrivals.found = await self.count()
        fields = {
            "sort": "_doc",
            "_source": "aws.s3.object.key,aws.cloudwatch.log_group,log.offset",
            "size": PAGE,
            "scroll": SCROLL,
        }
        page = await self._ask("GET", f"/{self.prefix}-*/_search", **fields)
        while hits := page["hits"]["hits"]:
            for hit in hits:
                arrivals.add_document(hit["_source"], hit["_id"])
            page = await self._ask("POST", "/_search/scroll", {"scroll": SCROLL, "scroll_id": page["_scroll_id"]})
        await self._ask("DELETE", "/_search/scroll", {"scroll_id": page["_scroll_id"]})

    async def remove(self) -> None:
        """Delete the indices, each by its name: clusters may refuse patterns here."""
        for row in await self._ask("GET", f"/_cat/indices/{self.prefix}-*", format="json", h="index"):
            await self._ask("DELETE", f"/{row['index']}")

    async def _ask(self, method: str, path: str, body: object = None, **params: str) -> Any:
        content = b"" if body is None else orjson.dumps(body)
        answer = await self.cluster.request(method, path, params=params, headers=JSON, body=[content])
        if answer.status >= 400:
            raise Fatal("the cluster refused a request", reason="refused", method=method, status=answer.status)
        return orjson.loads(answer.body)


@asynccontextmanager
async def open_cluster(url: str, prefix: str) -> AsyncIterator[ClusterDestination]:
    """The cluster at `url`, asked once so that a wrong address shows before anything begins."""
    settings = cluster_settings(url, prefix)
    cluster = Cluster(settings)
    try:
        destination = ClusterDestination(settings, cluster, prefix)
        await destination.count()
        yield destination
    finally:
        await cluster.close()
