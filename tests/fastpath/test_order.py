"""Header lines give the order of columns."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from ingestd.fastpath.order import Order, header_pattern
from ingestd.formats.table import Column, Shape, Table, Text


def unused(random: Random) -> str:
    return ""


TABLE = Table(
    name="toy",
    dataset="toy",
    service="toy",
    shape=Shape.TABBED,
    columns=tuple(Column(name, Text(name)) for name in ("a", "b", "c(X)", "d-e")),
    required=2,
    key="",
    content="",
    sample=unused,
    header="#Fields:",
)


def test_headless() -> None:
    """Without a header only as many columns are known as the table says stand in such a line."""
    assert Order.documented(replace(TABLE, headless=2)) == Order(owners=(0, 1), positions=(0, 1, -1, -1))


@pytest.mark.parametrize(("count", "reach"), [(0, 2), (1, 2), (2, 4), (3, 2), (4, 4), (5, 4)])
def test_generations(count: int, reach: int) -> None:
    """A line of a number of columns that none has had is known as far as the first had; a header's order holds for all."""
    table = replace(TABLE, generations=(2, 4))
    assert Order.documented(table).reach(table, count) == reach
    assert Order.of_header(table, b"#Fields: a b d-e").reach(table, count) == 3
    assert Order.documented(TABLE).reach(TABLE, count) == 4


@pytest.mark.parametrize(
    ("header", "line", "is_header"),
    [
        ("#Fields:", b"#Fields: x", True),
        ("#Fields:", b"#Fields", False),
        (None, b"#Fields: x", False),
        ("", b"a b c", True),
        ("", b"b", True),
        ("", b"c(X) new", True),
        ("", b"A b", False),
        ("", b"ab c", False),
        ("", b"a\tb", False),
        ("", b"d-e", True),
        ("", b"d_e f", True),
        ("", b"d.e f", False),
        ("", b"new a b", False),
        ("", b"- a b", False),
    ],
)
def test_header_pattern(header: str | None, line: bytes, is_header: bool) -> None:
    """A header line is told by its prefix, or by the name of a column that it begins with."""
    pattern = header_pattern(replace(TABLE, header=header))
    assert bool(pattern and pattern.match(line)) == is_header


def test_documented() -> None:
    """Without a header each column stands at its documented place, and has no name."""
    assert Order.documented(TABLE) == Order(owners=(0, 1, 2, 3), positions=(0, 1, 2, 3))


@pytest.mark.parametrize(
    ("names", "owners", "positions"),
    [
        (b" a b c(X)", (0, 1, 2), (0, 1, 2, -1)),
        (b"a b", (0, 1), (0, 1, -1, -1)),
        (b"\tB\tA\r", (1, 0), (1, 0, -1, -1)),
        (b" c(x)  new a", (2, -1, 0), (2, -1, 0, -1)),
        (b" a a b a", (0, -1, 1, -1), (0, 2, -1, -1)),
        ("\u200b \ufeffa\u200b b\ufeff".encode(), (0, 1), (0, 1, -1, -1)),
        (b" \xff a", (-1, 0), (1, -1, -1, -1)),
        (b" D_E d-e", (3, -1), (-1, -1, -1, 0)),
    ],
)
def test_header(names: bytes, owners: tuple[int, ...], positions: tuple[int, ...]) -> None:
    """A header's names are found among the columns whatever their case, the separators and invisible marks."""
    order = Order.of_header(TABLE, b"#Fields:" + names)
    assert (order.owners, order.positions) == (owners, positions)
    assert len(order.names) == len(owners)


@pytest.mark.parametrize("names", [b"", b" \t\r", "\u200b".encode()])
def test_header_that_names_nothing(names: bytes) -> None:
    """A header without names gives the documented order back."""
    assert Order.of_header(TABLE, b"#Fields:" + names) == Order.documented(TABLE)


@pytest.mark.parametrize(
    ("names", "count", "lacking"),
    [
        (b"", 2, None),
        (b"", 1, "b"),
        (b"", 0, "a"),
        (b"b c(X) a", 3, None),
        (b"b c(X) a", 2, "a"),
        (b"b c(X)", 9, None),
        (b"a c(X)", 9, None),
        (b"a c(X)", 0, "a"),
    ],
)
def test_lacking(names: bytes, count: int, lacking: str | None) -> None:
    """Of the required columns that a header names, the first that a line does not reach is named."""
    assert Order.of_header(TABLE, b"#Fields:" + names).lacking(TABLE, count) == lacking
