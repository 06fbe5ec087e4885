"""From what is found to what is wanted: each thing is read, compared, and written only where it differs.

* A thing is compared in the form in which the server gives it back; what a server adds of its own accord is no difference.
* Nothing is ever deleted, and nothing is touched that does not bear one of our names.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ingestd.setup.api import Api

__all__ = ["Resource", "Skipped", "Step", "plan"]

Change = Literal["create", "update", "none"]


def _as_it_is(answer: Any) -> Any:
    return answer


def _nothing(answer: Any) -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing on the server as it should be.

    `path` is where it is read and written. `found` takes the thing out of the answer to the reading (None: it is not there),
    `params` what writing needs to know of that answer. `is_grown`: the server adds defaults to what is written.
    """

    kind: str
    name: str
    path: str
    wanted: Mapping[str, Any]
    found: Callable[[Any], Any] = _as_it_is
    params: Callable[[Any], Mapping[str, str]] = _nothing
    is_grown: bool = False
    method: str = "PUT"


@dataclass(frozen=True, slots=True)
class Skipped:
    """What is not done, and why."""

    kind: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """A resource, and what is there in its place."""

    resource: Resource
    found: Any = None
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def change(self) -> Change:
        if self.found is None:
            return "create"
        return "none" if self.found == self.resource.wanted else "update"

    def diff(self) -> list[str]:
        """What would change, line by line, from the server's to ours."""
        if self.change == "none":
            return []
        before = [] if self.found is None else _lines(self.found)
        lines = difflib.unified_diff(before, _lines(self.resource.wanted), n=2, lineterm="")
        return [line for line in lines if not line.startswith(("---", "+++"))]

    async def take(self, api: Api) -> None:
        """Make it so."""
        await api.send(self.resource.method, self.resource.path, self.resource.wanted, self.params)


async def plan(api: Api, resources: list[Resource]) -> list[Step]:
    """A step for each, in the same order; those without change too."""
    steps: list[Step] = []
    for resource in resources:
        answer = await api.found(resource.path)
        found = None if answer is None else resource.found(answer)
        if found is not None and resource.is_grown:
            found = _pruned(found, resource.wanted)
        steps.append(Step(resource, found, {} if found is None else resource.params(answer)))
    return steps


def _pruned(found: Any, wanted: Any) -> Any:
    """Of what is found, only what ours speaks of."""
    if isinstance(found, dict) and isinstance(wanted, Mapping):
        return {key: _pruned(value, wanted[key]) for key, value in found.items() if key in wanted}
    if isinstance(found, list) and isinstance(wanted, list | tuple) and len(found) == len(wanted):
        return [_pruned(one, other) for one, other in zip(found, wanted, strict=True)]
    return found


def _lines(value: Any) -> list[str]:
    return json.dumps(value, indent=1, sort_keys=True).splitlines()
