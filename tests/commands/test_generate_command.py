"""`ingestd generate` writes what ingestd.generate makes."""

from __future__ import annotations

import gzip

import pytest
from click.testing import CliRunner

from ingestd.cli import main
from ingestd.formats.registry import formats
from ingestd.generate import chunks
from ingestd.generate_events import envelopes

OPTIONS = ["generate", "--lines", "40", "--seed", "9", "--strange", "0.5"]


@pytest.mark.parametrize("name", formats())
@pytest.mark.parametrize("compress", [False, True])
def test_generate(name: str, compress: bool) -> None:
    """The log is on stdout, compressed if wanted, and the same each time."""
    options = [*OPTIONS, "--format", name, *["--gzip"] * compress]
    result, again = (CliRunner().invoke(main, options) for _ in range(2))
    assert result.exit_code == 0
    assert result.stdout_bytes == again.stdout_bytes
    data = gzip.decompress(result.stdout_bytes) if compress else result.stdout_bytes
    assert data == b"".join(chunks(formats()[name], 40, 9, 0.5))


@pytest.mark.parametrize("options", [[], ["--format", "nope"], ["--strange", "2"], ["--lines", "-1"], ["--day", "today"]])
def test_usage(options: list[str]) -> None:
    """What cannot be is a usage error that says what is allowed."""
    given = {"--format": "alb", "--lines": "1"} | dict(zip(options[::2], options[1::2], strict=True))
    if not options:
        del given["--format"]
    result = CliRunner().invoke(main, ["generate", *(word for pair in given.items() for word in pair)])
    assert result.exit_code == 2


@pytest.mark.parametrize("compress", [False, True])
def test_envelopes(compress: bool) -> None:
    """With --envelope the lines are events of CloudWatch Logs, in envelopes that nothing separates."""
    result = CliRunner().invoke(main, [*OPTIONS, "--format", "lambda_logs", "--envelope", *["--gzip"] * compress])
    data = gzip.decompress(result.stdout_bytes) if compress else result.stdout_bytes
    assert data == b"".join(each.data for each in envelopes(formats()["lambda_logs"], 40, 9, 0.5))
