"""The tables of RELIABILITY.md and SECURITY.md: each row names tests that are there, under names of that very row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"\| (?P<row>[RS][0-9]+) \|.*", re.MULTILINE)
WANTED = [*(f"R{number}" for number in range(1, 19)), *(f"S{number}" for number in range(1, 9))]


def rows() -> dict[str, str]:
    text = "".join((ROOT / name).read_text(encoding="utf-8") for name in ("RELIABILITY.md", "SECURITY.md"))
    return {found["row"]: found[0] for found in ROW.finditer(text)}


def files(row: str, text: str) -> Iterator[Path]:
    """What a row names, files or folders; a name alone is of the file that most of its table is in."""
    for name in re.findall(r"`(tests/[\w/.]+)`", text):
        yield ROOT / name
    yield ROOT / ("tests/security/test_rows.py" if row.startswith("S") else "tests/fastpath/test_compiled_records.py")


def test_each_row_of_the_bar_is_there() -> None:
    """Eighteen of reliability, eight of security."""
    assert sorted(rows()) == sorted(WANTED)


@pytest.mark.parametrize("row", WANTED)
def test_each_row_names_tests_that_are_there(row: str) -> None:
    """Files that exist, and in one of them a test whose name begins as the row says, with the row's own number."""
    text = rows()[row]
    named = list(files(row, text))
    assert [path for path in named if not path.exists()] == []
    for prefix in re.findall(r"`(test_[rs][0-9]+_)…`", text):
        assert int(prefix[6:-1]) == int(row[1:])
        assert any(f"def {prefix}" in path.read_text(encoding="utf-8") for path in named if path.is_file()), prefix
    assert "`test" in text or "make " in text
