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
from ingestd.config import ObjectSettings, Settings
from ingestd.config.loading import load
from ingestd.config.mistakes import ConfigError
from ingestd.config.sources import FILE_VARIABLE
from ingestd.core.routing import AUTO, Route, Router
from ingestd.errors import Poison
from ingestd.fastpath.decoding import Decoding
from ingestd.fastpath.reader import Reader
from ingestd.fastpath.ways import Ways
from ingestd.formats.own import known_formats
from ingestd.formats.registry import Format, control_object, formats
from ingestd.model import Documents, Framing, Reject, Source

__all__ = ["command"]

READ_BYTES = 1 << 20
SHOWN_BYTES = 60  # of an object that is of no known format
LOCAL_BUCKET = "local"
OUT = "stdout"
STDIN = Path("-")


@dataclass(slots=True)
class Reading:
    """Objects read one after the other, all to the same outputs, and what became of their lines."""

    name: str
    known: Mapping[str, Format]
    ways: Ways
    out: BinaryIO
    refused: BinaryIO | None
    lines: int = 0
    documents: int = 0
    rejects: int = 0
    skipped: int = 0
    dropped: int = 0

    def read(self, path: str, file: BinaryIO) -> None:
        """One object. Raises Poison for what it is, OSError for what the file is."""
        decoding = Decoding(ObjectSettings(), lambda head: self._choose(path, head), self.known.values())
        data = file.read(READ_BYTES)
        while True:
            following = file.read(READ_BYTES)
            decoding.feed(data, is_last=not following)
            while (parsed := decoding.step()) is not None:
                for documents in parsed:
                    self._take(path, documents)
            if not following:
                return
            data = following

    def _choose(self, path: str, head: bytes) -> Reader:
        """What reads the object. Raises Poison if its format is to be found out and cannot."""
        name = self.name if self.name != AUTO or head.strip() else next(iter(self.known))  # every format skips blank lines
        source = Source(bucket=LOCAL_BUCKET, key=path, etag="", modified_at=0.0)
        try:
            return self.ways.reader(source, Route((OUT,), format=name), head)
        except Poison as poison:
            found, allowed = head[:SHOWN_BYTES], list(self.known)
            raise Poison("content of no known format", reason=poison.reason, found=found, allowed=allowed) from None

    def _take(self, path: str, documents: Documents) -> None:
        self.out.write(documents.data)
        self.lines += documents.lines
        self.documents += len(documents)
        self.skipped += documents.skipped
        self.dropped += documents.dropped
        self._refuse(path, documents.rejects)

    def _refuse(self, path: str, rejects: tuple[Reject, ...]) -> None:
        self.rejects += len(rejects)
        if self.refused:
            self.refused.writelines(_reject_line(path, reject) for reject in rejects)

    def __str__(self) -> str:
        dropped = f", {self.dropped} dropped" if self.dropped else ""
        return f"{self.lines} lines: {self.documents} documents, {self.rejects} rejects, {self.skipped} skipped{dropped}"


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
    failed, settings = 0, _settings(config)
    known = known_formats(settings.format, settings.events.timestamp_paths) if config else formats()
    routes = [Route(**route.model_dump()) for route in settings.route if route.log_group]
    ways = Ways(known, Router(routes, (OUT,)), (OUT,), lambda name, dataset: Framing(dataset, action=False))
    if name != AUTO and name not in known:
        raise click.BadParameter(f"{name!r} is none of {', '.join([AUTO, *known])}", param_hint="--format")
    with standard_output() as out, ExitStack() as stack:
        refused = stack.enter_context(rejects.open("wb")) if rejects else None
        reading = Reading(name, known, ways, out, refused)
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


def _settings(config: Path | None) -> Settings:
    """The file's settings, of which formats and the routes of log groups count here."""
    if config is None:
        return Settings()
    try:
        return load(config, {}, formats=formats().keys(), service=False)
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
