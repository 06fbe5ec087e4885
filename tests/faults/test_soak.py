"""A soak of some seconds: that `make soak` works, and comes to want == got."""

from __future__ import annotations

import json
from pathlib import Path

from tests.soak.__main__ import soak

SECONDS = 12.0


async def test_a_short_soak_comes_to_want_and_got(tmp_path: Path) -> None:
    """Faults are felt, lines arrive, no rule is broken, and the picture is drawn."""
    result = await soak(SECONDS, 8000.0, 1, tmp_path)
    assert result["complaints"] == []
    assert result["faults_felt"]
    assert result["lines"]["came_to_rest"] == result["lines"]["put"] > 0
    assert json.loads((tmp_path / "soak.json").read_bytes()) == result
    assert (tmp_path / "soak.png").read_bytes().startswith(b"\x89PNG")
