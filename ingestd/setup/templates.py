"""Index templates: what each new index is made with, by its name.

Written in the form in which servers give them back (settings nested under `index`, all values text), so that they can be
compared word for word. An index that exists keeps what it was made with; the next one has the new.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingestd.config import SetupSettings
from ingestd.setup.fields import TIMESTAMP, mappings
from ingestd.setup.indices import Index
from ingestd.setup.plan import Resource
from ingestd.setup.server import Server

__all__ = ["template"]

# Above Elasticsearch's own templates (100), one of which makes a data stream of anything called logs-*-*.
PRIORITY = 500


def template(index: Index, settings: SetupSettings, server: Server, lifecycle: str | None) -> Resource:
    """The template for the indices of one name. `lifecycle`: the policy that a template is to name, where that is its place."""
    wanted: dict[str, Any] = {
        "index_patterns": list(index.patterns),
        "priority": PRIORITY,
        "_meta": {"managed_by": "ingestd", "datasets": list(index.datasets)},
        "template": {
            "settings": {"index": _settings(settings, server, lifecycle)},
            "mappings": mappings(dict(index.fields), settings, server),
        },
    }
    if index.is_stream:
        wanted["data_stream"] = {}
    else:
        wanted["template"]["aliases"] = {index.name: {}}
    name = f"ingestd-{index.name}"
    return Resource("index template", name, f"/_index_template/{name}", wanted, found=_found)


def _settings(settings: SetupSettings, server: Server, lifecycle: str | None) -> dict[str, Any]:
    index: dict[str, Any] = {
        "refresh_interval": f"{round(settings.refresh_seconds * 1000)}ms",
        "mapping": {"total_fields": {"limit": str(settings.fields_max)}},
    }
    if server.can("shards"):
        codec = settings.codec if not settings.codec.startswith("zstd") or server.can("zstd") else "best_compression"
        index |= {
            "number_of_shards": str(settings.shards),
            "number_of_replicas": str(settings.replicas),
            "codec": codec,
            "sort": {"field": [TIMESTAMP], "order": ["desc"]},
        }
    if settings.pipeline:
        index["default_pipeline"] = settings.pipeline
    if lifecycle:
        index["lifecycle"] = {"name": lifecycle}
    return index


def _found(answer: Any) -> Mapping[str, Any]:
    """A template as it was written: without the empty and the implied that servers add."""
    found = dict(answer["index_templates"][0]["index_template"])
    if not found.get("composed_of"):
        found.pop("composed_of", None)
    if "data_stream" in found:
        found["data_stream"] = {}
    inner = dict(found.get("template", {}))
    if not inner.get("aliases"):
        inner.pop("aliases", None)
    return found | {"template": inner}
