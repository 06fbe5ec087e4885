"""What the server is and what it can do, by asking: versions differ, and so do distributions of one version.

What comes with a version stands in a table. What may be left out of a distribution (security, index management, x-pack) is
asked of the very API that would be used: a server without it has no handler there and says 400, 404 or 405.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from ingestd.errors import Fatal
from ingestd.setup.api import Api

__all__ = ["Ability", "Server", "recognise"]

Distribution = Literal["opensearch", "elasticsearch"]
Ability = Literal["templates", "data_streams", "wildcard", "flat", "text_only", "zstd", "shards", "retention", "security"]
Version = tuple[int, int]

# From which version on. Elasticsearch's are x-pack's, which the Apache-licensed builds (7.10 on AWS) lack.
SINCE: dict[Distribution, dict[Ability, Version]] = {
    "opensearch": {"templates": (1, 0), "data_streams": (1, 0), "flat": (2, 7), "text_only": (2, 12), "zstd": (2, 9)},
    "elasticsearch": {
        "templates": (7, 8),
        "data_streams": (7, 9),
        "wildcard": (7, 9),  # OpenSearch's own (2.15) answers terms aggregations with nothing: seen on 3.4
        "flat": (7, 3),
        "text_only": (7, 14),
    },
}
XPACK: frozenset[Ability] = frozenset({"data_streams", "wildcard", "flat", "text_only"})
ABSENT = (400, 404, 405, 410, 500)  # 500: a proxy before the server; it cannot be relied on either
SERVERLESS: Version = (2, 0)


@dataclass(frozen=True, slots=True)
class Server:
    """One cluster. `api` is the prefix of what OpenSearch's plugins answer to."""

    distribution: Distribution
    version: Version
    abilities: frozenset[Ability]
    api: str = "/_plugins"

    def __str__(self) -> str:
        return f"{self.distribution} {self.version[0]}.{self.version[1]}"

    def can(self, ability: Ability) -> bool:
        """Whether it is worth asking for."""
        return ability in self.abilities


async def recognise(api: Api, *, is_aoss: bool = False) -> Server:
    """Ask the server what it is. Raises Fatal if it is neither OpenSearch nor Elasticsearch."""
    if is_aoss:  # it does not answer at its root, and has neither shards to set nor plugins
        return Server("opensearch", SERVERLESS, frozenset({"templates"}))
    root = await api.found("/")
    distribution, version = _names(root)
    abilities: set[Ability] = {ability for ability, since in SINCE[distribution].items() if version >= since}
    abilities.add("shards")
    if distribution == "elasticsearch":
        features = await _xpack(api)
        if features is not None:
            if _is_on(features, "ilm"):
                abilities.add("retention")
            if _is_on(features, "security"):
                abilities.add("security")
            return Server(distribution, version, frozenset(abilities))
        abilities -= XPACK
    prefix = "/_plugins" if distribution == "opensearch" else "/_opendistro"
    if "zstd" in abilities and not await _has_plugin(api, "custom-codecs"):
        abilities.discard("zstd")
    if await api.status(f"{prefix}/_ism/policies") not in ABSENT:
        abilities.add("retention")
    if await api.status(f"{prefix}/_security/api/roles") not in ABSENT:
        abilities.add("security")
    return Server(distribution, version, frozenset(abilities), prefix)


def _names(root: Any) -> tuple[Distribution, Version]:
    try:
        number, tagline = root["version"]["number"], root.get("tagline", "")
        numbers = re.match(r"(\d+)\.(\d+)", number)
        assert numbers
    except (AssertionError, KeyError, TypeError) as error:
        raise Fatal("this is neither OpenSearch nor Elasticsearch", reason="bad_answer") from error
    version = int(numbers[1]), int(numbers[2])
    # In its compatibility mode OpenSearch 1 says 7.10.2, but keeps its tagline.
    is_opensearch = root["version"].get("distribution") == "opensearch" or "OpenSearch" in tagline
    if is_opensearch:
        return "opensearch", (1, 0) if version == (7, 10) else version
    return "elasticsearch", version


async def _xpack(api: Api) -> dict[str, Any] | None:
    """The features of Elasticsearch's own distribution; None for builds without them."""
    if await api.status("/_xpack") in ABSENT:
        return None
    features = (await api.found("/_xpack") or {}).get("features")
    return features if isinstance(features, dict) else None


def _is_on(features: dict[str, Any], name: str) -> bool:
    feature = features.get(name, {})
    return bool(feature.get("available")) and bool(feature.get("enabled"))


async def _has_plugin(api: Api, name: str) -> bool:
    plugins = await api.found("/_cat/plugins", format="json", h="component")
    return any(name in row.get("component", "") for row in plugins or ())
