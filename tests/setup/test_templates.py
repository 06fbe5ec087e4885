"""Templates say what the formats say: no field that a document has is missing, and each is mapped as its kind asks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import orjson
import pytest

from ingestd.config import EnrichSettings, Settings, SetupSettings
from ingestd.errors import Fatal
from ingestd.fastpath.parser import open_parser
from ingestd.formats.leaves import every_leaf, known_paths
from ingestd.formats.lookups import lookups_of
from ingestd.formats.own import known_formats
from ingestd.formats.registry import formats
from ingestd.generate import chunks
from ingestd.model import PAD, Block, Framing, Source
from ingestd.setup.fields import fields_of, mappings
from ingestd.setup.indices import indices_of
from ingestd.setup.server import SINCE, Ability, Server
from ingestd.setup.templates import template

OPENSEARCH = Server("opensearch", (3, 4), frozenset(SINCE["opensearch"]) | {"shards"})
ELASTICSEARCH = Server("elasticsearch", (8, 19), frozenset(SINCE["elasticsearch"]) | {"shards"})
BARE = Server("elasticsearch", (7, 10), frozenset[Ability]({"templates", "shards"}))
SOURCE = Source("b", "k", "e", 1793448000.0, "eu-west-1", "123456789012")


FLAT = {leaf.path for each in formats().values() for leaf in every_leaf(each) if leaf.type == "flat_object"}


def paths_of(document: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """The fields of a document; what is in a flat object is none."""
    for key, value in document.items():
        if isinstance(value, dict) and prefix + key not in FLAT:
            yield from paths_of(value, f"{prefix}{key}.")
        else:
            yield prefix + key


def types_of(properties: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for key, field in properties.items():
        if "properties" in field:
            yield from types_of(field["properties"], f"{prefix}{key}.")
        else:
            yield prefix + key, field


def mapped(server: Server, *names: str, **settings: Any) -> dict[str, dict[str, Any]]:
    fields = fields_of(formats()[name] for name in names or formats())
    return dict(types_of(mappings(fields, SetupSettings(**settings), server)["properties"]))


@pytest.mark.parametrize("name", formats())
@pytest.mark.parametrize("id_field", [False, True])
def test_no_document_has_a_field_that_its_template_has_not(name: str, id_field: bool) -> None:
    """Generated lines, strange ones among them, with all that a framing may add."""
    data = b"".join(chunks(formats()[name], 500, seed=5, strange=0.5))
    framing = Framing(formats()[name].dataset, action=False, id_field=id_field, period="none", original=True)
    parser = open_parser(formats()[name], SOURCE, framing)
    documents = parser.parse(Block(bytearray(data + bytes(PAD)), len(data), 0))
    assert len(documents)
    found = {path for index in range(len(documents)) for path in paths_of(orjson.loads(documents.body(index)))}
    assert found <= mapped(OPENSEARCH, name).keys()
    assert found <= known_paths([formats()[name]])


@pytest.mark.parametrize(("one", "other"), list(combinations(formats(), 2)))
def test_any_two_formats_may_share_an_index(one: str, other: str) -> None:
    """No field is a number here and an address there."""
    assert fields_of([formats()[one], formats()[other]])


def test_formats_that_disagree_may_not() -> None:
    """A field with two types that no type holds is said before anything is made."""

    class Odd:
        name, dataset, constants, extra = "odd", "odd", (), "odd.extra"

        def leaves(self) -> Iterator[Any]:
            for leaf in every_leaf(formats()["alb"]):
                yield type(leaf)(leaf.path, "long" if leaf.path == "source.ip" else leaf.type)

    with pytest.raises(Fatal, match=r"source\.ip"):
        fields_of([formats()["alb"], Odd()])  # type: ignore[list-item]  # as much of a format as is asked for


@pytest.mark.parametrize("server", [OPENSEARCH, ELASTICSEARCH, BARE])
def test_kinds_become_what_the_server_has(server: Server) -> None:
    """Times are dates, addresses addresses, numbers numbers on every server; the rest is the best that it has."""
    fields = mapped(server)
    types = {path: field["type"] for path, field in fields.items()}
    assert (types["@timestamp"], types["source.ip"], types["source.port"]) == ("date", "ip", "long")
    assert (types["aws.elb.name"], types["event.original"]) == ("keyword", "keyword")
    assert types["url.path"] == ("wildcard" if server is ELASTICSEARCH else "keyword")
    assert types["unmapped"] == {OPENSEARCH: "flat_object", ELASTICSEARCH: "flattened", BARE: "object"}[server]
    words = fields["user_agent.original"]["fields"]["text"]["type"]
    assert words == ("text" if server is BARE else "match_only_text")
    assert all(
        field["ignore_above"] <= 8191 for field in fields.values() if field.get("index", True) and field["type"] == "keyword"
    )


def test_what_is_looked_up_has_its_types() -> None:
    """A place is a geo_point, a network's number a long, a name a keyword; and none of them is there unless it is asked for."""
    lookups = lookups_of(EnrichSettings(user_agent=True, geoip_files=("city",), asn_files=("asn",)))
    fields = fields_of(known_formats((), (), lookups).values())
    properties = dict(types_of(mappings(fields, SetupSettings(), OPENSEARCH)["properties"]))
    found = {leaf.path: leaf.type for lookup in lookups for leaf in lookup.leaves}
    assert {path: properties[path]["type"] for path in found} == found
    assert [found[path] for path in ("source.geo.location", "source.as.number")] == ["geo_point", "long"]
    assert "source.geo.location" not in mapped(OPENSEARCH)


def test_free_text_is_a_setting() -> None:
    """Without it no field has words beside its value."""
    assert not [path for path, field in mapped(OPENSEARCH, free_text=False).items() if "fields" in field]


def template_of(settings: dict[str, Any], server: Server = OPENSEARCH, sink: dict[str, Any] | None = None) -> dict[str, Any]:
    sinks = {"main": {"kind": "opensearch", "urls": ["http://localhost"]} | (sink or {})}
    parsed = Settings.model_validate({"setup": settings, "sinks": sinks})
    (index, *_) = indices_of(parsed, "main", {"alb": formats()["alb"]})
    return dict(template(index, parsed.setup, server, None).wanted)


@pytest.mark.parametrize(
    ("settings", "server", "path", "expected"),
    [
        ({}, OPENSEARCH, "sort", {"field": ["@timestamp"], "order": ["desc"]}),
        ({}, OPENSEARCH, "refresh_interval", "2000ms"),
        ({"refresh_seconds": 0.5}, OPENSEARCH, "refresh_interval", "500ms"),
        ({"shards": 3, "replicas": 2}, OPENSEARCH, "number_of_shards", "3"),
        ({"replicas": 2}, OPENSEARCH, "number_of_replicas", "2"),
        ({}, OPENSEARCH, "codec", "best_compression"),
        ({"codec": "zstd"}, OPENSEARCH, "codec", "zstd"),
        ({"codec": "zstd"}, ELASTICSEARCH, "codec", "best_compression"),
        ({"pipeline": "geoip"}, OPENSEARCH, "default_pipeline", "geoip"),
        ({"fields_max": 500}, OPENSEARCH, "mapping", {"total_fields": {"limit": "500"}}),
    ],
)
def test_settings_reach_the_index(settings: dict[str, Any], server: Server, path: str, expected: Any) -> None:
    """Each setting stands in the template in the form in which the server gives it back."""
    assert template_of(settings, server)["template"]["settings"]["index"][path] == expected


@pytest.mark.parametrize(
    ("sink", "patterns"),
    [
        ({}, ["logs-aws.elb_logs-1*", "logs-aws.elb_logs-2*", "logs-aws.elb_logs-outliers"]),
        ({"index": "logs"}, ["logs-1*", "logs-2*", "logs-outliers"]),
        ({"mode": "data_stream"}, ["logs-aws.elb_logs"]),
    ],
)
def test_patterns_name_what_the_sink_writes_to_and_nothing_else(sink: dict[str, Any], patterns: list[str]) -> None:
    """`logs-*` would be anybody's."""
    assert template_of({}, sink=sink)["index_patterns"] == patterns
