"""What lookups find: the same by the kernel as by the reference, byte for byte, and what each of them says."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random
from typing import Any

import orjson
import pytest

from ingestd.fastpath import workspace
from ingestd.fastpath.compiled import CompiledParser
from ingestd.fastpath.enrichment import Enrichment
from ingestd.fastpath.known import Known
from ingestd.fastpath.layout import paths
from ingestd.fastpath.order import Order
from ingestd.fastpath.plan import compile_plan
from ingestd.fastpath.reference import ReferenceParser
from ingestd.fastpath.workspace import WORKSPACE
from ingestd.formats.lookups import TEXT_BYTES_MAX, enriched
from ingestd.formats.registry import formats
from ingestd.formats.table import Column, Endpoint, Instant, Integer, Ip, Shape, Table, Text, Words
from ingestd.generate import chunks
from ingestd.model import Documents
from tests.fakes.enrichment import enrichment
from tests.fastpath.test_compiled import COMPILED, FRAMINGS, LINES, SHAPES, SOURCE, blocks, named, seen, unused

TIME = "2026-11-01T00:00:00Z"
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.6099.71 Safari/537.36"
AGENTS = (
    AGENT, "curl/8.4.0", "-", "", "x", "12345678", "x" * TEXT_BYTES_MAX, "x" * (TEXT_BYTES_MAX + 1), AGENT.replace(" ", "%20"),
    AGENT.replace(" ", "%2520"), AGENT + 'é"', AGENT + "\x01", "\\x01" * 200, "é" * 400, '"' * 300, "%22" * 300, "\xff" * 9,
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Mobile/1",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Chrome/" + "1" * 300,
    *(f"a/{n}" for n in range(60)),
)  # fmt: skip
ADDRESSES = (
    "1.2.3.4", "1.2.3.255", "0.0.0.0", "255.255.255.255", "10.1.2.3", "10.2.0.1", "192.168.1.1", "4.1.1.1", "64.0.0.1",
    "2.8.0.1", "2.9.0.1", "3.0.0.1",
    "2001:db8::1", "2001:db8:8000::", "2001:db9::", "::1.2.3.4", "::102:304", "::ffff:1.2.3.4", "::", "::1", "1::", "fe80::1",
    "x", "1.2.3", "01.2.3.4", "-",
)  # fmt: skip


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Enrichment:
    return enrichment(tmp_path_factory.mktemp("databases"))


def same(table: Table, more: Enrichment, data: bytes, size: int = 1 << 20) -> list[Documents]:
    """Assert that both parsers make the same of it, and return what that is."""
    table = enriched(table, more.lookups)
    parsers = [parser(table, SOURCE, FRAMINGS["with all"], more) for parser in (CompiledParser, ReferenceParser)]
    made = []
    for block in blocks(data, size):
        got, wanted = (parser.parse(block) for parser in parsers)
        assert seen(got) == seen(wanted)
        made.append(got)
    return made


class Other:
    """Finds the text itself, and its size, of a user agent."""

    def find(self, text: bytes) -> tuple[bytes, ...]:
        return b'"' + text + b'"', b"", b'"%d"' % len(text), b"", b""


def toy(shape: Shape) -> Table:
    """Fields that are looked up, by each reading that may fill them, and fields that are found and stand in the line too."""
    columns = (
        Column("t", Instant("@timestamp")),
        Column("agent", Text("user_agent.original", percent=2)),
        Column("agent2", Text("user_agent.original")),
        Column("ip", Ip("source.ip", "source.address")),
        Column("to", Endpoint("source.ip", "source.port", "source.address")),
        Column("country", Text("source.geo.country_iso_code")),
        Column("asn", Integer("source.as.number")),
        Column("name", Words("user_agent.name", ","), Text("user_agent.name")),
    )
    return Table("toy", "toy", "toy", shape, columns, 1, "", "", unused)


def lines(shape: Shape, random: Random, count: int) -> bytes:
    gap = toy(shape).between.decode()
    made = []
    for _ in range(count):
        agent, address = random.choice(AGENTS), random.choice(ADDRESSES)
        octets = ".".join(str(random.randrange(256)) for _ in range(4))
        values = [agent, random.choice(AGENTS), address, random.choice((f"{octets}:80", octets, "[2001:db8::7]:1", "x"))]
        values += random.choice((["-", "-", "-"], ["US", "007", "a,b"], ["é", "-", "-"]))
        made.append(gap.join([TIME, *(f'"{value}"' if gap in value else value for value in values)]))
    return "".join(f"{line}\n" for line in made).encode("latin-1")


@pytest.mark.parametrize("table", COMPILED, ids=named)
def test_generated_lines(table: Table, everything: Enrichment) -> None:
    """Plausible and strange lines of each format come out the same."""
    for strange in (0.0, 1.0):
        same(table, everything, b"".join(chunks(table, LINES // 12, seed=21, strange=strange)), 1 << 16)


@pytest.mark.parametrize("table", [table for table in COMPILED if table.shape is not Shape.JSON], ids=named)
def test_nothing_is_left_to_the_reference(table: Table, everything: Enrichment) -> None:
    """The kernel reads a line format with lookups as it does without."""
    made = same(table, everything, b"".join(chunks(table, LINES // 12, seed=22, strange=0.1)))
    assert sum(documents.fallback for documents in made) == 0


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [1, 1 << 20])
def test_every_text_in_every_shape(shape: Shape, size: int, everything: Enrichment) -> None:
    """Texts of all sorts come out the same: encoded, escaped, at the limits of length, absent, and found in the line itself."""
    made = same(toy(shape), everything, lines(shape, Random(3), LINES // 6), size)
    assert sum(documents.fallback for documents in made) == 0


def test_nothing_is_kept_for_long(everything: Enrichment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents come out the same where little can be remembered: keys drive out others, and there is no room for texts."""
    monkeypatch.setattr(workspace, "Known", lambda: Known(rows=8, text_bytes=6000))
    monkeypatch.setattr(WORKSPACE, "own", workspace.Workspace())
    for shape in SHAPES:
        same(toy(shape), everything, lines(shape, Random(4), LINES // 12))


def test_threads_learn_alone(everything: Enrichment) -> None:
    """Parsers in several threads at once, with two enrichments by turns, make what each makes alone."""
    other = Enrichment(everything.lookups[:1], [Other()])
    data = lines(Shape.CSV, Random(5), LINES // 12)

    def task(number: int) -> None:
        same(toy(Shape.CSV), everything if number % 2 else other, data, 1 << 12)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(task, range(6)))


def document(more: Enrichment, table: Table, *values: str) -> Any:
    documents = same(table, more, ("\t".join([TIME, *values]) + "\n").encode())[0]
    assert len(documents) == 1
    return orjson.loads(documents.body(0))


ONE = Table(
    "one", "one", "one", Shape.TABBED,
    (Column("t", Instant("@timestamp")), Column("a", Text("user_agent.original")), Column("ip", Ip("source.ip", "x.ip"))),
    1, "", "", unused,
)  # fmt: skip


@pytest.mark.parametrize(
    ("agent", "found"),
    [
        (AGENT, {"name": "Chrome", "version": "120.0.6099.71", "os": {"name": "Windows", "version": "10"}}),
        ("curl/8.4.0", {"name": "curl", "version": "8.4.0"}),
        (
            "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.1.2 Mobile Safari/5",
            {
                "name": "Chrome Mobile",
                "version": "119.0.1.2",
                "os": {"name": "Android", "version": "14"},
                "device": {"name": "Pixel 8"},
            },
        ),
        ("nobody's agent", {}),
        (f"curl/8.4.0 {'x' * TEXT_BYTES_MAX}", {}),
    ],
)
def test_user_agents(agent: str, found: dict[str, Any], everything: Enrichment) -> None:
    """A user agent fills its name, version, system and device, as far as they are known; one that is too long nothing."""
    assert document(everything, ONE, agent, "-")["user_agent"] == {"original": agent, **found}


@pytest.mark.parametrize(
    ("address", "found"),
    [
        (
            "1.9.3.4",
            {
                "geo": {
                    "continent_name": "Europe",
                    "country_iso_code": "DE",
                    "country_name": "Germany",
                    "region_iso_code": "DE-BY",
                    "region_name": "Bavaria",
                    "city_name": 'City "1" ü',
                    "location": {"lat": 1 / 3, "lon": -11.5},
                },
                "as": {"number": 13335, "organization": {"name": "CLOUDFLARENET"}},
            },
        ),
        ("10.1.2.3", {"geo": {"city_name": "Our office"}}),
        ("10.9.2.3", {}),
        ("192.168.0.1", {}),
        ("101.1.0.1", {"as": {"number": 4200000000}}),
        ("2.255.0.1", {"as": {"number": 64496}}),
        ("fe80::1", {}),
    ],
)
def test_addresses(address: str, found: dict[str, Any], everything: Enrichment) -> None:
    """An address fills what is known of its network, of several files the first that says it; a private one nothing."""
    assert document(everything, ONE, "-", address)["source"] == {"ip": address, **found}


def test_the_line_says_it_first(everything: Enrichment) -> None:
    """What stands in the line itself is not found elsewhere: CloudFront and WAF name a client's country."""
    table = replace(ONE, columns=(*ONE.columns, Column("c", Text("source.geo.country_iso_code"))))
    found = document(everything, table, "-", "1.2.3.4", "FR")["source"]["geo"]
    assert (found["country_iso_code"], found["country_name"]) == ("FR", "Germany")


def test_readings_that_are_no_text(everything: Enrichment) -> None:
    """What fills the field otherwise, a list say, is not looked up, and is read by the reference."""
    table = enriched(replace(ONE, columns=(ONE.columns[0], Column("a", Words("user_agent.original", ",")))), everything.lookups)
    assert compile_plan(table, FRAMINGS["bulk"], Order.documented(table)) is None
    assert document(everything, table, "curl/8.4.0,b")["user_agent"] == {"original": ["curl/8.4.0", "b"]}


@pytest.mark.parametrize("table", formats().values(), ids=named)
def test_tables_stay_sound(table: Table, everything: Enrichment) -> None:
    """With lookups no path of a document lies below another, and each has one type."""
    table = enriched(table, everything.lookups)
    found = paths(table, FRAMINGS["with all"])
    assert len(found) == len(set(found))
    assert not [(one, other) for one in found for other in found if other.startswith(f"{one}.")]
    has = {leaf.path for column in table.columns for reading in column.readings for leaf in reading.leaves()}
    assert {lookup.source for lookup in table.lookups} == has & {"source.ip", "user_agent.original"}


@pytest.mark.parametrize("column", [Text("source.geo"), Text("source.as.number"), Text("source.geo.location")])
def test_lookups_give_way(column: Text, everything: Enrichment) -> None:
    """A table whose own field is where a lookup's would be, or is of another type, does without that lookup."""
    table = enriched(replace(ONE, columns=(*ONE.columns, Column("c", column))), everything.lookups)
    assert 0 < len(table.lookups) < len(everything.lookups)
    document(everything, table, "-", "1.2.3.4", "x")


MEASURED = """
import resource
from ingestd.fastpath.agents import REMEMBERED_MAX, Agents
from ingestd.fastpath.networks import geo

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

find = Agents().find
agent = b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.%d.0 Safari/537.36"
find(agent % (1, 1))
before = peak()
for number in range(REMEMBERED_MAX + 2000):
    find(agent % (number % 200, number))
place = {"iso_code": "DE", "names": {"en": "Germany"}}
kept = [geo({"country": place, "location": {"latitude": 1.5, "longitude": 0.1 * number}}) for number in range(20_000)]
print(peak() - before)
"""


def test_what_is_found_is_remembered_in_little_memory() -> None:
    """As many user agents and places as are remembered, all different, in MiB; a kilobyte a value would be ten times that."""
    ran = subprocess.run([sys.executable, "-c", MEASURED], capture_output=True, text=True, check=True)  # its own memory
    assert int(ran.stdout) < 48
