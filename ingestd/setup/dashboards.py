"""Saved objects for OpenSearch Dashboards and Kibana: an index pattern, a search, pictures and a dashboard for each log.

Plain aggregation-based visualisations, which every version since 7.10 reads. A saved object is ours by its id, and is written
again only when what we make of it has changed (its description holds a print of it): what people change on it stays until then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from ingestd.setup.boards import BOARDS, HEALTH, Board, Panel
from ingestd.setup.fields import TIMESTAMP
from ingestd.setup.indices import Index
from ingestd.setup.plan import Resource

__all__ = ["HEADERS", "as_ndjson", "fields_named", "resources", "saved_objects"]

# Both want a header that no browser sends by itself; Kibana 9 wants to know that this is no browser's page.
HEADERS = {"osd-xsrf": "true", "kbn-xsrf": "true", "x-elastic-internal-origin": "ingestd"}
ROWS_TALL = 12
TOP_SIZE = 10
SERIES = {"time": "histogram", "sum": "area", "spread": "line"}
SavedObject = dict[str, Any]


def saved_objects(indices: Sequence[Index], everything: str) -> list[SavedObject]:
    """All of them, each behind what it refers to. `everything`: the pattern of all the indices' names."""
    made: list[SavedObject] = []
    for board in BOARDS:
        for index in indices:
            if board.dataset in index.datasets:
                made += _board(board, index.name, f"event.dataset : {board.dataset}" if len(index.datasets) > 1 else "")
    made += _board(HEALTH, everything, "")
    return list({(each["type"], each["id"]): each for each in made}.values())


def resources(indices: Sequence[Index], everything: str) -> list[Resource]:
    """The same as things to be made by Dashboards' own API."""
    return [_resource(each) for each in saved_objects(indices, everything)]


def as_ndjson(objects: Sequence[SavedObject]) -> bytes:
    """The same as a file that people import by hand."""
    return b"".join(orjson.dumps(each, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_SORT_KEYS) for each in objects)


def fields_named(objects: Sequence[SavedObject]) -> Iterator[tuple[str, str]]:
    """(title of the saved object, field) of each field that one of them names."""
    for each in objects:
        attributes = each["attributes"]
        for column in attributes.get("columns", ()):
            yield attributes["title"], column
        for aggregation in orjson.loads(attributes.get("visState", '{"aggs":[]}'))["aggs"]:
            if "field" in aggregation["params"]:
                yield attributes["title"], aggregation["params"]["field"]
        source = orjson.loads(attributes.get("kibanaSavedObjectMeta", {}).get("searchSourceJSON", "{}"))
        for term in source.get("query", {}).get("query", "").split(" and "):
            if term:
                yield attributes["title"], term.split()[0]


def _board(board: Board, index_name: str, query: str) -> Iterator[SavedObject]:
    pattern = f"ingestd-{index_name}"
    yield {
        "type": "index-pattern",
        "id": pattern,
        "attributes": {"title": index_name, "timeFieldName": TIMESTAMP},
        "references": [],
    }
    base = f"ingestd-{board.name}-{hashlib.blake2b(index_name.encode(), digest_size=4).hexdigest()}"
    yield _printed("search", f"{base}-search", board.title, _search(board, query), [_on(pattern)])
    panels = []
    for number, panel in enumerate(board.panels):
        name = f"{base}-{number}"
        title = f"{board.title}: {panel.title}"
        yield _printed("visualization", name, title, _picture(title, panel, query), [_on(pattern)])
        panels.append(("visualization", name, panel.width))
    panels.append(("search", f"{base}-search", 48))
    references = [{"name": f"panel_{place}", "type": kind, "id": name} for place, (kind, name, _) in enumerate(panels)]
    yield _printed("dashboard", base, board.title, _dashboard([width for _, _, width in panels]), references)


def _printed(kind: str, name: str, title: str, attributes: dict[str, Any], references: list[dict[str, str]]) -> SavedObject:
    content = orjson.dumps([attributes, references], option=orjson.OPT_SORT_KEYS)
    description = f"made by ingestd setup ({hashlib.blake2b(content, digest_size=8).hexdigest()})"
    return {
        "type": kind,
        "id": name,
        "attributes": {"title": title, "description": description} | attributes,
        "references": references,
    }


def _on(pattern: str) -> dict[str, str]:
    return {"name": "kibanaSavedObjectMeta.searchSourceJSON.index", "type": "index-pattern", "id": pattern}


def _source(*queries: str) -> dict[str, str]:
    query = " and ".join(each for each in queries if each)
    source = {
        "query": {"language": "kuery", "query": query},
        "filter": [],
        "indexRefName": "kibanaSavedObjectMeta.searchSourceJSON.index",
    }
    return {"searchSourceJSON": _text(source)}


def _search(board: Board, query: str) -> dict[str, Any]:
    return {"columns": list(board.columns), "sort": [[TIMESTAMP, "desc"]], "kibanaSavedObjectMeta": _source(query)}


def _picture(title: str, panel: Panel, query: str) -> dict[str, Any]:
    kind = {"top": "table", "latest": "table", "number": "metric"}.get(panel.kind) or SERIES[panel.kind]
    state = {"title": title, "type": kind, "params": _params(panel, kind), "aggs": _aggregations(panel)}
    return {"visState": _text(state), "uiStateJSON": "{}", "kibanaSavedObjectMeta": _source(query, panel.query)}


def _aggregations(panel: Panel) -> list[dict[str, Any]]:
    measure: dict[str, Any] = {"type": "count", "params": {}}
    if panel.kind == "spread":
        measure = {"type": "percentiles", "params": {"field": panel.field, "percents": [50, 95, 99]}}
    elif panel.kind == "sum":
        measure = {"type": "sum", "params": {"field": panel.field}}
    elif panel.kind == "latest":
        measure = {"type": "max", "params": {"field": TIMESTAMP}}
    made = [{"id": "1", "enabled": True, "schema": "metric"} | measure]
    if panel.kind in SERIES:
        by_time = {"field": TIMESTAMP, "interval": "auto", "min_doc_count": 1, "useNormalizedEsInterval": True}
        made.append({"id": "2", "enabled": True, "schema": "segment", "type": "date_histogram", "params": by_time})
    if panel.field and panel.kind in ("time", "top", "latest"):
        by_value = {"field": panel.field, "size": TOP_SIZE, "order": "desc", "orderBy": "1", "otherBucket": False}
        schema = "group" if panel.kind == "time" else "bucket"
        made.append({"id": "3", "enabled": True, "schema": schema, "type": "terms", "params": by_value})
    return made


def _params(panel: Panel, kind: str) -> dict[str, Any]:
    if kind == "table":
        return {"perPage": TOP_SIZE, "showPartialRows": False, "showMetricsAtAllLevels": False, "showTotal": False}
    if kind == "metric":
        return {"addTooltip": True, "addLegend": False, "type": "metric", "metric": {"style": {"fontSize": 40}}}
    scale = {"show": True, "style": {}, "labels": {"show": True, "truncate": 100}}
    return {
        "type": kind,
        "grid": {"categoryLines": False},
        "categoryAxes": [
            scale | {"id": "CategoryAxis-1", "type": "category", "position": "bottom", "scale": {"type": "linear"}, "title": {}}
        ],
        "valueAxes": [
            scale
            | {
                "id": "ValueAxis-1",
                "name": "LeftAxis-1",
                "type": "value",
                "position": "left",
                "scale": {"type": "linear", "mode": "normal"},
                "title": {"text": panel.title},
            }
        ],
        "seriesParams": [
            {
                "show": True,
                "type": kind,
                "mode": "normal" if kind == "line" else "stacked",
                "data": {"label": panel.title, "id": "1"},
                "valueAxis": "ValueAxis-1",
                "drawLinesBetweenPoints": True,
                "showCircles": False,
            }
        ],
        "addTooltip": True,
        "addLegend": True,
        "legendPosition": "right",
        "times": [],
        "addTimeMarker": False,
    }


def _dashboard(widths: Sequence[int]) -> dict[str, Any]:
    panels: list[dict[str, Any]] = []
    x = y = 0
    for place, width in enumerate(widths):
        if x + width > 48:
            x, y = 0, y + ROWS_TALL
        grid = {"x": x, "y": y, "w": width, "h": ROWS_TALL, "i": f"{place}"}
        panels.append(
            {
                "version": "7.10.0",
                "panelIndex": f"{place}",
                "gridData": grid,
                "embeddableConfig": {},
                "panelRefName": f"panel_{place}",
            }
        )
        x += width
    return {
        "panelsJSON": _text(panels),
        "optionsJSON": _text({"useMargins": True, "hidePanelTitles": False}),
        "timeRestore": True,
        "timeFrom": "now-24h",
        "timeTo": "now",
        "kibanaSavedObjectMeta": {"searchSourceJSON": _text({"query": {"language": "kuery", "query": ""}, "filter": []})},
    }


def _resource(each: SavedObject) -> Resource:
    wanted: Mapping[str, Any] = {"attributes": each["attributes"], "references": each["references"]}
    told = "title" if each["type"] == "index-pattern" else "description"

    def found(answer: Any) -> Any:
        same = answer.get("attributes", {}).get(told) == each["attributes"][told]
        return wanted if same else {"attributes": {told: answer.get("attributes", {}).get(told)}}

    path = f"/api/saved_objects/{each['type']}/{each['id']}"
    return Resource(
        each["type"], each["attributes"]["title"], path, wanted, found, lambda _: {"overwrite": "true"}, method="POST"
    )


def _text(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
