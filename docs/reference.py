"""Writes `docs/configuration.md` from `config/ingestd.toml`: `python docs/reference.py`. A test says when it is stale.

The settings file is held to the settings themselves by a test of its own, so that the page cannot say anything else.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "config" / "ingestd.toml"
TARGET = ROOT / "docs" / "configuration.md"
HEAD = """# Settings

Made from [config/ingestd.toml](../config/ingestd.toml) by `docs/reference.py`. A value is the default; one in brackets is an
example, where there is no default. The variable is stronger than the file; that of a list
of tables (`[[...]]`) is the whole list, as JSON.
"""
SECTION = re.compile(r"#?(\[\[?)([a-z_.]+)\]\]?$")
SETTING = re.compile(r"(#?)([a-z_]+) = (.+)$")
COLUMNS = "\n| setting | default | variable | |\n|---|---|---|---|\n"
LISTS = {"route", "role", "rule", "rule.when", "format", "format.columns"}  # of tables: one variable for all of it
NO_DEFAULT = {"queue.url", "queue.buckets", "sinks.main.urls", "sinks.copy.stream"}  # shown as the others are, to be filled in


def reference(text: str) -> str:
    """The page for a settings file: a table for each section, the text above a key as its reason."""
    page, path, above = [HEAD, "\n## At the top\n", COLUMNS], "", ""
    optional = False
    for line in text.splitlines()[text[: text.index("\n\n")].count("\n") + 1 :]:
        if found := SECTION.match(line):
            path, optional = found[2], line.startswith("#")
            page += [f"\n## {found[1]}{path}{']' * len(found[1])}\n", f"\n{above}\n", COLUMNS]
        elif found := SETTING.match(line):
            page.append(_row(path, found, above, optional))
        above = line.removeprefix("# ") if line.startswith("# ") else ""
    return "".join(page)


def _row(path: str, found: re.Match[str], reason: str, optional: bool) -> str:
    sign, name, value = found.groups()
    keys = f"{path}.{name}" if path else name
    shown_whole = (
        optional and path.startswith("sinks.") and name != "region"
    )  # a section that is commented out has defaults too
    has_default = keys not in NO_DEFAULT and (not sign or shown_whole)
    shown = f"`{value}`" if has_default else f"(`{value}`)"
    variable = "INGESTD_" + (path.split(".")[0] if path in LISTS else keys.replace(".", "__")).upper()
    cells = [f"`{name}`", shown, f"`{variable}`", reason]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    TARGET.write_text(reference(SOURCE.read_text(encoding="utf-8")), encoding="utf-8")
