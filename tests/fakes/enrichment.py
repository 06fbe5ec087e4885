"""An enrichment of everything there is: user agents, two City databases and an ASN one, small and of every record size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ingestd.config import EnrichSettings
from ingestd.fastpath.enriching import Enriching
from ingestd.fastpath.enrichment import Enrichment
from tests.fakes.mmdb import database

__all__ = ["city", "enrich_settings", "enrichment"]


def city(name: str, latitude: float = 48.1, **more: Any) -> dict[str, Any]:
    """A record as GeoLite2-City has them."""
    return {
        "city": {"geoname_id": 1, "names": {"de": "anders", "en": name}},
        "continent": {"code": "EU", "names": {"en": "Europe"}},
        "country": {"iso_code": "DE", "names": {"en": "Germany"}},
        "location": {"accuracy_radius": 20, "latitude": latitude, "longitude": -11.5, "time_zone": "Europe/Berlin"},
        "subdivisions": [{"iso_code": "XX", "names": {"en": "Above"}}, {"iso_code": "BY", "names": {"en": "Bavaria"}}],
        **more,
    }


CITIES = {f"{first}.0.0.0/8": city(f'City "{first}" ü', latitude=first / 3) for first in range(1, 224, 3) if first != 10}
CITIES |= {
    f"{first}.{second}.0.0/16": city(f"Town {first}.{second}") for first in range(2, 224, 3) for second in range(0, 256, 8)
}
CITIES |= {"2001:db8::/32": city("Docs"), "2001:db8:8000::/33": city("Upper docs"), "::1.2.3.0/120": city("Low")}
OWN = {"10.1.0.0/16": {"city": {"names": {"en": "Our office"}}}, "4.0.0.0/8": {"country": {"iso_code": "SE"}}}
ASN = {
    "1.0.0.0/8": {"autonomous_system_number": 13335, "autonomous_system_organization": "CLOUDFLARENET"},
    "2.0.0.0/7": {"autonomous_system_number": 64496, "autonomous_system_organization": "x" * 300},
    "64.0.0.0/2": {"autonomous_system_number": 4200000000},
}


def enrich_settings(folder: Path) -> EnrichSettings:
    """The settings, and the files that they name."""
    files = {
        "own.mmdb": database(OWN, "Our-City", record_size=32, ip_version=4),
        "city.mmdb": database(CITIES, "GeoLite2-City", record_size=28),
        "asn.mmdb": database(ASN, "GeoLite2-ASN", record_size=24),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    own, cities, asn = (str(folder / name) for name in files)
    return EnrichSettings(user_agent=True, geoip_files=(own, cities), asn_files=(asn,))


def enrichment(folder: Path) -> Enrichment:
    """All of it, open."""
    enriching = Enriching(enrich_settings(folder))
    enriching.read()
    return enriching.enrichment
