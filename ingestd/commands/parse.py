"""`ingestd parse`: log objects to documents on stdout, as the service would make them, or each object's story."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import click
import orjson

from ingestd.commands.arguments import enrichment_from, settings_from
from ingestd.commands.explain import told
from ingestd.commands.objects import Given, ObjectArgument, Opener, given
from ingestd.commands.output import standard_output
from ingestd.config import ObjectSettings, Settings
from ingestd.config.sources import FILE_VARIABLE
from ingestd.core.routing import AUTO, Route, Router
from ingestd.errors import IngestdError, Poison
from ingestd.explain import Teller
from ingestd.fastpath.decoding import Decoding
from ingestd.fastpath.enrichment import Enrichment
from ingestd.fastpath.parser import open_parser
from ingestd.fastpath.reader import Reader
from ingestd.fastpath.ways import Ways
from ingestd.formats.registry import Format, control_object, formats
from ingestd.formats.ruled import ruled_formats
from ingestd.model import Documents, Framing, Reject, Source

__all__ = ["command"]

SHOWN_BYTES = 60  # of an object that is of no known format
OUT = "stdout"


@dataclass(slots=True)
class Reading:
    """Objects read one after the other, all to the same outputs, and what became of their lines."""

    limits: ObjectSettings
    route: Route
    known: Mapping[str, Format]
    ways: Ways
    out: BinaryIO
    refused: BinaryIO | None
    lines: int = 0
    documents: int = 0
    rejects: int = 0
    skipped: int = 0
    dropped: int = 0

    def read(self, name: str, source: Source, pieces: Iterable[tuple[bytes, bool]]) -> None:
        """One object. Raises Poison for what it is, and what reading it raises."""
        decoding = Decoding(self.limits, lambda head: self._choose(source, head), self.known.values())
        for data, is_last in pieces:
            decoding.feed(data, is_last=is_last)
            while (parsed := decoding.step()) is not None:
                for documents in parsed:
                    self._take(name, documents)

    def _choose(self, source: Source, head: bytes) -> Reader:
        """What reads the object. Raises Poison if its format is to be found out and cannot."""
        try:
            return self.ways.reader(source, self.route, head)
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
        return f"{self.lines} lines: {self.documents} documents, {self.rejects} rejected, {self.skipped} skipped{dropped}"


@click.command(name="parse")
@click.option("--format", "form", metavar="NAME", default=AUTO, show_default=True, help=f"{AUTO}, {', '.join(formats())}.")
@click.option("--config", type=click.Path(path_type=Path), envvar=FILE_VARIABLE, help="The TOML file of settings.")
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write lines that cannot become documents there, as NDJSON: path, offset, reason, column, raw.",
)
@click.option("--explain", "is_told", is_flag=True, help="Tell what the service would do with each object, and why, instead.")
@click.option("--json", "is_json", is_flag=True, help="With --explain: one JSON object an object.")
@click.option(
    "--as",
    "like",
    type=ObjectArgument(is_remote=True),
    metavar="s3://BUCKET/KEY",
    help="Read a file as if it were this object of a bucket.",
)
@click.argument("objects", nargs=-1, required=True, type=ObjectArgument(), metavar="PATH|s3://BUCKET/KEY|-...")
def command(
    form: str,
    config: Path | None,
    rejects: Path | None,
    is_told: bool,
    is_json: bool,
    like: Given | None,
    objects: tuple[Given, ...],
) -> None:
    """Read log objects and write their documents as NDJSON: gzip, zstd, bzip2, Parquet or plain.

    A directory stands for all files in it. Nothing is written anywhere else, and no message or object is changed.
    Exit status 1 if an object could not be read to its end; the others are read all the same.
    """
    if is_told and rejects:
        raise click.UsageError("--rejects is for documents; --explain shows what is rejected by itself")
    if is_json and not is_told:
        raise click.UsageError("--json is for --explain; documents are JSON in any case")
    settings = settings_from(config)
    enrichment = enrichment_from(settings)
    known = ruled_formats(settings, enrichment.lookups)
    if form != AUTO and form not in known:
        raise click.BadParameter(f"{form!r} is none of {', '.join([AUTO, *known])}", param_hint="--format")
    with standard_output() as out, ExitStack() as stack:
        opener, each = Opener(settings, stack), given(objects, like)
        if is_told:
            failed = _explain(Teller(settings, known, form, enrichment), opener, each, out, is_json=is_json)
        else:
            refused = stack.enter_context(rejects.open("wb")) if rejects else None
            failed = _parse(_reading(settings, known, form, enrichment, out, refused), opener, each)
    if failed:
        sys.exit(1)


def _reading(
    settings: Settings,
    known: Mapping[str, Format],
    form: str,
    enrichment: Enrichment,
    out: BinaryIO,
    refused: BinaryIO | None,
) -> Reading:
    """Everything goes to stdout, whatever the routes say, but for log groups that they give a format, or drop."""
    routes = [Route(**route.model_dump()) for route in settings.route if route.log_group]
    opening = partial(open_parser, enrichment=enrichment)
    ways = Ways(known, Router(routes, (OUT,)), (OUT,), lambda name, dataset: Framing(dataset, action=False), opening)
    return Reading(settings.object, Route((OUT,), format=form), known, ways, out, refused)


def _parse(reading: Reading, opener: Opener, objects: Iterable[Given]) -> int:
    """How many objects could not be read."""
    failed = 0
    for each in objects:
        if reason := control_object(each.ref.key if each.ref else each.name):
            click.echo(f"{each.name}: skipped, {reason}", err=True)
            continue
        try:
            with opener.open(each) as opened:
                reading.read(each.name, opened.source, opened.pieces)
        except BrokenPipeError:
            raise
        except (IngestdError, OSError) as error:
            failed += 1
            click.echo(f"{each.name}: {error}", err=True)
    reading.out.flush()
    click.echo(reading, err=True)
    return failed


def _explain(teller: Teller, opener: Opener, objects: Iterable[Given], out: BinaryIO, *, is_json: bool) -> int:
    """How many objects have no story, for they could not be reached, or have one that does not end well."""
    failed = 0
    for each in objects:
        story, route = teller.begin(each.name, each.ref)
        if route is not None:
            try:
                with opener.open(each) as opened:
                    teller.read(story, route, opened.source, opened.pieces)
            except BrokenPipeError:
                raise
            except (IngestdError, OSError) as error:
                story.problem = f"it cannot be read here: {error}"
            failed += bool(story.problem)
        out.write(story.as_json() + b"\n" if is_json else told(story).encode() + b"\n")
    return failed


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
