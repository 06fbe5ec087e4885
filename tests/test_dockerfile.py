"""The image is not root, takes everything by its hash, checks itself and hears SIGTERM: read off the Dockerfile."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction of a Dockerfile, its lines joined."""

    stage: int
    word: str
    rest: str


def instructions() -> Iterator[Instruction]:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    stage = -1
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        word, _, rest = line.partition(" ")
        stage += word == "FROM"
        yield Instruction(stage, word, rest)


ALL = list(instructions())
LAST = [one for one in ALL if one.stage == max(one.stage for one in ALL)]


def last(word: str) -> str:
    (found,) = [one.rest for one in LAST if one.word == word]
    return found


def test_it_is_built_in_stages_on_one_slim_base() -> None:
    """What builds is left behind, and the base has a version, never `latest`."""
    stages = [one.rest for one in ALL if one.word == "FROM"]
    assert len(stages) > 1
    assert all(stage.startswith("${BASE}") for stage in stages)
    (base,) = [one.rest for one in ALL if one.word == "ARG" and one.rest.startswith("BASE=")]
    assert re.fullmatch(r"BASE=python:3\.\d+-slim(@sha256:[0-9a-f]{64})?", base)
    assert "latest" not in "".join(one.rest for one in ALL)


def test_s8_what_is_installed_is_hashed() -> None:
    """Each installation takes wheels by their hashes, or asks no index at all."""
    commands = [part for one in ALL if one.word == "RUN" for part in one.rest.split("&&")]
    installing = [part for part in commands if re.search(r"pip (install|wheel|download)", part)]
    assert installing
    for part in installing:
        assert ("--require-hashes" in part and "--only-binary :all:" in part) or "--no-index" in part, part
    assert not any(re.search(r"\b(curl|wget|apt-get)\b", part) for part in commands)
    assert not any(one.word == "ADD" for one in ALL)


def test_s8_it_is_not_root() -> None:
    """A user with a number, so that an orchestrator can tell that it is not root, set before anything of ours runs."""
    assert last("USER") == "10001:10001"
    words = [one.word if one.word != "RUN" else one.rest for one in LAST]
    assert words.index("USER") < words.index("ingestd warm")


def test_what_is_written_to_is_a_volume() -> None:
    """The compiled kernels stand in a volume, which can be written to where the root file system cannot."""
    (cache,) = [
        match[1] for one in LAST if one.word == "ENV" for match in [re.search(r"NUMBA_CACHE_DIR=(\S+)", one.rest)] if match
    ]
    assert last("VOLUME") == cache
    words = [one.word if one.word != "RUN" else one.rest for one in LAST]
    assert words.index("ingestd warm") < words.index("VOLUME")


@pytest.mark.parametrize(("word", "command"), [("ENTRYPOINT", ["ingestd"]), ("CMD", ["run"])])
def test_signals_reach_the_program(word: str, command: list[str]) -> None:
    """The exec form: no shell stands between the orchestrator's SIGTERM and the service."""
    assert json.loads(last(word)) == command
    assert last("STOPSIGNAL") == "SIGTERM"


def test_it_checks_itself() -> None:
    """The health check is the program itself, in exec form."""
    options, _, command = last("HEALTHCHECK").partition("CMD ")
    assert json.loads(command) == ["ingestd", "health"]
    assert "--timeout=" in options


def test_only_what_is_needed_is_sent_to_the_builder() -> None:
    """The ignore file leaves out everything and lets in what is copied, so that no secret lying about gets into a layer."""
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignore
    admitted = {line[1:] for line in ignore if line.startswith("!")}
    copied = {
        source.split("/")[0]
        for one in ALL
        if one.word == "COPY" and "--from=" not in one.rest
        for source in one.rest.split()[:-1]
    }
    assert copied == admitted
