"""The formats there are: each module in this folder that has a `FORMAT`. Adding one is adding its file; nothing lists them."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import ingestd.formats
from ingestd.formats.table import Shape, Table

__all__ = ["HEAD_BYTES", "Format", "control_object", "detect", "detect_events", "formats"]

Format = Table  # what those outside this room call one
HEAD_BYTES = 64 << 10  # what `detect` wants to see of an object: some lines, whatever comments stand before them
CONTROL_OBJECT = "control_object"  # the reason of an Ignored


@cache
def formats() -> Mapping[str, Format]:
    """All formats by name, in the order of their names."""
    found: dict[str, Format] = {}
    for module in pkgutil.iter_modules(ingestd.formats.__path__):
        declared = getattr(importlib.import_module(f"ingestd.formats.{module.name}"), "FORMAT", None)
        if declared is None:
            continue
        if declared.name in found:
            raise ValueError(f"two formats are named {declared.name}")
        found[declared.name] = declared
    return MappingProxyType(dict(sorted(found.items())))


def detect(key: str, head: bytes, known: Mapping[str, Format] | None = None) -> Format | None:
    """The format that an object's first bytes (and perhaps its key) show best; of equals the first. `known`: among these."""
    best = max((known or formats()).values(), key=lambda declared: declared.recognises(key, head))
    return best if best.recognises(key, head) else None


def detect_events(group: str, is_json: bool, head: bytes, known: Mapping[str, Format] | None = None) -> Format:
    """The format of a log group's events, that are JSON or not: told by its name, or by the first one's bytes, or what catches.

    A user's own pattern for keys is searched for in the group's name.
    """
    fitting = [declared for declared in (known or formats()).values() if (declared.shape is Shape.JSON) == is_json]
    return max(fitting, key=lambda declared: declared.recognises_events(group, head))


def control_object(key: str) -> str | None:
    """Why an object with this key is none to read: AWS puts it there to try the bucket, not to log."""
    controls = (declared.control for declared in formats().values())
    return CONTROL_OBJECT if any(control and re.search(control, key) for control in controls) else None
