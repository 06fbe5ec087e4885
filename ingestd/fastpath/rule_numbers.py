"""A table's rules as the numbers that the kernel works off (`kernel/rules.py`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from ipaddress import IPv4Network, IPv6Network

from ingestd.fastpath.choosing import becomes_text
from ingestd.fastpath.joints import Body, pack
from ingestd.fastpath.kernel.codes import (
    BARE,
    BEGINS,
    CHOICE_ROW,
    CONDITION_ROW,
    CONTAINS,
    ENDS,
    EQUALS,
    FROM,
    LEFT_OUT,
    QUOTED,
    WITHIN,
)
from ingestd.formats.rules import Choice, Condition, Test
from ingestd.formats.table import Table

__all__ = ["RuleNumbers", "compile_rules"]

CODES = {
    Test.EQUALS: EQUALS,
    Test.BEGINS: BEGINS,
    Test.ENDS: ENDS,
    Test.CONTAINS: CONTAINS,
    Test.WITHIN: WITHIN,
    Test.FROM: FROM,
}
BILLION = 10**9
FURTHEST = (1 << 63) - 1
WORD = (1 << 64) - 1


@dataclass(slots=True)
class RuleNumbers:
    """`choices`: their rows, then those of all conditions, then what these compare, each said by its place in the whole.
    `redacted`: slot, and how it is written."""

    choices: list[int] = field(default_factory=list)
    redacted: list[int] = field(default_factory=list)


def compile_rules(table: Table, body: Body, text: bytearray) -> RuleNumbers:
    """The numbers; texts go to the plan's text."""
    choices = table.rules.choices
    conditions = [condition for choice in choices for condition in choice.conditions]
    made, compared = RuleNumbers(), [_compared(condition, text) for condition in conditions]
    first = CHOICE_ROW * len(choices)
    for choice in choices:
        made.choices += _choice(choice, first)
        first += CONDITION_ROW * len(choice.conditions)
    for condition, numbers in zip(conditions, compared, strict=True):
        slots = _slots(body, condition.field)
        made.choices += [slots.start, slots.stop, CODES[condition.test], first, first + len(numbers)]
        first += len(numbers)
    made.choices += [number for numbers in compared for number in numbers]
    for path in table.rules.redacted:
        for slot in _slots(body, path):
            written = BARE if body.strings[slot] else QUOTED  # what the log stream brings is JSON already
            made.redacted += [slot, written if becomes_text(table, path) else LEFT_OUT]
    return made


def _slots(body: Body, path: str) -> range:
    """The slots of a field; none if no line of this order can fill it."""
    first = body.slots.get(path)
    return range(0) if first is None else range(first, first + body.twins.get(path, 1))


def _choice(choice: Choice, first: int) -> list[int]:
    return [first, first + CONDITION_ROW * len(choice.conditions), choice.one_in]


def _compared(condition: Condition, text: bytearray) -> list[int]:
    """Spans of text; a range for whole numbers and one in billionths; or a row for each network."""
    if condition.test is Test.WITHIN:
        least = -Decimal(FURTHEST) if condition.least is None else condition.least
        most = Decimal(FURTHEST) if condition.most is None else condition.most
        return [_clipped(bound * scale, rounding) for scale in (1, BILLION) for bound, rounding in _bounds(least, most)]
    if condition.test is Test.FROM:
        return [number for network in condition.networks for number in _words(network)]
    return [pack(text, each.encode()) for each in condition.texts]


def _bounds(least: Decimal, most: Decimal) -> tuple[tuple[Decimal, str], tuple[Decimal, str]]:
    return (least, ROUND_CEILING), (most, ROUND_FLOOR)


def _clipped(bound: Decimal, rounding: str) -> int:
    return max(-FURTHEST, min(FURTHEST, int(bound.to_integral_value(rounding))))


def _words(network: IPv4Network | IPv6Network) -> list[int]:
    """IP version; the network and its mask, each as two words of 64 bits."""
    numbers = int(network.network_address), int(network.netmask)
    return [network.version, *(_signed(word) for number in numbers for word in (number >> 64, number & WORD))]


def _signed(word: int) -> int:
    return word - ((word >> 63) << 64)
