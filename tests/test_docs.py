"""What the docs show is true of the program: settings load, commands exist, links lead somewhere, the reference is fresh."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
from pathlib import Path

import click
import pytest

from ingestd.cli import main
from ingestd.config_loading import load
from ingestd.formats.registry import formats
from tests.deploy.documents import template

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 _-]", "", head.lower()).replace(" ", "-") for head in heads}


def test_the_reference_of_settings_is_fresh() -> None:
    """`python docs/reference.py` would change nothing."""
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs" / "reference.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    wanted = module.reference((ROOT / "config" / "ingestd.toml").read_text(encoding="utf-8"))
    assert (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8") == wanted


@EACH_PAGE
def test_settings_that_are_shown_are_settings(page: Path, tmp_path: Path) -> None:
    """Each block of TOML loads, as it stands, into a service that could start."""
    (tmp_path / "secret").write_text("hidden")
    for block in blocks(page, "toml"):
        file = tmp_path / "ingestd.toml"
        file.write_text(block.replace("/run/secrets/opensearch", str(tmp_path / "secret")), encoding="utf-8")
        load(file, {}, formats=formats())


@EACH_PAGE
def test_commands_that_are_shown_exist_with_their_options(page: Path) -> None:
    """For the program's own; those of others are not run here."""
    lines = [line for block in blocks(page, "") for line in block.splitlines() if line.startswith("ingestd ")]
    for line in lines:
        _, name, *arguments = shlex.split(line, comments=True)
        assert isinstance(main, click.Group)
        command = main.get_command(click.Context(main), name)
        assert command, line
        known = {option for parameter in command.params for option in parameter.opts}
        assert {argument for argument in arguments if argument.startswith("-")} <= known, line


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
