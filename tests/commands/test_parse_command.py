"""`ingestd parse` reads objects as the service does and says what became of every line."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from ingestd.cli import main
from ingestd.formats.registry import formats
from ingestd.generate import chunks
from tests.fakes.enrichment import enrich_settings


def log(name: str, count: int = 30, strange: float = 0.0) -> bytes:
    return b"".join(chunks(formats()[name], count, 1, strange))


def run(*arguments: object, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(main, ["parse", *map(str, arguments)], input=stdin)


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    """A folder with one object of each format, one of them compressed, and a control file."""
    folder = tmp_path / "objects"
    (folder / "below").mkdir(parents=True)
    (folder / "a.log").write_bytes(log("alb"))
    (folder / "below" / "c.gz").write_bytes(gzip.compress(log("cloudfront", 10)) + gzip.compress(log("cloudfront", 10)))
    (folder / "ELBAccessLogTestFile").write_bytes(b"Enable")
    return folder


@pytest.mark.parametrize("name", formats())
def test_stdin(name: str) -> None:
    """A log on stdin becomes documents on stdout, without action lines, and a summary on stderr."""
    preamble = len(formats()[name].preamble)
    by_content = [["--format", "auto"], []] if name != "cloudwatch_logs" else []  # which takes events alone
    for options in (["--format", name], *by_content):
        result = run(*options, "-", stdin=log(name))
        documents = [orjson.loads(line) for line in result.stdout_bytes.splitlines()]
        assert result.exit_code == 0
        assert [document["event"]["dataset"] for document in documents] == [formats()[name].dataset] * 30
        assert result.stderr == f"{30 + preamble} lines: 30 documents, 0 rejected, {preamble} skipped\n"


def test_folder(objects: Path) -> None:
    """All files of a folder are read, compressed or not, each by its own format; control files are not."""
    result = run(objects)
    keys = [orjson.loads(line)["aws"]["s3"]["object"]["key"] for line in result.stdout_bytes.splitlines()]
    assert result.exit_code == 0
    assert keys == [str(objects / "a.log")] * 30 + [str(objects / "below" / "c.gz")] * 20
    assert "ELBAccessLogTestFile: skipped, control_object" in result.stderr
    assert result.stderr.endswith("54 lines: 50 documents, 0 rejected, 4 skipped\n")


def test_rejects(tmp_path: Path) -> None:
    """Rejects are written with their place, their reason and their bytes, and are no error."""
    path, rejects = tmp_path / "a.log", tmp_path / "rejects.ndjson"
    path.write_bytes(log("alb", 1) + b"no \xff log\r\n")
    result = run(path, "--rejects", rejects)
    (reject,) = map(orjson.loads, rejects.read_bytes().splitlines())
    assert result.exit_code == 0
    assert reject == {
        "path": str(path),
        "offset": len(log("alb", 1)),
        "reason": "too_few_columns",
        "column": "client:port",
        "raw": "no \\xff log\r",
    }


def test_overlong_line(tmp_path: Path) -> None:
    """A line beyond the limit is a reject among the others and counts as a line."""
    path, rejects = tmp_path / "a.log", tmp_path / "rejects.ndjson"
    path.write_bytes(log("alb", 2) + b"x" * (2 << 20) + b"\n" + log("alb", 1))
    result = run(path, "--rejects", rejects)
    (reject,) = map(orjson.loads, rejects.read_bytes().splitlines())
    assert (result.exit_code, reject["reason"], reject["offset"]) == (0, "line_too_long", len(log("alb", 2)))
    assert result.stderr == "4 lines: 3 documents, 1 rejected, 0 skipped\n"


@pytest.mark.parametrize(
    ("data", "summary"),
    [
        (b"", "0 lines: 0 documents, 0 rejected, 0 skipped\n"),
        (b"\n\r\n \n", "3 lines: 0 documents, 0 rejected, 3 skipped\n"),
        (gzip.compress(b"", mtime=0), "0 lines: 0 documents, 0 rejected, 0 skipped\n"),
        ("\n".join(formats()["cloudfront"].preamble).encode(), "2 lines: 0 documents, 0 rejected, 2 skipped\n"),
        (log("alb", 2).removesuffix(b"\n"), "2 lines: 2 documents, 0 rejected, 0 skipped\n"),
    ],
)
def test_objects_with_little_in_them(data: bytes, summary: str) -> None:
    """Empty, blank and header-only objects are read without error, and so is a last line without its newline."""
    result = run("-", stdin=data)
    assert (result.exit_code, result.stderr) == (0, summary)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"hello\x1b[31m world\n", ["known format", "hello\\x1b[31m world", "alb", "cloudfront"]),
        (gzip.compress(log("alb"))[:-20], ["inside of a member", "gzip"]),
    ],
)
def test_unreadable_object(objects: Path, tmp_path: Path, data: bytes, said: list[str]) -> None:
    """An object that cannot be read is told, with what was found and what is allowed; the others are read; exit 1."""
    bad = tmp_path / "bad"
    bad.write_bytes(data)
    result = run(bad, objects)
    assert result.exit_code == 1
    assert all(word in result.stderr for word in [str(bad), *said])
    assert len(result.stdout_bytes.splitlines()) >= 50


@pytest.mark.parametrize("arguments", [[], ["/no/such/file"], ["--format", "nope", "-"], ["--rejects", "/", "-"]])
def test_usage(arguments: list[str]) -> None:
    """What cannot be is a usage error."""
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize("command", ["parse", "generate"])
def test_reader_goes_away(tmp_path: Path, command: str) -> None:
    """A reader of stdout that closes early ends the command, quietly and without error."""
    path = tmp_path / "a.log"
    path.write_bytes(log("alb", 3000))
    arguments = {"parse": [str(path)], "generate": ["--format", "alb", "--lines", "20000"]}[command]
    with subprocess.Popen(
        [sys.executable, "-m", "ingestd", command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_formats_of_the_user_s_own(tmp_path: Path) -> None:
    """The formats that a configuration describes are known beside the others, by name and by what the user says of them."""
    log_file, config = tmp_path / "app.log", tmp_path / "ingestd.toml"
    log_file.write_bytes(b"2026-11-01T12:00:00Z|hello\n")
    columns = '{name = "t", type = "time", field = "@timestamp"}, {name = "m", field = "message"}'
    config.write_text(f'[[format]]\nname = "app"\nshape = "csv"\nseparator = "|"\nkey = "app.log$"\ncolumns = [{columns}]\n')
    for name in ("auto", "app"):
        result = run("--config", config, "--format", name, log_file)
        assert (result.exit_code, orjson.loads(result.stdout)["message"]) == (0, "hello")
    config.write_text('[[format]]\nname = "app"\nkey = "("\n')
    result = run("--config", config, log_file)
    assert (result.exit_code, "format.0.key" in result.stderr) == (2, True)


def test_rules_of_lines(tmp_path: Path) -> None:
    """`--config` brings the rules: what they drop is told, what they redact is not shown; wrong ones are exit status 2."""
    config = tmp_path / "ingestd.toml"
    drop = '[[rule]]\nname = "gone"\naction = "drop"\n[[rule.when]]\nfield = "http.request.method"\nequals = ["GET"]\n'
    redact = '[[rule]]\nname = "agents"\naction = "redact"\nfields = ["user_agent.original"]\n'
    config.write_text(drop + redact)
    for name in ("alb", "cloudfront_json", "apigateway_text"):
        result = run("--config", config, "-", stdin=log(name))
        documents = [orjson.loads(line) for line in result.stdout_bytes.splitlines()]
        assert {document["http"]["request"]["method"] for document in documents} - {"GET"}
        assert {document.get("user_agent", {}).get("original", "REDACTED") for document in documents} == {"REDACTED"}
        assert result.stderr.endswith(f" skipped, {30 - len(documents)} dropped\n")
    config.write_text(drop.replace("method", "methods"))
    result = run("--config", config, "-", stdin=log("alb"))
    assert (result.exit_code, result.stdout_bytes) == (2, b"")
    assert "rule.0.when.0.field: found 'http.request.methods'; allowed: in rule \"gone\" a field" in result.stderr


def test_what_a_configuration_wants_looked_up(tmp_path: Path) -> None:
    """Documents say what `[enrich]` asks for; a file that is missing is told, with exit status 2."""
    settings, config = enrich_settings(tmp_path), tmp_path / "ingestd.toml"
    config.write_text(f"[enrich]\nuser_agent = true\ngeoip_files = {list(settings.geoip_files)}\n")
    line = log("alb", 1).decode().split(" ")
    line[3] = "1.9.9.9:80"
    result = run("--config", config, "-", stdin=" ".join(line).encode())
    assert (result.exit_code, orjson.loads(result.stdout)["source"]["geo"]["country_name"]) == (0, "Germany")
    Path(settings.geoip_files[0]).unlink()
    result = run("--config", config, "-", stdin=b"")
    assert (result.exit_code, "enrich.geoip_files.0" in result.stderr) == (2, True)
