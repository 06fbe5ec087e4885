"""What `[enrich]` asks for is opened, and what is wrong with it told; files are read anew only if they changed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from ingestd.config import EnrichSettings
from ingestd.config.mistakes import ConfigError
from ingestd.fastpath.enriching import Enriching
from ingestd.fastpath.enrichment import NOTHING
from ingestd.fastpath.networks import Networks, geo, owner
from tests.fakes.enrichment import city, enrich_settings
from tests.fakes.mmdb import database


def mistakes(settings: EnrichSettings) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        Enriching(settings).read()
    return [f"{mistake.path}: {mistake.found}; {mistake.allowed}" for mistake in caught.value.mistakes]


def test_nothing_is_asked_for() -> None:
    """As it stands nothing is opened, and nothing is found."""
    enriching = Enriching(EnrichSettings())
    enriching.read()
    assert (enriching.enrichment.lookups, enriching.read()) == ((), False)
    assert NOTHING.lookups == ()


def test_every_mistake_is_told(tmp_path: Path) -> None:
    """A file that is missing, one that is none, one that is cut, one of another type: each by its setting, all at once."""
    whole = database({"1.0.0.0/8": city("x")})
    files = {"not.mmdb": b"text", "cut.mmdb": whole[500:], "asn.mmdb": database({}, "GeoLite2-ASN"), "city.mmdb": whole}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    gone, none, cut, asn, other = (str(tmp_path / name) for name in ("gone.mmdb", *files))
    found = mistakes(EnrichSettings(geoip_files=(gone, none, asn), asn_files=(cut, other)))
    assert [line.partition(": ")[0] for line in found] == [
        "enrich.asn_files.0",
        "enrich.asn_files.1",
        "enrich.geoip_files.0",
        "enrich.geoip_files.1",
        "enrich.geoip_files.2",
    ]
    assert "none, or not whole" in found[0]
    assert found[1].endswith("of type 'Test-City'; a database whose type has ASN or ISP in its name")
    assert found[2].endswith("a file that is a MaxMind database (no such file or directory)")
    assert found[3].endswith("a file that is a MaxMind database (it is none, or not whole)")
    assert "of type 'GeoLite2-ASN'; a database whose type has City or Country or Enterprise in its name" in found[4]


@pytest.mark.parametrize("module", ["ua_parser", "maxminddb"])
def test_the_extra_is_missing(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library the mistake names what to install."""
    settings = enrich_settings(tmp_path)
    monkeypatch.setitem(sys.modules, module, None)
    found = mistakes(settings)
    assert found
    assert all("pip install 'ingestd[enrich]'" in line for line in found)


def test_files_are_read_anew_when_they_change(tmp_path: Path) -> None:
    """The same files are left as they are; another in the place of one is read; one that is wrong leaves what there was."""
    path = tmp_path / "city.mmdb"
    enriching = Enriching(EnrichSettings(geoip_files=(str(path),)))
    path.write_bytes(database({"1.0.0.0/8": city("before")}))
    assert [enriching.read(), enriching.read()] == [True, False]
    before = enriching.enrichment
    (tmp_path / "new").write_bytes(database({"1.0.0.0/8": city("after now")}))
    (tmp_path / "new").replace(path)
    assert enriching.read()
    after = enriching.enrichment
    assert [each.find(each.lookups[0], b"1.1.1.1")[5] for each in (before, after)] == [b'"before"', b'"after now"']
    path.unlink()
    with pytest.raises(ConfigError):
        enriching.read()
    assert enriching.enrichment is after


ODD: list[tuple[Any, list[bytes]]] = [
    (None, [b""] * 7),
    (["a"], [b""] * 7),
    ({"country": {"iso_code": 5, "names": "x"}, "subdivisions": {}, "city": {"names": {"de": "München"}}}, [b""] * 7),
    ({"subdivisions": [{"iso_code": "BY", "names": {"en": "Bavaria"}}]}, [*[b""] * 4, b'"Bavaria"', b"", b""]),
    ({"location": {"latitude": 91.0, "longitude": 0.0}}, [b""] * 7),
    ({"location": {"latitude": float("nan"), "longitude": 0.0}}, [b""] * 7),
    ({"location": {"latitude": 1.0}}, [b""] * 7),
    ({"location": {"latitude": 1.0, "longitude": -180.0}}, [*[b""] * 6, b'{"lat":1.0,"lon":-180.0}']),
]


@pytest.mark.parametrize(("record", "found"), ODD)
def test_odd_records(record: Any, found: list[bytes]) -> None:
    """A record that is not as it should be says what it can, and nothing that a server would refuse."""
    assert list(geo(record)) == found


@pytest.mark.parametrize("number", [True, -1, 0, 1 << 32, "7", None])
def test_odd_owners(number: Any) -> None:
    """A number that is none of an autonomous system is left out."""
    assert owner({"autonomous_system_number": number, "autonomous_system_organization": ""}) == (b"", b"")


def test_a_record_that_is_not_whole(tmp_path: Path) -> None:
    """A file whose data is damaged finds nothing there, and does not fail."""
    data = bytearray(database({"1.0.0.0/8": city("x"), "2.0.0.0/8": city("y")}))
    at = data.index(bytes(16)) + 16
    data[at : at + 4] = b"\xff\xff\xff\xff"
    (tmp_path / "x.mmdb").write_bytes(data)
    networks = Networks(tmp_path / "x.mmdb", geo)
    assert networks.find(b"1.1.1.1") == (b"",) * 7
    assert networks.find(b"2.1.1.1")[5] == b'"y"'
