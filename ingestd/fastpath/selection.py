"""Columns of records that look into an array, by how they are named.

`answers[].Rdata` is the member `Rdata` of each item of the array `answers`; `headers[name=host].value` is the member `value` of
the first item whose `name` is `host`, in whatever case of ASCII letters. Items that are no objects do not count, but
for strings where the `name` of each item is asked for, which they are. Behind the bracket names lead downwards as they stand:
one with dots in it is not found.

An object in the array's place, as CloudWatch Logs makes of a web ACL's arrays (`parseWAF`), is its one item; where items are
chosen by a `name`, its members are the items, each with a `name` and a `value`, or several where its value is an array.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Selection", "selection"]

SELECTED = re.compile(r"(.+?)\[(?:([^=\]]+)=([^\]]*))?\]\.(.+)")


@dataclass(frozen=True, slots=True)
class Selection:
    """At `below` of each item of `array`, or, with a `name`, of the first one whose member `name` is `value`, in lower case."""

    array: str
    name: str
    value: str
    below: tuple[str, ...]

    @property
    def takes_texts(self) -> bool:
        """Whether a string among the items is selected too."""
        return not self.name and self.below == ("name",)


def selection(column: str) -> Selection | None:
    """What a column so named selects; None if it looks into no array."""
    found = SELECTED.fullmatch(column)
    if found is None:
        return None
    array, name, value, below = found.groups("")
    return Selection(array, name, value.lower(), tuple(below.split(".")))
