"""Routes: the first that fits."""

from __future__ import annotations

import pytest

from ingestd.core.routing import Route, Router

ROUTES = (
    Route(("a",), bucket="logs-*"),
    Route(("b",), log_group="/aws/lambda/*", bucket="other"),
    Route((), log_group="/aws/lambda/*", dataset="functions"),
    Route((), log_group="/aws/*", drop=True),
    Route(("c",), key=r"\.json$", dataset="of.json"),
)


@pytest.mark.parametrize(
    ("bucket", "key", "sinks"),
    [("logs-1", "x", ("a",)), ("logs-1", "x.json", ("a",)), ("other", "x.json", ("c",)), ("other", "x", None)],
)
def test_objects(bucket: str, key: str, sinks: tuple[str, ...] | None) -> None:
    """An object takes the first route whose bucket and key fit, and none that is for log groups."""
    found = Router(ROUTES, ("a", "b")).route(bucket, key)
    assert (found.sinks if found else None) == sinks


@pytest.mark.parametrize("routes", [(), ROUTES[1:4]])
def test_without_routes_for_objects(routes: tuple[Route, ...]) -> None:
    """Where no route is for objects, each goes to every sink."""
    assert Router(routes, ("a", "b")).route("any", "any") == Route(("a", "b"))


@pytest.mark.parametrize(
    ("bucket", "group", "sinks", "dataset", "drop"),
    [
        ("other", "/aws/lambda/x", ("b",), "around", False),
        ("logs-1", "/aws/lambda/x", ("z",), "functions", False),
        ("logs-1", "/aws/vpc", (), "around", True),
        ("logs-1", "mine", ("z",), "around", False),
    ],
)
def test_log_groups(bucket: str, group: str, sinks: tuple[str, ...], dataset: str, drop: bool) -> None:
    """Events take the first route for log groups that fits, and what it leaves out from the object's own."""
    found = Router(ROUTES, ()).route_events(bucket, "key", group, Route(("z",), dataset="around"))
    assert (found.sinks, found.dataset, found.drop) == (sinks, dataset, drop)
