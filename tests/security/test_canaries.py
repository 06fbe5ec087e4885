"""S6 for the whole suite: what a test makes the code say is looked through, and what must not be there is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.canaries import AWS_SECRET, leaks, strange_lines

pytest_plugins = ["pytester"]
WAYS = ("print", "__import__('logging').getLogger('x').warning", "__import__('os').system")
HOOK = (Path(__file__).parents[1] / "conftest.py").read_text()


@pytest.mark.parametrize("said", [AWS_SECRET, 'GET / HTTP/1.1" "Mozilla/5.0 (X11)'])
def test_what_must_not_be_logged_is_found(said: str) -> None:
    """A secret, and a piece of a log line, wherever they stand."""
    assert len(leaks(f"{{'event': 'x', 'why': '{said}'}}")) == 1
    assert leaks('{"event":"ready","level":"info"}') == []


def test_an_injected_line_is_strange() -> None:
    """Each line is an event; but a last one without its end is what a kill leaves."""
    event = b'{"event":"ready"}\n'
    assert strange_lines(event + event + b'{"event":"rea') == []
    assert strange_lines(event + b"forged\n" + event) == [b"forged"]


def test_a_test_that_makes_the_code_leak_fails(pytester: pytest.Pytester, capfd: pytest.CaptureFixture[str]) -> None:
    """By whatever way it is said, another process's among them; the same without a leak passes."""
    pytester.makeconftest(HOOK)
    lines = [
        f"def test_{name}_{number}():\n    {way}({f'echo {said} >&2'!r})\n"
        for name, said in (("leaky", AWS_SECRET), ("clean", "nothing"))
        for number, way in enumerate(WAYS)
    ]
    pytester.makepyfile("".join(lines))
    result = pytester.runpytest_subprocess("-p", "no:asyncio")
    capfd.readouterr()  # what the inner run said is looked through by the outer one, too
    result.assert_outcomes(passed=6, errors=3)
