"""Which route an object takes, or a stream's records: the first whose patterns fit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

__all__ = ["Route", "Router"]


@dataclass(frozen=True, slots=True)
class Route:
    """Where what fits goes: `format` may be `auto`; a route that drops has no sinks."""

    sinks: tuple[str, ...]
    bucket: str | None = None
    key: str | None = None
    stream: str | None = None
    format: str = "auto"
    dataset: str | None = None
    drop: bool = False

    def fits(self, bucket: str, key: str) -> bool:
        """`bucket` by shell-style pattern, `key` by a regular expression searched for in it."""
        return (
            self.stream is None
            and (self.bucket is None or fnmatchcase(bucket, self.bucket))
            and (self.key is None or re.search(self.key, key) is not None)
        )

    def fits_stream(self, stream: str) -> bool:
        """`stream` by shell-style pattern; what asks for bucket or key is for objects."""
        return self.bucket is None and self.key is None and (self.stream is None or fnmatchcase(stream, self.stream))


class Router:
    """Routes in order. Without any, everything goes to every sink, its format detected."""

    def __init__(self, routes: Sequence[Route], sinks: Sequence[str]) -> None:
        self._routes = tuple(routes) or (Route(tuple(sinks)),)

    def route(self, bucket: str, key: str) -> Route | None:
        """The first route that fits an object; None if none does."""
        return next((route for route in self._routes if route.fits(bucket, key)), None)

    def route_stream(self, stream: str) -> Route | None:
        """The first that fits the records of a stream; None if none does."""
        return next((route for route in self._routes if route.fits_stream(stream)), None)
