"""Which indices there will be, by the routes; and which of them are for few eyes only."""

from __future__ import annotations

from typing import Any

import pytest

from ingestd.config import Settings
from ingestd.formats.registry import formats
from ingestd.setup.indices import indices_of

FORMATS = {name: formats()[name] for name in ("alb", "cloudfront")}


def indices(route: list[dict[str, Any]], index: str = "logs-{dataset}", sensitive: tuple[str, ...] = ()) -> Any:
    sink = {"kind": "opensearch", "urls": ["http://localhost"], "index": index}
    settings = {"sinks": {"main": sink, "other": sink}, "route": route, "setup": {"security_datasets": sensitive}}
    found = indices_of(Settings.model_validate(settings), "main", FORMATS)
    return [(each.name, each.datasets, each.is_sensitive) for each in found]


ALB, CLOUDFRONT = "aws.elb_logs", "aws.cloudfront_logs"


@pytest.mark.parametrize(
    ("route", "index", "expected"),
    [
        ([], "logs-{dataset}", [(f"logs-{CLOUDFRONT}", (CLOUDFRONT,), False), (f"logs-{ALB}", (ALB,), False)]),
        ([], "logs", [("logs", (CLOUDFRONT, ALB), False)]),
        ([{"key": "x", "format": "alb", "sinks": ["main"]}], "logs-{dataset}", [(f"logs-{ALB}", (ALB,), False)]),
        ([{"key": "x", "format": "alb", "dataset": "shop", "sinks": ["main"]}], "l-{dataset}", [("l-shop", ("shop",), False)]),
        ([{"dataset": "all", "sinks": ["main"]}], "l-{dataset}", [("l-all", ("all",), False)]),
        ([{"key": "x", "drop": True}, {"sinks": ["other"]}], "l-{dataset}", []),
    ],
)
def test_the_routes_decide(route: list[dict[str, Any]], index: str, expected: list[Any]) -> None:
    """What they send here, under the dataset that they give it; what they drop or send elsewhere has no index."""
    assert indices(route, index) == expected


@pytest.mark.parametrize(
    ("route", "index", "expected"),
    [
        ([], "logs-{dataset}", [False, True]),
        ([], "logs", [True]),
        ([{"format": "alb", "dataset": "harmless", "sinks": ["main"]}], "l-{dataset}", [True]),
        ([{"format": "cloudfront", "dataset": "aws.elb_like", "sinks": ["main"]}], "l-{dataset}", [True]),
    ],
)
def test_an_index_that_holds_anything_sensitive_is_sensitive(
    route: list[dict[str, Any]], index: str, expected: list[bool]
) -> None:
    """Shared or renamed: neither a neighbour nor another name makes a security dataset harmless."""
    assert [is_sensitive for _, _, is_sensitive in indices(route, index, ("aws.elb*",))] == expected


def test_what_carries_other_formats_may_bring_any() -> None:
    """A format without fields of its own has no index of its own; a route to it may lead to every index."""

    class Carrier:
        name, dataset = "carrier", "carried"

    sink = {"kind": "opensearch", "urls": ["http://localhost"]}
    settings = Settings.model_validate({"sinks": {"main": sink}, "route": [{"format": "carrier", "sinks": ["main"]}]})
    known: Any = FORMATS | {"carrier": Carrier()}
    assert [index.datasets for index in indices_of(settings, "main", known)] == [(CLOUDFRONT,), (ALB,)]
