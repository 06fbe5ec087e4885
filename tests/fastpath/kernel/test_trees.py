"""Addresses are walked to their networks as maxminddb walks them, in trees of every sort."""

from __future__ import annotations

from io import BytesIO
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from random import Random
from typing import Any

import maxminddb
import numpy as np
import pytest

from ingestd.fastpath.kernel.jit import alone
from ingestd.fastpath.kernel.trees import address_bits, network
from ingestd.fastpath.networks import Networks, geo, joined
from ingestd.model import PAD
from tests.fakes.mmdb import database


@alone
def bits_of(src: Any, end: int) -> Any:
    return address_bits(src, 0, end)


@alone
def walk(tree: Any, place: int, src: Any, end: int) -> Any:
    bits, high, low = address_bits(src, 0, end)
    return network(tree, place, bits, high, low)


def text(address: str) -> Any:
    return np.frombuffer(bytearray(address.encode() + b"\xff" * PAD), np.uint8)


def addresses(random: Random, count: int) -> list[str]:
    """Addresses of both sorts, in each way that they may be written."""
    made: list[str] = []
    for _ in range(count):
        groups = [random.choice((0, 0, 0, 1, random.randrange(65536))) for _ in range(8)]
        address = IPv6Address(b"".join(group.to_bytes(2) for group in groups))
        made += [str(address), address.exploded, str(IPv4Address(random.getrandbits(32)))]
        made.append(":".join(address.exploded.split(":")[:6]) + f":{IPv4Address(random.getrandbits(32))}")
        made.append(f"{random.randrange(65536):x}::{IPv4Address(random.getrandbits(32))}")
    return [*made, "::", "::1", "1::", "::ffff:1.2.3.4", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::8", "FE80::ABCD"]


def test_bits() -> None:
    """An address's bits are those that the standard library gives it; what is none has none."""
    for address in addresses(Random(1), 400):
        count, high, low = bits_of(text(address), len(address))
        value = int(high) << 64 | int(low)
        wanted = ip_address(address)
        assert (count, value >> (128 - count)) == (wanted.max_prefixlen, int(wanted)), address
    assert [bits_of(text(other), len(other))[0] for other in ("", "x", "1.2.3", "1::2::3", "256.1.1.1")] == [0] * 5


@pytest.mark.parametrize("ip_version", [4, 6])
@pytest.mark.parametrize("record_size", [24, 28, 32])
def test_networks(record_size: int, ip_version: int, tmp_path: Path) -> None:
    """Each address comes to the record that maxminddb finds for it, or to none; two files side by side do not meet."""
    random = Random(record_size + ip_version)
    some = [address for address in addresses(random, 60) if ip_version == 6 or ":" not in address]
    places = {f"{address}/{random.choice((8, 16, 24, 32))}": address for address in some if ":" not in address}
    places |= {f"{address}/{random.choice((16, 48, 97, 128))}": address for address in some if ":" in address}
    networks = {
        str(ip_network_of(name)): {"country": {"iso_code": address}} for name, address in sorted(places.items(), key=width)
    }
    data = database(networks, record_size=record_size, ip_version=ip_version)
    (tmp_path / "x.mmdb").write_bytes(data)
    one, two = Networks(tmp_path / "x.mmdb", geo), Networks(tmp_path / "x.mmdb", geo)
    tree, roots = joined([None, one, two])
    reader = maxminddb.open_database(BytesIO(data), maxminddb.MODE_FD)
    for address in [*addresses(random, 60), *places.values()]:
        found = [int(walk(tree, int(roots[2 * number + (":" in address)]), text(address), len(address))) for number in (1, 2)]
        record = None if ":" in address and ip_version == 4 else reader.get(address)
        assert found[0] == found[1]
        assert bool(found[0]) == (record is not None), address
        assert one.find(address.encode()) == geo(record)
    by_place: dict[int, Any] = {}
    for address in places.values():
        at = int(walk(tree, int(roots[2 + (":" in address)]), text(address), len(address)))
        assert by_place.setdefault(at, reader.get(address)) == reader.get(address)


def width(item: tuple[str, str]) -> int:
    """Broad networks first: the narrower is written into them."""
    name = item[0]
    return int(name.rpartition("/")[2]) + (0 if ":" in name else 96)


def ip_network_of(name: str) -> Any:
    from ipaddress import ip_network

    return ip_network(name, strict=False)
