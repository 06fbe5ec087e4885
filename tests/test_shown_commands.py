"""Every command that the docs show is in one table: which test runs it, or why none can, and what is asked of it instead.

A command that is shown and not in the table fails, as does one in the table that is not shown any more.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

import click
import pytest

from ingestd.cli import main
from tests.deploy.documents import loaded_yaml, loaded_yamls
from tests.shown import PAGES, ROOT, blocks, commands

# Whatever of these is in a block, in the running text, or in the comment at the head of a file, is a command.
OTHERS = ("pip", "aws", "docker", "kubectl", "terraform", "helm", "curl", "kill")
PROGRAMS = ("ingestd", "make", "python", *OTHERS)
HEADS = [ROOT / name for name in ("Dockerfile", "deploy/compose.yaml", "deploy/kubernetes.yaml")]
CONSOLE = ("GET ", "PUT ", "POST ", "DELETE ", "{", " ", "}")  # requests as Dashboards' console takes them, and what goes on


@dataclass(frozen=True, slots=True)
class Run:
    """By a test: its file has these words, which are how it does."""

    file: str
    words: str


@dataclass(frozen=True, slots=True)
class NotRun:
    """By none, and why; `file` has the test of what can be asked of it here."""

    why: str
    file: str = "tests/test_shown_commands.py"


JOURNEY, CI = "tests/integration/test_journey.py", ".ci/run"
NO_DOCKER = "no container runtime where the tests run"
NO_CLUSTER = "no Kubernetes where the tests run"
LONG = "takes minutes to hours, and measures; `make` knows its recipe, and what that starts is there"

COMMANDS: dict[str, Run | NotRun] = {
    "ingestd audit": Run(JOURNEY, '"audit"'),
    "ingestd backfill": Run(JOURNEY, '"backfill"'),
    "ingestd bench": Run("tests/commands/test_bench_command.py", "bench.command"),
    "ingestd check": Run(JOURNEY, '"check"'),
    "ingestd demo": Run(JOURNEY, '"demo"'),
    "ingestd dlq": Run(JOURNEY, '"dlq"'),
    "ingestd parse": Run("tests/commands/test_parse_command.py", '"parse"'),
    "ingestd redrive": Run(JOURNEY, '"redrive"'),
    "ingestd run": Run(JOURNEY, '"run"'),
    "ingestd setup": Run("tests/commands/test_setup_command.py", '"setup"'),
    "ingestd top": Run("tests/commands/test_top.py", "ingestd.commands.top import command"),
    "kill": Run("tests/integration/test_journey.py", "signal.SIGTERM"),
    "make check": Run(CI, "step make check"),
    "make demo": Run("tests/demo/test_demo.py", "open_demo"),
    "make faults": Run(CI, "faults integration"),
    "make integration": Run(CI, "faults integration"),
    "make sim": Run(CI, "step make sim"),
    "make soak": Run("tests/faults/test_soak.py", "tests.soak.__main__"),
    "make test": Run(CI, "step make test"),
    "make arrival": NotRun(LONG),
    "make audit": NotRun("asks the package index; its tests are run by `make test`", "tests/security/test_rows.py"),
    "make bench": Run("tests/commands/test_bench_command.py", "bench.command"),
    "make bench-scale": NotRun(LONG),
    "make fuzz": Run("tests/fuzz/test_fuzz_kernel.py", "fuzz_kernel"),
    "make kills": Run("tests/faults/test_kills.py", "INGESTD_TEST_KILLS"),
    "make lock": NotRun("asks the package index; the locks are compared with what they come of", "tests/test_locks.py"),
    "make memory": NotRun(LONG),
    "make million": Run("tests/fastpath/test_compiled.py", "INGESTD_KERNEL_LINES"),
    "python docs/cost.py": Run("tests/test_figures.py", 'docs_module("cost")'),
    "python docs/scaling.py": Run("tests/test_figures.py", 'docs_module("scaling")'),
    "python -m tests.bench.enrichment": NotRun(LONG),
    "python -m tests.bench.envelopes": NotRun(LONG),
    "python -m tests.bench.floor": NotRun(LONG),
    "pip install": NotRun("would ask the package index; the extras are the project's own"),
    "aws cloudformation deploy": Run("tests/deploy/test_shown_calls.py", "DEPLOY"),
    "aws firehose create-delivery-stream": Run("tests/deploy/test_shown_calls.py", '"firehose"'),
    "aws logs put-subscription-filter": Run("tests/deploy/test_shown_calls.py", '"logs"'),
    "aws s3api put-bucket-notification-configuration": Run("tests/deploy/test_shown_calls.py", '"s3api"'),
    "aws sqs start-message-move-task": Run("tests/deploy/test_shown_calls.py", "start_message_move_task"),
    "docker build": NotRun(NO_DOCKER, "tests/test_dockerfile.py"),
    "docker compose": NotRun(NO_DOCKER),
    "docker kill": NotRun(NO_DOCKER, "tests/test_dockerfile.py"),
    "docker push": NotRun(NO_DOCKER, "tests/test_dockerfile.py"),
    "kubectl apply": NotRun(NO_CLUSTER),
    "kubectl create": NotRun(NO_CLUSTER),
}


def lines() -> Iterator[list[str]]:
    """The words of each command that is shown anywhere."""
    for page in PAGES:
        for program in PROGRAMS:
            yield from commands(page, program)
        for span in re.findall(r"(?<!`)`([^`\n]+)`(?!`)", page.read_text(encoding="utf-8")):
            words = span.removeprefix(".venv/bin/").split()
            if words[0] in PROGRAMS and len(words) > 1:
                yield shlex.split(span.removeprefix(".venv/bin/"))
    for file in HEADS:
        comment = "\n".join(re.findall(r"^#(.*)$", file.read_text(encoding="utf-8"), re.MULTILINE))
        for found in re.finditer(rf"(?:^|[ `])((?:{'|'.join(OTHERS)}) [^`\n]+)", comment, re.MULTILINE):
            yield shlex.split(found[1])


LINES = list(lines())


def name_of(words: list[str]) -> str:
    """What the table calls it: the program and what it is told to do, without options before that."""
    program, *rest = words
    if program == "kill":
        return program
    if program == "python" and rest[0] == "-m":
        return " ".join(words[:3])
    if program == "kubectl" and rest[0] == "-n":
        rest = rest[2:]
    return " ".join([program, *rest[: 2 if program == "aws" else 1]])


def of(program: str) -> list[list[str]]:
    return [words for words in LINES if words[0] == program]


def test_each_command_that_is_shown_is_in_the_table() -> None:
    """And none is in it that is not shown."""
    assert {name_of(words) for words in LINES} == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_what_the_table_says_of_a_command_is_so(name: str) -> None:
    """The file is there, and where it runs the command, it speaks of it."""
    case = COMMANDS[name]
    text = (ROOT / case.file).read_text(encoding="utf-8")
    assert isinstance(case, NotRun) or case.words in text


@pytest.mark.parametrize("words", of("ingestd"), ids=" ".join)
def test_a_line_of_the_program_is_one_that_it_takes(words: list[str]) -> None:
    """Its options and arguments, and of these each value."""
    _, name, *arguments = words
    assert isinstance(main, click.Group)
    command = main.get_command(click.Context(main), name)
    assert command, words
    if arguments:  # else it is only spoken of
        command.make_context(name, arguments).close()


@pytest.mark.parametrize("target", sorted({words[1] for words in of("make")}))
def test_make_knows_how(target: str) -> None:
    """And the scripts, modules and tests that the recipe names are there."""
    planned = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert planned
    modules = re.findall(r" -m (tests[\w.]*)", planned)
    paths = [re.sub(r"\.", "/", each) for each in modules] + re.findall(r"\b(tests/[\w/.]+)", planned)
    assert all((ROOT / each).exists() or (ROOT / f"{each}.py").exists() for each in paths), planned


def test_scripts_that_are_shown_are_there() -> None:
    """Of `python`, by path or by module."""
    for words in of("python"):
        path = words[2].replace(".", "/") + ".py" if words[1] == "-m" else words[1]
        assert (ROOT / path).is_file(), path


def test_extras_that_are_shown_are_the_project_s() -> None:
    """Of `pip install`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for words in of("pip"):
        found = re.fullmatch(r"ingestd\[(\w+)\]", words[-1])
        assert found, words
        assert found[1] in project["optional-dependencies"]


def test_docker_compose_is_asked_for_what_the_file_has() -> None:
    """The file is there, and the service that is run."""
    shown = [words for words in of("docker") if words[1] == "compose"]
    assert {words[4] for words in shown} == {"up", "run"}
    for words in shown:
        assert words[2:4] == ["-f", "deploy/compose.yaml"]
        assert words[4] != "run" or words[-1] in loaded_yaml("compose.yaml")["services"]


def test_kubectl_makes_what_the_manifests_want() -> None:
    """The namespace that all of them are in, and the secret, with its key, that the Deployment mounts."""
    documents = loaded_yamls("kubernetes.yaml")
    for each in documents:
        assert each["apiVersion"]
        assert each["kind"]
        assert each["metadata"]["name"]
    namespace, secret, apply = of("kubectl")
    assert namespace == ["kubectl", "create", "namespace", "ingestd"]
    assert {each["metadata"]["namespace"] for each in documents} == {"ingestd"}
    assert secret[1:7] == ["-n", "ingestd", "create", "secret", "generic", "opensearch"]
    (pod,) = [each["spec"]["template"]["spec"] for each in documents if each["kind"] == "Deployment"]
    assert "opensearch" in {each.get("secret", {}).get("secretName") for each in pod["volumes"]}
    assert secret[7].startswith("--from-file=password=")
    assert apply[-1] == "deploy/kubernetes.yaml"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_block_shows_only_programs_that_are_known(page: object) -> None:
    """Each line begins with one of them, or goes on, or is for the console of the cluster."""
    (path,) = [each for each in PAGES if each == page]
    for block in blocks(path, ""):
        shown = block.replace("\\\n", " ").splitlines()
        if not any(line.split(" ")[0] in PROGRAMS for line in shown):
            continue  # a picture
        strange = [line for line in shown if line and line.split(" ")[0] not in PROGRAMS and not line.startswith(CONSOLE)]
        assert not [line for line in strange if not line.startswith(("#", ".ci/run", ".venv/bin/"))], strange
