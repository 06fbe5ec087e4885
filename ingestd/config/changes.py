"""What may change while the service runs, and what takes a restart.

Safe is what no line's id, index or place depends on and what nothing that is open was made from. A change of anything else is
refused together with all that came with it: half of a new configuration is nobody's configuration.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from pydantic import BaseModel

from ingestd.config import Settings
from ingestd.errors import Fatal

__all__ = ["changes", "safe_changes"]

SAFE = (
    "log.*",
    "route",
    "rule",
    "secrets.*",
    "queue.buckets",
    "queue.messages_in_flight_max",
    "memory.budget_bytes",
    "retry.*",
    "sinks.*.batch_*",
    "sinks.*.permits_max",
    "dead_letters.raw_bytes_max",
    "drain_seconds",
    "setup.*",  # the service does not look at these two
    "role",
)


def changes(old: object, new: object, path: str = "") -> Iterator[str]:
    """The dotted paths of settings that differ; a list is one setting."""
    if isinstance(old, BaseModel) and type(old) is type(new):
        for name in type(old).model_fields:
            yield from changes(getattr(old, name), getattr(new, name), f"{path}.{name}" if path else name)
    elif isinstance(old, dict) and isinstance(new, dict):
        for name in {**old, **new}:
            yield from changes(old.get(name), new.get(name), f"{path}.{name}")
    elif old != new:
        yield path


def safe_changes(old: Settings, new: Settings) -> list[str]:
    """What differs. Raises Fatal if any of it takes a restart."""
    found = list(changes(old, new))
    unsafe = [path for path in found if not any(fnmatchcase(path, pattern) for pattern in SAFE)]
    if unsafe:
        raise Fatal("these settings take a restart", reason="unsafe_change", settings=unsafe)
    return found
