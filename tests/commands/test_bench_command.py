"""`ingestd bench` from its command line to its figures, with less work than it asks for by itself."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from orjson import loads

from ingestd.commands import bench

LESS = {"LINES": 300, "ROUNDS": 1, "CHAIN_LINES": 300, "CHAIN_OBJECTS": 2, "FIREHOSE_ROUNDS": 1, "FIREHOSE_CALLS": 1}


def test_it_measures_stages_firehose_and_the_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one format, as JSON; the chain with gzip and without."""
    for name, value in LESS.items():
        monkeypatch.setattr(bench, name, value)
    result = CliRunner().invoke(bench.command, ["--format", "alb", "--json"])
    assert result.exit_code == 0, result.output
    figures = loads(result.stdout)
    assert figures["formats"].keys() == {"alb"}
    assert figures["formats"]["alb"]["fallback_share"] < 0.5
    assert set(figures["chain"]) == {"cpu_s_per_gb", "cpu_s_per_gb_plain", "lines_s", "lines_s_plain"}
    assert min(*figures["chain"].values(), *figures["firehose"].values()) > 0


def test_a_format_that_there_is_not_is_refused() -> None:
    """With those that there are."""
    result = CliRunner().invoke(bench.command, ["--format", "albs"])
    assert result.exit_code == 2
    assert "no format is named albs; there are: alb" in result.output
