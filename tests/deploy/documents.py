"""The files of deploy/ as values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

__all__ = ["DEPLOY", "loaded_json", "loaded_yaml", "loaded_yamls", "template"]

DEPLOY = Path(__file__).parents[2] / "deploy"


class _TemplateLoader(yaml.SafeLoader):  # type: ignore[misc]  # yaml brings no types
    """YAML with CloudFormation's short functions in their long form."""


def _function(loader: Any, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


_TemplateLoader.add_multi_constructor("!", _function)


def template() -> Any:
    """The CloudFormation template."""
    return yaml.load((DEPLOY / "cloudformation.yaml").read_text(encoding="utf-8"), _TemplateLoader)


def loaded_yaml(name: str) -> Any:
    """A file of one document."""
    return yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))


def loaded_yamls(name: str) -> list[Any]:
    """A file of many."""
    return list(yaml.safe_load_all((DEPLOY / name).read_text(encoding="utf-8")))


def loaded_json(name: str) -> Any:
    """A file of JSON."""
    return json.loads((DEPLOY / name).read_text(encoding="utf-8"))
