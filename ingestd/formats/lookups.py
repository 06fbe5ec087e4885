"""What is looked up for a document once its line is read: the fields that are found, and the field that they are found by.

Names are those of the Elastic Common Schema, as Elastic's own user agent and geoip processors fill them. What is looked into
stands in `fastpath/enriching.py`; this is all that a table, an index template and the kernel's plan have to know of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingestd.config import EnrichSettings
from ingestd.formats.readings import Leaf

if TYPE_CHECKING:
    from ingestd.formats.table import Table

__all__ = ["TEXT_BYTES_MAX", "VALUE_BYTES_MAX", "Lookup", "enriched", "lookups_of"]

TEXT_BYTES_MAX = 512  # of a user agent, as JSON: a longer one is nobody's, but may be made to take long; none is found by it
VALUE_BYTES_MAX = 256  # of a value that is found, as JSON: a longer one is left out

AGENT = (
    Leaf("user_agent.name"),
    Leaf("user_agent.version"),
    Leaf("user_agent.os.name"),
    Leaf("user_agent.os.version"),
    Leaf("user_agent.device.name"),
)
GEO = (
    Leaf("source.geo.continent_name"),
    Leaf("source.geo.country_iso_code"),
    Leaf("source.geo.country_name"),
    Leaf("source.geo.region_iso_code"),
    Leaf("source.geo.region_name"),
    Leaf("source.geo.city_name"),
    Leaf("source.geo.location", "geo_point"),
)
NETWORK = (Leaf("source.as.number", "long"), Leaf("source.as.organization.name"))


@dataclass(frozen=True, slots=True)
class Lookup:
    """`number`: its place among those of the settings. `source`: the path of the field whose text is looked up.

    `by_address`: the text is an address, and what is found is the same for all of its network.
    """

    number: int
    source: str
    leaves: tuple[Leaf, ...]
    by_address: bool


def lookups_of(settings: EnrichSettings) -> tuple[Lookup, ...]:
    """What a user agent says of itself; where a client's address is used, whose network it is of, for each file that knows."""
    wanted: list[tuple[str, tuple[Leaf, ...], bool]] = [("user_agent.original", AGENT, False)] * settings.user_agent
    wanted += [("source.ip", GEO, True)] * len(settings.geoip_files) + [("source.ip", NETWORK, True)] * len(settings.asn_files)
    return tuple(Lookup(number, *each) for number, each in enumerate(wanted))


def enriched(table: Table, lookups: Iterable[Lookup]) -> Table:
    """The table with those of the lookups whose field it has, and whose leaves have their place beside its own."""
    leaves = [leaf for reading in table.readings() for leaf in reading.leaves()]
    own = [*leaves, *(Leaf(path) for path, _ in table.constants), Leaf(table.extra)]
    sources = {leaf.path for leaf in leaves}
    fitting = [lookup for lookup in lookups if lookup.source in sources and not _conflict(lookup, own)]
    return replace(table, lookups=tuple(fitting))


def _conflict(lookup: Lookup, own: Iterable[Leaf]) -> bool:
    """Whether a leaf is of another type in the table, an object of it, or inside a field of it."""
    for one in own:
        for other in lookup.leaves:
            if one.path == other.path:
                if one.type != other.type:
                    return True
            elif f"{one.path}.".startswith(f"{other.path}.") or f"{other.path}.".startswith(f"{one.path}."):
                return True
    return False
