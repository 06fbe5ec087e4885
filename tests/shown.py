"""What the docs show to be typed: the blocks of a page, and the commands in them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

__all__ = ["PAGES", "ROOT", "blocks", "commands"]

ROOT = Path(__file__).parent.parent
PAGES = [
    *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "RELIABILITY", "SECURITY")),
    *sorted((ROOT / "docs").glob("*.md")),
]


def blocks(page: Path, language: str) -> list[str]:
    """Those of a language; all are looked at, so that the end of one is not taken for the beginning of the next."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [text for name, text in found if name == language]


def commands(page: Path, *begin: str) -> list[list[str]]:
    """The words of each command that begins with these, as a shell would cut them; lines that go on are joined."""
    text = "\n".join(blocks(page, "")).replace("\\\n", " ")
    quoted = re.sub(r"'[^']*'", lambda found: found[0].replace("\n", " "), text)
    lines = [line for line in quoted.splitlines() if line.startswith(" ".join(begin) + " ")]
    return [shlex.split(line.partition(" | ")[0], comments=True) for line in lines]
