"""From `[enrich]` to an enrichment: the libraries that it takes, the files opened and looked at."""

from __future__ import annotations

from pathlib import Path

from ingestd.config import EnrichSettings
from ingestd.config.mistakes import ConfigError, Mistake, shown
from ingestd.fastpath.agents import Agents
from ingestd.fastpath.enrichment import NOTHING, Enrichment, Finder
from ingestd.fastpath.networks import Networks, geo, joined, owner
from ingestd.formats.lookups import lookups_of

__all__ = ["Enriching"]

EXTRA = "pip install 'ingestd[enrich]', which brings it"
GEO_TYPES, ASN_TYPES = ("City", "Country", "Enterprise"), ("ASN", "ISP")  # words in what a database says of its type
Stamps = tuple[tuple[int, int, int], ...]


class Enriching:
    """The enrichment that settings ask for, which do not change, with the files as they are by now."""

    def __init__(self, settings: EnrichSettings) -> None:
        self._settings = settings
        self._agents: Agents | None = None
        self._stamps: Stamps | None = None if self.is_wanted else ()
        self.enrichment = NOTHING

    @property
    def is_wanted(self) -> bool:
        """Whether anything is to be looked up."""
        return bool(lookups_of(self._settings))

    def read(self) -> bool:
        """Open what is asked for; whether that is another than before. Raises ConfigError, and leaves it as it was then.

        Its mistakes: a library is missing, a file is missing, or it is another's.
        """
        stamps = self._look()
        if stamps == self._stamps:
            return False
        mistakes: list[Mistake] = []
        finders = [*self._open_agents(mistakes), *self._open_files(mistakes)]
        if mistakes:
            raise ConfigError(mistakes)
        files = [finder if isinstance(finder, Networks) else None for finder in finders]
        try:
            self.enrichment = Enrichment(lookups_of(self._settings), finders, *joined(files))
        except ValueError as error:
            raise ConfigError([Mistake("enrich", str(error), "files that are smaller, or fewer")]) from None
        self._stamps = stamps
        return True

    def _look(self) -> Stamps:
        """What tells a file from the one that was at its place before; nothing of one that is not there."""
        stamps = []
        for name in (*self._settings.geoip_files, *self._settings.asn_files):
            try:
                stat = Path(name).stat()
            except OSError:
                stamps.append((0, 0, 0))
            else:
                stamps.append((stat.st_ino, stat.st_size, stat.st_mtime_ns))
        return tuple(stamps)

    def _open_agents(self, mistakes: list[Mistake]) -> list[Finder]:
        if not self._settings.user_agent:
            return []
        try:
            self._agents = self._agents or Agents()
        except ImportError:
            mistakes.append(Mistake("enrich.user_agent", "no ua-parser here", EXTRA))
            return []
        return [self._agents]

    def _open_files(self, mistakes: list[Mistake]) -> list[Finder]:
        found: list[Finder] = []
        for setting, say, types in (("geoip_files", geo, GEO_TYPES), ("asn_files", owner, ASN_TYPES)):
            for place, name in enumerate(getattr(self._settings, setting)):
                path = f"enrich.{setting}.{place}"
                try:
                    networks = Networks(Path(name), say)
                except ImportError:
                    mistakes.append(Mistake(path, "no maxminddb here", EXTRA))
                except (OSError, ValueError) as error:
                    why = str(error.strerror).lower() if isinstance(error, OSError) else error
                    mistakes.append(Mistake(path, shown(name), f"a file that is a MaxMind database ({why})"))
                else:
                    if not any(word in networks.type for word in types):
                        allowed = f"a database whose type has {' or '.join(types)} in its name"
                        mistakes.append(Mistake(path, f"{shown(name)} of type {shown(networks.type)}", allowed))
                    found.append(networks)
        return found
