"""Values in objects in objects, as JSON and its like have them."""

from __future__ import annotations

from typing import Any

__all__ = ["below"]


def below(value: Any, *names: str) -> Any:
    """What stands at a path of names below a value; None where there is nothing, or something that is no object on the way."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
