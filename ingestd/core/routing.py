"""Which route an object takes: the first whose bucket and key patterns fit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

__all__ = ["Route", "Router"]


@dataclass(frozen=True, slots=True)
class Route:
    """Where the objects that fit go: `format` may be `auto`; a route that drops has no sinks."""

    sinks: tuple[str, ...]
    bucket: str | None = None
    key: str | None = None
    format: str = "auto"
    dataset: str | None = None
    drop: bool = False

    def fits(self, bucket: str, key: str) -> bool:
        """`bucket` by shell-style pattern, `key` by a regular expression searched for in it."""
        return (self.bucket is None or fnmatchcase(bucket, self.bucket)) and (
            self.key is None or re.search(self.key, key) is not None
        )


class Router:
    """Routes in order. Without any, every object goes to every sink, its format detected."""

    def __init__(self, routes: Sequence[Route], sinks: Sequence[str]) -> None:
        self._routes = tuple(routes) or (Route(tuple(sinks)),)

    def route(self, bucket: str, key: str) -> Route | None:
        """The first route that fits; None if none does."""
        return next((route for route in self._routes if route.fits(bucket, key)), None)
