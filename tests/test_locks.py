"""The lock files hold what pyproject.toml asks for, each with its hashes, and name no place; without a network."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[^ ;]+)(?P<rest>.*)$")
OURS = "ingestd (pyproject.toml"


def group(name: str) -> list[Requirement]:
    requirements: list[Requirement] = []
    for entry in PYPROJECT["dependency-groups"][name]:
        requirements += [Requirement(entry)] if isinstance(entry, str) else group(entry["include-group"])
    return requirements


RUNTIME = [
    Requirement(entry)
    for entries in (PYPROJECT["project"]["dependencies"], *PYPROJECT["project"]["optional-dependencies"].values())
    for entry in entries
]
LOCKS = {
    "requirements.lock": RUNTIME,
    "requirements-dev.lock": RUNTIME + group("dev"),
    "requirements-build.lock": group("build"),
}


class Lock:
    """A lock file: the pins by name, the hashes of each, and the names that pyproject.toml itself asks for."""

    def __init__(self, name: str) -> None:
        self.text = (ROOT / name).read_text(encoding="utf-8")
        self.pins: dict[str, list[str]] = {}
        self.hashes: dict[str, int] = {}
        self.asked: set[str] = set()
        current = ""
        for line in self.text.splitlines():
            if pin := PIN.match(line):
                current = pin["name"]
                self.pins.setdefault(current, []).append(pin["version"])
                self.hashes[f"{current}=={pin['version']}"] = 0
            elif "--hash=sha256:" in line:
                self.hashes[f"{current}=={self.pins[current][-1]}"] += 1
            elif OURS in line:
                self.asked.add(current)


@pytest.mark.parametrize(("name", "requirements"), LOCKS.items())
def test_a_lock_is_fresh(name: str, requirements: list[Requirement]) -> None:
    """Each requirement is pinned within its bounds, and nothing is there for a requirement that is no more (`make lock`)."""
    lock = Lock(name)
    for requirement in requirements:
        versions = lock.pins.get(canonicalize_name(requirement.name), [])
        assert versions, f"{requirement.name} is not in {name}"
        assert all(requirement.specifier.contains(version) for version in versions), str(requirement)
    assert lock.asked == {canonicalize_name(requirement.name) for requirement in requirements}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_hashed_and_names_no_place(name: str) -> None:
    """Each pin has hashes, and the file says nothing about where it was made or what from."""
    lock = Lock(name)
    assert lock.hashes
    assert all(lock.hashes.values())
    assert not re.search(r"https?://|file:|--index|--find-links|--trusted|(?<![\w.])/\w", lock.text)


def test_the_locks_agree() -> None:
    """A package has the same versions in each lock that has it."""
    dev = Lock("requirements-dev.lock").pins
    for name in ("requirements.lock", "requirements-build.lock"):
        for package, versions in Lock(name).pins.items():
            assert dev[package] == versions


def test_the_build_needs_nothing_that_is_not_locked() -> None:
    """What builds the project is in the group that the locks hold."""
    assert {Requirement(entry).name for entry in PYPROJECT["build-system"]["requires"]} <= {one.name for one in group("build")}


def test_the_oldest_python_is_the_same_everywhere() -> None:
    """The project, ruff and the Makefile speak of one oldest Python."""
    oldest = SpecifierSet(PYPROJECT["project"]["requires-python"])
    assert oldest == SpecifierSet(">=3.11")
    assert PYPROJECT["tool"]["ruff"]["target-version"] == "py311"
    assert "--python-version 3.11" in (ROOT / "Makefile").read_text(encoding="utf-8")
