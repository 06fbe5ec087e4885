"""What events in envelopes of CloudWatch Logs cost: `python -m tests.bench.envelopes [--lines N] [FORMAT...]`.

From decoded bytes to documents; beside it, as what any reader in Python has to do at the least, orjson alone reads the same
envelopes, and each of their messages that is JSON. In turns, by one thread; the median of the rounds counts, after one that
does not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from statistics import median

import click
import orjson

from ingestd.config import ObjectSettings
from ingestd.core.routing import Route, Router
from ingestd.fastpath.decoding import Decoding
from ingestd.fastpath.ways import Ways
from ingestd.formats.registry import formats
from ingestd.generate_events import envelopes
from ingestd.model import Documents, Framing, Source

ROUNDS = 9
PIECE_BYTES = 1 << 20
SOURCE = Source("bench-logs", "key", "0" * 32, 1_793_534_400.0, "us-east-1", "123456789012")


def read(data: bytes) -> Iterator[Documents]:
    """Documents of an object of envelopes, for one sink that takes bulk requests."""
    route = Route(("out",))
    ways = Ways(formats(), Router((), ("out",)), ("out",), lambda _, dataset: Framing(dataset, action=True, index="logs"))
    decoding = Decoding(ObjectSettings(), lambda head: ways.reader(SOURCE, route, head), formats().values())
    for at in range(0, len(data), PIECE_BYTES):
        decoding.feed(data[at : at + PIECE_BYTES], is_last=at + PIECE_BYTES >= len(data))
        while (found := decoding.step()) is not None:
            yield from found


def loaded(records: Sequence[bytes]) -> int:
    """Have orjson read the envelopes, and their messages where they begin like JSON; how many messages there were."""
    count = 0
    for record in records:
        for event in orjson.loads(record)["logEvents"]:
            count += 1
            if event["message"].startswith("{"):
                orjson.loads(event["message"])
    return count


def seconds(work: Callable[[], int], lines: int) -> float:
    begin = time.thread_time()
    count = work()
    taken = time.thread_time() - begin
    if count != lines:
        raise click.ClickException(f"{count:,} events of {lines:,} were read")
    return taken


@click.command()
@click.option("--lines", default=60_000, show_default=True)
@click.argument("names", nargs=-1)
def main(lines: int, names: tuple[str, ...]) -> None:
    """What events in envelopes cost, by format."""
    for name in names or ("apigateway", "lambda_json", "vpcflow"):
        records = [each.data for each in envelopes(formats()[name], lines, seed=1, strange=0)]
        data = b"".join(records)
        ours: list[float] = []
        orjsons: list[float] = []
        for _ in range(ROUNDS + 1):
            ours.append(seconds(lambda: sum(documents.lines for documents in read(data)), lines))  # noqa: B023 - called here
            orjsons.append(seconds(lambda: loaded(records), lines))  # noqa: B023 - called here
        taken, others = median(ours[1:]), median(orjsons[1:])
        click.echo(
            f"{name}: {lines / taken:,.0f} lines/s, {len(data) / taken / 1e6:,.0f} MB/s of envelopes, "
            f"{taken / others:.2f} times the CPU that orjson takes to read them"
        )


if __name__ == "__main__":
    main()
