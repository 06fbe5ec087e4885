"""The kernel makes of events that came in envelopes what the reference makes: with ids, ends and times of their own."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestd.core.sampling import draw, seed
from ingestd.fastpath.compiled import CompiledParser
from ingestd.fastpath.kernel.codes import COLUMNS_MAX, EVENT_ID_MAX, LINE_MAX
from ingestd.fastpath.reference import ReferenceParser
from ingestd.formats.registry import formats
from ingestd.formats.rules import Rules
from ingestd.formats.table import Shape, Table
from ingestd.generate import lines
from ingestd.model import PAD, Block, Carrier, Events, Framing, Source
from tests.fastpath.test_compiled import COMPILED, EXAMPLES, FRAMINGS, LINES, SLOW, SOURCE, TOYS, named, seen
from tests.fastpath.test_rules import condition, dropping, some_rules

PETS = replace(SOURCE, carrier=Carrier("/aws/lambda/pets", "2026/11/01/[$LATEST]0", ("all", 'odd "one"')))
ELSE = replace(SOURCE, carrier=Carrier("else", "s", ()))
TIMES = (
    1_793_534_400_123,
    1_793_534_400_000,
    0,
    -1,
    7_258_118_399_999,
    7_258_118_400_000,
    1 << 53,
    -(1 << 53),
    951_782_400_007,
)
ENDINGS = (b"", b"", b"\n", b"\n\n", b"\r\n", b" \n", b"\n\r")


def made(texts: list[bytes], offset: int = 77) -> Block:
    """The texts as one envelope's events; their ids are short and long."""
    ends, data = [], bytearray()
    for text in texts:
        data += text
        ends.append(len(data))
    ids = tuple(f"{number}" * (EVENT_ID_MAX // len(str(number)) if number % 5 == 1 else 1) for number in range(len(texts)))
    times = tuple(TIMES[number % len(TIMES)] for number in range(len(texts)))
    return Block(data + bytearray(b"\xff" * PAD), len(data), offset, Events(tuple(ends), ids, times))


def same(table: Table, texts: list[bytes], framing: Framing, source: Source = PETS, size: int = 40) -> int:
    """Assert that both parsers make the same of it, `size` events at a time; returns how many the kernel did not read."""
    kernel, reference, fallback = CompiledParser(table, source, framing), ReferenceParser(table, source, framing), 0
    for at in range(0, len(texts), size):
        block = made(texts[at : at + size], offset=at)
        before = bytes(block.data)
        got, wanted = kernel.parse(block), reference.parse(block)
        assert seen(got) == seen(wanted)
        assert got.ids == wanted.ids
        assert bytes(block.data) == before
        fallback += got.fallback
    return fallback


@pytest.mark.parametrize("framing", FRAMINGS.values(), ids=list(FRAMINGS))
@pytest.mark.parametrize("table", COMPILED, ids=named)
def test_plausible_events(table: Table, framing: Framing) -> None:
    """Lines of each format that come as events come out the same, and nothing of them is left to the reference."""
    assert same(table, list(lines(table, LINES // 24, seed=21, strange=0)), framing, size=1000) == 0


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("table", COMPILED, ids=named)
def test_strange_events(table: Table, size: int) -> None:
    """Strange ones, with newlines in them and at their ends, and empty ones, come out the same, however many come at once."""
    random = Random(22)
    texts = [text + random.choice(ENDINGS) for text in lines(table, LINES // 24, seed=22, strange=0.5)]
    texts += [
        b"",
        b"\n",
        b" \n \n",
        b"\xef\xbb\xbf" + texts[0],
        texts[0].replace(b" ", b"\n"),
        texts[1] + b"\n" + texts[2],
        b"",
    ]
    random.shuffle(texts)
    same(table, texts, FRAMINGS["with all"], ELSE, size)


@pytest.mark.parametrize("table", [*COMPILED, *TOYS.values()], ids=[*map(named, COMPILED), *TOYS])
@settings(max_examples=EXAMPLES // 4 or 1)
@given(texts=st.lists(st.binary(max_size=200), max_size=6))
def test_noise(table: Table, texts: list[bytes]) -> None:
    """Arbitrary bytes come out the same."""
    same(table, texts, FRAMINGS["with all"])


@pytest.mark.parametrize("source", [PETS, ELSE])
def test_a_field_that_the_log_group_names(source: Source) -> None:
    """What a log group's name says is stronger than what an event says; where it says nothing, the event does."""
    table = formats()["lambda_json"]
    texts = [
        b'{"function_name":"other","message":"x\\n"}',
        b'{"function_name":"x\\u0041","level":"INFO"}',
        b'{"message":"y"}',
    ]
    for framing in FRAMINGS.values():
        assert same(table, texts, framing, source) == 0


def test_header_among_events() -> None:
    """An event that is a header line decides the order of those behind it, also one that the kernel does not take."""
    table = formats()["vpcflow"]
    flows = [line for line in lines(table, 20, seed=3, strange=0) if line[:1].isdigit()]
    few = b"account-id end interface-id\n"
    many = b"version " + b" ".join(b"n%d" % number for number in range(COLUMNS_MAX + 5))
    short = [b"123456789012 1749569848 eni-1", b"123456789012 - eni-1\n"]
    texts = [*flows, few, *short, b"", few, b"", *short, many, *short, *flows, few, *short]
    for size in (1, 4, 100):
        same(table, texts, FRAMINGS["with all"], ELSE, size)


@pytest.mark.parametrize("table", COMPILED, ids=named)
def test_rules(table: Table) -> None:
    """Whatever rules drop, sample or redact, plausible and strange events come out the same."""
    random = Random(23)
    for strange in (0, 0.5):
        asked = replace(table, rules=some_rules(table, random))
        same(asked, list(lines(table, LINES // 24, seed=23, strange=strange)), FRAMINGS["with all"], PETS, size=100)


def test_a_sample_of_events_hangs_on_their_ids_alone() -> None:
    """However many come at once, those are kept whose draw says so, and the kernel leaves none of them to the reference."""
    table = replace(formats()["lambda_json"], rules=Rules((dropping(one_in=4),)))
    texts = list(lines(table, 300, seed=24, strange=0))
    block = made(texts)
    assert block.events is not None
    documents = CompiledParser(table, PETS, FRAMINGS["bulk"]).parse(block)
    assert documents.ids == tuple(name for name in block.events.ids if draw(seed(name), 0) % 4 == 0)
    assert (documents.fallback, documents.dropped) == (0, 300 - len(documents))
    assert all(same(table, texts, FRAMINGS["bulk"], size=size) == 0 for size in (1, 50))


def test_rules_about_a_field_that_the_log_group_names() -> None:
    """A rule sees what the document would show, whoever says it: drops by it, and redacts it."""
    table, field = formats()["lambda_json"], "aws.lambda.name"
    texts = [b'{"function_name":"other","message":"x"}', b'{"message":"y"}']
    for name, dropped in (("pets", 2), ("other", 0)):
        asked = replace(table, rules=Rules((dropping(condition(field, "equals", name)),)))
        assert same(asked, texts, FRAMINGS["bulk"]) == 0
        assert CompiledParser(asked, PETS, FRAMINGS["bulk"]).parse(made(texts)).dropped == dropped
    asked = replace(table, rules=Rules(redacted=(field,)))
    assert same(asked, texts, FRAMINGS["bulk"]) == same(asked, texts, FRAMINGS["bulk"], ELSE) == 0
    documents = CompiledParser(asked, PETS, FRAMINGS["plain"]).parse(made(texts))
    assert [orjson.loads(documents.body(at))["aws"]["lambda"] for at in range(2)] == 2 * [{"name": "REDACTED"}]


@pytest.mark.skipif(SLOW, reason="long")
@pytest.mark.parametrize("table", [table for table in COMPILED if table.shape is Shape.JSON or table.name == "alb"], ids=named)
def test_many_events_of_many_sizes(table: Table) -> None:
    """More events, and more rejects, than the arrays were made for, and long ones, come out the same."""
    good, *_ = lines(table, 1, seed=4, strange=0)
    short, long = [good] * 4 + [b"bad", b""], good + b"x" * LINE_MAX
    same(table, [*short * 40, long] * 60, FRAMINGS["bulk"], size=100_000)
