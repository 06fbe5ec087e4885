"""What the docs show is true of the program: settings load, links lead somewhere, the reference is fresh."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from ingestd.config import Section, Settings
from ingestd.config.loading import load
from ingestd.config.rules import BUILT_IN_ROLES
from ingestd.formats.registry import formats
from tests.deploy.documents import template
from tests.deploy.test_monitoring import KNOWN
from tests.docs_module import docs_module
from tests.shown import PAGES, ROOT, blocks

EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 _-]", "", head.lower()).replace(" ", "-") for head in heads}


def test_the_reference_of_settings_is_fresh() -> None:
    """`python docs/reference.py` would change nothing."""
    wanted = docs_module("reference").reference((ROOT / "config" / "ingestd.toml").read_text(encoding="utf-8"))
    assert (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8") == wanted


@EACH_PAGE
def test_settings_that_are_shown_are_settings(page: Path, tmp_path: Path) -> None:
    """Each block of TOML loads into a service that could start: as it stands, or behind the one before that has a queue."""
    (tmp_path / "secret").write_text("hidden")
    whole = ""
    for block in blocks(page, "toml"):
        file = tmp_path / "ingestd.toml"
        whole = block if "[queue]" in block else whole
        block = block if block is whole else whole + block
        file.write_text(block.replace("/run/secrets/opensearch", str(tmp_path / "secret")), encoding="utf-8")
        load(file, {}, formats=formats())


@EACH_PAGE
def test_links_lead_somewhere(page: Path) -> None:
    """To a file of this repository, and to a heading that it has."""
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith("http"):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), target


def test_variables_that_are_shown_are_settings(tmp_path: Path) -> None:
    """Each line of nothing but variables is a service that could start, with a queue and a sink beside it."""
    (tmp_path / "secret").write_text("ID:SECRET")
    lines = [line for page in PAGES for block in blocks(page, "") for line in block.splitlines() if line.startswith("INGESTD_")]
    assert lines
    for line in lines:
        given = dict(each.split("=", 1) for each in shlex.split(line, comments=True))
        environ = {name: re.sub("^/run/secrets/.*", str(tmp_path / "secret"), value) for name, value in given.items()}
        load(None, environ | {"INGESTD_SINKS__OPENSEARCH__URL": "https://search.example"}, formats=formats())


@EACH_PAGE
def test_metrics_and_settings_that_are_spoken_of_exist(page: Path) -> None:
    """In the running text: each `ingestd_…` that is no role, and each `section.key` of a section that there is."""
    text = page.read_text(encoding="utf-8")
    metrics = {name.removesuffix("_bucket") for name in KNOWN} | {*BUILT_IN_ROLES, "ingestd_"}
    assert set(re.findall(r"\bingestd_\w*", text)) <= metrics
    for section, key in re.findall(r"`([a-z_]+)\.([a-z_]+)`", text):
        field = Settings.model_fields.get(section)
        if field is not None and isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            assert key in field.annotation.model_fields, f"{section}.{key}"


@EACH_PAGE
def test_requests_for_the_console_are_whole(page: Path) -> None:
    """Each `PUT …` of a block has a body of JSON behind it."""
    for block in blocks(page, ""):
        for body in re.findall(r"^PUT \S+\n(.*?)(?:\n\n|\Z)", block, re.MULTILINE | re.DOTALL):
            assert json.loads(body)


def test_parameters_of_the_stack_that_are_shown_are_its_own() -> None:
    """Each `Name=value` of the quick start, and each output that it speaks of."""
    text = (ROOT / "docs" / "aws.md").read_text(encoding="utf-8")
    made = template()
    assert set(re.findall(r"\b([A-Z][A-Za-z]+)=", text)) <= set(made["Parameters"])
    outputs = re.findall(r"output\s+`(\w+)`", text)
    assert outputs
    assert set(outputs) <= set(made["Outputs"])


def test_notifications_that_are_shown_are_json() -> None:
    """What stands between single quotes in a command."""
    (shown,) = re.findall(r"--notification-configuration '([^']+)'", (ROOT / "docs" / "aws.md").read_text(encoding="utf-8"))
    assert json.loads(shown) == {"EventBridgeConfiguration": {}}
