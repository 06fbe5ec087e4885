"""Rules: what becomes of a line is what formats/rules.py says, and the kernel says the same as the reference."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from random import Random
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestd.core.identity import object_id
from ingestd.core.sampling import draw, seed
from ingestd.fastpath.compiled import CompiledParser
from ingestd.fastpath.kernel.addresses import network_words
from ingestd.fastpath.kernel.jit import alone
from ingestd.fastpath.reference import ReferenceParser
from ingestd.formats.registry import formats
from ingestd.formats.rules import Choice, Condition, Rules, Test
from ingestd.formats.table import Table
from ingestd.generate import chunks
from ingestd.model import PAD, Block, Documents
from tests.fastpath.test_compiled import COMPILED, FRAMINGS, LINES, SHAPES, SLOW, SOURCE, TOYS, VALUES, named, same


def condition(field: str, test: str, *values: str) -> Condition:
    """`within` takes two numbers, `from` networks, the others texts."""
    if test == "within":
        least, most = (Decimal(value) if value else None for value in values)
        return Condition(field, Test.WITHIN, least=least, most=most)
    if test == "from":
        return Condition(field, Test.FROM, networks=tuple(ip_network(value) for value in values))
    return Condition(field, Test(test), texts=values)


def dropping(*conditions: Condition, one_in: int = 0, name: str = "rule") -> Choice:
    return Choice(name, conditions, one_in)


def ruled(name: str, *choices: Choice, redacted: tuple[str, ...] = ()) -> Table:
    return replace(formats()[name], rules=Rules(choices, redacted))


def read(table: Table, data: bytes) -> Documents:
    """What the kernel makes of it, which is what the reference does."""
    same(table, data, FRAMINGS["bulk"])
    block = Block(bytearray(data + bytes(PAD)), len(data), 0)
    return CompiledParser(table, SOURCE, FRAMINGS["plain"]).parse(block)


ALB = (
    'h2 2026-11-01T12:00:00.186641Z app/front/50dc 192.0.2.10:2817 10.0.0.1:80 0.000 0.025 - {status} 200 34 366 '
    '"GET https://www.example.com:443{path} HTTP/2.0" "{agent}" - - arn:group "Root=1-58" "-" "-" 0 '
    '2026-11-01T12:00:00.0Z "{actions}" "-" "-" "-" "-" "-" "-"\n'
)  # fmt: skip


def alb(path: str = "/", status: str = "200", agent: str = "curl/8", actions: str = "waf,forward") -> bytes:
    return ALB.format(path=path, status=status, agent=agent, actions=actions).encode()


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        (condition("url.path", "equals", "/a", "/healthz"), True),
        (condition("url.path", "equals", "/health"), False),
        (condition("url.path", "begins", "/health"), True),
        (condition("url.path", "begins", "/healthz/"), False),
        (condition("url.path", "ends", "thz"), True),
        (condition("url.path", "ends", "/x/healthz"), False),
        (condition("url.path", "contains", "alth"), True),
        (condition("url.path", "contains", "Alth"), False),
        (condition("url.query", "contains", "x"), False),
        (condition("http.response.status_code", "within", "200", "399"), True),
        (condition("http.response.status_code", "within", "200.5", ""), False),
        (condition("http.response.status_code", "within", "", "199.9"), False),
        (condition("aws.elb.backend_processing_time.sec", "within", "0.025", "0.025"), True),
        (condition("aws.elb.backend_processing_time.sec", "within", "0.0250001", ""), False),
        (condition("aws.elb.response_processing_time.sec", "within", "", "5"), False),
        (condition("http.response.status_code", "equals", "200"), True),
        (condition("event.outcome", "equals", "success"), True),
        (condition("aws.elb.action_executed", "equals", "forward"), True),
        (condition("aws.elb.action_executed", "equals", "waf,forward"), False),
        (condition("source.ip", "from", "10.0.0.0/8", "192.0.2.0/24"), True),
        (condition("source.ip", "from", "::/0", "192.0.2.11/32"), False),
    ],
)  # fmt: skip
def test_each_test(asked: Condition, fits: bool) -> None:
    """A line whose field fits is dropped and counted by the rule's name; any other becomes a document."""
    documents = read(ruled("alb", dropping(asked)), alb("/healthz"))
    assert (len(documents), documents.dropped, documents.by_rule) == ((0, 1, (("rule", 1),)) if fits else (1, 0, ()))


def test_all_conditions_of_a_rule_must_hold() -> None:
    """One that does not hold keeps the line."""
    both = condition("url.path", "equals", "/healthz"), condition("http.response.status_code", "within", "200", "299")
    data = alb("/healthz") + alb("/healthz", status="503") + alb("/")
    assert (len(read(ruled("alb", dropping(*both)), data)), read(ruled("alb", dropping(*both)), data).dropped) == (2, 1)


def test_the_first_rule_that_fits_decides() -> None:
    """A sample that keeps a line keeps it from the rules behind."""
    everything = condition("url.path", "begins", "/")
    data = b"".join(alb(f"/{number}") for number in range(400))
    documents = read(ruled("alb", dropping(one_in=4, name="some"), dropping(everything, name="rest")), data)
    assert documents.by_rule == (("some", 400 - len(documents)),)
    assert 60 < len(documents) < 140


def test_escapes_are_decoded_before_they_are_compared() -> None:
    """A field's text is what the document's reader sees."""
    agent = 'a\\"b\\x41\\x09'
    for texts in (('a"bA\t',), ("nothing", 'a"b')):
        asked = condition("user_agent.original", "equals" if len(texts) == 1 else "begins", *texts)
        assert read(ruled("alb", dropping(asked)), alb(agent=agent)).dropped == 1


def test_a_reject_is_a_reject_whatever_rules_say() -> None:
    """A line that cannot become a document is no line to drop."""
    documents = read(ruled("alb", dropping(one_in=2**31)), alb(status="x") + b"short\n" + alb())
    assert [reject.reason for reject in documents.rejects] == ["bad_number", "too_few_columns"]
    assert (documents.lines, documents.dropped) == (3, 1)


def test_a_sample_hangs_on_the_id_alone() -> None:
    """Read in whatever blocks, the same documents are kept, those whose draw says so."""
    table, data = ruled("alb", dropping(one_in=10)), b"".join(alb(f"/{number}") for number in range(500))
    size, kept = len(data) // 3, []
    parser, at = CompiledParser(table, SOURCE, FRAMINGS["plain"]), 0
    while at < len(data):
        stop = data.index(b"\n", min(at + size, len(data) - 1)) + 1
        kept += parser.parse(Block(bytearray(data[at:stop] + bytes(PAD)), stop - at, at)).offsets.tolist()
        at = stop
    assert kept == read(table, data).offsets.tolist()
    start = seed(object_id(SOURCE))
    assert all(draw(start, offset) % 10 == 0 for offset in kept)


def test_redacted_fields() -> None:
    """A text gives way to REDACTED, all else is left out, and what has no value still has none."""
    fields = ("url.original", "source.ip", "source.port", "aws.elb.action_executed", "url.query", "http.response.status_code")
    (document,) = [orjson.loads(line) for line in bytes(read(ruled("alb", redacted=fields), alb("/a")).data).splitlines()]
    assert document["url"] | {"path": ""} == {"original": "REDACTED", "scheme": "https", "domain": "www.example.com",
                                              "port": 443, "path": ""}  # fmt: skip
    assert "source" not in document
    assert "response" not in document["http"] or "status_code" not in document["http"]["response"]
    assert "action_executed" not in document["aws"]["elb"]


def test_rules_see_what_is_redacted() -> None:
    """A field is compared before it is taken out."""
    table = ruled("alb", dropping(condition("url.path", "equals", "/healthz")), redacted=("url.path",))
    assert read(table, alb("/healthz")).dropped == 1


# the kernel and the reference


def some_rules(table: Table, random: Random) -> Rules:
    """Some rules that fit some of a table's lines."""
    fixed = {path for path, _ in table.constants}
    leaves = [leaf for leaf in table.leaves() if leaf.path not in fixed and leaf.path not in table.named]
    made = []
    for number in range(random.randrange(1, 6)):
        conditions = []
        for leaf in random.sample(leaves, min(len(leaves), random.randrange(1, 3))):
            if leaf.type in ("long", "double"):
                bounds = sorted(random.choice((0, 1, 5, 200, 404, 10**9, 10**12, -1)) for _ in range(2))
                conditions.append(condition(leaf.path, "within", str(bounds[0]), random.choice((str(bounds[1]), ""))))
            elif leaf.type == "ip":
                conditions.append(condition(leaf.path, "from", f"{random.randrange(2) * 128}.0.0.0/1", "2001:db8::/32", "::/1"))
            elif leaf.type in ("keyword", "wildcard", "text", "boolean"):
                test = random.choice(("equals", "begins", "ends", "contains"))
                pool = ("a", "e", "1", "/", "T", "http", "success", "-", "true", 'a"b', "\\", "é", "x" * 60, "GET", ".com", "0")
                conditions.append(condition(leaf.path, test, *random.sample(pool, 4)))
        made.append(Choice(f"rule {number}", tuple(conditions), random.choice((0, 0, 2, 3, 7))))
    redacted = random.sample(leaves, min(len(leaves), 5))
    return Rules(tuple(made), tuple(leaf.path for leaf in redacted if leaf.path != "@timestamp"))


@pytest.mark.parametrize("table", COMPILED, ids=named)
def test_generated_lines(table: Table) -> None:
    """Whatever the rules, plausible and strange lines come out the same."""
    random = Random(31)
    for strange in (0.0, 0.1) if SLOW else (0.0, 0.1, 1.0):
        asked = replace(table, rules=some_rules(table, random))
        same(asked, b"".join(chunks(table, max(LINES // 24, 20), seed=12, strange=strange)), FRAMINGS["with all"])


@pytest.mark.parametrize("shape", [shape.value for shape in SHAPES])
def test_every_reading(shape: str) -> None:
    """The same of fields of every kind, and of those that two readings fill."""
    random, table, lines = Random(32), TOYS[shape], []
    for _ in range(max(LINES // 20, 20)):
        values = [random.choice(VALUES[column.name]) for column in table.columns[1:]]
        values = [random.choice(("-", value, f'"{value}"')) for value in values]
        lines.append(table.between.decode().join([VALUES["t"][0], *values]))
    for _ in range(1 if SLOW else 8):
        asked = replace(table, rules=some_rules(table, random))
        same(asked, "\n".join([*lines, ""]).encode(errors="replace"), FRAMINGS["with all"])


@alone
def words(source: Any, at: int, end: int) -> Any:
    return network_words(source, at, end)


def number(text: str) -> tuple[int, int]:
    """IP version and number of an address, as the kernel has them."""
    version, high, low = words(np.frombuffer(text.encode() + bytes(PAD), np.uint8), 0, len(text))
    return int(version), (int(high) % 2**64) << 64 | int(low) % 2**64


@settings(max_examples=3 if SLOW else 60)
@given(st.ip_addresses(), st.sampled_from(["short", "long", "upper"]))
def test_addresses(address: IPv4Address | IPv6Address, form: str) -> None:
    """An address in any writing is the number that the standard library says."""
    text = {"short": str(address), "long": address.exploded, "upper": str(address).upper()}[form]
    assert number(text) == (address.version, int(address))


@pytest.mark.parametrize("text", ["::ffff:1.2.3.4", "1:2:3:4:5:6:255.0.0.1", "::", "1::", "::1.2.3.4", "0:0::0.0.0.0"])
def test_addresses_with_an_ipv4_in_them(text: str) -> None:
    """The last two groups may be written as an IPv4."""
    assert number(text) == (6, int(ip_address(text)))


def test_the_reference_alone() -> None:
    """Where the kernel does not run, rules hold all the same."""
    table = ruled("alb", dropping(condition("url.path", "equals", "/healthz")))
    block = Block(bytearray(alb("/healthz") + bytes(PAD)), len(alb("/healthz")), 0)
    assert ReferenceParser(table, SOURCE, FRAMINGS["plain"]).parse(block).by_rule == (("rule", 1),)
