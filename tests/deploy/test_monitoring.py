"""The dashboard, the alerts and KEDA ask only for what the service says: names, labels, and values of labels that are fixed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import Histogram
from prometheus_client.core import Metric

from ingestd.config import Settings
from ingestd.consumer import Consumer
from ingestd.core.saturation import STAGES as STAGES_OF_LOAD
from ingestd.model import Outcome
from ingestd.service import Service
from ingestd.shell.answers import SERVICE_ERRORS
from ingestd.shell.telemetry import _COUNTERS
from ingestd.signals import Signals
from tests.deploy.documents import loaded_json, loaded_yaml, loaded_yamls

NAME = re.compile(r"\bingestd_\w+")
SELECTOR = re.compile(r"(\w+)\{(\w+)=~?\"([^\"]+)\"\}")
ROOT = Path(__file__).parents[2]
STAGES = {"received", "decoded", "encoded"}
SHOWN_BY_PROMETHEUS = {"le", "instance"}


async def metrics() -> dict[str, set[str]]:
    """Each series by its name, and its labels: those of the telemetry, and the gauges that the service and its consumer add."""
    telemetry = Service(Settings()).telemetry
    found = {f"ingestd_{name}_total": set(labels) for name, (_, labels) in _COUNTERS.items()}
    shows = Consumer.__new__(Consumer)
    shows.deliveries = {}
    shows._show(telemetry)
    signals = Signals.__new__(Signals)
    signals._telemetry = telemetry
    signals._show()
    found |= {f"ingestd_{name}": {label} - {""} for name, (label, _) in telemetry._gauges.items()}
    families: list[Metric] = [
        family for each in vars(telemetry).values() if isinstance(each, Histogram) for family in each.describe()
    ]
    for family in families:
        found[f"{family.name}_bucket"] = {"le", "stage"} if family.name == "ingestd_stage_seconds" else {"le"}
    return found


def expressions() -> Iterator[tuple[str, str]]:
    for group in loaded_yaml("alerts.yaml")["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]
    for panel in loaded_json("grafana.json")["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    (scaled,) = [each for each in loaded_yamls("kubernetes.yaml") if each["kind"] == "ScaledObject"]
    yield "KEDA", scaled["spec"]["triggers"][0]["metadata"]["query"]


KNOWN = asyncio.run(metrics())  # a gauge asks for the loop that it is shown in
ASKED = [pytest.param(expression, id=f"{title}-{number}") for number, (title, expression) in enumerate(expressions())]


@pytest.mark.parametrize("expression", ASKED)
def test_each_metric_exists_with_its_labels(expression: str) -> None:
    """A name that is misspelt gives an empty panel, and an alert that never comes."""
    names = NAME.findall(expression)
    assert names
    assert set(names) <= set(KNOWN)
    labels = {label for name in names for label in KNOWN[name]} | SHOWN_BY_PROMETHEUS
    for group in re.findall(r"by \(([^)]*)\)", expression):
        assert set(group.split(", ")) <= labels
    assert expression.count("(") == expression.count(")")


FIXED = {
    "ingestd_lines_total": {each.value for each in Outcome},
    "ingestd_bytes_total": STAGES,
    "ingestd_messages_total": {"received", "deleted", "given_back", "lost"},
    "ingestd_stage_seconds_bucket": {"sink_.*"},
    "ingestd_limited_by": set(STAGES_OF_LOAD),
    "ingestd_calls_total": {"bad_key", *SERVICE_ERRORS},
}


def test_each_value_of_a_label_is_one_that_is_counted() -> None:
    """So far as values are fixed."""
    found = [match for _, expression in expressions() for match in SELECTOR.findall(expression)]
    assert {name for name, _, _ in found} <= set(FIXED)
    for name, label, value in found:
        assert label in KNOWN[name]
        assert {value} <= FIXED[name] or set(value.split("|")) <= FIXED[name]


def test_each_alert_leads_to_its_page_of_the_runbook() -> None:
    """The heading that its anchor names is there."""
    text = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    anchors = {
        re.sub(r"[^a-z0-9 -]", "", line[3:].lower()).replace(" ", "-") for line in text.splitlines() if line[:3] == "## "
    }
    for group in loaded_yaml("alerts.yaml")["groups"]:
        for rule in group["rules"]:
            page, _, anchor = rule["annotations"]["runbook"].partition("#")
            assert page == "docs/runbook.md"
            assert anchor in anchors
