"""Which route an object takes, or a stream's records, and which the events of a log group in it: the first that fits."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

__all__ = ["AUTO", "Route", "Router"]

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Route:
    """Where what fits goes: `format` may be `auto`; a route that drops has no sinks.

    With `log_group` it is for events that came in envelopes, of the log groups that fit.
    """

    sinks: tuple[str, ...]
    bucket: str | None = None
    key: str | None = None
    stream: str | None = None
    log_group: str | None = None
    format: str = AUTO
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
    """Routes in order. Without any for objects and streams, everything goes to every sink, its format detected."""

    def __init__(self, routes: Sequence[Route], sinks: Sequence[str]) -> None:
        self._routes = tuple(route for route in routes if route.log_group is None) or (Route(tuple(sinks)),)
        self._group_routes = tuple(route for route in routes if route.log_group is not None)

    @property
    def datasets(self) -> Collection[str]:
        """Those that routes name."""
        return {route.dataset for route in (*self._routes, *self._group_routes) if route.dataset}

    def route(self, bucket: str, key: str) -> Route | None:
        """The first route that fits an object; None if none does."""
        return next((route for route in self._routes if route.fits(bucket, key)), None)

    def route_stream(self, stream: str) -> Route | None:
        """The first that fits the records of a stream; None if none does."""
        return next((route for route in self._routes if route.fits_stream(stream)), None)

    def route_events(self, bucket: str, key: str, log_group: str, around: Route) -> Route:
        """The route of a log group's events, where that of what brought them is `around`: the first that fits, else that one.

        Without a bucket, `key` is the stream that brought them. A route for log groups that names no sinks, or no dataset, has
        those of `around`.
        """
        for route in self._group_routes:
            fits = route.fits(bucket, key) if bucket else route.fits_stream(key)
            if fits and fnmatchcase(log_group, route.log_group or ""):
                sinks = () if route.drop else route.sinks or around.sinks
                return replace(route, sinks=sinks, dataset=route.dataset or around.dataset)
        return around
