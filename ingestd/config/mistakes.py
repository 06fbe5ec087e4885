"""What is wrong with a configuration, all of it at once, in words for the person who wrote it.

A value is shown escaped and cut. A secret is not shown, nor is anything that might be one: the value under an unknown key
(which may be a secret's name misspelt), a table in text, the name and password in a URL.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from ingestd.errors import Fatal

__all__ = ["MASK", "SECRETS", "ConfigError", "Mistake", "shown", "suggested"]

MASK = "********"
SECRETS = frozenset({"password", "api_key", "credentials"})
SHOWN_CHARS_MAX = 80


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake: where (`sinks.main.urls.0`), what was found there, what is allowed, and, where known, which file or variable
    said it.
    """

    path: str
    found: str
    allowed: str
    origin: str = "the configuration"

    def __str__(self) -> str:
        return f"{self.path}: found {self.found}; allowed: {self.allowed} [{self.origin}]"


class ConfigError(Fatal):
    """The configuration has mistakes; its text has one a line."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda mistake: mistake.path))
        super().__init__("the configuration has mistakes", reason="bad_config", mistakes=len(self.mistakes))

    def __str__(self) -> str:
        return "\n".join([f"{self.message}:", *(f"  {mistake}" for mistake in self.mistakes)])


def suggested(found: str, known: Iterable[str]) -> str:
    """What is allowed of names: those that were probably meant, whatever their case, else all of them."""
    known = tuple(known)
    close = get_close_matches(found.lower(), known, 3, 0.6)
    return f"{', '.join(close)}, if that was meant" if close else ", ".join(known)


def shown(value: object, *, secret: bool = False) -> str:
    """A value for people: escaped, cut, masked."""
    if value is None:
        return "nothing"
    if secret:
        return MASK
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, str):
        text = re.sub(r"://[^/@]*@", f"://{MASK}@", value)
        return repr(text if len(text) <= SHOWN_CHARS_MAX else f"{text[:SHOWN_CHARS_MAX]}...")
    return str(value).lower() if isinstance(value, bool) else str(value)
