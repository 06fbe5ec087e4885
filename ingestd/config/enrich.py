"""What documents say beyond their lines."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ingestd.config.section import Section
from ingestd.config.values import Texts

__all__ = ["EnrichSettings"]

Files = Annotated[tuple[str, ...], Texts, Field(max_length=3)]


class EnrichSettings(Section):
    """What documents say beyond their lines, of clients; needs `pip install 'ingestd[enrich]'`. `ingestd setup` knows of it."""

    user_agent: bool = False
    """Name, version, system and device of user agents, by ua-parser: user_agent.name, .version, .os.name, .device.name."""
    geoip_files: Files = ()
    """City or Country databases (mmdb): source.geo.* of a client's address. Of several the first that has a field says it."""
    asn_files: Files = ()
    """ASN or ISP databases (mmdb): source.as.*. Such files are held in memory, and read anew on SIGHUP where they changed."""
