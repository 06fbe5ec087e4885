"""The fields of documents as a server is told of them: made of what the formats say of themselves, so that they cannot drift.

* `formats/leaves.py` names every field that a document may have: there is no other.
* Where two formats share an index and one says more of a field than the other, the wider type holds for both.
* What the server does not have becomes what it does have: wildcard a keyword, a flat object one that is kept but not indexed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ingestd.config import SetupSettings
from ingestd.errors import Fatal
from ingestd.formats.leaves import every_leaf
from ingestd.formats.registry import Format
from ingestd.setup.server import Server

__all__ = ["TIMESTAMP", "fields_of", "mappings"]

TIMESTAMP = "@timestamp"
# What people look for by words, not by whole values: each then has words under `.text`, or is words alone (`message`).
FREE_TEXT = ("url.original", "url.path", "user_agent.original", "error.message")
KEPT = ("event.original",)  # to be shown, not to be found
CHARS_MAX = 8191  # of a value that is looked for by its parts; in UTF-8 never over Lucene's 32,766 bytes

WIDER = {
    ("keyword", "wildcard"): "wildcard",
    ("double", "long"): "double",
    ("ip", "keyword"): "keyword",
    ("date", "keyword"): "keyword",
}


def fields_of(formats: Iterable[Format]) -> dict[str, str]:
    """The type of each field, by path, of an index that holds these formats. Raises Fatal if they cannot share one."""
    fields: dict[str, str] = {}
    for leaf in (leaf for each in formats for leaf in every_leaf(each)):
        known = fields.setdefault(leaf.path, leaf.type)
        if known != leaf.type:
            fields[leaf.path] = _wider(leaf.path, known, leaf.type)
    return fields


def mappings(fields: dict[str, str], settings: SetupSettings, server: Server) -> dict[str, Any]:
    """What the server is to make of documents with these fields; new ones that are strings are keywords."""
    root: dict[str, Any] = {}
    for path, kind in fields.items():
        *objects, last = path.split(".")
        node = root
        for name in objects:
            node = node.setdefault(name, {"properties": {}})["properties"]
        node[last] = _field(path, kind, settings, server)
    return {
        "dynamic": True,
        "date_detection": False,
        "numeric_detection": False,
        "dynamic_templates": [{"strings": {"match_mapping_type": "string", "mapping": _keyword(settings)}}],
        "properties": root,
    }


def _wider(path: str, one: str, other: str) -> str:
    wider = WIDER.get((min(one, other), max(one, other)))
    if wider is None:
        raise Fatal(
            "these datasets cannot share an index: a field has two types", reason="field_type", path=path, types=[one, other]
        )
    return wider


def _field(path: str, kind: str, settings: SetupSettings, server: Server) -> dict[str, Any]:
    if path in KEPT:
        return {"type": "keyword", "index": False, "doc_values": False}
    field = _type(kind, settings, server)
    if settings.free_text and path in FREE_TEXT and kind in ("keyword", "wildcard"):
        field["fields"] = {"text": _words(server)}
    return field


def _type(kind: str, settings: SetupSettings, server: Server) -> dict[str, Any]:
    if kind == "keyword":
        return _keyword(settings)
    if kind == "wildcard":
        return {"type": "wildcard" if server.can("wildcard") else "keyword", "ignore_above": CHARS_MAX}
    if kind == "text":
        return _words(server)
    if kind == "flat_object":
        return _flat(server)
    return {"type": kind}


def _keyword(settings: SetupSettings) -> dict[str, Any]:
    return {"type": "keyword", "ignore_above": settings.keyword_chars_max}


def _words(server: Server) -> dict[str, Any]:
    return {"type": "match_only_text"} if server.can("text_only") else {"type": "text", "norms": False}


def _flat(server: Server) -> dict[str, Any]:
    if not server.can("flat"):
        return {"type": "object", "enabled": False}
    if server.distribution == "opensearch":
        return {"type": "flat_object"}
    return {"type": "flattened", "ignore_above": CHARS_MAX}
