"""Saved objects: whole, and speaking of fields that there are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson
import pytest

from ingestd.config import Settings
from ingestd.formats.registry import formats
from ingestd.setup.boards import BOARDS
from ingestd.setup.dashboards import as_ndjson, fields_named, saved_objects
from ingestd.setup.fields import fields_of
from ingestd.setup.wanted import targets

FILE = Path(__file__).parents[2] / "config" / "opensearch" / "dashboards.ndjson"
REGENERATES = bool(os.environ.get("INGESTD_REGENERATE"))
DATASETS = {form.dataset for form in formats().values()}


def objects(index: str = "logs-{dataset}") -> list[dict[str, Any]]:
    sink = {"kind": "opensearch", "urls": ["http://localhost:9200"], "index": index}
    (target,) = targets(Settings.model_validate({"sinks": {"main": sink}}), formats())
    return saved_objects(target.indices, target.everything)


def test_the_file_is_what_is_made() -> None:
    """`config/opensearch/dashboards.ndjson` is what `setup` makes for the default indices; INGESTD_REGENERATE=1 writes it."""
    made = as_ndjson(objects())
    if REGENERATES:
        FILE.write_bytes(made)
    assert FILE.read_bytes() == made


@pytest.mark.parametrize("board", [each for each in BOARDS if each.dataset in DATASETS], ids=lambda board: board.name)
def test_each_field_that_a_dashboard_names_is_in_its_template(board: Any) -> None:
    """A picture of a field that no document has would be empty for ever."""
    fields = fields_of(form for form in formats().values() if form.dataset == board.dataset)
    named = list(fields_named([each for each in objects() if each["attributes"]["title"].startswith(board.title)]))
    assert len({field for _, field in named}) > 5
    assert {field for _, field in named} <= fields.keys()


def test_the_fields_of_what_goes_for_all_are_in_all() -> None:
    """ingestd's own dashboard looks at every index."""
    named = {field for title, field in fields_named(objects()) if title.startswith("ingestd")}
    assert "tags" in named
    for form in formats().values():
        assert named <= fields_of([form]).keys()


@pytest.mark.parametrize("index", ["logs-{dataset}", "logs"])
def test_what_is_referred_to_is_there(index: str) -> None:
    """Each reference names an object of the same file, before it, and each panel has its reference."""
    seen: set[tuple[str, str]] = set()
    for each in objects(index):
        assert {(reference["type"], reference["id"]) for reference in each["references"]} <= seen
        if each["type"] == "dashboard":
            panels = [panel["panelRefName"] for panel in orjson.loads(each["attributes"]["panelsJSON"])]
            assert panels == [reference["name"] for reference in each["references"]]
        assert (each["type"], each["id"]) not in seen
        seen.add((each["type"], each["id"]))
    assert {kind for kind, _ in seen} == {"index-pattern", "search", "visualization", "dashboard"}


def test_panels_do_not_lie_over_each_other() -> None:
    """Each has its place within the 48 columns."""
    for each in objects():
        if each["type"] == "dashboard":
            cells: set[tuple[int, int]] = set()
            for panel in orjson.loads(each["attributes"]["panelsJSON"]):
                grid = panel["gridData"]
                own = {(x, y) for x in range(grid["x"], grid["x"] + grid["w"]) for y in range(grid["y"], grid["y"] + grid["h"])}
                assert not own & cells
                assert max(x for x, _ in own) < 48
                cells |= own


def test_in_a_shared_index_each_looks_at_its_own() -> None:
    """Where datasets share an index, every picture asks for its dataset."""
    for each in objects("logs"):
        if each["type"] == "visualization" and not each["attributes"]["title"].startswith("ingestd"):
            assert "event.dataset : " in each["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"]
