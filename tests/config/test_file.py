"""`config/ingestd.toml` and the models say the same: each key is there, with its default and its reason."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ingestd.config import (
    ColumnSettings,
    ConditionSettings,
    FirehoseSettings,
    FormatSettings,
    OpenSearchSettings,
    RoleSettings,
    RouteSettings,
    RuleSettings,
    Settings,
)
from ingestd.config.loading import load

FILE = Path(__file__).parent.parent.parent / "config" / "ingestd.toml"
TEXT = FILE.read_text(encoding="utf-8")
PLACEHOLDERS = {"queue.url", "queue.buckets", "sinks.main.urls"}  # what no default can know
LISTS = {"format", "format.columns", "route", "role", "rule", "rule.when"}  # of tables
OPTIONAL = re.compile(r"^#(?=[a-z_]+ = |\[)", re.MULTILINE)
AS_IT_STANDS = tomllib.loads(TEXT)
IN_FULL = tomllib.loads(OPTIONAL.sub("", TEXT))


def sections() -> Iterator[tuple[str, type[BaseModel], dict[str, Any], dict[str, Any]]]:
    """Each section: its path, its model, what stands of it, and what stands and is shown of it."""
    top = {name for name, info in Settings.model_fields.items() if isinstance(info.default, int | float)}
    yield "", Settings, {name: AS_IT_STANDS[name] for name in top}, {name: IN_FULL[name] for name in top}
    for name, info in Settings.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield name, info.annotation, AS_IT_STANDS[name], IN_FULL[name]
    yield "sinks.main", OpenSearchSettings, AS_IT_STANDS["sinks"]["main"], IN_FULL["sinks"]["main"]
    yield "sinks.copy", FirehoseSettings, {}, IN_FULL["sinks"]["copy"]
    yield "format", FormatSettings, {}, IN_FULL["format"][0]
    yield "format.columns", ColumnSettings, {}, IN_FULL["format"][0]["columns"][0]
    yield "route", RouteSettings, {}, IN_FULL["route"][0]
    yield "rule", RuleSettings, {}, IN_FULL["rule"][0]
    yield "rule.when", ConditionSettings, {}, IN_FULL["rule"][0]["when"][0]
    yield "role", RoleSettings, {}, IN_FULL["role"][0]


SECTIONS = [pytest.param(*section, id=section[0] or "top") for section in sections()]


def default(info: FieldInfo) -> object:
    value = info.get_default(call_default_factory=True)
    return list(value) if isinstance(value, tuple) else value


def test_the_file_loads_as_it_stands() -> None:
    """Nothing but placeholders differs from the defaults."""
    settings = load(FILE, {}, formats=())
    assert settings.http == Settings().http
    assert settings.sinks["main"] == OpenSearchSettings(urls=("https://opensearch.example:9200",))


def test_it_has_all_sections_and_no_other() -> None:
    """Each section of the settings is in the file."""
    assert set(IN_FULL) == set(Settings.model_fields)


@pytest.mark.parametrize(("path", "model", "standing", "shown"), SECTIONS)
def test_each_key_is_there(path: str, model: type[BaseModel], standing: dict[str, Any], shown: dict[str, Any]) -> None:
    """Each setting of a section is in the file, standing or shown, and no other."""
    expected = {name for name, info in model.model_fields.items() if not path or info.description}
    tables = {name for name, info in model.model_fields.items() if not info.description}
    assert set(shown) == expected - tables
    assert all(info.description for name, info in model.model_fields.items() if path)


@pytest.mark.parametrize(("path", "model", "standing", "shown"), SECTIONS)
def test_what_stands_is_the_default(path: str, model: type[BaseModel], standing: dict[str, Any], shown: dict[str, Any]) -> None:
    """Each value that stands in the file equals the default, and each default that is a value stands there."""
    for name, value in standing.items():
        if f"{path}.{name}" not in PLACEHOLDERS:
            assert value == default(model.model_fields[name]), f"{path}.{name}"
    if standing:
        valued = {name for name in shown if default(model.model_fields[name]) not in (None, [])}
        assert valued <= set(standing)


@pytest.mark.parametrize(("path", "model", "standing", "shown"), SECTIONS)
def test_the_reason_stands_above_the_key(
    path: str, model: type[BaseModel], standing: dict[str, Any], shown: dict[str, Any]
) -> None:
    """The comment line above each key is the text that the model gives for it."""
    heading = {"": "# "}.get(path, f"[[{path}]]" if path in LISTS else f"[{path}]")
    begin = re.search(rf"^#?{re.escape(heading)}", TEXT, re.MULTILINE)
    assert begin
    section = TEXT[begin.start() :]
    for name in shown:
        if f"{path}.{name}" in LISTS:
            continue
        match = re.search(rf"^# (.*)\n#?{name} = ", section, re.MULTILINE)
        assert match, f"{path}.{name}"
        assert match[1] == model.model_fields[name].description
