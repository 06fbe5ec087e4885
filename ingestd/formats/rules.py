r"""What the settings ask for a format's lines beyond reading them: which become no document, and what documents do not show.

These docstrings are the definition, down to the byte: the reference and the kernel are compared by it.

* Order. A line is read first: one that cannot become a document is a reject whatever rules say. Then the choices are asked, in
  their order, and the first whose conditions all hold decides; then the fields in `redacted` are taken out.
* Values. A condition looks at the text of a field's value: of a string the string itself, after all decoding; of a number or a
  boolean what the document says; of a list each item, and one that fits is enough. A field without a value fits nothing.
* Samples. A line's draw is a number that hangs on its document's id alone (core/sampling.py): a redelivery decides the same.
* Masked. Before a line is read, each byte of a secret in it becomes `*`; nothing moves, and no other byte changes. A secret is
  what stands behind an equals sign, itself behind a name of `masked`, whose letters may be in either case. The sign may be
  encoded, `%3D`, or twice, `%253D`; in a record also `\u003d` (all in either case). The name is the whole of the letters,
  digits, `_`, `-` and `.` before the sign, or before one `]`, `%5D` or `%255D` between; behind a `%` without the first two, or
  four if they begin with `25`; in a record, behind a backslash, without the first five if that is a `u`, else without one. The
  secret ends before the first byte that is a space, a control, `"`, `&` or the table's separator; before `%26` if the sign is
  encoded, and `%2526` if twice. In a record it also ends before an escape that is a quote, whitespace or `\u0026`; there and in
  the SPACED shape, any other backslash and what follows it are part of it, unless that is a space or a control.
* Redacted. In place of a text (a keyword, a wildcard or a text, by whatever reading) stands `REDACTED`; a field of any other
  type, a list and an object are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Network, IPv6Network

__all__ = ["NO_RULES", "PARAMETER_MAX", "Choice", "Condition", "Rules", "Test"]

PARAMETER_MAX = 32


class Test(Enum):
    """What is asked of a value."""

    EQUALS = "equals"
    BEGINS = "begins"
    ENDS = "ends"
    CONTAINS = "contains"
    WITHIN = "within"
    FROM = "from"

    __test__ = False  # pytest takes it for one of its own


@dataclass(frozen=True, slots=True)
class Condition:
    """What a field's value must be.

    EQUALS, BEGINS, ENDS, CONTAINS: so is it with one of `texts`, to the letter. WITHIN: a number from `least` to `most`, both
    included, where they are given. FROM: an address of one of `networks`; one of IPv4 is in no network of IPv6.
    """

    field: str
    test: Test
    texts: tuple[str, ...] = ()
    least: Decimal | None = None
    most: Decimal | None = None
    networks: tuple[IPv4Network | IPv6Network, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """Lines that become no document. `one_in`: but one of so many does, by its draw; 0: none does."""

    name: str
    conditions: tuple[Condition, ...]
    one_in: int = 0


@dataclass(frozen=True, slots=True)
class Rules:
    """All that is asked for one format."""

    choices: tuple[Choice, ...] = ()
    redacted: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()  # in lower case, PARAMETER_MAX bytes at most


NO_RULES = Rules()
