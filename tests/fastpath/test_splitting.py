"""A line into values, shape by shape."""

from __future__ import annotations

from typing import Any

import pytest

from ingestd.fastpath.splitting import split, trim
from ingestd.fastpath.unreadable import Unreadable
from ingestd.formats.table import Shape, Table


def toy(shape: Shape, **more: Any) -> Table:
    return Table("toy", "toy", "toy", shape, (), 0, "", "", lambda random: "", **more)


SPACED = [
    (b"a b c", [b"a", b"b", b"c"]),
    (b"a  b ", [b"a", b"", b"b", b""]),
    (b"- a -", [b"", b"a", b""]),
    (b'"a b" c', [b"a b", b"c"]),
    (b'"" "-" "x"', [b"", b"", b"x"]),
    (b'""a b"" c', [b'"a b"', b"c"]),
    (b'"a"b" c', [b'a"b', b"c"]),
    (b'a"b c"d', [b'a"b', b'c"d']),
    (b'"a","b" c', [b'a","b', b"c"]),
    (b"[a b] c", [b"a b", b"c"]),
    (b"[-] [] c", [b"", b"", b"c"]),
    (b"[::1]:80 c]", [b"[::1]:80", b"c]"]),
    (b"[a b c", [b"[a", b"b", b"c"]),
    (b"a[b c]d", [b"a[b", b"c]d"]),
]


@pytest.mark.parametrize("shape", [Shape.SPACED, Shape.SPACED_RAW])
@pytest.mark.parametrize(("line", "values"), SPACED)
def test_spaced(shape: Shape, line: bytes, values: list[bytes]) -> None:
    """Columns between single spaces, quoted or in brackets where they begin so; a quote inside is part of the value."""
    assert split(toy(shape), line).values == values


@pytest.mark.parametrize(
    ("line", "spaced", "raw"),
    [
        (rb'"a\" b" c', [b'a" b', b"c"], [b"a\\", b'b"', b"c"]),
        (rb'"a\\" b', [b"a\\", b"b"], [rb"a\\", b"b"]),
        (
            rb'"\x22a\x00000022 \xC3\xa9 \x2 \q" b',
            ['"a" é \\x2 \\q'.encode(), b"b"],
            [rb"\x22a\x00000022 \xC3\xa9 \x2 \q", b"b"],
        ),
        (rb'"\\x22" b', [rb"\x22", b"b"], [rb"\\x22", b"b"]),
        (rb'"\x2D" b', [b"-", b"b"], [rb"\x2D", b"b"]),
        (rb"\x22a b", [rb"\x22a", b"b"], [rb"\x22a", b"b"]),
    ],
)
def test_escapes(line: bytes, spaced: list[bytes], raw: list[bytes]) -> None:
    """Escapes count in quoted values of the SPACED shape, and nowhere else."""
    assert split(toy(Shape.SPACED), line).values == spaced
    assert split(toy(Shape.SPACED_RAW), line).values == raw


def test_tabbed() -> None:
    """Columns between single tabs; nothing is quoted, escaped or trimmed."""
    pieces = split(toy(Shape.TABBED), b'"a b"\t-\t\t\\x22 \t[x]\t')
    assert pieces.values == [b'"a b"', b"", b"", b"\\x22 ", b"[x]", b""]


@pytest.mark.parametrize(
    ("line", "named", "values"),
    [
        (b"a - c", 3, [b"a", b"", b"c"]),
        (b"a   b  c", 3, [b"a", b"b", b"c"]),
        (b"a b c", 2, [b"a b c"]),
        (b"a b c", 0, [b"a b c"]),
        (b"a b\tc", 3, [b"a b", b"c"]),
    ],
)
def test_tabs_that_became_spaces(line: bytes, named: int, values: list[bytes]) -> None:
    """A padded line without a tab is cut at its spaces where that gives the columns that its header names, and else nowhere."""
    assert split(toy(Shape.TABBED, padded=True), line, named).values == values
    assert split(toy(Shape.TABBED), line, named).values == line.split(b"\t")


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (b"a,b,,-,", [b"a", b"b", b"", b"", b""]),
        (b'"a,b",c', [b"a,b", b"c"]),
        (b'"a ""b"", c",""', [b'a "b", c', b""]),
        (b'"",""""', [b"", b'"']),
        (b'a"b,"-"', [b'a"b', b""]),
        (rb'"a\",b', [b"a\\", b"b"]),
        (b"[a,b] c", [b"[a", b"b] c"]),
    ],
)
def test_csv(line: bytes, values: list[bytes]) -> None:
    """Columns between commas, quoted where they begin so; two quotes inside are one."""
    assert split(toy(Shape.CSV), line).values == values


@pytest.mark.parametrize(
    ("shape", "line", "values"),
    [
        (Shape.TABBED, b"a|b\t|-", [b"a", b"b\t", b""]),
        (Shape.SPACED, rb'"a \" b|c"|[d|e]|f g', [b'a " b|c', b"d|e", b"f g"]),
        (Shape.SPACED_RAW, rb'"a" b"|"c\"', [b'a" b', b"c\\"]),
        (Shape.CSV, b'"a|""b"|c,d', [b'a|"b', b"c,d"]),
    ],
)
def test_separator(shape: Shape, line: bytes, values: list[bytes]) -> None:
    """A table's own separator stands in the place of the shape's."""
    assert split(toy(shape, separator="|"), line).values == values


@pytest.mark.parametrize(
    ("shape", "line", "values"),
    [
        (Shape.SPACED, b"  a  b   [c  d]  ", [b"a", b"b", b"c  d"]),
        (Shape.SPACED_RAW, b'a  "b  c"   - ""  ', [b"a", b"b  c", b"", b""]),
        (Shape.TABBED, b"\t\ta\t\tb\t", [b"a", b"b"]),
        (Shape.TABBED, b"a", [b"a"]),
    ],
)
def test_runs(shape: Shape, line: bytes, values: list[bytes]) -> None:
    """Where several separators are one, there are no empty columns but quoted ones."""
    assert split(toy(shape, runs=True), line).values == values


def test_raw_is_what_stands_in_the_line() -> None:
    """Beside its value, a column is kept as it stands, with quotes, brackets and escapes."""
    line = rb'- "" "a\"b" [c d] e'
    assert split(toy(Shape.SPACED), line).raw == [b"-", b'""', rb'"a\"b"', b"[c d]", b"e"]


@pytest.mark.parametrize("line", [b'"', b'a "b', b'"a"b', rb'"a\"', rb'"a\" b', b'"' + b"\\" * 100_001, b'"' + b'"a' * 100_000])
def test_quote_without_end(line: bytes) -> None:
    """A quoted column that no quote before a space ends is unreadable, and found to be so in time linear in the line."""
    with pytest.raises(Unreadable) as raised:
        split(toy(Shape.SPACED), line)
    assert raised.value.reason == "unterminated_quote"


@pytest.mark.parametrize("column", [b"[ ", b"[] ", b'"" ', b"[x]y "])
@pytest.mark.parametrize("shape", [Shape.SPACED, Shape.SPACED_RAW])
def test_many_columns(shape: Shape, column: bytes) -> None:
    """A megabyte of columns is split in time linear in the line."""
    assert len(split(toy(shape), column * 250_000).values) == 250_001


@pytest.mark.parametrize(
    ("line", "trimmed"),
    [
        (b"a", b"a"),
        (b"a\r\r", b"a"),
        (b"\xef\xbb\xbfa", b"a"),
        (b"\xe2\x80\x8b\xef\xbb\xbf\xef\xbb\xbf#a\r", b"#a"),
        (b"a\rb ", b"a\rb "),
        (b"\xef\xbb", b"\xef\xbb"),
        (b" \xef\xbb\xbf", b" \xef\xbb\xbf"),
    ],
)
def test_trim(line: bytes, trimmed: bytes) -> None:
    """Carriage returns behind a line and invisible marks before it are no part of it."""
    assert trim(line) == trimmed


@pytest.mark.parametrize(
    ("line", "trimmed"),
    [
        (b"a b", b"a b"),
        (b" \t a\tb \t\r \r", b"a\tb"),
        (b" \xef\xbb\xbf\t\xe2\x80\x8b #a", b"#a"),
        (b" \xef\xbb ", b"\xef\xbb"),
        (b" \r\t", b""),
    ],
)
def test_padding(line: bytes, trimmed: bytes) -> None:
    """Of a padded table's line, spaces and tabs around it are no part either."""
    assert trim(line, padded=True) == trimmed


@pytest.mark.parametrize("line", [b'"', b'a,"b', b'"a"b', b'"a""', b'"a"" ,b', b'"' + b'""' * 200_000])
def test_csv_quote_without_end(line: bytes) -> None:
    """A quoted column between commas has one quote at its end and nothing behind it."""
    with pytest.raises(Unreadable) as raised:
        split(toy(Shape.CSV), line)
    assert raised.value.reason == "unterminated_quote"
