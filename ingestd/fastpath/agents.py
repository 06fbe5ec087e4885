"""User agents, by the expressions that browsers, servers and search engines are known by (ua-parser's, uap-core)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import orjson

from ingestd.fastpath.enrichment import remembered

if TYPE_CHECKING:
    from ua_parser import OS, UserAgent

__all__ = ["Agents"]

REMEMBERED_MAX = 1 << 14  # 10 MB, 30 at worst; a user agent that is not costs some 30 µs, one that is made to a thousand


class Agents:
    """A `Finder`. ImportError without ua-parser. Its expressions are compiled to one automaton: no text makes it slow."""

    def __init__(self) -> None:
        from ua_parser import Parser
        from ua_parser.loaders import load_builtins
        from ua_parser.re2 import Resolver

        self._parser = Parser(Resolver(load_builtins()))
        self.find = lru_cache(REMEMBERED_MAX)(self._find)

    def _find(self, text: bytes) -> tuple[bytes, ...]:
        """Name and version, the system's name and version, the device; what is not known is left out."""
        found = self._parser.parse(orjson.loads(b'"' + text + b'"'))
        device = found.device.family if found.device else ""
        return (*_named(found.user_agent), *_named(found.os), _json(device))


def _named(found: UserAgent | OS | None) -> tuple[bytes, bytes]:
    if found is None:
        return b"", b""
    numbers = (found.major, found.minor, found.patch, found.patch_minor)
    return _json(found.family), _json(".".join(number for number in numbers if number))


def _json(text: str) -> bytes:
    return remembered(text) if text else b""
