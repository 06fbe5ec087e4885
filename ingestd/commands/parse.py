"""`ingestd parse`: log objects in files to documents on stdout, as the service would make them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import click
import orjson

from ingestd.commands.output import standard_output
from ingestd.config import ObjectSettings
from ingestd.config_loading import load
from ingestd.config_mistakes import ConfigError
from ingestd.config_sources import FILE_VARIABLE
from ingestd.errors import Poison
from ingestd.fastpath.decoding import Decoding
from ingestd.fastpath.parser import Parser, open_parser
from ingestd.formats.own import known_formats
from ingestd.formats.registry import Format, control_object, detect, formats
from ingestd.model import Documents, Framing, Reject, Source

__all__ = ["command"]

AUTO = "auto"
READ_BYTES = 1 << 20
SHOWN_BYTES = 60  # of an object that is of no known format
LOCAL_BUCKET = "local"
STDIN = Path("-")


@dataclass(slots=True)
class Reading:
    """Objects read one after the other, all to the same outputs, and what became of their lines."""

    chosen: Format | None
    known: Mapping[str, Format]
    out: BinaryIO
    refused: BinaryIO | None
    lines: int = 0
    documents: int = 0
    rejects: int = 0
    skipped: int = 0

    def read(self, path: str, file: BinaryIO) -> None:
        """One object. Raises Poison for what it is, OSError for what the file is."""
        decoding = Decoding(ObjectSettings(), lambda head: self._choose(path, head), self.known.values())
        data = file.read(READ_BYTES)
        while True:
            following = file.read(READ_BYTES)
            decoding.feed(data, is_last=not following)
            while (parsed := decoding.step()) is not None:
                self._take(path, parsed[0])
            if not following:
                return
            data = following

    def _choose(self, path: str, head: bytes) -> tuple[Format, list[Parser]]:
        """The object's format, and a parser. Raises Poison if its format is to be found out and cannot."""
        declared = self.chosen or detect(path, head, self.known)
        if declared is None and not head.strip():
            declared = next(iter(self.known.values()))  # blank lines are skipped by every format
        if declared is None:
            found, allowed = head[:SHOWN_BYTES], list(self.known)
            raise Poison("content of no known format", reason="unknown_format", found=found, allowed=allowed)
        source = Source(bucket=LOCAL_BUCKET, key=path, etag="", modified_at=0.0)
        return declared, [open_parser(declared, source, Framing(declared.dataset, action=False))]

    def _take(self, path: str, documents: Documents) -> None:
        self.out.write(documents.data)
        self.lines += documents.lines
        self.documents += len(documents)
        self.skipped += documents.skipped
        self._refuse(path, documents.rejects)

    def _refuse(self, path: str, rejects: tuple[Reject, ...]) -> None:
        self.rejects += len(rejects)
        if self.refused:
            self.refused.writelines(_reject_line(path, reject) for reject in rejects)

    def __str__(self) -> str:
        return f"{self.lines} lines: {self.documents} documents, {self.rejects} rejects, {self.skipped} skipped"


@click.command(name="parse")
@click.option("--format", "name", metavar="NAME", default=AUTO, show_default=True, help=f"{AUTO}, {', '.join(formats())}.")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar=FILE_VARIABLE,
    help="The TOML file of settings, where it describes formats of your own.",
)
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write lines that cannot become documents there, as NDJSON: path, offset, reason, column, raw.",
)
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, allow_dash=True, path_type=Path), metavar="PATH...|-"
)
def command(name: str, config: Path | None, rejects: Path | None, paths: tuple[Path, ...]) -> None:
    """Read log objects and write their documents as NDJSON: gzip, zstd, bzip2, Parquet or plain.

    A directory stands for all files in it.
    Exit status 1 if an object could not be read to its end; the others are read all the same.
    """
    failed, known = 0, _known(config)
    if name != AUTO and name not in known:
        raise click.BadParameter(f"{name!r} is none of {', '.join([AUTO, *known])}", param_hint="--format")
    with standard_output() as out, ExitStack() as stack:
        refused = stack.enter_context(rejects.open("wb")) if rejects else None
        reading = Reading(known.get(name), known, out, refused)
        for path in _files(paths):
            if reason := control_object(str(path)):
                click.echo(f"{path}: skipped, {reason}", err=True)
                continue
            try:
                with nullcontext(sys.stdin.buffer) if path == STDIN else path.open("rb") as file:
                    reading.read(str(path), file)
            except BrokenPipeError:
                raise
            except (Poison, OSError) as error:
                failed += 1
                click.echo(f"{path}: {error}", err=True)
        out.flush()
        click.echo(reading, err=True)
    if failed:
        sys.exit(1)


def _known(config: Path | None) -> Mapping[str, Format]:
    """All formats, those of the file among them."""
    if config is None:
        return formats()
    try:
        settings = load(config, {}, formats=formats().keys(), service=False)
        return known_formats(settings.format, settings.events.timestamp_paths)
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(2)


def _files(paths: tuple[Path, ...]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(below for below in path.rglob("*") if below.is_file())
        else:
            yield path


def _reject_line(path: str, reject: Reject) -> bytes:
    """A reject as NDJSON. Bytes of `raw` that are no UTF-8 are written `\\xhh`."""
    return orjson.dumps(
        {
            "path": path,
            "offset": reject.offset,
            "reason": reject.reason,
            "column": reject.column,
            "raw": reject.raw.decode("utf-8", "backslashreplace"),
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )
