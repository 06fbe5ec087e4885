"""What pydantic finds wrong with one value, in our words: where, what was found, what is allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic_core import ErrorDetails

from ingestd.config import (
    ColumnSettings,
    ConditionSettings,
    FirehoseSettings,
    FormatSettings,
    OpenSearchSettings,
    RoleSettings,
    RouteSettings,
    RuleSettings,
    Section,
    Settings,
)
from ingestd.config.mistakes import SECRETS, Mistake, shown
from ingestd.config.sources import Keys, variable

__all__ = ["KINDS", "TABLES", "phrased"]

KINDS: dict[str, type[OpenSearchSettings] | type[FirehoseSettings]] = {
    "opensearch": OpenSearchSettings,
    "firehose": FirehoseSettings,
}
TABLES: dict[str, type[Section]] = {"route": RouteSettings, "role": RoleSettings, "rule": RuleSettings}  # of many
ALLOWED = {  # by what pydantic calls the mistake; what is not here it says itself
    "union_tag_invalid": '"opensearch" (for Elasticsearch too) or "firehose"',
    "union_tag_not_found": '"opensearch" (for Elasticsearch too) or "firehose"',
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "a text",
    "tuple_type": "a list",
    "model_type": "a table of settings",
    "model_attributes_type": "a table of settings",
    "dict_type": "tables with names of yours, as [sinks.main]",
    "greater_than_equal": "{ge} or more",
    "greater_than": "more than {gt}",
    "less_than_equal": "{le} or less",
    "less_than": "less than {lt}",
}


def phrased(detail: ErrorDetails, raw: Mapping[str, Any]) -> Mistake:
    """The mistake, without its origin. `raw`: all that was given."""
    loc, kind, value = detail["loc"], detail["type"], detail["input"]
    if loc[-1] == "[key]":
        loc = loc[:-1]
    elif loc[0] == "sinks" and len(loc) > 2 and loc[2] in KINDS:
        loc = (*loc[:2], *loc[3:])
    keys = tuple(str(step) for step in loc)
    if kind == "extra_forbidden":
        return Mistake(".".join(keys), "an unknown key", _known(keys, raw))
    if kind == "missing":
        whose = "this kind of sink" if keys[0] == "sinks" else "each of these tables"
        return Mistake(".".join(keys), "nothing", f"a value, which {whose} needs")
    found = shown(value, secret=keys[-1] in SECRETS)
    if kind.startswith("union_tag"):
        keys, found = (*keys, "kind"), shown(value.get("kind") if isinstance(value, dict) else None)
    elif kind in {"model_type", "model_attributes_type", "dict_type"} and isinstance(value, str):
        found = "text"  # perhaps a secret's
    if kind in ALLOWED:
        return Mistake(".".join(keys), found, ALLOWED[kind].format(**detail.get("ctx", {})))
    allowed = detail["msg"].removeprefix("Input should be ").partition(", unable")[0]
    return Mistake(".".join(keys), found, allowed[:1].lower() + allowed[1:])


def _known(keys: Keys, raw: Mapping[str, Any]) -> str:
    """The keys that a section has, or the one that was probably meant."""
    section: Any = Settings
    if keys[0] == "sinks":
        section = KINDS[raw["sinks"][keys[1]]["kind"]]
    elif keys[0] == "rule" and "when" in keys[:-1]:
        section = ConditionSettings
    elif keys[0] in TABLES:
        section = TABLES[keys[0]]
    elif keys[0] == "format":
        section = ColumnSettings if "columns" in keys[:-1] else FormatSettings
    elif len(keys) > 1:
        section = Settings.model_fields[keys[0]].annotation
    meant = {name: name for name in section.model_fields}
    if section is Settings:
        meant |= {f"{above}_{name}": f"{above}.{name} ({variable(above, name)})" for above, name in _settings_below()}
    close = get_close_matches(keys[-1], meant, 1, 0.6)
    return f"{meant[close[0]]}, if that was meant" if close else ", ".join(section.model_fields)


def _settings_below() -> Iterator[tuple[str, str]]:
    for above, info in Settings.model_fields.items():
        section = info.annotation
        if isinstance(section, type) and not get_args(section) and issubclass(section, Section):
            for name in section.model_fields:
                yield above, name
