"""What `[enrich]` costs: `python -m tests.bench.enrichment [--lines N] [FORMAT...]`.

Lines as `ingestd generate` makes them, but for who asks: user agents and addresses are drawn by Zipf's law, as they are on the
web, some thousands of the first and a hundred thousand of the second, of which one in ten comes but once. The databases are as
large as GeoLite2-City is in what counts, the depth of its tree and the number of its records. The same lines are parsed with
lookups and without, in turns, by one thread; the median of the rounds counts, after one that does not.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from itertools import accumulate
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory

import click

from ingestd.config import EnrichSettings
from ingestd.fastpath.enriching import Enriching
from ingestd.fastpath.enrichment import NOTHING, Enrichment
from ingestd.fastpath.parser import open_parser
from ingestd.formats.lookups import enriched
from ingestd.formats.registry import formats
from ingestd.formats.table import Table
from ingestd.generate import chunks
from ingestd.model import PAD, Block, Documents, Framing, Source
from tests.fakes.mmdb import database

SEED = 1
ROUNDS = 9
BLOCK_BYTES = 1 << 20
AGENTS, CLIENTS, NETWORKS, CITIES = 3000, 100_000, 60_000, 20_000
SYSTEMS = (
    "Windows NT 10.0; Win64; x64",
    "Macintosh; Intel Mac OS X 10_15_7",
    "X11; Linux x86_64",
    "Linux; Android 14; Pixel 8",
)
AGENT = re.compile(rb"Mozilla/5\.0[ %][^\t\"]*|curl/8\.\d+\.0|python-requests/2\.31\.\d+")
ADDRESS = re.compile(rb"(?<![\d.:])(?!10\.|192\.)\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?=[\t:\" ])")
SOURCE = Source("bench-logs", "key", "0" * 32, 1_793_534_400.0, "us-east-1", "123456789012")


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of all lines without lookups and with them; their bytes, and those of the documents."""

    plain: float
    looked_up: float
    raw_bytes: int
    plain_bytes: int
    looked_up_bytes: int


def zipf(random: Random, items: Sequence[bytes]) -> Callable[[], bytes]:
    """Draws an item, the n-th with a weight of 1/n."""
    weights = list(accumulate(1 / rank for rank in range(1, len(items) + 1)))
    return lambda: random.choices(items, cum_weights=weights)[0]


def agents(random: Random) -> list[bytes]:
    made = []
    for _ in range(AGENTS):
        version = f"{random.randrange(80, 131)}.0.{random.randrange(7000)}.{random.randrange(200)}"
        made.append(
            f"Mozilla/5.0 ({random.choice(SYSTEMS)}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version} Safari/537.36"
        )
    return [agent.encode() for agent in made]


def corpus(table: Table, lines: int, random: Random) -> bytes:
    """The lines, with user agents and addresses put in the place of the generated ones."""
    agent = zipf(random, agents(random))
    known = zipf(random, [str(IPv4Address(random.getrandbits(32))).encode() for _ in range(CLIENTS)])

    def client(_: re.Match[bytes]) -> bytes:
        return known() if random.randrange(10) else str(IPv4Address(random.getrandbits(32))).encode()

    def asking(found: re.Match[bytes]) -> bytes:
        return agent().replace(b" ", b"%20") if b"%20" in found[0] else agent()

    data = b"".join(chunks(table, lines, SEED, strange=0))
    return b"".join(ADDRESS.sub(client, AGENT.sub(asking, line, count=1), count=1) for line in data.splitlines(keepends=True))


def databases(folder: Path, random: Random) -> EnrichSettings:
    """A City database of /16 to /24 networks, and an ASN one of /8 to /20."""
    cities = [
        {
            "city": {"names": {"en": f"City {number}"}},
            "continent": {"names": {"en": "Europe"}},
            "country": {"iso_code": "DE", "names": {"en": "Germany"}},
            "location": {"latitude": 40 + number % 100 / 10, "longitude": number % 180 / 1.7},
            "subdivisions": [{"iso_code": "BY", "names": {"en": "Bavaria"}}],
        }
        for number in range(CITIES)
    ]
    networks = sorted((random.choice((16, 20, 22, 24)), random.getrandbits(32)) for _ in range(NETWORKS))
    files = {
        "city": database({named(*each): random.choice(cities) for each in networks}, "Bench-City"),
        "asn": database(
            {
                f"{number}.0.0.0/8": {
                    "autonomous_system_number": number + 1,
                    "autonomous_system_organization": f"Carrier number {number}, Inc.",
                }
                for number in range(256)
            },
            "Bench-ASN",
        ),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return EnrichSettings(user_agent=True, geoip_files=(str(folder / "city"),), asn_files=(str(folder / "asn"),))


def named(size: int, address: int) -> str:
    return f"{IPv4Address(address >> (32 - size) << (32 - size))}/{size}"


def measure(table: Table, lines: int, enrichment: Enrichment) -> Cost:
    """The two in turns."""
    raw = corpus(table, lines, Random(SEED))
    framing = Framing(table.dataset, action=True, index="logs", outlier_index="odd")
    ways = [(table, NOTHING), (enriched(table, enrichment.lookups), enrichment)]
    taken: list[list[float]] = [[], []]
    sizes = [0, 0]
    for _ in range(ROUNDS + 1):
        for number, (read, more) in enumerate(ways):
            parser, blocks = open_parser(read, SOURCE, framing, more), list(cut(raw))
            begin = time.thread_time()
            parsed: list[Documents] = [parser.parse(block) for block in blocks]
            taken[number].append(time.thread_time() - begin)
            sizes[number] = sum(len(documents.data) for documents in parsed)
    plain, looked_up = (median(each[1:]) for each in taken)
    return Cost(plain, looked_up, len(raw), *sizes)


def cut(raw: bytes) -> list[Block]:
    """Blocks of whole lines."""
    made, at = [], 0
    while at < len(raw):
        stop = raw.rfind(b"\n", at, at + BLOCK_BYTES) + 1
        made.append(Block(bytearray(raw[at:stop]) + bytearray(PAD), stop - at, at))
        at = stop
    return made


@click.command()
@click.option("--lines", default=60_000, show_default=True)
@click.argument("names", nargs=-1)
def main(lines: int, names: tuple[str, ...]) -> None:
    """What lookups cost, by format."""
    with TemporaryDirectory() as folder:
        enriching = Enriching(databases(Path(folder), Random(SEED)))
        enriching.read()
    for name in names or ("alb", "cloudfront", "apigateway"):
        cost = measure(formats()[name], lines, enriching.enrichment)
        plain, looked_up = (cost.raw_bytes / seconds / 1e6 for seconds in (cost.plain, cost.looked_up))
        click.echo(
            f"{name}: {plain:,.0f} MB/s without, {looked_up:,.0f} with: {cost.looked_up / cost.plain:.2f} times the CPU, "
            f"for documents of {cost.looked_up_bytes / cost.plain_bytes:.2f} times the size"
        )


if __name__ == "__main__":
    main()
